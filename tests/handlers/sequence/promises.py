"""What must hold of the store, PayPal and the mailbox after each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations

from shared.domain.appointment import Actor, Appointment, AppointmentStatus
from shared.domain.package import PackageStatus
from shared.domain.payment import TAKEN, Payment, PaymentStatus
from shared.domain.promo import SEED_PROMOS
from shared.domain.settlement import CaptureStatus, OrderState, RefundStatus
from shared.domain.time import Interval
from shared.usecases.ports import Letter
from tests.handlers.sequence.facts import Facts, back, by_hand, came

A, P = AppointmentStatus, PaymentStatus


def check_now(facts: Facts, letters: list[Letter]) -> None:
    _check_times(facts)
    _check_cells(facts)
    _check_credits(facts)
    for order in facts.orders.values():
        _check_order(facts, order)
    for payment in facts.payments.values():
        _check_payment(facts, payment)
    for booking in facts.sessions:
        if booking.status is A.CONFIRMED and booking.payment_id:
            _check_paid(facts, booking.payment_id)
    for package in facts.packages.values():
        if package.status is PackageStatus.ACTIVE:
            _check_paid(facts, package.id)
    taken = [order for order in facts.orders.values() if order.captures]
    assert facts.paypal.captured_money == len(taken), "captured twice"
    assert max(Counter(order.custom_id for order in taken).values(), default=0) <= 1, "charged twice"
    sent = Counter(letter.effect_id for letter in letters)
    assert set(sent.values()) <= {1}, f"sent twice: {sent}"


def _check_times(facts: Facts) -> None:
    """Nobody has the time of another; the hold of a new time may meet the one that it is for."""
    live = [each for each in facts.bookings.values() if each.status is A.CONFIRMED or _is_held(each, facts)]
    for one, other in combinations(live, 2):
        related = one.moves == other.id or other.moves == one.id or _chose_anew(one, other)
        assert related or not one.claim.overlaps(other.claim), f"{one} and {other}"


def _is_held(booking: Appointment, facts: Facts) -> bool:
    return booking.status is A.HELD and booking.hold_until is not None and booking.hold_until >= facts.now


def _chose_anew(one: Appointment, other: Appointment) -> bool:
    """A client may book over an own hold that is not being paid."""
    gives_way = [each for each in (one, other) if each.status is A.HELD and not each.paying]
    return bool(gives_way) and one.client.id == other.client.id


def _check_cells(facts: Facts) -> None:
    """What stands has its cells, all of them and no other; what is over has none."""
    claimed = facts.store.claimed()
    for booking in facts.bookings.values():
        cells = claimed.pop(booking.id, set())
        own = set(_five_minutes_each(booking.claim))
        if booking.status is A.CONFIRMED:
            assert cells == own, f"the cells of {booking}"
        else:
            assert cells <= (own if booking.status is A.HELD else set()), f"the cells of {booking}"
    assert not claimed, "cells of nobody"


def _five_minutes_each(claim: Interval) -> Iterator[datetime]:
    start = claim.start
    while start < claim.end:
        yield start
        start += timedelta(minutes=5)


def _check_credits(facts: Facts) -> None:
    standing = [each for each in facts.bookings.values() if each.status is A.CONFIRMED]
    (promo,) = SEED_PROMOS
    lost = [each for each in facts.bookings.values() if each.credit_returned is False]
    users = [each.client.id for each in [*standing, *lost] if each.promo_code == promo.code]
    read = facts.store.promo(promo.code, "nobody", facts.now).promo
    assert read and read.used == len(users) == len(set(users)) <= read.cap
    assert {who for _, who in facts.store.promo_uses()} == set(users)
    used = Counter(each.package_id for each in standing)
    used.update(each.package_id for each in lost)
    for package in facts.packages.values():
        assert package.sessions_used == used[package.id] <= package.sessions_total


def _check_order(facts: Facts, order: OrderState) -> None:
    payment = facts.payments.get(order.custom_id or "")
    if payment is None:
        assert not order.captures, "captured, and nobody knows of it"
        return
    assert order.amount == payment.amount
    assert back(order) <= payment.amount.amount
    ours = [each for each in order.refunds if each.request_id and each.status is not RefundStatus.FAILED]
    assert sum(each.amount.amount for each in ours) <= payment.refund_due
    given_up = {each.status for each in order.captures if payment.given_up}
    assert given_up <= {CaptureStatus.DECLINED}, "given up, and captured"


def _check_payment(facts: Facts, payment: Payment) -> None:
    """Money that came stands for something, goes back, or is about to be found."""
    order = facts.order_of(payment)
    if payment.status in TAKEN:
        assert came(order)
    elif came(order) and payment.status is not P.NEEDS_REVIEW:
        assert payment.check_at is not None, f"nobody will look at {payment}"
    if payment.status is P.CAPTURED and not facts.stands(payment.id):
        assert facts.kept_of(payment) == payment.amount.amount, f"{payment} stands for nothing"
    booking = facts.bookings.get(payment.id)
    if booking is not None and booking.cancelled_by is not None and booking.moves is None:
        _check_cancelled(facts, payment, order)


def _check_cancelled(facts: Facts, payment: Payment, order: OrderState) -> None:
    """Fee and refund are the price; somebody may have given back more than that by hand."""
    kept, goes_back = facts.kept_of(payment), max(payment.refund_due, payment.refunded)
    by_coach = facts.bookings[payment.id].cancelled_by is Actor.COACH
    assert kept in {0, payment.amount.amount / 2} or (by_coach and kept == payment.amount.amount)
    if by_hand(order):
        assert kept + max(goes_back, back(order)) >= payment.amount.amount
    else:
        assert kept + goes_back == payment.amount.amount


def _check_paid(facts: Facts, payment_id: str) -> None:
    payment = facts.payments[payment_id]
    assert came(facts.order_of(payment))
    assert len(facts.order_of(payment).captures) == 1
    assert payment.status in TAKEN


def check_letter(facts: Facts, letter: Letter) -> None:
    """It tells what is so at the moment it is sent."""
    about, kind = letter.about, letter.kind.value
    if isinstance(about, Appointment):
        now = facts.bookings[about.id]
        assert (about.start, about.status, about.sequence) == (now.start, now.status, now.sequence)
        if kind.endswith("_cancelled"):
            assert now.status is A.CANCELLED
        elif kind.endswith(("_booked", "_moved", "_reminder")):
            assert now.status is A.CONFIRMED
        if kind.endswith("_reminder"):
            assert now.start > facts.now
    if letter.payment is not None:
        paid = facts.payments[letter.payment.id]
        assert (letter.payment.status, letter.payment.refunded) == (paid.status, paid.refunded)
