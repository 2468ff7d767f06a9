"""What is owed to the world after a booking, and when to try again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.time import Interval

MAX_ATTEMPTS = 10


class EffectKind(StrEnum):
    CALENDAR_EVENT = "calendar_event"
    CLIENT_BOOKED_MAIL = "client_booked_mail"
    COACH_BOOKED_MAIL = "coach_booked_mail"
    CLIENT_MOVED_MAIL = "client_moved_mail"
    COACH_MOVED_MAIL = "coach_moved_mail"
    CLIENT_CANCELLED_MAIL = "client_cancelled_mail"
    COACH_CANCELLED_MAIL = "coach_cancelled_mail"
    CLIENT_REMINDER_MAIL = "client_reminder_mail"
    REFUND = "refund"
    CLIENT_PAYMENT_PENDING_MAIL = "client_payment_pending_mail"
    CLIENT_PAYMENT_FAILED_MAIL = "client_payment_failed_mail"
    CLIENT_TIME_LOST_MAIL = "client_time_lost_mail"
    CLIENT_REFUNDED_MAIL = "client_refunded_mail"
    CLIENT_PACKAGE_MAIL = "client_package_mail"
    COACH_PACKAGE_MAIL = "coach_package_mail"


REPEATABLE = frozenset({EffectKind.CALENDAR_EVENT, EffectKind.REFUND})


class EffectStatus(StrEnum):
    OWED = "owed"
    DONE = "done"
    DEAD = "dead"
    BOUNCED = "bounced"
    """Sent, and it did not arrive."""
    COMPLAINED = "complained"
    """It arrived, and was called unwanted."""


REPEATABLE_LEASE = timedelta(minutes=2)
"""The calendar's event and the refund carry ids of ours: done twice is done once."""

MAIL_LEASE = timedelta(minutes=15)
"""A mail can't be asked for under an id of ours. Whoever dies while sending leaves a doubt. The mail service's own
event of the sending ends it, normally within seconds; only after a quarter of an hour of silence is it sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing owed for one appointment or package at one ``sequence``; ``id`` is unique within its subject.

    ``subject_id`` is the appointment's id, or the package's.

    ``due_at`` is when it may next be taken up. A worker takes it over by pushing ``due_at`` past its lease.

    ``left`` is the time, buffers included, that the session had before: until this is done, its event may be there.

    ``minutes_before`` tells the reminders of one sequence apart: so long before the session it is to be sent.
    """

    subject_id: str
    kind: EffectKind
    sequence: int
    due_at: datetime
    status: EffectStatus = EffectStatus.OWED
    attempts: int = 0
    provider_id: str | None = None
    last_error: str | None = None
    minutes_before: int | None = None
    left: Interval | None = None

    @property
    def id(self) -> str:
        which = "" if self.minutes_before is None else f"-{self.minutes_before}"
        return f"{self.kind}-{self.sequence}{which}"

    @property
    def ref(self) -> str:
        """Its id among all effects."""
        return f"{self.subject_id}.{self.id}"


def lease(effect_id: str) -> timedelta:
    """How long one worker may take over the effect before another may take it up."""
    kind = EffectKind(effect_id.partition("-")[0])
    return REPEATABLE_LEASE if kind in REPEATABLE else MAIL_LEASE


def retry_delay(attempts: int) -> timedelta:
    """Doubling from 30 seconds, at most an hour."""
    return min(timedelta(seconds=30) * (1 << max(attempts - 1, 0)), timedelta(hours=1))


FOR_BOOKING = (EffectKind.CALENDAR_EVENT, EffectKind.CLIENT_BOOKED_MAIL, EffectKind.COACH_BOOKED_MAIL)
"""What every confirmed booking owes the world."""

FOR_MOVE = (EffectKind.CALENDAR_EVENT, EffectKind.CLIENT_MOVED_MAIL, EffectKind.COACH_MOVED_MAIL)
FOR_CANCELLATION = (
    EffectKind.CALENDAR_EVENT,
    EffectKind.CLIENT_CANCELLED_MAIL,
    EffectKind.COACH_CANCELLED_MAIL,
)
FOR_PACKAGE = (EffectKind.CLIENT_PACKAGE_MAIL, EffectKind.COACH_PACKAGE_MAIL)


def owed(subject_id: str, now: datetime, *kinds: EffectKind, sequence: int = 0) -> tuple[Effect, ...]:
    """One effect of each kind, due at once."""
    return tuple(Effect(subject_id=subject_id, kind=kind, sequence=sequence, due_at=now) for kind in kinds)


def owed_for_booking(appointment_id: str, now: datetime) -> tuple[Effect, ...]:
    return owed(appointment_id, now, *FOR_BOOKING)
