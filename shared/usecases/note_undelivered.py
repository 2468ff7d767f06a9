"""The mail service reports that a mail did not arrive, or was unwanted. The booking stands; a person is told."""

from __future__ import annotations

from datetime import datetime

from shared.domain.attention import Attention, AttentionKind
from shared.domain.effects import EffectStatus
from shared.observability import count
from shared.usecases.ports import AttentionStore, EffectStore


def note_undelivered(
    effects: EffectStore,
    attention: AttentionStore,
    now: datetime,
    *,
    effect_ref: str,
    provider_id: str,
    status: EffectStatus,
    error: str,
) -> None:
    """``effect_ref`` is the tag the mail was sent with; ``error`` names the kind of trouble, and no address."""
    subject_id, _, effect_id = effect_ref.partition(".")
    if not effect_id or not effects.note_undelivered(subject_id, effect_id, provider_id, status, error):
        return
    detail = f"{effect_id} {status}: {error}"
    attention.note(
        Attention(kind=AttentionKind.MAIL_BOUNCED, subject_id=subject_id, detail=detail, noted_at=now)
    )
    count("NeedsAttention")
