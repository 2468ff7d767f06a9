"""What the rest of the world does: the coach, PayPal, Google, bad luck, the schedules and time."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.domain.checkout import ORDER_LIFE
from shared.domain.settlement import CaptureStatus, OrderStatus, RefundStatus
from shared.domain.time import Interval, isoformat, minutes
from tests.handlers.conftest import COACH
from tests.handlers.sequence.facts import back, came
from tests.handlers.sequence.town import PORTS, Town, when, which

FAILURES = ("refused", "unheard", "lost")
SAMPLE = {
    "payment": "9f1c0a7e5b2d4c6f8a3e1d0b7c5f2a94",
    "order": "5O190127TN364715T",
    "capture": "3C679366HH908993F",
    "dispute": "PP-D-4012",
    "method": "8kk8451t",
}
OF_ORDERS = ("order_approved", "approval_reversed", "capture_pending", "capture_declined")
OF_CAPTURES = (
    *("capture_completed", "capture_completed_older", "capture_denied"),
    *("capture_refunded", "capture_reversed"),
    *("dispute_created", "dispute_updated", "dispute_resolved"),
)

LAST = 9
"""PayPal sends each event until it is taken; the last one of refunds comes when all else is over."""

CENT = Decimal("0.01")

CALLS = (
    *("hold", "change", "change_booking", "move_paid", "return_credit"),
    *("book_free", "book_from_package", "handled"),
    *("create_order", "get_order", "capture", "charge", "refund"),
    *("lease_effect", "finish_effect", "send", "put_event", "remove_event"),
)
"""What writes, and PayPal's word that it is written by."""

ends = st.sampled_from([*FAILURES, "dies before", "dies after"])


