"""One look at everything: what the store, PayPal and the clock say at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property

from shared.domain.appointment import Appointment, AppointmentStatus
from shared.domain.package import Package, PackageStatus
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.settlement import CaptureStatus, OrderState, OrderStatus, RefundStatus
from shared.domain.time import Interval
from tests.fake_paypal import FakePayPal
from tests.fakes import FakeStore

A = AppointmentStatus
EVER = datetime(2100, 1, 1, tzinfo=UTC)
MONEY_CAME = frozenset({CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED, CaptureStatus.REFUNDED})


@dataclass
class Facts:
    store: FakeStore
    paypal: FakePayPal
    now: datetime
    coachs_own: tuple[Interval, ...]
    """What the coach has on besides our sessions."""

    def __post_init__(self) -> None:
        self._books = self.store.books()
        self.orders = dict(self.paypal.orders)

    @cached_property
    def bookings(self) -> dict[str, Appointment]:
        """Holds of new times included."""
        return {each.id: each for each in self.store.appointments(list(self._books.sessions))}

    @cached_property
    def sessions(self) -> list[Appointment]:
        """Without those."""
        return [each for each in self.bookings.values() if each.moves is None]

    @cached_property
    def payments(self) -> dict[str, Payment]:
        return dict(self._books.payments)

    @cached_property
    def packages(self) -> dict[str, Package]:
        found = [
            self.store.package_facts(Interval(EVER, EVER), each, "").package for each in self._books.packages
        ]
        return {each.id: each for each in found if each is not None}

    def order_of(self, payment: Payment) -> OrderState:
        """A charge learns of its order by PayPal's answer alone."""
        if payment.order_id:
            return self.orders[payment.order_id]
        made = [each for each in self.orders.values() if each.custom_id == payment.id]
        return made[0] if made else OrderState(id="", status=OrderStatus.UNKNOWN)

    def stands(self, payment_id: str) -> bool:
        """A move that was paid for stands, too, and so does a session that came back into its package."""
        cancels = self.payments[payment_id].cancels
        if cancels is not None:
            return self.bookings[cancels].credit_returned is True
        package, booking = self.packages.get(payment_id), self.bookings.get(payment_id)
        if package is not None:
            return package.status is PackageStatus.ACTIVE
        return booking is not None and booking.status in {A.CONFIRMED, A.COMPLETED}

    def moves_paid_for(self, booking_id: str) -> Decimal:
        """What moving it has cost in all, apart from its price."""
        fees = [
            self.payments[each.id].amount.amount
            for each in self.bookings.values()
            if each.moves == booking_id and each.status is A.COMPLETED
        ]
        return sum(fees, Decimal())

    def kept_of(self, payment: Payment) -> Decimal:
        """What the policy keeps of the price of what was cancelled."""
        return payment.fee - self.moves_paid_for(payment.id)

    @property
    def statuses(self) -> dict[str, tuple[PaymentStatus | None, AppointmentStatus | None]]:
        ids = {**self.payments, **self.bookings}
        return {
            each: (
                self.payments[each].status if each in self.payments else None,
                self.bookings[each].status if each in self.bookings else None,
            )
            for each in ids
        }


def came(order: OrderState) -> bool:
    return any(each.status in MONEY_CAME for each in order.captures)


def back(order: OrderState) -> Decimal:
    """What went back or is on its way, whoever gave it."""
    refused = {RefundStatus.FAILED, RefundStatus.CANCELLED}
    return sum((each.amount.amount for each in order.refunds if each.status not in refused), Decimal())


def by_hand(order: OrderState) -> Decimal:
    """What was given back in PayPal's dashboard."""
    return sum((each.amount.amount for each in order.refunds if not each.request_id), Decimal())
