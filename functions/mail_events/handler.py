"""Amazon SES's own word on our mails, through EventBridge: what it took can't be owed any more."""

from __future__ import annotations

from typing import Any

from shared import bootstrap
from shared.usecases.confirm_mail import confirm_mail

effects = bootstrap.effects()


def handler(event: dict[str, Any], _context: object) -> None:
    mail = event["detail"]["mail"]
    for effect in mail.get("tags", {}).get("effect", []):
        confirm_mail(effects, bootstrap.clock.now(), effect_ref=effect, provider_id=mail["messageId"])
