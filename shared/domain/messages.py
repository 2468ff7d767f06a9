"""The notification log: every message about one booking or package, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.effects import Effect, EffectStatus
from shared.domain.notices import Notice


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    IN_APP = "in_app"


class MessageState(StrEnum):
    """``suppressed``: not sent, as it should be. ``dead``: given up, a person has to look."""

    OWED = "owed"
    SENT = "sent"
    SUPPRESSED = "suppressed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    DEAD = "dead"


CHANNELS = {"mail": Channel.EMAIL, "sms": Channel.SMS}
STATES = {
    EffectStatus.OWED: MessageState.OWED,
    EffectStatus.DONE: MessageState.SENT,
    EffectStatus.SUPPRESSED: MessageState.SUPPRESSED,
    EffectStatus.BOUNCED: MessageState.BOUNCED,
    EffectStatus.COMPLAINED: MessageState.COMPLAINED,
    EffectStatus.DEAD: MessageState.DEAD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """``id`` is that of the effect it was owed by; ``kind`` what it told whom: ``client_booked``.

    ``provider_id`` is the mail's or text's own at Amazon or Twilio. ``error`` says why it is still owed, was
    suppressed, did not arrive or was given up; it holds no address and no number.
    """

    id: str
    channel: Channel
    kind: str
    state: MessageState
    owed_at: datetime
    ended_at: datetime | None
    provider_id: str | None = None
    error: str | None = None


def of_effect(effect: Effect) -> Message | None:
    """None for what is no message: the calendar's event, a refund."""
    kind, _, channel = effect.kind.rpartition("_")
    if channel not in CHANNELS:
        return None
    return Message(
        id=effect.ref,
        channel=CHANNELS[channel],
        kind=kind,
        state=STATES[effect.status],
        owed_at=effect.owed_at,
        ended_at=effect.done_at,
        provider_id=effect.provider_id,
        error=effect.last_error,
    )


def of_notice(notice: Notice) -> Message:
    """What is in the app has arrived."""
    return Message(
        id=notice.id,
        channel=Channel.IN_APP,
        kind=f"client_{notice.kind}",
        state=MessageState.SENT,
        owed_at=notice.noted_at,
        ended_at=notice.noted_at,
    )
