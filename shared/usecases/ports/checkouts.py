"""Money that is coming in, and what it pays for. Each writing method is one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.checkout import Change, Checkout
from shared.domain.diary import Diary
from shared.domain.time import Interval
from shared.usecases.ports.bookings import Booked


class PaymentMoved(Exception):
    """Someone else moved the payment or what it pays for meanwhile: read again and decide again."""


@dataclass(frozen=True, slots=True)
class CheckoutFacts:
    """All that decides a checkout, from one read; ``earlier`` is what an earlier request of the key made.

    ``key_used_elsewhere`` tells that the key made something else: no checkout, or one of the other kind.
    """

    diary: Diary
    earlier: Checkout | None
    key_used_elsewhere: bool


@dataclass(frozen=True, slots=True)
class Request:
    """One request under a client's key, so that the key is not used for another. ``id`` is 32 hex digits.

    ``answer`` is what it was answered with, where a repeat is to hear just that.
    """

    id: str
    fingerprint: str
    answer: Booked | None = None


@dataclass(frozen=True, slots=True)
class OrderReading:
    """Which payment an order is for, and what the request's key was used for before."""

    payment_id: str | None
    earlier_request: str | None


class PaymentStore(Protocol):
    def checkout_facts(self, span: Interval, payment_id: str, same_key: str | None = None) -> CheckoutFacts:
        """``same_key`` is the id that the same request key has for the other kind of purchase."""

    def checkout(self, payment_id: str) -> Checkout | None: ...

    def order(self, order_id: str, request_id: str | None = None) -> OrderReading: ...

    def payment_of_capture(self, capture_id: str) -> str | None: ...

    def due_payments(self, now: datetime) -> list[str]:
        """The ids of payments to ask PayPal about: candidates, the version decides."""

    def forget_method(self, method: str, now: datetime) -> None:
        """The buyer took the saved method back: no booking's case names it any more, however late it was saved."""

    def look_later(self, payment_id: str, at: datetime) -> None:
        """It can't be settled now: until ``at`` it is not due, and keeps no other waiting. Nothing else changes."""

    def hold(self, checkout: Checkout, relied_on: Diary, *, request: Request | None = None) -> None:
        """Writes the payment with its order and what it pays for; a booking's time is held until its ``hold_until``.

        Raises ``AlreadyBooked``, ``DiaryChanged``, ``SlotTaken``, ``IdempotencyKeyReused``, ``TooManyRequests``,
        ``TemporarilyUnavailable``.
        """

    def change(self, before: Checkout, change: Change, *, actor: str, request: Request | None = None) -> None:
        """From what was read to what shall be, claim included: a booking that is held or confirmed afterwards has
        its whole time, any other none of it. ``actor`` goes to the audit trail.

        Raises ``PaymentMoved``, ``SlotTaken``, ``IdempotencyKeyReused``, ``TooManyRequests`` and
        ``TemporarilyUnavailable``.
        """
