"""What must hold of the store, PayPal, the calendar and the mailbox: after each step, and once all is quiet."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import combinations

from shared.domain.appointment import Appointment, AppointmentStatus
from shared.domain.attention import AttentionKind
from shared.domain.effects import EffectStatus
from shared.domain.package import Package, PackageStatus
from shared.domain.payment import TAKEN, TRANSITIONS, Payment, PaymentStatus
from shared.domain.promo import SEED_PROMOS
from shared.domain.settlement import CaptureStatus, OrderState, RefundStatus
from shared.domain.time import Interval
from shared.usecases.ports import Letter
from tests.fake_paypal import FakePayPal
from tests.fakes import FakeCalendar, FakeStore

A, P = AppointmentStatus, PaymentStatus
NOTICE = timedelta(hours=48)
MONEY_CAME = frozenset({CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED, CaptureStatus.REFUNDED})
EVER = datetime(2100, 1, 1, tzinfo=UTC)
WITH_A_PERSON = {
    P.NEEDS_REVIEW: AttentionKind.PAYMENT_MISMATCH,
    P.REFUND_FAILED: AttentionKind.REFUND_FAILED,
    P.DISPUTED: AttentionKind.DISPUTE,
}
AT_REST = frozenset({P.CAPTURED, P.EXPIRED, P.DENIED, P.REFUNDED, P.PARTIALLY_REFUNDED, *WITH_A_PERSON})


@dataclass
class Facts:
    """One look at everything."""

    store: FakeStore
    paypal: FakePayPal
    now: datetime

    def __post_init__(self) -> None:
        self._books = self.store.books()

    @cached_property
    def bookings(self) -> dict[str, Appointment]:
        """Holds of new times included."""
        return {each.id: each for each in self.store.appointments(list(self._books.sessions))}

    @cached_property
    def payments(self) -> dict[str, Payment]:
        return dict(self._books.payments)

    @cached_property
    def packages(self) -> dict[str, Package]:
        found = [
            self.store.package_facts(Interval(EVER, EVER), each, "").package for each in self._books.packages
        ]
        return {each.id: each for each in found if each is not None}

    def stands(self, payment_id: str) -> bool:
        """A move that was paid for stands, too."""
        package, booking = self.packages.get(payment_id), self.bookings.get(payment_id)
        if package is not None:
            return package.status is PackageStatus.ACTIVE
        return booking is not None and booking.status in {A.CONFIRMED, A.COMPLETED}

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


def check_transitions(before: Facts, after: Facts) -> None:
    """Of one transaction."""
    for own, (paid, booked) in before.statuses.items():
        paid_now, booked_now = after.statuses[own]
        if paid and paid_now is not paid:
            assert paid_now in TRANSITIONS[paid], f"{own}: {paid} to {paid_now}"
        assert booked is not A.CANCELLED or booked_now is A.CANCELLED, f"{own}: back from being cancelled"
        if booked is A.CONFIRMED and booked_now is not A.CONFIRMED:
            assert booked_now is A.CANCELLED, f"{own}: {booked} to {booked_now}"
            check_cancellation(before, after, own)
        if booked_now is A.COMPLETED and booked is not A.COMPLETED:
            check_move(before, after, own)


def check_move(before: Facts, after: Facts, fee_id: str) -> None:
    """Whose fee is taken has moved with it, from where it was when the fee was asked."""
    hold = after.bookings[fee_id]
    was, booking = before.bookings[hold.moves or ""], after.bookings[hold.moves or ""]
    assert (was.status, was.sequence) == (A.CONFIRMED, before.bookings[fee_id].sequence)
    assert (booking.start, booking.sequence) == (hold.start, was.sequence + 1)


def check_cancellation(before: Facts, after: Facts, booking_id: str) -> None:
    """By the policy, said once more."""
    was, booking = before.bookings[booking_id], after.bookings[booking_id]
    free = was.start - after.now >= NOTICE and not was.reschedules_used
    if booking_id in after.payments:
        paid = after.payments[booking_id]
        fee = 0 if free else paid.amount.amount / 2
        assert paid.fee - before.payments[booking_id].fee == fee
        assert booking.credit_returned is None
    else:
        assert booking.credit_returned is (free or was.promo_code is not None)


def check_now(facts: Facts) -> None:
    _check_times(facts)
    _check_credits(facts)
    for order in facts.paypal.orders.values():
        _check_order(facts, order)
    taken = [order for order in facts.paypal.orders.values() if order.captures]
    assert facts.paypal.captured_money == len(taken), "captured twice"
    for booking in facts.bookings.values():
        if booking.status is A.CONFIRMED and booking.payment_id and not booking.moves:
            _check_paid(facts, booking.payment_id)
    for package in facts.packages.values():
        if package.status is PackageStatus.ACTIVE:
            _check_paid(facts, package.id)


def _check_times(facts: Facts) -> None:
    """Nobody has the time of another; the hold of a new time may meet the one that it is for."""
    sure = [
        each
        for each in facts.bookings.values()
        if each.status is A.CONFIRMED
        or (each.status is A.HELD and each.paying and each.hold_until and each.hold_until >= facts.now)
    ]
    for one, other in combinations(sure, 2):
        related = one.moves == other.id or other.moves == one.id
        assert related or not one.claim.overlaps(other.claim), f"{one} and {other}"


def _check_credits(facts: Facts) -> None:
    standing = [each for each in facts.bookings.values() if each.status is A.CONFIRMED]
    (promo,) = SEED_PROMOS
    users = [each.client.id for each in standing if each.promo_code == promo.code]
    read = facts.store.promo(promo.code, "nobody", facts.now).promo
    assert read and read.used == len(users) == len(set(users))
    used = Counter(each.package_id for each in standing)
    used.update(each.package_id for each in facts.bookings.values() if each.credit_returned is False)
    for package in facts.packages.values():
        assert package.sessions_used == used[package.id] <= package.sessions_total


def _check_order(facts: Facts, order: OrderState) -> None:
    payment = facts.payments.get(order.custom_id or "")
    if payment is None:
        assert not order.captures, "captured, and nobody knows of it"
        return
    assert order.amount
    assert sum(back(order)) <= order.amount.amount
    ours = [each for each in order.refunds if each.request_id and each.status is not RefundStatus.FAILED]
    assert sum(each.amount.amount for each in ours) <= payment.refund_due
    given_up = [each.status for each in order.captures if payment.given_up]
    assert set(given_up) <= {CaptureStatus.DECLINED}, "given up, and captured"


def _check_paid(facts: Facts, payment_id: str) -> None:
    payment = facts.payments[payment_id]
    captures = facts.paypal.orders[payment.order_id or ""].captures
    assert [each.status in MONEY_CAME for each in captures] == [True]
    assert payment.status in TAKEN


def back(order: OrderState) -> list[Decimal]:
    refused = {RefundStatus.FAILED, RefundStatus.CANCELLED}
    return [each.amount.amount for each in order.refunds if each.status not in refused]


def check_letter(facts: Facts, letter: Letter) -> None:
    """It tells what is so at the moment it is sent."""
    if isinstance(letter.about, Appointment):
        now = facts.bookings[letter.about.id]
        assert (letter.about.start, letter.about.status) == (now.start, now.status)
    if letter.payment is not None:
        now_paid = facts.payments[letter.payment.id]
        assert (letter.payment.status, letter.payment.refunded) == (now_paid.status, now_paid.refunded)


def check_quiet(facts: Facts, calendar: FakeCalendar, letters: list[Letter]) -> None:
    """Nothing is under way any more."""
    assert not [each for each in facts.bookings.values() if each.status is A.HELD]
    assert not [each for each in facts.packages.values() if each.status is PackageStatus.ORDERED]
    assert {each.status for each in facts.payments.values()} <= AT_REST
    open_ones = {(each.kind, each.subject_id) for each in facts.store.open_attention()}
    for payment in facts.payments.values():
        if payment.status in WITH_A_PERSON:
            assert (WITH_A_PERSON[payment.status], payment.id) in open_ones
        else:
            _check_money(facts, payment)
    _check_calendar(facts, calendar)
    _check_letters(facts, letters)


def _check_money(facts: Facts, payment: Payment) -> None:
    """It stands for what was bought, or went back but for the fee; somebody may have given back more by hand."""
    order = facts.paypal.orders[payment.order_id or ""]
    came = [each for each in order.captures if each.status in MONEY_CAME]
    assert facts.stands(payment.id) <= bool(came)
    if not came:
        assert payment.refunded == 0
        return
    gone, price = sum(back(order), Decimal()), payment.amount.amount
    by_hand = sum((each.amount.amount for each in order.refunds if not each.request_id), Decimal())
    assert payment.refunded == gone
    if facts.stands(payment.id):
        assert gone == by_hand
    else:
        keeps = _fee_for_cancelling(facts, payment)
        assert price - gone <= keeps if by_hand else price - gone == keeps


def _fee_for_cancelling(facts: Facts, payment: Payment) -> Decimal:
    """Fees for moves were paid apart from the price."""
    moves = [
        each.id for each in facts.bookings.values() if each.moves == payment.id and each.status is A.COMPLETED
    ]
    return payment.fee - sum((facts.payments[each].amount.amount for each in moves), Decimal())


def _buried(facts: Facts, subject_id: str, effect_id: str) -> bool:
    """Given up after many attempts, which is put before a person."""
    return facts.store.effect(subject_id, effect_id).status is EffectStatus.DEAD


def _check_calendar(facts: Facts, calendar: FakeCalendar) -> None:
    for booking in facts.bookings.values():
        if booking.calendar_status == "failed":
            continue
        event = calendar.events.get(booking.id)
        stands = booking.status is A.CONFIRMED and not booking.moves
        assert (event.session if event else None) == (booking.session if stands else None)
    assert set(calendar.events) <= set(facts.bookings)


def _check_letters(facts: Facts, letters: list[Letter]) -> None:
    sent = Counter(letter.effect_id for letter in letters)
    assert set(sent.values()) <= {1}, f"sent twice: {sent}"
    expected: dict[str, list[str]] = defaultdict(list)
    for booking in facts.bookings.values():
        kind = None
        if booking.moves is None and booking.status is A.CONFIRMED:
            kind = "moved" if booking.sequence else "booked"
        elif booking.cancelled_by is not None:
            kind = "cancelled"
        if kind:
            expected[booking.id] = [f"{who}_{kind}_mail-{booking.sequence}" for who in ("client", "coach")]
    for package in facts.packages.values():
        if package.status is PackageStatus.ACTIVE:
            expected[package.id] = ["client_package_mail-0", "coach_package_mail-0"]
    for subject_id, effects in expected.items():
        for effect_id in effects:
            assert sent[f"{subject_id}.{effect_id}"] or _buried(facts, subject_id, effect_id), effect_id
    promised = {f"{own}.{effect_id}" for own, effects in expected.items() for effect_id in effects}
    told = {each for each in sent if ("_booked_" in each or "_package_" in each)}
    for each in told - promised:
        subject_id = each.partition(".")[0]
        booking = facts.bookings[subject_id]
        assert booking.sequence, f"{each} of what is {booking.status}"
