"""One road for money: the capture endpoint, the webhook, the sweeper and the coach all settle a payment here.

It reads before it writes, and asks PayPal; what anyone else says of a payment is only a reason to look. Each step is
one transaction that names the state it was decided on, so whoever comes second finds what the first one did.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain import changes
from shared.domain import checkout as steps
from shared.domain.appointment import Appointment
from shared.domain.checkout import (
    CHARGE_IN_LEDGER,
    CHARGE_REPEATABLE,
    Change,
    Checkout,
)
from shared.domain.errors import (
    NotFound,
    OrderNotApproved,
    PaymentDeclined,
    PaymentProviderUnavailable,
    SlotTaken,
    TooManyRequests,
)
from shared.domain.payment import CAPTURABLE, TAKEN, PaymentStatus
from shared.domain.settlement import (
    CaptureState,
    Judgement,
    OrderState,
    Verdict,
    all_given_back,
    judge,
    order_of,
)
from shared.domain.statements import LedgerKind
from shared.domain.time import Interval
from shared.observability import logger
from shared.usecases.busy_times import without_ours
from shared.usecases.choose_time import around, still_offered
from shared.usecases.ports import (
    AlreadyCaptured,
    BookingMoved,
    LedgerClosed,
    OutcomeUnknown,
    PaymentMoved,
    WillNeverWork,
)
from shared.usecases.refunding import Refunding
from shared.usecases.till import ROUNDS, Buyer, Till

FEE_NOTE = "Fee for moving your session"
CANCEL_NOTE = "Fee for cancelling your session"
LONGEST_LEDGER = timedelta(days=31)


class Settled(NamedTuple):
    """``first`` tells whether it is by this call that the buyer hears that what was paid for is theirs."""

    checkout: Checkout
    first: bool


def settle(
    till: Till, payment_id: str, buyer: Buyer | None = None, *, order_id: str | None = None
) -> Settled:
    """Brings the payment as far as it can be brought now. What became of it is in its status, not in an error.

    ``order_id`` is where to look for a charge that we do not know the order of.

    Raises ``NotFound``; ``PaymentProviderUnavailable``, ``CalendarUnavailable``, ``TemporarilyUnavailable`` or
    ``TooManyRequests`` when it can't be finished now: it is known then what was begun, and it goes on by itself.
    """
    for _ in range(ROUNDS):
        before = till.payments.checkout(payment_id)
        if before is None:
            raise NotFound("There is no such order.")
        if buyer is not None:
            buyer.check(before)
        try:
            after = _Round(till, before, till.clock.now(), buyer, order_id).settle()
        except PaymentMoved:
            continue
        return Settled(after, after.payment.answered and not before.payment.answered)
    raise TooManyRequests("This payment is being settled right now; please look again in a moment.")


def charge(till: Till, begun: Checkout, buyer: Buyer) -> Checkout:
    """The one try at a saved method, once it is written down. Raises as ``settle`` does."""
    try:
        return _Round(till, begun, till.clock.now(), buyer).charge(begun, again=False)
    except PaymentMoved:
        return settle(till, begun.payment.id, buyer).checkout


@dataclass(frozen=True, slots=True)
class _Round(Refunding):
    """One look at the payment, and what follows from it. ``PaymentMoved`` ends it: then another begins."""

    def settle(self) -> Checkout:
        payment = self.seen.payment
        if self.seen.leased(self.now):
            return self.seen
        if self.buyer is not None and payment.status in CAPTURABLE and not payment.given_up:
            return self._take(self.seen)
        if self.buyer is not None and payment.status is not PaymentStatus.CAPTURING:
            return self._answer(self.buyer)
        if payment.status is PaymentStatus.NEEDS_REVIEW:
            return self._await_a_person()
        if self._order_id is None and payment.capture_id is None:
            return self._settle_charge()
        order = self._order()
        return (
            self._follow_refunds(self.seen, order)
            if payment.status in TAKEN
            else self._follow(self.seen, order)
        )

    def _answer(self, buyer: Buyer) -> Checkout:
        """There is nothing to take any more; whoever confirmed it, the buyer hears of it now."""
        if self.seen.payment.status is PaymentStatus.PENDING:
            return self._correct(buyer)
        if self.seen.payment.answered or not self.seen.stands:
            return self.seen
        return self._write(steps.answer(self.seen, self.now, buyer.said), request=buyer.request)

    def _correct(self, buyer: Buyer) -> Checkout:
        """While the payment is pending, the buyer may come again and again: only what is new is written."""
        change = steps.correct(self.seen, self.now, buyer.said)
        return self.seen if change is None else self._write(change, request=buyer.request)

    def _await_a_person(self) -> Checkout:
        """Until then, only what that person gave back in PayPal's dashboard is followed."""
        order, check_at = self._order(), self.seen.payment.check_at
        if order is not None and (capture := all_given_back(order)):
            return self._find_refunded(self.seen, capture, order)
        if check_at is None or check_at > self.now:
            return self.seen
        return self._write(steps.let_go(self.seen, self.now))

    # Taking money

    def _take(self, checkout: Checkout) -> Checkout:
        """The time is ours for an hour more, or nothing is captured at all."""
        if checkout.booking and checkout.booking.moves and not self._may_move(checkout.booking):
            return self._end_fee(checkout)
        if not self._has_its_time(checkout.booking):
            return self._write(steps.expire(checkout, self.now), checkout)
        request = self.buyer.request if self.buyer else None
        try:
            # Reading the calendar takes its time, too: the lease is for PayPal.
            begun = self._write(steps.begin_capture(checkout, self._later(), self._said), checkout, request)
        except SlotTaken:
            return self._write(steps.expire(checkout, self.now), checkout)
        return self._capture(begun)

    def _has_its_time(self, booking: Appointment | None) -> bool:
        """A live hold has; one that ran out only if the session is to come and its time would still be offered."""
        if booking is None:
            return True
        if booking.start <= self.now:
            return False
        if booking.hold_until is not None and booking.hold_until >= self.now:
            return True
        diary = self.till.payments.checkout_facts(around(booking.start), booking.id).diary
        leaves = [booking.leaves] if booking.leaves else []
        calendar = self.till.calendar
        busy = without_ours(calendar, calendar.busy(booking.claim), [*leaves, *diary.freed])
        return still_offered(diary.without(booking.moves or booking.id), booking, busy, self.now)

    def _may_move(self, hold: Appointment) -> bool:
        case = self.till.changes.case(hold.moves or "").case
        return case is not None and changes.may_move(case, hold, self.now)

    def _end_fee(self, checkout: Checkout) -> Checkout:
        """The fee is not taken only to go back: PayPal would keep its own. What was taken all the same does."""
        order = self._order()
        if judge(checkout.payment, order).verdict in _NOTHING_TAKEN:
            return self._write(steps.expire(checkout, self._later()), checkout)
        return self._follow(checkout, order)

    def _capture(self, begun: Checkout) -> Checkout:
        payment = begun.payment
        try:
            order = self.till.gateway.capture(payment.order_id or "", request_id=payment.capture_request_id)
        except (AlreadyCaptured, OutcomeUnknown):
            return self._follow(begun, self._order())
        except OrderNotApproved:
            return self._let_try_again(begun, steps.back_to_the_buyer(begun, self._later()))
        except PaymentDeclined:
            return self._let_try_again(
                begun, steps.decline(begun, self._later(), heard=self.buyer is not None)
            )
        except PaymentProviderUnavailable:
            self._let_try_again(begun, steps.back_to_the_buyer(begun, self._later()))
            raise
        except WillNeverWork as refusal:
            return self._follow_refusal(begun, str(refusal))
        return self._follow(begun, order)

    # Charging a saved method

    def _settle_charge(self) -> Checkout:
        """Asked again under the same id, PayPal charges once and tells what became of it, while it remembers."""
        payment = self.seen.payment
        begun = payment.status is PaymentStatus.CAPTURING
        if not begun and payment.status is not PaymentStatus.CREATED:
            return self.seen
        if self.now < payment.created_at + CHARGE_REPEATABLE:
            step = steps.charge_again if begun else steps.begin_charge
            return self.charge(self._write(step(self.seen, self.now)), again=begun)
        if not begun:
            return self._write(steps.end_charge(self.seen, self.now))
        if self.now < payment.created_at + CHARGE_IN_LEDGER:
            return self._write(steps.await_ledger(self.seen, self.now))
        return self._find_charge()

    def charge(self, begun: Checkout, *, again: bool) -> Checkout:
        """``again`` tells that an earlier call may have taken the money."""
        payment = begun.payment
        note = CANCEL_NOTE if payment.cancels else FEE_NOTE
        try:
            order = self.till.gateway.charge(payment, description=note, request_id=payment.charge_request_id)
        except PaymentDeclined:
            return self._write(steps.end_charge(begun, self._later()), begun)
        except PaymentProviderUnavailable:
            if again:
                raise
            if payment.cancels:
                self._write(steps.put_off_charge(begun, self._later()), begun)
                raise
            return self._write(steps.end_charge(begun, self._later()), begun)
        except OutcomeUnknown as lost:
            raise PaymentProviderUnavailable(
                "PayPal has not answered yet; the payment goes on by itself."
            ) from lost
        return self._follow(begun, order)

    def _find_charge(self) -> Checkout:
        """It is never asked for once more: PayPal would take it for another one."""
        payment = self.seen.payment
        span = Interval(payment.created_at, min(self.now, payment.created_at + LONGEST_LEDGER))
        try:
            listed = self.till.gateway.ledger(span)
        except LedgerClosed:
            listed = []
        taken = [each for each in listed if (each.kind, each.custom_id) == (LedgerKind.CAPTURE, payment.id)]
        capture = self.till.gateway.get_capture(taken[0].id) if len(taken) == 1 else None
        if capture is None:
            return self._review(self.seen, "nobody knows whether it was charged", None)
        return self._follow(self.seen, order_of(payment, capture))

    def _follow_refusal(self, begun: Checkout, reason: str) -> Checkout:
        """PayPal will never capture it: the order may tell why. One that looks as if it could be is odd."""
        order = self._order()
        if judge(begun.payment, order).verdict in {Verdict.APPROVED, Verdict.NOT_APPROVED}:
            return self._review(begun, reason, None)
        return self._follow(begun, order)

    def _let_try_again(self, checkout: Checkout, change: Change) -> Checkout:
        """Nothing was taken; without its time, which may be somebody else's by now, the order is over."""
        try:
            return self._write(change, checkout)
        except SlotTaken:
            over = steps.expire(change.after, self._later())
            return self._write(replace(over, effects=change.effects), checkout)

    # What PayPal says of an order that nothing was confirmed for yet

    def _follow(self, checkout: Checkout, order: OrderState | None) -> Checkout:
        judgement = judge(checkout.payment, order)
        if _charge_failed(checkout, judgement):
            return self._write(steps.end_charge(checkout, self._later()), checkout)
        return self._act_on(judgement, checkout, order)

    def _act_on(self, judgement: Judgement, checkout: Checkout, order: OrderState | None) -> Checkout:
        now = self._later()
        match judgement.verdict:
            case Verdict.CAPTURED:
                after = self._confirm(checkout, _taken(judgement), order)
            case Verdict.PENDING:
                after = self._await_payment(checkout, _taken(judgement))
            case Verdict.DECLINED:
                after = self._decline(checkout)
            case Verdict.DENIED:
                after = self._write(steps.deny(checkout, now), checkout)
            case Verdict.REFUNDED:
                after = self._find_refunded(checkout, _taken(judgement), order)
            case Verdict.MISMATCH:
                after = self._review(checkout, judgement.reason or "unknown", judgement.capture)
            case Verdict.APPROVED:
                after = self._go_on(checkout)
            case Verdict.NOT_APPROVED:
                after = self._await_the_buyer(checkout)
            case Verdict.VOIDED:
                after = self._end(checkout)
        return after

    def _await_payment(self, checkout: Checkout, capture: CaptureState) -> Checkout:
        """Its time is kept where it still can be; else the money goes back once it has come."""
        now, booking = self._later(), checkout.booking
        if booking is not None and booking.moves and not self._may_move(booking):
            return self._write(steps.await_payment_alone(checkout, capture, now), checkout)
        waiting = steps.await_payment(checkout, capture, now, self._said)
        try:
            return self._write(waiting, checkout, self._new_request(checkout))
        except SlotTaken:
            return self._write(steps.await_payment_alone(checkout, capture, now), checkout)

    def _decline(self, checkout: Checkout) -> Checkout:
        """A decline ends a capture. Afterwards, it is only what PayPal keeps saying of that order."""
        if checkout.payment.status is PaymentStatus.CAPTURING:
            declined = steps.decline(checkout, self._later(), heard=self.buyer is not None)
            return self._let_try_again(checkout, declined)
        if checkout.payment.status in {PaymentStatus.ORDERED, PaymentStatus.DECLINED} and self._is_over(
            checkout
        ):
            return self._write(steps.expire(checkout, self._later()), checkout)
        return checkout

    def _go_on(self, checkout: Checkout) -> Checkout:
        """Approved, and not captured: by a buyer who left, or before a process died."""
        payment = checkout.payment
        if payment.given_up or payment.status not in CAPTURABLE | {PaymentStatus.CAPTURING}:
            return checkout
        if payment.status is PaymentStatus.DECLINED and self._is_over(checkout):
            return self._write(steps.expire(checkout, self.now), checkout)
        if checkout is not self.seen:
            # This very round asked for the capture and heard nothing: it may be on its way.
            raise PaymentProviderUnavailable("PayPal has not answered yet; the payment goes on by itself.")
        return self._take(checkout)

    def _confirm(self, checkout: Checkout, capture: CaptureState, order: OrderState | None) -> Checkout:
        now = self._later()
        booking = checkout.booking
        if checkout.payment.given_up or (booking is not None and booking.start <= now):
            return self._owe_back(checkout, capture)
        try:
            confirmed = self._make_stand(checkout, capture, order, now)
        except SlotTaken:
            return self._owe_back(checkout, capture)
        return self._follow_refunds(confirmed, order)

    def _make_stand(
        self, checkout: Checkout, capture: CaptureState, order: OrderState | None, now: datetime
    ) -> Checkout:
        """Raises ``SlotTaken`` when what was paid for can't be had any more."""
        if checkout.payment.cancels is not None:
            return self._return_credit(checkout, checkout.payment.cancels, capture, now)
        answered = self.buyer is not None
        if checkout.booking is None or checkout.booking.moves is None:
            method = order.saved_method if order else None
            confirmed = steps.confirm(
                checkout, capture, now, self._said, answered=answered, saved_method=method
            )
            return self._write(confirmed, checkout, self._new_request(checkout))
        return self._move(checkout, checkout.booking, capture, now)

    def _move(self, fee: Checkout, hold: Appointment, capture: CaptureState, now: datetime) -> Checkout:
        """Raises ``SlotTaken`` as above."""
        paid = steps.take_fee(fee, capture, now, answered=self.buyer is not None)
        for _ in range(ROUNDS):
            case = self.till.changes.case(hold.moves or "").case
            if case is None or not changes.may_move(case, hold, now):
                raise SlotTaken("The session is not to be moved any more.")
            moved = changes.move_to(case, hold, now, fee.payment.amount.amount)
            with suppress(BookingMoved):
                self.till.changes.move_paid(fee, paid, case, moved, actor=self._actor)
                return paid.after
        raise PaymentMoved

    def _return_credit(
        self, fee: Checkout, booking_id: str, capture: CaptureState, now: datetime
    ) -> Checkout:
        """The fee for cancelling a package's session brings that back."""
        paid = steps.take_charge(fee, capture, now)
        for _ in range(ROUNDS):
            case = self.till.changes.case(booking_id).case
            if case is None:
                raise NotFound("The session that the fee is for is gone.")
            returned = changes.return_credit(case, now)
            with suppress(BookingMoved):
                self.till.changes.return_credit(fee, paid, case, returned, actor=self._actor)
                return paid.after
        raise PaymentMoved

    def _owe_back(self, checkout: Checkout, capture: CaptureState) -> Checkout:
        return self._write(steps.owe_back(checkout, capture, self._later()), checkout)

    def _await_the_buyer(self, checkout: Checkout) -> Checkout:
        now = self._later()
        if checkout.payment.status in {PaymentStatus.EXPIRED, PaymentStatus.DENIED, PaymentStatus.PENDING}:
            return checkout
        if now >= checkout.hold_ends and self._is_over(checkout):
            return self._write(steps.expire(checkout, now), checkout)
        if checkout.payment.status is PaymentStatus.CAPTURING or self._is_over(checkout):
            return self._let_try_again(checkout, steps.back_to_the_buyer(checkout, now))
        return checkout

    def _is_over(self, checkout: Checkout) -> bool:
        """Nothing is to be waited for any longer."""
        check_at = checkout.payment.check_at
        return check_at is None or check_at <= self.now

    def _end(self, checkout: Checkout) -> Checkout:
        if checkout.payment.status in {PaymentStatus.EXPIRED, PaymentStatus.DENIED}:
            return checkout
        if checkout.payment.status is PaymentStatus.PENDING:
            return self._write(steps.deny(checkout, self._later()), checkout)
        return self._write(steps.expire(checkout, self._later()), checkout)

    def _review(self, checkout: Checkout, reason: str, capture: CaptureState | None) -> Checkout:
        logger.error("payment needs review", payment=checkout.payment.id, reason=reason)
        return self._write(steps.review(checkout, reason, capture, self._later()), checkout)


def _charge_failed(checkout: Checkout, judgement: Judgement) -> bool:
    """Nobody approves a charge later: what did not take the money at once never shall."""
    open_ones = {PaymentStatus.CREATED, PaymentStatus.CAPTURING}
    charging = checkout.payment.charges is not None and checkout.payment.status in open_ones
    return charging and judgement.verdict in _NOTHING_TAKEN


_NOTHING_TAKEN = frozenset({Verdict.APPROVED, Verdict.NOT_APPROVED, Verdict.DECLINED, Verdict.VOIDED})


def _taken(judgement: Judgement) -> CaptureState:
    if judgement.capture is None:
        raise ValueError(f"{judgement.verdict} without a capture")
    return judgement.capture
