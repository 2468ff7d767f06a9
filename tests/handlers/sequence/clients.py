"""What clients do: book, pay, change their plans, and all of it again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from shared.domain.settlement import CaptureStatus, OrderStatus, RefundStatus
from shared.domain.time import isoformat, minutes
from tests.handlers.conftest import Answer
from tests.handlers.sequence.facts import A
from tests.handlers.sequence.fortune import Fortune
from tests.handlers.sequence.town import by_link, when, which, who


class Clients(Fortune):
    @initialize(saves=st.booleans())
    def something_stands_already(self, saves: bool) -> None:
        """``saves`` payment methods: PayPal lets us, and we may charge them."""
        self.paypal.saves = self.store.saved_methods = saves
        self.buy("alex", 0)
        self.buy_package("blake")
        self.use_package(0, 3)
        self.book_free("casey", 6)

    # Book and pay

    @rule(client=who, time=when)
    def book_free(self, client: str, time: int) -> None:
        self.ask("book_free/book", client, {"promo_code": "WIMD25", **self.session(self.time(time))})

    @rule(client=who, time=when)
    def order(self, client: str, time: int) -> None:
        self.order_at(client, self.time(time))

    @rule(client=who)
    def order_package(self, client: str) -> None:
        self.ask("checkout/order_package", client, {"service": "package", "currency": "USD"})

    @rule(number=which)
    def approve(self, number: int) -> None:
        """At PayPal, and the tab is closed."""
        self.approve_order(self.pick(self.shown, number))

    @rule(number=which)
    def pay(self, number: int) -> None:
        self.come_back(self.pick(self.shown, number))

    @rule(number=which)
    def approve_and_pay(self, number: int) -> None:
        order = self.pick(self.shown, number)
        self.approve_order(order)
        self.come_back(order)

    @rule(client=who, time=when)
    def buy(self, client: str, time: int) -> None:
        self.and_pay(lambda: self.order(client, time))

    @rule(client=who)
    def buy_package(self, client: str) -> None:
        self.and_pay(lambda: self.order_package(client))

    @rule(number=which, by_link=by_link)
    def give_up(self, number: int, by_link: bool) -> None:
        order = self.pick(self.shown, number)
        self.ask("checkout/give_up", self.buyer(order, by_link=by_link), path=f"/booking/orders/{order}")

    @rule(number=which, time=when)
    def use_package(self, number: int, time: int) -> None:
        package = self.pick(list(self.facts.packages.values()), number)
        body = {"package_id": package.id, **self.session(self.time(time))}
        self.ask("packages/use_session", package.client.id, body)

    @rule(number=which, client=who)
    def buy_the_time_of_an_order(self, number: int, client: str) -> None:
        """Its hold may have run out."""
        held = self.held_by(self.pick(self.shown, number))
        if held is not None:
            self.and_pay(lambda: self.order_at(client, held.start))

    @rule(number=which)
    def pay_with_an_echeck(self, number: int) -> None:
        self.paypal.next_capture = CaptureStatus.PENDING
        self.approve_and_pay(number)
        self.paypal.next_capture = CaptureStatus.COMPLETED

    # Change plans

    @rule(number=which, by_link=by_link)
    def cancel(self, number: int, by_link: bool) -> None:
        booking = self.session_of(number)
        client = self.client_of(booking, by_link=by_link)
        self.ask("cancel/cancel", client, {}, path=f"/booking/{booking.id}/cancel")

    @rule(number=which, refund=st.sampled_from(list(RefundStatus)[:3]))
    def cancel_and_be_paid_back(self, number: int, refund: RefundStatus) -> None:
        """What PayPal makes of it."""
        paid = [each for each in self.facts.sessions if each.payment_id and each.status is A.CONFIRMED]
        self.paypal.next_refund = refund
        if paid:
            booking = self.pick(paid, number)
            self.ask("cancel/cancel", booking.client.id, {}, path=f"/booking/{booking.id}/cancel")
        self.sweep()

    @rule(number=which)
    def cancel_a_packages_session(self, number: int) -> None:
        """Late, its fee is charged where it can be."""
        used = [each for each in self.facts.sessions if each.package_id and each.status is A.CONFIRMED]
        if used:
            booking = self.pick(used, number)
            self.ask("cancel/cancel", booking.client.id, {}, path=f"/booking/{booking.id}/cancel")

    @rule(number=which, time=when, by_link=by_link)
    def move(self, number: int, time: int, by_link: bool) -> None:
        self.move_to(number, {"start": isoformat(self.time(time))}, by_link=by_link)

    @rule(number=which, by=st.sampled_from([-60, -30, 30, 60]), by_link=by_link)
    def move_a_little(self, number: int, by: int, by_link: bool) -> None:
        """Onto a time that meets its own, or lies beside it."""
        start = self.session_of(number).start + minutes(by)
        self.and_pay(lambda: self.move_to(number, {"start": isoformat(start)}, by_link=by_link))

    @rule(number=which, time=when, by_link=by_link)
    def move_and_pay(self, number: int, time: int, by_link: bool) -> None:
        """The fee, where there is one."""
        self.and_pay(lambda: self.move(number, time, by_link), by_link=by_link)

    @rule(number=which, time=when, client=who)
    def move_and_lose_the_old_time_at_once(self, number: int, time: int, client: str) -> None:
        old = self.session_of(number).start
        self.move_and_pay(number, time, by_link=False)
        self.order_at(client, old)

    @precondition(lambda self: self.fees)
    @rule(number=which, by_link=by_link)
    def pay_a_fee(self, number: int, by_link: bool) -> None:
        order = self.pick(self.fees, number)
        self.approve_order(order)
        self.come_back(order, by_link=by_link)

    @precondition(lambda self: self.fees)
    @rule(number=which)
    def pay_a_fee_with_an_echeck(self, number: int) -> None:
        self.paypal.next_capture = CaptureStatus.PENDING
        self.pay_a_fee(number, by_link=False)
        self.paypal.next_capture = CaptureStatus.COMPLETED

    @precondition(lambda self: self.fees)
    @rule(number=which)
    def approve_a_fee(self, number: int) -> None:
        """And close the tab."""
        self.approve_order(self.pick(self.fees, number))

    @precondition(lambda self: self.fees)
    @rule(number=which)
    def cancel_what_a_fee_would_move(self, number: int) -> None:
        hold = self.held_by(self.pick(self.fees, number))
        assert hold
        self.ask("cancel/cancel", hold.client.id, {}, path=f"/booking/{hold.moves}/cancel")

    @rule(
        number=which,
        before=st.sampled_from([timedelta(hours=48), timedelta(hours=24), timedelta(hours=1), timedelta()]),
        seconds=st.sampled_from([-1, 0, 1]),
        moves=st.booleans(),
        time=when,
    )
    def wait_for_the_last_moment(
        self, number: int, before: timedelta, seconds: int, moves: bool, time: int
    ) -> None:
        """A second too early, just then, or a second too late."""
        booking = self.session_of(number)
        wait = (booking.start - before - self.now).total_seconds() + seconds
        if wait >= 0:
            self.wait(wait)
        body = {"start": isoformat(self.time(time))} if moves else {}
        name, path = ("reschedule/move", "reschedule") if moves else ("cancel/cancel", "cancel")
        self.ask(name, booking.client.id, body, path=f"/booking/{booking.id}/{path}")
        self.remind()
        self.sweep()

    # Again

    @rule(number=which)
    def ask_again(self, number: int) -> None:
        """The very request, one of the last."""
        self.pick(self.requests[-16:], number)()

    @rule(
        number=which,
        other=st.sampled_from([{"timezone": "America/Vancouver"}, {"reason": "other"}, {"phone": "x"}]),
    )
    def use_a_key_again(self, number: int, other: dict[str, str]) -> None:
        """For another request than the first; one that does not fit is refused in any case."""
        self.pick(self.requests[-16:], number)(other)

    # How it is done

    def order_at(self, client: str, start: datetime) -> None:
        self.ask("checkout/order", client, {"service": "single", "currency": "CAD", **self.session(start)})

    def approve_order(self, order: str) -> None:
        if self.paypal.orders[order].status is OrderStatus.PAYER_ACTION_REQUIRED:
            self.paypal.approve(order)

    def move_to(self, number: int, body: dict[str, Any], *, by_link: bool) -> Answer | None:
        booking = self.session_of(number)
        client = self.client_of(booking, by_link=by_link)
        return self.ask("reschedule/move", client, body, path=f"/booking/{booking.id}/reschedule")

    def and_pay(self, ask: Callable[[], Any], *, by_link: bool = False) -> None:
        """The buyer approves and comes back without delay."""
        known = set(self.shown)
        ask()
        for order in [each for each in self.shown if each not in known]:
            self.approve_order(order)
            self.come_back(order, by_link=by_link)

    def come_back(self, order: str, *, by_link: bool = False) -> None:
        """From PayPal: each kind of order has its own way."""
        client, booking = self.buyer(order, by_link=by_link), self.held_by(order)
        if booking is None:
            self.ask("checkout/pay_package", client, {"paypal_order_id": order})
        elif booking.moves is None:
            body = {"paypal_order_id": order, "start": isoformat(booking.start)}
            self.ask("checkout/pay_session", client, body)
        else:
            path = f"/booking/{booking.moves}/reschedule"
            body = {"start": isoformat(booking.start), "fee_order_id": order}
            self.ask("reschedule/move", client, body, path=path)
