"""What must hold once nothing is under way any more: all that was owed is done, and everybody knows."""

from __future__ import annotations

from decimal import Decimal

from shared.domain.appointment import AppointmentStatus
from shared.domain.attention import AttentionKind
from shared.domain.effects import EffectStatus
from shared.domain.package import PackageStatus
from shared.domain.payment import Payment, PaymentStatus
from shared.usecases.ports import Letter
from tests.fakes import FakeCalendar
from tests.handlers.sequence.facts import Facts, back, by_hand, came

A, P = AppointmentStatus, PaymentStatus
WITH_A_PERSON = {
    P.NEEDS_REVIEW: AttentionKind.PAYMENT_MISMATCH,
    P.REFUND_FAILED: AttentionKind.REFUND_FAILED,
    P.DISPUTED: AttentionKind.DISPUTE,
}
AT_REST = frozenset({P.CAPTURED, P.EXPIRED, P.DENIED, P.REFUNDED, P.PARTIALLY_REFUNDED, *WITH_A_PERSON})


def check_at_rest(facts: Facts, calendar: FakeCalendar, letters: list[Letter], touched: set[str]) -> None:
    """``touched`` are sessions whose events somebody changed by hand in the calendar."""
    assert not [each for each in facts.bookings.values() if each.status is A.HELD]
    assert not [each for each in facts.packages.values() if each.status is PackageStatus.ORDERED]
    assert {each.status for each in facts.payments.values()} <= AT_REST
    open_ones = {(each.kind, each.subject_id) for each in facts.store.open_attention()}
    for payment in facts.payments.values():
        if payment.status in WITH_A_PERSON:
            assert (WITH_A_PERSON[payment.status], payment.id) in open_ones
        else:
            _check_money(facts, payment)
    _check_calendar(facts, calendar, touched)
    _check_letters(facts, letters)


def _check_money(facts: Facts, payment: Payment) -> None:
    """It stands for what was bought, or went back but for the fee; somebody may have given back more by hand."""
    order = facts.order_of(payment)
    assert facts.stands(payment.id) <= came(order)
    if not came(order):
        assert payment.refunded == 0
        return
    gone, price = back(order), payment.amount.amount
    assert payment.refunded == gone
    if facts.stands(payment.id):
        assert gone == by_hand(order)
    else:
        keeps = _keeps(facts, payment)
        assert price - gone <= keeps if by_hand(order) else price - gone == keeps


def _keeps(facts: Facts, payment: Payment) -> Decimal:
    """A fee for a move that was not made goes back whole."""
    booking = facts.bookings.get(payment.id)
    return facts.kept_of(payment) if booking is not None and booking.moves is None else Decimal()


def _check_calendar(facts: Facts, calendar: FakeCalendar, touched: set[str]) -> None:
    for booking in facts.bookings.values():
        if booking.calendar_status == "failed" or booking.id in touched:
            continue
        event = calendar.events.get(booking.id)
        stands = booking.status is A.CONFIRMED and not booking.moves
        assert (event.session if event else None) == (booking.session if stands else None)
    assert set(calendar.events) <= set(facts.bookings)


def _check_letters(facts: Facts, letters: list[Letter]) -> None:
    """Everybody was told how things stand, and nobody of what never stood."""
    sent = {letter.effect_id for letter in letters}
    promised = _promised(facts)
    for subject_id, effects in promised.items():
        for effect_id in effects:
            assert f"{subject_id}.{effect_id}" in sent or _buried(facts, subject_id, effect_id), effect_id
    refs = {f"{own}.{effect_id}" for own, effects in promised.items() for effect_id in effects}
    for each in {each for each in sent if "_booked_" in each or "_package_" in each} - refs:
        booking = facts.bookings[each.partition(".")[0]]
        assert booking.sequence, f"{each} of what is {booking.status}"
    for payment_id in {own for own, event, _ in facts.store.audit if event == "refund_owed"}:
        payment = facts.payments[payment_id]
        if payment_id in facts.bookings and not payment.given_up:
            told = [each.id for each in facts.store.effects_of(payment_id) if "time_lost" in each.kind]
            assert any(f"{payment_id}.{each}" in sent or _buried(facts, payment_id, each) for each in told)


def _promised(facts: Facts) -> dict[str, list[str]]:
    promised: dict[str, list[str]] = {}
    for booking in facts.sessions:
        if booking.status is A.CONFIRMED:
            promised[booking.id] = _to_both("moved" if booking.sequence else "booked", booking.sequence)
        elif booking.cancelled_by is not None:
            promised[booking.id] = _to_both("cancelled", booking.sequence)
    for package in facts.packages.values():
        if package.status is PackageStatus.ACTIVE:
            promised[package.id] = _to_both("package", 0)
    return promised


def _to_both(what: str, sequence: int) -> list[str]:
    return [f"{who}_{what}_mail-{sequence}" for who in ("client", "coach")]


def _buried(facts: Facts, subject_id: str, effect_id: str) -> bool:
    """Given up after many attempts, which is put before a person."""
    known = {each.id: each.status for each in facts.store.effects_of(subject_id)}
    assert effect_id in known, f"{effect_id} was never owed: {sorted(known)}"
    return known[effect_id] is EffectStatus.DEAD
