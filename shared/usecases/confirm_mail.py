"""The mail service reports that it took a mail: whoever died between sending and noting it is made good."""

from __future__ import annotations

from datetime import datetime

from shared.usecases.ports import EffectStore


def confirm_mail(effects: EffectStore, now: datetime, *, effect_ref: str, provider_id: str) -> None:
    """``effect_ref`` is the tag the mail was sent with: the appointment's id, a dot, the effect's."""
    subject_id, _, effect_id = effect_ref.partition(".")
    if effect_id:
        effects.confirm_sent(subject_id, effect_id, provider_id, now)
