"""What buying needs of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.appointment import Appointment
from shared.domain.diary import Diary
from shared.domain.effects import Effect
from shared.domain.payment import Payment
from shared.domain.time import Interval


class PaymentMoved(Exception):
    """Someone else moved the payment or its booking meanwhile: read again and decide again."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A payment and what it pays for: a booking, or a package when there is none."""

    payment: Payment
    booking: Appointment | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CheckoutFacts:
    """All that decides a checkout, from one read; ``earlier`` is what an earlier request of the key made."""

    diary: Diary
    earlier: Checkout | None


class PaymentStore(Protocol):
    """Each writing method is one transaction, refused with ``PaymentMoved`` when its premises are gone."""

    def checkout_facts(self, span: Interval, payment_id: str) -> CheckoutFacts: ...

    def checkout(self, payment_id: str) -> Checkout | None: ...

    def payment_of_order(self, order_id: str) -> str | None: ...

    def due_payments(self, now: datetime) -> list[str]:
        """The ids of open payments to look at: candidates, the version decides."""

    def hold(self, checkout: Checkout, relied_on: Diary, now: datetime) -> None:
        """Writes the payment with its order, and holds the booking's time until its ``hold_until``.

        Raises ``AlreadyBooked``, ``DiaryChanged``, ``SlotTaken``, ``TooManyRequests``, ``TemporarilyUnavailable``.
        """

    def change(
        self,
        before: Checkout,
        after: Checkout,
        now: datetime,
        event: str,
        effects: Sequence[Effect] = (),
    ) -> None:
        """From what was read to what shall be, claim included: a booking that is held or confirmed afterwards
        has its whole time, any other none of it. Raises ``PaymentMoved`` and ``SlotTaken``.
        """
