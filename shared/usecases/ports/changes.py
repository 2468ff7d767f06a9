"""Changes of standing bookings. Each writing method is one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.domain.changes import BookingChange, Case
from shared.domain.checkout import Change, Checkout
from shared.domain.diary import Diary
from shared.usecases.ports.bookings import Booked
from shared.usecases.ports.checkouts import Request


class BookingMoved(Exception):
    """Someone else changed the booking or its payment meanwhile: read again and decide again."""


@dataclass(frozen=True, slots=True)
class CaseReading:
    """``earlier_request`` is what the request's key was used for before, ``earlier_answer`` what it was answered."""

    case: Case | None
    earlier_request: str | None
    earlier_answer: Booked | None = None


class ChangeStore(Protocol):
    def case(self, appointment_id: str, request_id: str | None = None) -> CaseReading:
        """Where no methods are saved, or are not to be charged, the case has none."""

    def change_booking(
        self,
        case: Case,
        change: BookingChange,
        *,
        actor: str,
        relied_on: Diary | None = None,
        request: Request | None = None,
    ) -> None:
        """The booking, its time, its payment, what it was booked from, the audit row and what becomes owed, a fee to
        be charged among it.

        ``relied_on`` is the diary a move was decided on. Raises ``BookingMoved``, ``DiaryChanged``, ``SlotTaken``,
        ``IdempotencyKeyReused``, ``TooManyRequests`` and ``TemporarilyUnavailable``.
        """

    def move_paid(
        self, fee: Checkout, paid: Change, case: Case, change: BookingChange, *, actor: str
    ) -> None:
        """The fee's payment and the move it was for, in one transaction; the hold of the new time ends in it.

        Raises as ``change_booking`` does, and ``PaymentMoved``.
        """

    def return_credit(
        self, fee: Checkout, paid: Change, case: Case, change: BookingChange, *, actor: str
    ) -> None:
        """The fee's payment, and the package's session that can be used again for it, in one transaction.

        Raises as ``move_paid`` does.
        """
