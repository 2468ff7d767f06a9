"""What one transaction may do to a booking and its money: the policy, said once more."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.appointment import Actor, Appointment, AppointmentStatus
from shared.domain.payment import TAKEN, TRANSITIONS
from tests.handlers.conftest import COACH
from tests.handlers.sequence.facts import Facts, came

A = AppointmentStatus
NOTICE = timedelta(hours=48)


def check_turn(before: Facts, after: Facts) -> None:
    for own, (paid, booked) in before.statuses.items():
        paid_now, booked_now = after.statuses[own]
        if paid and paid_now is not paid:
            assert paid_now in TRANSITIONS[paid], f"{own}: {paid} to {paid_now}"
        assert booked is not A.CANCELLED or booked_now is A.CANCELLED, f"{own}: back from being cancelled"
        if booked is A.CONFIRMED and booked_now is not A.CONFIRMED:
            assert booked_now is A.CANCELLED, f"{own}: {booked} to {booked_now}"
            _check_cancellation(before, after, own)
        if booked_now is A.COMPLETED and booked is not A.COMPLETED:
            _check_fee_taken(before, after, own)
        if own in before.payments:
            changed = after.payments[own] != before.payments[own]
            assert after.payments[own].version == before.payments[own].version + changed, "an old reading won"
    for own, was in before.bookings.items():
        _check_steps(before, after, was, after.bookings[own])
        _check_credit(before, after, was, after.bookings[own])
    overridden = after.store.details[-1:] == ["override"]
    for own, now in after.bookings.items():
        moved_free = own in before.bookings and now.start != before.bookings[own].start
        if own not in before.bookings or (moved_free and not _fees_taken(before, after, own)):
            busy = [each for each in after.coachs_own if each.overlaps(now.claim)]
            assert not busy or overridden, f"the coach is busy: {now}"


def _check_steps(before: Facts, after: Facts, was: Appointment, now: Appointment) -> None:
    assert now.sequence - was.sequence in {0, 1}
    if now.status is A.CONFIRMED and was.status is not A.CONFIRMED:
        assert now.start > after.now, "confirmed once it had begun"
    if now.start != was.start:
        assert (was.status, now.sequence) == (A.CONFIRMED, was.sequence + 1)
        by_coach = after.store.audit[-1][2] == COACH
        assert now.reschedules_used == was.reschedules_used + (not by_coach)
        assert was.start > now.updated_at or by_coach
        taken = _fees_taken(before, after, was.id)
        assert len(taken) == 1 or (not taken and (by_coach or _is_free(was, now.updated_at)))


def _fees_taken(before: Facts, after: Facts, booking_id: str) -> list[str]:
    return [
        own
        for own, hold in after.bookings.items()
        if hold.moves == booking_id and hold.status is A.COMPLETED is not before.bookings[own].status
    ]


def _check_fee_taken(before: Facts, after: Facts, fee_id: str) -> None:
    """Whose fee is taken has moved with it, from where it was when the fee was asked; and the fee was due."""
    hold, fee = after.bookings[fee_id], after.payments[fee_id]
    was, booking = before.bookings[hold.moves or ""], after.bookings[hold.moves or ""]
    assert (was.status, was.sequence) == (A.CONFIRMED, before.bookings[fee_id].sequence)
    assert (booking.start, booking.sequence) == (hold.start, was.sequence + 1)
    assert not _is_free(was, fee.created_at)
    assert fee.amount.amount == _half_a_session(after, was)
    assert came(after.order_of(fee))
    if was.id in after.payments:
        assert after.payments[was.id].fee - before.payments[was.id].fee == fee.amount.amount


def _check_cancellation(before: Facts, after: Facts, booking_id: str) -> None:
    was, booking = before.bookings[booking_id], after.bookings[booking_id]
    assert timedelta() <= after.now - booking.updated_at < timedelta(minutes=2)
    assert booking.sequence == was.sequence + 1
    by_coach = booking.cancelled_by is Actor.COACH
    assert was.start > booking.updated_at or by_coach
    choice = after.store.details[-1] if by_coach else "refund: policy"
    free = choice == "refund: full" or (choice != "refund: none" and _is_free(was, booking.updated_at))
    if booking_id in after.payments:
        paid = after.payments[booking_id]
        share = 1 if choice == "refund: none" else Decimal("0.5")
        earlier, price = before.payments[booking_id], paid.amount.amount
        # What went back by hand before is not there to be kept.
        kept = min(price * share, price - earlier.refunded)
        assert paid.fee - earlier.fee == (0 if free else kept)
        assert booking.credit_returned is None
    else:
        assert booking.credit_returned is free


def _check_credit(before: Facts, after: Facts, was: Appointment, now: Appointment) -> None:
    """It comes back at once, or with its fee, which is half a session's price."""
    fees = [each for each in after.payments.values() if each.cancels == was.id]
    assert len(fees) <= 1
    for fee in fees:
        assert (fee.amount.amount, now.status) == (_half_a_session(after, now), A.CANCELLED)
        was_taken = fee.id in before.payments and before.payments[fee.id].status in TAKEN
        assert fee.status not in TAKEN or now.credit_returned
        assert was_taken or (fee.status in TAKEN) == (now.credit_returned is True)
    if was.credit_returned is False and now.credit_returned:
        assert fees


def _is_free(was: Appointment, asked_at: datetime) -> bool:
    """Just 48 hours are in time; one move in time costs nothing, and a free session never costs anything."""
    return was.promo_code is not None or (was.start - asked_at >= NOTICE and not was.reschedules_used)


def _half_a_session(facts: Facts, session: Appointment) -> Decimal:
    if session.package_id is None:
        return facts.payments[session.id].amount.amount / 2
    paid, package = facts.payments[session.package_id], facts.packages[session.package_id]
    return (paid.amount.amount / package.sessions_total / 2).quantize(Decimal("0.01"))
