"""Amazon SES's own word on our mails, through EventBridge: what it took, and what did not arrive."""

from __future__ import annotations

from typing import Any

from shared import bootstrap
from shared.domain.effects import EffectStatus
from shared.usecases.confirm_mail import confirm_mail
from shared.usecases.note_undelivered import note_undelivered

effects, attention = bootstrap.effects(), bootstrap.attention()


def handler(event: dict[str, Any], _context: object) -> None:
    mail, trouble = event["detail"]["mail"], _trouble(event["detail"])
    for effect in mail.get("tags", {}).get("effect", []):
        about = {"effect_ref": effect, "provider_id": mail["messageId"]}
        if trouble is None:
            confirm_mail(effects, bootstrap.clock.now(), **about)
        else:
            status, error = trouble
            note_undelivered(effects, attention, bootstrap.clock.now(), status=status, error=error, **about)


def _trouble(detail: dict[str, Any]) -> tuple[EffectStatus, str] | None:
    """What went wrong, by SES's own names of kinds: its other words repeat addresses."""
    match detail["eventType"]:
        case "Bounce":
            bounce = detail["bounce"]
            return EffectStatus.BOUNCED, f"{bounce['bounceType']} {bounce['bounceSubType']}"
        case "Complaint":
            return EffectStatus.COMPLAINED, detail["complaint"].get("complaintFeedbackType") or "unnamed"
        case "Reject":
            return EffectStatus.BOUNCED, "rejected by the mail service"
        case _:
            return None
