"""What is owed to the world after a booking, and when to try again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MAX_ATTEMPTS = 10
LEASE = timedelta(minutes=2)
"""How long one worker may take over one effect before another may take it up."""

SEND_DOUBT = timedelta(minutes=15)
"""After a send with an unknown outcome: how long to wait for the provider's own word before sending again."""


class EffectKind(StrEnum):
    CALENDAR_EVENT = "calendar_event"
    CLIENT_BOOKED_MAIL = "client_booked_mail"
    COACH_BOOKED_MAIL = "coach_booked_mail"


class EffectStatus(StrEnum):
    OWED = "owed"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing owed for one appointment at one ``sequence``; ``id`` is unique within the appointment."""

    appointment_id: str
    kind: EffectKind
    sequence: int
    status: EffectStatus = EffectStatus.OWED
    attempts: int = 0
    due_at: datetime
    send_started_at: datetime | None = None
    provider_id: str | None = None
    last_error: str | None = None

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.sequence}"


def retry_delay(attempts: int) -> timedelta:
    """Doubling from 30 seconds, at most an hour."""
    return min(timedelta(seconds=30) * 2 ** max(attempts - 1, 0), timedelta(hours=1))
