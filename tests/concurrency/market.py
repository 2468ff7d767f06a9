"""One coach's table and PayPal account, for processes that race in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from local.paypal.state import PayPalState
from shared.adapters.dynamodb.attention import DynamoAttention
from shared.adapters.dynamodb.effects import DynamoEffects
from shared.adapters.dynamodb.inbox import DynamoInbox
from shared.adapters.dynamodb.notices import DynamoNotices
from shared.adapters.dynamodb.packages import DynamoPackages
from shared.adapters.dynamodb.store import DynamoBookings
from shared.adapters.dynamodb.table import Table
from shared.domain.appointment import Appointment
from shared.domain.checkout import Checkout
from shared.domain.effects import owed_for_booking
from shared.domain.errors import FeeRequired
from shared.domain.time import Interval
from shared.usecases.checkout import Purchase, Shop, begin_checkout
from shared.usecases.deliver_effects import World
from shared.usecases.reschedule import Move, reschedule
from shared.usecases.settle import settle
from shared.usecases.sweep import Books, sweep
from shared.usecases.till import Till
from tests import money
from tests.builders import NOW, START, appointment, caller
from tests.concurrency import errands
from tests.concurrency.errands import Answer, Errand, StoppedClock
from tests.fakes import FakeMailer, FakeTexter


@dataclass
class Market:
    """One coach's table and PayPal account, with what happens there."""

    environment: dict[str, str]
    table: Table
    paypal: PayPalState
    till: Till
    shop: Shop

    def order(
        self, client: str, start: datetime | None = START, *, now: datetime = NOW, outcome: Any = "approve"
    ) -> Checkout:
        """For a session at that time, or for a package; approved by its buyer unless ``outcome`` is None."""
        session = {"phone": "+14165550123", "timezone": "America/Toronto"} if start else {}
        wanted = Purchase(service="single" if start else "package", currency="CAD", start=start, **session)
        checkout = begin_checkout(self.shop, now, caller=caller(client), wanted=wanted, idempotency_key=None)
        if outcome:
            self.paypal.approve(str(checkout.payment.order_id), outcome)
        return checkout

    def buy(self, client: str, start: datetime = START, **how: Any) -> str:
        """The id of a session that is paid for."""
        order = self.order(client, start, **how)
        settle(replace(self.till, clock=StoppedClock(how.get("now", NOW))), order.payment.id)
        return order.payment.id

    def book_free(self, client: str, start: datetime = START) -> str:
        booking = appointment(client, start=start)
        diary = self.shop.bookings.diary(Interval(start - timedelta(days=1), start + timedelta(days=1)))
        DynamoBookings(self.table).book_free(booking, "asked", diary, owed_for_booking(booking, NOW))
        return booking.id

    def book_from_package(self, client: str, start: datetime = START) -> str:
        """The session's id; its package is bought for it."""
        order = self.order(client, None)
        settle(self.till, order.payment.id)
        package = {"service": "package", "duration_minutes": 60, "package_id": order.payment.id}
        booking = appointment(client, start=start, promo_code=None, **package)
        diary = self.shop.bookings.diary(Interval(start - timedelta(days=1), start + timedelta(days=1)))
        owed = owed_for_booking(booking, NOW)
        DynamoPackages(self.table).book_from_package(booking, "asked", diary, owed)
        return booking.id

    def sessions_used(self, booking_id: str) -> int:
        """Of the package that it was booked from."""
        case = self.till.changes.case(booking_id).case
        assert case is not None
        assert case.package is not None
        return case.package.sessions_used

    def charge(self, booking_id: str) -> Errand:
        """What the stream makes of a fee that is owed for having cancelled it."""
        fee_id = str(self.standing(booking_id).payment_id)
        return self.errand("effects", errands.working_off(fee_id, "charge-1"))

    def ask_fee(self, client: str, booking_id: str, to: datetime) -> str:
        """The order for the fee of that move, approved."""
        wanted = Move(booking_id, to)
        with pytest.raises(FeeRequired) as asked:
            reschedule(self.shop, self.till, NOW, caller=caller(client), wanted=wanted, idempotency_key=None)
        self.paypal.approve(asked.value.order_id, "approve")
        return asked.value.order_id

    def errand(self, function: str, event: dict[str, Any], now: datetime = NOW) -> Errand:
        return Errand(self.environment, function, event, now)

    def pay(self, client: str, order: Checkout, now: datetime = NOW) -> Errand:
        event = errands.paying(client, str(order.payment.order_id), package=order.booking is None)
        return self.errand("checkout", event, now)

    def give_up(self, client: str, order: Checkout) -> Errand:
        return self.errand("checkout", errands.giving_up(client, str(order.payment.order_id)))

    def cancel(self, client: str, booking_id: str, key: str | None = None) -> Errand:
        return self.errand("cancel", errands.cancelling(client, booking_id, key))

    def cancel_as_coach(self, booking_id: str) -> Errand:
        return self.errand("admin", errands.cancelling_as_coach(booking_id))

    def move(self, client: str, booking_id: str, to: datetime, fee_order_id: str | None = None) -> Errand:
        return self.errand("reschedule", errands.moving(client, booking_id, to, fee_order_id))

    def book(self, client: str, start: datetime) -> Errand:
        return self.errand("book_free", errands.booking(client, start))

    def webhook(self, number: int = -1, now: datetime = NOW) -> Errand:
        """PayPal's event of that number, the latest unless told otherwise, in a transmission of its own."""
        told = self.paypal.resend(self.paypal.webhook_log()[number]["id"])
        return self.errand("paypal_webhook", errands.webhook(told.headers, told.body), now)

    def sweep(self, now: datetime = NOW) -> Errand:
        return self.errand("sweeper", errands.sweeping(), now)

    def settled(self) -> list[dict[str, Any]]:
        """The payments, after three sweeps in the time after the race, with every promise checked."""
        table = self.table
        effects, inbox, attention = DynamoEffects(table), DynamoInbox(table), DynamoAttention(table)
        for hours in (1, 2, 3):
            till = replace(self.till, clock=StoppedClock(NOW + timedelta(hours=hours)))
            world = World(
                DynamoBookings(table), effects, FakeMailer(), FakeTexter(), till, DynamoNotices(table)
            )
            sweep(Books(world, inbox, attention))
        endpoint = self.environment["AWS_ENDPOINT_URL_DYNAMODB"]
        return money.check(endpoint, table.name, self.paypal.ledger())

    def standing(self, booking_id: str) -> Appointment:
        """The booking as it is now."""
        case = self.till.changes.case(booking_id).case
        assert case is not None
        return case.appointment

    @property
    def given_back(self) -> list[str]:
        return [refund["amount"]["value"] for refund in self.paypal.ledger()["refunds"]]

    @property
    def captured(self) -> list[str]:
        return [capture["order_id"] for capture in self.paypal.ledger()["captures"]]


def outcomes(answers: list[Answer]) -> Counter[str]:
    return Counter(body["code"] if status >= 400 else str(status) for status, body in answers)
