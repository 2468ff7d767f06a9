"""What is owed to the world after a booking, and when to try again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.appointment import Appointment
from shared.domain.time import Interval

MAX_ATTEMPTS = 10


class EffectKind(StrEnum):
    CALENDAR_EVENT = "calendar_event"
    CALENDAR_CORRECTION = "calendar_correction"
    """The event again, for what the buyer's page said late: numbered by the payment's version, as the event itself is
    by the booking's sequence."""
    CLIENT_BOOKED_MAIL = "client_booked_mail"
    COACH_BOOKED_MAIL = "coach_booked_mail"
    CLIENT_MOVED_MAIL = "client_moved_mail"
    COACH_MOVED_MAIL = "coach_moved_mail"
    CLIENT_CANCELLED_MAIL = "client_cancelled_mail"
    COACH_CANCELLED_MAIL = "coach_cancelled_mail"
    CLIENT_REMINDER_MAIL = "client_reminder_mail"
    REFUND = "refund"
    CHARGE = "charge"
    CLIENT_PAYMENT_PENDING_MAIL = "client_payment_pending_mail"
    CLIENT_PAYMENT_FAILED_MAIL = "client_payment_failed_mail"
    CLIENT_TIME_LOST_MAIL = "client_time_lost_mail"
    CLIENT_REFUNDED_MAIL = "client_refunded_mail"
    CLIENT_FEE_MAIL = "client_fee_mail"
    CLIENT_PACKAGE_MAIL = "client_package_mail"
    COACH_PACKAGE_MAIL = "coach_package_mail"
    CLIENT_BOOKED_SMS = "client_booked_sms"
    CLIENT_MOVED_SMS = "client_moved_sms"
    CLIENT_CANCELLED_SMS = "client_cancelled_sms"
    CLIENT_REMINDER_SMS = "client_reminder_sms"


TEXT_BESIDE = {
    EffectKind.CLIENT_BOOKED_MAIL: EffectKind.CLIENT_BOOKED_SMS,
    EffectKind.CLIENT_MOVED_MAIL: EffectKind.CLIENT_MOVED_SMS,
    EffectKind.CLIENT_CANCELLED_MAIL: EffectKind.CLIENT_CANCELLED_SMS,
    EffectKind.CLIENT_REMINDER_MAIL: EffectKind.CLIENT_REMINDER_SMS,
}
"""What goes to the phone of a client who agreed to it, beside the mail about the same."""

IN_CALENDAR = frozenset({EffectKind.CALENDAR_EVENT, EffectKind.CALENDAR_CORRECTION})
REPEATABLE = frozenset({*IN_CALENDAR, EffectKind.REFUND, EffectKind.CHARGE, *TEXT_BESIDE.values()})


class EffectStatus(StrEnum):
    OWED = "owed"
    DONE = "done"
    DEAD = "dead"
    BOUNCED = "bounced"
    """Sent, and it did not arrive."""
    COMPLAINED = "complained"
    """It arrived, and was called unwanted."""
    SUPPRESSED = "suppressed"
    """Not sent, as it should be: ``last_error`` says why."""


REPEATABLE_LEASE = timedelta(minutes=2)
"""The calendar's event, the refund and the charge carry ids of ours, and a text is looked for before it is sent
again: done twice is done once."""

MAIL_LEASE = timedelta(minutes=15)
"""A mail can't be asked for under an id of ours. Whoever dies while sending leaves a doubt. The mail service's own
event of the sending ends it, normally within seconds; only after a quarter of an hour of silence is it sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing owed for one appointment or package at one ``sequence``; ``id`` is unique within its subject.

    ``subject_id`` is the appointment's id, the package's or the payment's.

    ``owed_at`` is when it was first due; ``done_at`` when it was done or suppressed.

    ``due_at`` is when it may next be taken up. A worker takes it over by pushing ``due_at`` past its lease.

    ``left`` is the time, buffers included, that the session had before: until this is done, its event may be there.

    ``minutes_before`` tells the reminders of one sequence apart: so long before the session it is to be sent.
    """

    subject_id: str
    kind: EffectKind
    sequence: int
    owed_at: datetime
    due_at: datetime
    status: EffectStatus = EffectStatus.OWED
    attempts: int = 0
    provider_id: str | None = None
    last_error: str | None = None
    minutes_before: int | None = None
    done_at: datetime | None = None
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
    return tuple(
        Effect(subject_id=subject_id, kind=kind, sequence=sequence, owed_at=now, due_at=now) for kind in kinds
    )


def owed_about(appointment: Appointment, now: datetime, *kinds: EffectKind) -> tuple[Effect, ...]:
    """One effect of each kind, and the texts beside its mails."""
    return owed(appointment.id, now, *with_texts(appointment, *kinds), sequence=appointment.sequence)


def owed_for_booking(appointment: Appointment, now: datetime) -> tuple[Effect, ...]:
    return owed_about(appointment, now, *FOR_BOOKING)


def with_texts(appointment: Appointment, *kinds: EffectKind) -> tuple[EffectKind, ...]:
    """Without the client's consent, no text is so much as owed."""
    if appointment.sms_consent_at is None:
        return kinds
    return (*kinds, *(TEXT_BESIDE[kind] for kind in kinds if kind in TEXT_BESIDE))
