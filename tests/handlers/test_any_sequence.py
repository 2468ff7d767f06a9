"""Any sequence of what clients, the coach, PayPal, Google, bad luck and time may do, on the real handlers.

After each step what must always hold is checked, and at the end of each sequence, once all is quiet, that the money
agrees with what stands. ``ANY_SEQUENCES=5000`` tries so many sequences, ``ANY_SEED=…`` those of an earlier run.
"""

from __future__ import annotations

import io
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.domain.appointment import AppointmentStatus
from shared.domain.checkout import ORDER_LIFE
from shared.domain.settlement import CaptureStatus, OrderStatus, RefundState, RefundStatus
from shared.domain.time import Interval, isoformat, minutes
from tests.builders import NOW
from tests.fake_paypal import FakePayPal
from tests.fakes import FakeCalendar, FakeMailer, FakeStore
from tests.handlers import promises
from tests.handlers.conftest import Answer, Stage
from tests.handlers.fragile import Died, Fate, Fragile
from tests.handlers.promises import EVER, Facts

SEQUENCES = int(os.environ.get("ANY_SEQUENCES", "120"))
SEED = int(os.environ.get("ANY_SEED") or secrets.randbits(32))
STEPS = 60

CLIENTS = ("alex", "blake", "casey")
PORTS = ("paypal", "calendar", "mailer", "store")
FAILURES = ("refused", "unheard", "lost")
SAMPLE = {
    "payment": "9f1c0a7e5b2d4c6f8a3e1d0b7c5f2a94",
    "order": "5O190127TN364715T",
    "capture": "3C679366HH908993F",
    "dispute": "PP-D-4012",
}
OF_ORDERS = ("order_approved", "approval_reversed", "capture_pending", "capture_declined")
OF_CAPTURES = (
    *(
        "capture_completed",
        "capture_completed_older",
        "capture_denied",
        "capture_refunded",
        "capture_reversed",
    ),
    *("dispute_created", "dispute_updated", "dispute_resolved"),
)
WRITES = frozenset({"hold", "change", "change_booking", "move_paid", "book_free", "book_from_package"})
TROUBLE = frozenset(
    {"TryAgainLater", "TemporarilyUnavailable", "CalendarUnavailable", "PaymentProviderUnavailable"}
)

LAST = 9
"""PayPal sends each event until it is taken; the last one of refunds comes when all else is over."""

which = st.integers(0, 15)
who = st.sampled_from(CLIENTS)
when = st.integers(0, 11)


class PayPal(FakePayPal):
    """Its word for a capture follows from the refunds."""

    def _put_refund(self, order_id: str, made: RefundState) -> None:
        super()._put_refund(order_id, made)
        self._say_again(order_id)

    def settle_refund(self, request_id: str, status: RefundStatus) -> None:
        super().settle_refund(request_id, status)
        for order_id in self.orders:
            self._say_again(order_id)

    def _say_again(self, order_id: str) -> None:
        order = self.orders[order_id]
        done = sum(each.amount.amount for each in order.refunds if each.status is RefundStatus.COMPLETED)
        for capture in order.captures:
            if done:
                whole = done == capture.amount.amount
                word = CaptureStatus.REFUNDED if whole else CaptureStatus.PARTIALLY_REFUNDED
                self.settle_capture(order_id, word)


@dataclass
class Scene:
    """The stage, with everything it touches behind something that may fail. The handlers are loaded once."""

    stage: Stage
    fate: Fate
    log: io.StringIO

    def begin(self) -> None:
        self.fate.lift()
        self.stage.clock.at = NOW
        store, paypal = FakeStore(), PayPal()
        store.seed()
        for port, inner in {
            "store": store,
            "paypal": paypal,
            "calendar": FakeCalendar(),
            "mailer": FakeMailer(),
        }.items():
            getattr(self.stage, port).inner = inner


@pytest.fixture
def scene(stage: Stage, logged: io.StringIO) -> Scene:
    fate = Fate()
    for port in PORTS:
        setattr(stage, port, Fragile(port, fate))
    return Scene(stage, fate, logged)