class Fortune(Town):
    # The coach

    @rule(number=which, refund=st.sampled_from(["full", "policy", "none"]))
    def the_coach_cancels(self, number: int, refund: str = "full") -> None:
        path = f"/booking/admin/{self.session_of(number).id}/cancel"
        self.ask("admin/cancel", COACH, {"refund": refund}, path=path)

    @rule(number=which, time=when, override=st.booleans())
    def the_coach_moves(self, number: int, time: int, override: bool = False) -> None:
        path = f"/booking/admin/{self.session_of(number).id}/reschedule"
        body = {"start": isoformat(self.time(time)), "override": override}
        self.ask("admin/move", COACH, body, path=path)

    @rule(time=when)
    def the_coach_notes_something_else(self, time: int) -> None:
        """Perhaps over a session of ours."""
        self.calendar.others.append(Interval(self.time(time), self.time(time) + minutes(90)))

    @precondition(lambda self: self.calendar.others)
    @rule(number=which)
    def the_coach_drops_it(self, number: int) -> None:
        self.calendar.others.remove(self.pick(self.calendar.others, number))

    @precondition(lambda self: self.calendar.events)
    @rule(number=which)
    def the_coach_deletes_our_event(self, number: int) -> None:
        session_id = self.pick(list(self.calendar.events), number)
        self.touched.add(session_id)
        del self.calendar.events[session_id]

    @rule(number=which, part=st.sampled_from(["1", "0.5", "0.01"]))
    def refund_by_hand(self, number: int, part: str = "1") -> None:
        order = self.paypal.orders[self.pick(self.captured, number)]
        left = order.captures[0].amount.amount - back(order)
        if left and came(order):
            self.paypal.refund_by_hand(order.id, str((left * Decimal(part)).quantize(CENT) or left))

    # PayPal

    @rule(
        capture=st.sampled_from([CaptureStatus.COMPLETED, CaptureStatus.PENDING, CaptureStatus.DECLINED]),
        refund=st.sampled_from([RefundStatus.COMPLETED, RefundStatus.PENDING, RefundStatus.FAILED]),
        declining=st.sampled_from([False, False, True]),
    )
    def paypal_decides_from_now_on(
        self, capture: CaptureStatus, refund: RefundStatus, declining: bool
    ) -> None:
        self.paypal.next_capture, self.paypal.next_refund, self.paypal.declining = capture, refund, declining

    @rule(number=which, good=st.booleans())
    def what_is_pending_ends(self, number: int, good: bool) -> None:
        self.settle(self.pick(self.captured, number), good=good)

    @rule(number=which)
    def a_refund_is_taken_back(self, number: int) -> None:
        """Days later, as a bank may."""
        order = self.paypal.orders[self.pick(self.captured, number)]
        for refund in order.refunds:
            if refund.status is RefundStatus.COMPLETED and refund.request_id:
                self.paypal.settle_refund(refund.request_id, RefundStatus.FAILED)

    @rule(number=which)
    def an_approval_is_reversed(self, number: int) -> None:
        order = self.pick(self.shown, number)
        if self.paypal.orders[order].status is OrderStatus.APPROVED:
            self.paypal.change(order, status=OrderStatus.PAYER_ACTION_REQUIRED)

    @rule(number=which, kind=st.sampled_from(OF_ORDERS), repeat=st.integers(0, 2))
    def tell_of_an_order(self, number: int, kind: str = OF_ORDERS[0], repeat: int = 0) -> None:
        """Whatever PayPal says, in whatever order and however often: it is a reason to look."""
        self.tell(self.pick(self.shown, number), kind, repeat)

    @rule(number=which, kind=st.sampled_from(OF_CAPTURES), repeat=st.integers(0, 2))
    def tell_of_a_capture(self, number: int, kind: str = OF_CAPTURES[0], repeat: int = 0) -> None:
        self.tell(self.pick(self.captured, number), kind, repeat)

    @precondition(lambda self: self.methods)
    @rule(number=which, heard=st.booleans())
    def a_saved_method_is_deleted(self, number: int, heard: bool) -> None:
        """At PayPal, by its owner."""
        order = self.pick(self.methods, number)
        self.paypal.revoked.add(self.paypal.orders[order].saved_method or "")
        if heard:
            self.tell(order, "payment_token_deleted", 0)

    @precondition(lambda self: self.methods)
    @rule(number=which)
    def tell_of_a_saved_method(self, number: int) -> None:
        self.tell(self.pick(self.methods, number), "payment_token_created", 0)

    # Bad luck

    @rule(port=st.sampled_from(PORTS), how=st.sampled_from(FAILURES))
    def go_down(self, port: str, how: str) -> None:
        self.fate.down[port] = how

    @precondition(lambda self: self.fate.down)
    @rule()
    def come_up(self) -> None:
        self.fate.down.clear()

    @rule(calls=st.integers(1, 12), how=ends)
    def strike(self, calls: int, how: str) -> None:
        self.fate.strike(calls, how)

    @rule(only=st.sampled_from(CALLS), how=ends)
    def strike_the_next(self, only: str, how: str) -> None:
        self.fate.strike(1, how, only=only)

    # Time, and what runs by itself

    @rule(seconds=st.sampled_from([1, 36, 150, 600, 960, 3660, 5 * 3600, 86400, 2 * 86400]))
    def wait(self, seconds: float) -> None:
        """No trouble lasts longer than an hour, and no order longer than PayPal keeps it."""
        with self.fate.spared():
            self.tell_of_letters()
        if seconds > 3600:
            self.fate.down.clear()
        self.stage.clock.at += timedelta(seconds=seconds)
        for payment in self.facts.payments.values():
            if payment.charges is not None:
                continue
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

    # How it is done

    def tell(self, order: str, kind: str, repeat: int) -> None:
        payment_id = self.store.order(order).payment_id or ""
        names = {
            "payment": payment_id,
            "order": order,
            "capture": f"CAPTURE-{order}",
            "dispute": f"PP-D-{order}",
            "method": self.paypal.orders[order].saved_method or "",
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
        for letter in self.mailer.sent[self.letters_told :]:
            event = self.stage.event("mail_events/sent")
            event["detail"]["mail"]["tags"]["effect"] = [letter.effect_id]
            self.stage.invoke("mail_events", event)
        self.letters_told = len(self.mailer.sent)
