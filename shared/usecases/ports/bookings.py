"""What the business reads and writes of bookings. Each writing method is one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.appointment import Appointment
from shared.domain.diary import Diary, Settings
from shared.domain.effects import Effect
from shared.domain.payment import Payment
from shared.domain.promo import Promo
from shared.domain.time import Interval


class DiaryChanged(Exception):
    """Settings or a full day changed after they were read: read again and decide again."""


@dataclass(frozen=True, slots=True)
class PromoReading:
    """A code as one client sees it; ``promo`` is None when there is no such code."""

    promo: Promo | None
    used_by_client: bool
    misses: int
    """Unknown codes this client named in the present window."""


@dataclass(frozen=True, slots=True)
class EarlierBooking:
    """The booking an earlier request of the same key made, just as it was answered then."""

    as_booked: Appointment
    fingerprint: str


class AlreadyBooked(Exception):
    """This very booking exists: an earlier try of the same request made it."""


@dataclass(frozen=True, slots=True)
class FreeBookingFacts:
    """All that decides a free booking, from one read."""

    diary: Diary
    promo: PromoReading
    earlier: EarlierBooking | None


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment, and the payment made for it alone: its price, or the fee for cancelling a package's session."""

    appointment: Appointment
    payment: Payment | None = None


@dataclass(frozen=True, slots=True)
class Page:
    items: tuple[Booked, ...]
    next: str | None


class BookingStore(Protocol):
    """The state of the business. Each writing method is one transaction; none is load-and-save."""

    def seed(self) -> None:
        """Puts services, schedule and promo codes where there are none; changes nothing that exists."""

    def check(self) -> None:
        """Raises when the table can't be read."""

    def settings(self) -> Settings: ...

    def diary(self, span: Interval) -> Diary: ...

    def promo(self, code: str, client_id: str, now: datetime) -> PromoReading: ...

    def count_miss(self, client_id: str, now: datetime) -> None:
        """Notes that the client named an unknown promo code."""

    def free_booking_facts(
        self, span: Interval, code: str, client_id: str, appointment_id: str, now: datetime
    ) -> FreeBookingFacts: ...

    def book_free(
        self, appointment: Appointment, fingerprint: str, relied_on: Diary, effects: Sequence[Effect]
    ) -> None:
        """Claims the time, uses the code, writes the booking and what it owes: all or nothing.

        Raises ``AlreadyBooked``, ``DiaryChanged``, ``PromoAlreadyUsed``, ``PromoExhausted``, ``SlotTaken``,
        ``TooManyRequests``, ``TemporarilyUnavailable``.
        """

    def appointment(self, appointment_id: str) -> Appointment | None: ...

    def booked(self, appointment_id: str) -> Booked | None: ...

    def appointments(self, ids: Sequence[str]) -> list[Appointment]: ...

    def appointments_of(self, client_id: str, now: datetime, cursor: str | None, limit: int) -> Page:
        """Upcoming ones first, the next on top; then past ones, the latest on top. Holds that are over are left out.

        Raises ``InvalidInput`` for a cursor it did not give.
        """