class AnySequence(RuleBasedStateMachine):
    def __init__(self, scene: Scene) -> None:
        super().__init__()
        scene.begin()
        self.scene, self.stage, self.fate = scene, scene.stage, scene.fate
        self.store: FakeStore = self.stage.store.inner  # type: ignore[attr-defined]
        self.paypal: PayPal = self.stage.paypal.inner  # type: ignore[attr-defined]
        self.calendar: FakeCalendar = self.stage.calendar.inner  # type: ignore[attr-defined]
        self.mailer: FakeMailer = self.stage.mailer.inner  # type: ignore[attr-defined]
        self.requests: list[Callable[[], Answer]] = []
        self.told = 0
        self.seen = self.facts
        self.broken: AssertionError | None = None
        self.fate.watch = self.watch

    @initialize()
    def something_stands_already(self) -> None:
        self.buy("alex", 0)
        self.buy_package("blake")
        self.use_package(0, 3)
        self.book_free("casey", 6)

    # What clients do

    @rule(client=who, time=when)
    def book_free(self, client: str, time: int) -> None:
        body = {"promo_code": "WIMD25", **self.session(time)}
        self.ask("book_free/book", client, body)

    @rule(client=who, time=when)
    def order(self, client: str, time: int) -> None:
        self.ask("checkout/order", client, {"service": "single", "currency": "CAD", **self.session(time)})

    @rule(client=who)
    def order_package(self, client: str) -> None:
        self.ask("checkout/order_package", client, {"service": "package", "currency": "USD"})

    @precondition(lambda self: self.shown)
    @rule(number=which)
    def approve(self, number: int) -> None:
        """At PayPal."""
        order = self.pick(self.shown, number)
        if self.paypal.orders[order].status is OrderStatus.PAYER_ACTION_REQUIRED:
            self.paypal.approve(order)

    @precondition(lambda self: self.shown)
    @rule(number=which)
    def pay(self, number: int) -> None:
        self.come_back(self.pick(self.shown, number))

    @precondition(lambda self: self.shown)
    @rule(number=which)
    def approve_and_pay(self, number: int) -> None:
        self.approve(number)
        self.pay(number)

    @rule(client=who, time=when)
    def buy(self, client: str, time: int) -> None:
        self.at_once(lambda: self.order(client, time))

    @rule(client=who)
    def buy_package(self, client: str) -> None:
        self.at_once(lambda: self.order_package(client))

    @precondition(lambda self: self.shown)
    @rule(number=which)
    def give_up(self, number: int) -> None:
        order = self.pick(self.shown, number)
        self.ask("checkout/give_up", self.buyer(order), path=f"/booking/orders/{order}")

    @precondition(lambda self: self.facts.packages)
    @rule(number=which, time=when)
    def use_package(self, number: int, time: int) -> None:
        package = self.pick(list(self.facts.packages.values()), number)
        body = {"package_id": package.id, **self.session(time)}
        self.ask("packages/use_session", package.client.id, body)

    @precondition(lambda self: self.facts.bookings)
    @rule(number=which)
    def cancel(self, number: int) -> None:
        booking = self.session_of(number)
        self.ask("cancel/cancel", booking.client.id, {}, path=f"/booking/{booking.id}/cancel")

    @precondition(lambda self: self.facts.bookings)
    @rule(number=which, time=when)
    def move(self, number: int, time: int) -> None:
        booking = self.session_of(number)
        body = {"start": isoformat(self.time(time))}
        self.ask("reschedule/move", booking.client.id, body, path=f"/booking/{booking.id}/reschedule")

    @precondition(lambda self: self.facts.bookings)
    @rule(number=which, time=when)
    def move_and_pay(self, number: int, time: int) -> None:
        """The fee, where there is one."""
        self.at_once(lambda: self.move(number, time))

    @precondition(lambda self: self.requests)
    @rule(number=which)
    def ask_again(self, number: int) -> None:
        """The very request, one of the last."""
        self.pick(self.requests[-16:], number)()

    # What the coach does

    @rule(time=when)
    def note_an_own_event(self, time: int) -> None:
        self.calendar.others.append(Interval(self.time(time), self.time(time) + minutes(90)))

    @precondition(lambda self: self.calendar.others)
    @rule(number=which)
    def drop_an_own_event(self, number: int) -> None:
        self.calendar.others.remove(self.pick(self.calendar.others, number))

    @precondition(lambda self: self.captured)
    @rule(number=which, part=st.sampled_from(["1", "0.5", "0.01"]))
    def refund_by_hand(self, number: int, part: str) -> None:
        order = self.paypal.orders[self.pick(self.captured, number)]
        (capture,) = order.captures
        left = capture.amount.amount - sum(promises.back(order))
        if left and capture.status in promises.MONEY_CAME:
            self.paypal.refund_by_hand(
                order.id, str((left * Decimal(part)).quantize(Decimal("0.01")) or left)
            )

    # What PayPal does

    @rule(
        capture=st.sampled_from([CaptureStatus.COMPLETED, CaptureStatus.PENDING, CaptureStatus.DECLINED]),
        refund=st.sampled_from([RefundStatus.COMPLETED, RefundStatus.PENDING, RefundStatus.FAILED]),
        declining=st.sampled_from([False, False, True]),
    )
    def decide_from_now_on(self, capture: CaptureStatus, refund: RefundStatus, declining: bool) -> None:
        self.paypal.next_capture, self.paypal.next_refund, self.paypal.declining = capture, refund, declining

    @precondition(lambda self: self.captured)
    @rule(number=which, good=st.booleans())
    def end_what_is_pending(self, number: int, good: bool) -> None:
        self.settle(self.pick(self.captured, number), good=good)

    @precondition(lambda self: self.shown)
    @rule(number=which)
    def reverse_an_approval(self, number: int) -> None:
        order = self.pick(self.shown, number)
        if self.paypal.orders[order].status is OrderStatus.APPROVED:
            self.paypal.change(order, status=OrderStatus.PAYER_ACTION_REQUIRED)

    @precondition(lambda self: self.shown)
    @rule(number=which, kind=st.sampled_from(OF_ORDERS), repeat=st.integers(0, 2))
    def tell_of_an_order(self, number: int, kind: str, repeat: int) -> None:
        """Whatever PayPal says, in whatever order and however often: it is a reason to look."""
        self.tell(self.pick(self.shown, number), kind, repeat)

    @precondition(lambda self: self.captured)
    @rule(number=which, kind=st.sampled_from(OF_CAPTURES), repeat=st.integers(0, 2))
    def tell_of_a_capture(self, number: int, kind: str, repeat: int) -> None:
        self.tell(self.pick(self.captured, number), kind, repeat)

    # Bad luck

    @rule(port=st.sampled_from(PORTS), how=st.sampled_from(FAILURES))
    def go_down(self, port: str, how: str) -> None:
        self.fate.down[port] = how

    @precondition(lambda self: self.fate.down)
    @rule()
    def come_up(self) -> None:
        self.fate.down.clear()

    @rule(calls=st.integers(1, 12), how=st.sampled_from([*FAILURES, "dies before", "dies after"]))
    def strike(self, calls: int, how: str) -> None:
        """One of the calls to come."""
        self.fate.dies_in, self.fate.how = calls, how

    # Time, and what runs by itself

    @rule(seconds=st.sampled_from([1, 36, 150, 600, 960, 3660, 5 * 3600, 86400, 2 * 86400]))
    def pass_time(self, seconds: int) -> None:
        """No trouble lasts longer than an hour."""
        with self.fate.spared():
            self.tell_of_letters()
        if seconds > 3600:
            self.fate.down.clear()
        self.stage.clock.at += timedelta(seconds=seconds)
        for payment in self.facts.payments.values():
            order = self.paypal.orders[payment.order_id or ""]
            if payment.created_at + ORDER_LIFE < self.now and order.status is not OrderStatus.COMPLETED:
                self.paypal.change(order.id, status=OrderStatus.VOIDED)

    @rule()
    def sweep(self) -> None:
        self.schedule("sweeper")

    @rule()
    def remind(self) -> None:
        self.schedule("reminders")

    @precondition(lambda self: self.store.due_effects(self.now))
    @rule(number=which)
    def deliver(self, number: int) -> None:
        """The stream tells of a new row, or of an old one again."""
        subject_id, effect_id = self.pick(self.store.due_effects(self.now), number)
        event = self.stage.event("effects/booked")
        record = event["Records"][0]
        text = json.dumps(record).replace(record["dynamodb"]["NewImage"]["subject_id"]["S"], subject_id)
        event["Records"] = [json.loads(text.replace('"calendar_event-0"', json.dumps(effect_id)))]
        self.run(lambda: self.stage.invoke("effects", event), may_fail=True)

    # What holds

    @invariant()
    def everything_promised_holds(self) -> None:
        if self.broken:
            raise self.broken
        promises.check_now(self.facts)
        for line in self.scene.log.getvalue().splitlines():
            told = json.loads(line)
            assert told["message"] != "sweep failed", told
            assert told["message"] != "effect failed" or told["error"] in TROUBLE, told
        self.scene.log.truncate(0)
        self.scene.log.seek(0)

    def teardown(self) -> None:
        """Everybody leaves, and nothing fails any more."""
        self.fate.lift()
        self.decide_from_now_on(CaptureStatus.COMPLETED, RefundStatus.COMPLETED, declining=False)
        for number, order in enumerate(self.captured):
            self.settle(order, good=number % 3 > 0)
            if self.paypal.orders[order].refunds:
                self.tell(order, "capture_refunded", LAST)
        for _ in range(80):
            self.sweep()
            self.everything_promised_holds()
            if not self.under_way:
                break
            self.pass_time(1200)
        assert not self.under_way
        promises.check_quiet(self.facts, self.calendar, self.mailer.sent)
        for client in CLIENTS:
            for listed in ("appointments/mine", "packages/mine", "notifications/mine"):
                assert self.stage.call(listed, client).status == 200

    @property
    def under_way(self) -> list[Any]:
        return [*self.store.due_effects(EVER), *self.store.due_payments(EVER), *self.store.open_events(EVER)]

    def watch(self, call: str, done: tuple[Any, ...]) -> None:
        """In the middle of a handler, which would answer for a broken promise: it is told after the step."""
        try:
            if call in WRITES:
                before, self.seen = self.seen, self.facts
                promises.check_transitions(before, self.seen)
            elif call == "send":
                promises.check_letter(self.facts, *done)
        except AssertionError as broken:
            self.broken = broken

    # How it is done

    @property
    def now(self) -> datetime:
        return self.stage.clock.at

    @property
    def facts(self) -> Facts:
        """As it is now, and stays."""
        return Facts(self.store, self.paypal, self.now)

    @property
    def shown(self) -> list[str]:
        """Orders that a buyer was shown. One whose hold was refused is known to nobody."""
        return [each for each in self.paypal.orders if self.store.order(each).payment_id]

    @property
    def captured(self) -> list[str]:
        return [each.id for each in self.paypal.orders.values() if each.captures]

    def session_of(self, number: int) -> Any:
        """One that stands, if there is one, but for one number."""
        known = list(self.facts.bookings.values())
        standing = [each for each in known if each.status is AppointmentStatus.CONFIRMED]
        return self.pick(standing if standing and number else known, number)

    @staticmethod
    def pick(items: list[Any], number: int) -> Any:
        return items[number % len(items)]

    def time(self, number: int) -> datetime:
        """One of three times that overlap, on one of the next working days."""
        day = self.now.replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=1 + number // 3)
        day += timedelta(days=2) if day.weekday() > 4 else timedelta()
        return day + minutes(30 * (number % 3))

    def session(self, number: int) -> dict[str, Any]:
        return {"start": isoformat(self.time(number)), "phone": "+14165550123", "timezone": "America/Toronto"}

    def buyer(self, order: str) -> str:
        return self.facts.payments[self.store.order(order).payment_id or ""].client_id

    def ask(self, name: str, client: str, body: dict[str, Any] | None = None, **changes: Any) -> None:
        headers = {"idempotency-key": f"request {len(self.requests)}"}
        changes |= {"headers": headers} if body is None else {"headers": headers, "body": body}

        def request() -> None:
            answer = self.run(lambda: self.stage.call(name, client, **changes))
            assert answer is None or answer.status < 500 or answer.status == 503, self.scene.log.getvalue()

        self.requests.append(request)
        request()

    def at_once(self, order: Callable[[], None]) -> None:
        """The buyer approves and comes back without delay."""
        known = len(self.shown)
        order()
        if len(self.shown) > known:
            self.approve_and_pay(known)

    def come_back(self, order: str) -> None:
        """From PayPal: each kind of order has its own way."""
        paid = self.store.checkout(self.store.order(order).payment_id or "")
        assert paid is not None
        client, booking = paid.payment.client_id, paid.booking
        if booking is None:
            self.ask("checkout/pay_package", client, {"paypal_order_id": order})
        elif booking.moves is None:
            self.ask("checkout/pay_session", client, {"paypal_order_id": order})
        else:
            path = f"/booking/{booking.moves}/reschedule"
            body = {"start": isoformat(booking.start), "fee_order_id": order}
            self.ask("reschedule/move", client, body, path=path)

    def schedule(self, function: str) -> None:
        self.run(
            lambda: self.stage.invoke(function, self.stage.event(f"{function}/scheduled")), may_fail=True
        )

    def run(self, what: Callable[[], Any], *, may_fail: bool = False) -> Any:
        """The process may die in it. ``may_fail`` is for what a schedule or stream calls again."""
        try:
            return what()
        except Died:
            return None
        except Exception as failed:
            if may_fail and type(failed).__name__ in TROUBLE:
                return None
            raise

    def tell(self, order: str, kind: str, repeat: int) -> None:
        payment_id = self.store.order(order).payment_id or ""
        names = {
            "payment": payment_id,
            "order": order,
            "capture": f"CAPTURE-{order}",
            "dispute": f"PP-D-{order}",
        }
        text = self.stage.event(f"paypal_webhook/{kind}")["body"]
        for name, sample in SAMPLE.items():
            text = text.replace(sample, names[name])
        event = json.loads(text) | {"id": f"WH-{kind}-{order}-{repeat}"}
        answer = self.run(lambda: self.stage.call("paypal_webhook/order_approved", body=event))
        assert answer is None or answer.status in {200, 503}, answer

    def settle(self, order_id: str, *, good: bool) -> None:
        order = self.paypal.orders[order_id]
        for capture in order.captures:
            if capture.status is CaptureStatus.PENDING:
                ended = CaptureStatus.COMPLETED if good else CaptureStatus.DECLINED
                self.paypal.settle_capture(order_id, ended)
        for refund in order.refunds:
            if refund.status is RefundStatus.PENDING and refund.request_id:
                ended_so = RefundStatus.COMPLETED if good else RefundStatus.FAILED
                self.paypal.settle_refund(refund.request_id, ended_so)

    def tell_of_letters(self) -> None:
        """The mail service's own word of each letter it took, well before anyone would send it again."""
        for letter in self.mailer.sent[self.told :]:
            event = self.stage.event("mail_events/sent")
            event["detail"]["mail"]["tags"]["effect"] = [letter.effect_id]
            self.stage.invoke("mail_events", event)
        self.told = len(self.mailer.sent)


@pytest.mark.slow
def test_any_sequence_keeps_every_promise(scene: Scene) -> None:
    print(f"ANY_SEED={SEED}")
    machine = seed(SEED)(lambda: AnySequence(scene))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
