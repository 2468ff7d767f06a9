"""What the business reads and writes of packages. Each writing method is one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.domain.appointment import Appointment
from shared.domain.diary import Diary
from shared.domain.effects import Effect
from shared.domain.package import Package
from shared.domain.payment import Payment
from shared.domain.time import Interval
from shared.usecases.ports.bookings import EarlierBooking


@dataclass(frozen=True, slots=True)
class Bought:
    """A package, and the payment made for it."""

    package: Package
    payment: Payment | None


@dataclass(frozen=True, slots=True)
class PackagePage:
    items: tuple[Bought, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """All that decides a booking from a package, from one read. ``package`` may be anybody's."""

    diary: Diary
    package: Package | None
    earlier: EarlierBooking | None


class PackageStore(Protocol):
    def packages_of(self, client_id: str, cursor: str | None, limit: int) -> PackagePage:
        """Those whose money came in, the latest first.

        Raises ``InvalidInput`` for a cursor it did not give.
        """

    def package_facts(self, span: Interval, package_id: str, appointment_id: str) -> PackageFacts: ...

    def book_from_package(
        self, appointment: Appointment, fingerprint: str, relied_on: Diary, effects: Sequence[Effect]
    ) -> None:
        """Claims the time, uses up one session of the client's own package, writes the booking and what it owes:
        all or nothing.

        Raises ``AlreadyBooked``, ``DiaryChanged``, ``PackageExhausted``, ``SlotTaken``, ``TooManyRequests``,
        ``TemporarilyUnavailable``.
        """
