"""An appointment: one session of one client with the coach, and the states it goes through."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.money import Money
from shared.domain.time import Interval, minutes


class AppointmentStatus(StrEnum):
    HELD = "held"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    EXPIRED = "expired"


STANDING = frozenset({AppointmentStatus.CONFIRMED, AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW})
"""It was booked, and never taken back."""


LINKS_OUTLAST_SESSION = timedelta(days=1)
"""How long after the session its manage links still open it."""


class Actor(StrEnum):
    CLIENT = "client"
    COACH = "coach"


class CalendarStatus(StrEnum):
    """How far the coach's Google calendar agrees with the appointment."""

    OWED = "owed"
    WRITTEN = "written"
    FAILED = "failed"


TRANSITIONS: dict[AppointmentStatus, frozenset[AppointmentStatus]] = {
    AppointmentStatus.HELD: frozenset(
        {
            AppointmentStatus.CONFIRMED,
            AppointmentStatus.EXPIRED,
            AppointmentStatus.CANCELLED,
            # The time of a move, once the session is there.
            AppointmentStatus.COMPLETED,
        }
    ),
    AppointmentStatus.CONFIRMED: frozenset(
        {AppointmentStatus.CANCELLED, AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW}
    ),
    AppointmentStatus.CANCELLED: frozenset(),
    AppointmentStatus.COMPLETED: frozenset(),
    AppointmentStatus.NO_SHOW: frozenset(),
    # A late payer wins while nobody took the time.
    AppointmentStatus.EXPIRED: frozenset(
        {
            AppointmentStatus.HELD,
            AppointmentStatus.CONFIRMED,
            AppointmentStatus.COMPLETED,
            AppointmentStatus.CANCELLED,
        }
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who books. ``id`` is an HMAC of the sign-in's subject, safe in keys and logs; the rest is personal."""

    id: str
    email: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """``id`` is 32 hex digits, which Google accepts as an event id too. All instants are UTC, lengths minutes."""

    id: str
    client: Client
    service: str
    status: AppointmentStatus
    start: datetime
    duration_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    timezone: str
    phone: str
    created_at: datetime
    updated_at: datetime
    backup_start: datetime | None = None
    answers: dict[str, str] = field(default_factory=dict)
    promo_code: str | None = None
    package_id: str | None = None
    reschedules_used: int = 0
    sequence: int = 0
    calendar_status: CalendarStatus = CalendarStatus.OWED
    payment_id: str | None = None
    sms_consent_at: datetime | None = None
    """When the client agreed to be texted about it; None without that."""
    hold_until: datetime | None = None
    """While it is held: when the time is anybody's again."""
    paying: bool = False
    """While it is held: money is being taken for it, so not even its own client may take the time otherwise."""

    def status_at(self, now: datetime) -> AppointmentStatus:
        """A hold that ran out is over, whether or not anyone has noted it yet."""
        if self.hold_until is not None and self.hold_until < now:
            return AppointmentStatus.EXPIRED
        return self.status

    cancelled_by: Actor | None = None
    cancel_reason: str | None = None
    """In the words of whoever cancelled it."""
    credit_returned: bool | None = None
    """Once it is cancelled: whether the promo code's use or the package's session can be used again."""
    moves: str | None = None
    """The appointment that this one will be the new time of, once its fee is paid. By itself it is no session."""
    manage_key: int = 0
    """Its manage links carry it. Raising it revokes all that were mailed."""
    leaves: Interval | None = None
    """The time that the other one has until then: what both share is not claimed twice."""
    move_fee: Money | None = None
    """What its latest move cost, apart from its price."""
    timed_at: datetime | None = None
    """When its present time was settled, unless that was when it was made: at the end of a hold, or at a move."""

    @property
    def session_id(self) -> str:
        """The session it is, or is to be the new time of: what a client can look at."""
        return self.moves or self.id

    @property
    def end(self) -> datetime:
        return self.start + minutes(self.duration_minutes)

    @property
    def manage_until(self) -> datetime:
        return self.end + LINKS_OUTLAST_SESSION

    @property
    def session(self) -> Interval:
        return Interval(self.start, self.end)

    @property
    def claim(self) -> Interval:
        """The time nobody else may have: the session with its buffers."""
        return Interval(
            self.start - minutes(self.buffer_before_minutes), self.end + minutes(self.buffer_after_minutes)
        )
