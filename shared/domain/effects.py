"""What is owed to the world after a booking, and when to try again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MAX_ATTEMPTS = 10


class EffectKind(StrEnum):
    CALENDAR_EVENT = "calendar_event"
    CLIENT_BOOKED_MAIL = "client_booked_mail"
    COACH_BOOKED_MAIL = "coach_booked_mail"


class EffectStatus(StrEnum):
    OWED = "owed"
    DONE = "done"
    DEAD = "dead"


CALENDAR_LEASE = timedelta(minutes=2)
MAIL_LEASE = timedelta(minutes=15)
"""A mail can't be asked for under an id of ours. Whoever dies while sending leaves a doubt. The mail service's own
event of the sending ends it, normally within seconds; only after a quarter of an hour of silence is it sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing owed for one appointment at one ``sequence``; ``id`` is unique within the appointment.

    ``due_at`` is when it may next be taken up. A worker takes it over by pushing ``due_at`` past its lease.
    """

    appointment_id: str
    kind: EffectKind
    sequence: int
    due_at: datetime
    status: EffectStatus = EffectStatus.OWED
    attempts: int = 0
    provider_id: str | None = None
    last_error: str | None = None

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.sequence}"


def lease(effect_id: str) -> timedelta:
    """How long one worker may take over the effect before another may take it up."""
    kind = EffectKind(effect_id.rpartition("-")[0])
    return CALENDAR_LEASE if kind is EffectKind.CALENDAR_EVENT else MAIL_LEASE


def retry_delay(attempts: int) -> timedelta:
    """Doubling from 30 seconds, at most an hour."""
    return min(timedelta(seconds=30) * (1 << max(attempts - 1, 0)), timedelta(hours=1))


def owed_for_booking(appointment_id: str, now: datetime) -> tuple[Effect, ...]:
    """What every confirmed booking owes the world."""
    return tuple(
        Effect(appointment_id=appointment_id, kind=kind, sequence=0, due_at=now)
        for kind in (EffectKind.CALENDAR_EVENT, EffectKind.CLIENT_BOOKED_MAIL, EffectKind.COACH_BOOKED_MAIL)
    )
