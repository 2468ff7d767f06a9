"""Changes of a standing booking: what they cost by the policy, and what they leave behind. Pure steps."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from shared.domain.appointment import Actor, Appointment, AppointmentStatus, CalendarStatus
from shared.domain.checkout import CAPTURE_HOLD, CAPTURE_LEASE, HOLD, Checkout
from shared.domain.effects import FOR_CANCELLATION, FOR_MOVE, Effect, EffectKind, owed, owed_about
from shared.domain.errors import NotCancellable, NotReschedulable
from shared.domain.money import Money
from shared.domain.package import Package
from shared.domain.payment import NOTHING, TAKEN, Payment, PaymentStatus
from shared.domain.policy import Action, PaidWith, Quote, Refunding, Terms, quote
from shared.domain.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Case:
    """A booking with all that decides what a change of it costs.

    ``payment`` was made for this session alone; ``package`` and ``package_payment`` are what it was booked from.
    ``saved_method`` was saved with either payment, and a fee may be charged to it. ``fee`` is the one charged for
    having cancelled it.
    """

    appointment: Appointment
    payment: Payment | None = None
    package: Package | None = None
    package_payment: Payment | None = None
    saved_method: str | None = None
    fee: Payment | None = None

    @property
    def paid_with(self) -> PaidWith:
        if self.payment is not None:
            return PaidWith.PAYMENT
        return PaidWith.PACKAGE if self.appointment.package_id else PaidWith.PROMO_CODE

    @property
    def price(self) -> Decimal:
        """One session's; of a package its share, not rounded."""
        if self.payment is not None:
            return self.payment.amount.amount
        if self.package is not None and self.package_payment is not None:
            return self.package_payment.amount.amount / self.package.sessions_total
        return NOTHING

    @property
    def currency(self) -> str | None:
        paid = self.payment or self.package_payment
        return paid.amount.currency if paid else None


@dataclass(frozen=True, slots=True)
class BookingChange:
    """One step: the booking and its payment afterwards, and what follows. ``returns`` gives the promo code's use or
    the package's session back; ``charge`` is a fee that is owed from now on. ``detail`` is for the audit trail: what
    the coach chose.
    """

    after: Appointment
    payment: Payment | None
    event: str
    effects: tuple[Effect, ...]
    returns: bool = field(default=False)
    charge: Checkout | None = None
    detail: str | None = None


def quoted(
    case: Case, action: Action, actor: Actor, now: datetime, refunding: Refunding = Refunding.FULL
) -> Quote:
    """What the change would cost now.

    Raises ``NotCancellable`` or ``NotReschedulable``: only what stands can be changed, and by the client only before
    it starts.
    """
    appointment = case.appointment
    begun = appointment.start <= now and actor is Actor.CLIENT
    if appointment.status is not AppointmentStatus.CONFIRMED or begun:
        raise _refusal(action, begun=begun and appointment.status is AppointmentStatus.CONFIRMED)
    found = quote(
        Terms(
            action=action,
            actor=actor,
            paid_with=case.paid_with,
            price=case.price,
            notice=appointment.start - now,
            reschedules_used=appointment.reschedules_used,
            refunding=refunding,
        )
    )
    # Of what was paid for the session itself, the fee is kept when that goes back. The coach charges nothing.
    extra = bool(found.fee) and (action is Action.RESCHEDULE or case.payment is None)
    charged = extra and actor is Actor.CLIENT and case.saved_method is not None
    if found.fee and found.returned and not charged:
        # Nothing can be charged for it: the session is used up instead.
        found = replace(found, fee=NOTHING, returned=False)
    if action is Action.CANCEL and case.payment is not None:
        # What is not there any more can't be kept, nor given back once more.
        back, price = case.payment.refunded, case.payment.amount.amount
        kept, refund = min(found.fee, max(NOTHING, price - back)), max(NOTHING, found.refund - back)
        found = replace(found, fee=kept, refund=refund)
    return replace(found, charged=charged)


def cancel(case: Case, cost: Quote, actor: Actor, now: datetime, reason: str | None) -> BookingChange:
    """Frees the time. Half of a payment is kept by giving back the other half.

    A package's session whose fee is to be charged is used up until that is taken.
    """
    charge = _charge_for_cancelling(case, cost, now) if cost.charged else None
    returns = cost.returned and charge is None
    after = replace(
        case.appointment,
        status=AppointmentStatus.CANCELLED,
        sequence=case.appointment.sequence + 1,
        calendar_status=CalendarStatus.OWED,
        cancelled_by=actor,
        cancel_reason=reason,
        credit_returned=None if case.paid_with is PaidWith.PAYMENT else returns,
        payment_id=charge.payment.id if charge else case.appointment.payment_id,
        updated_at=now,
    )
    payment = None if case.payment is None else _paid_back(case.payment, cost, now)
    effects = _owed(case, after, FOR_CANCELLATION)
    if payment is not None and payment.status is PaymentStatus.REFUND_DUE:
        effects += owed(payment.id, now, EffectKind.REFUND, sequence=payment.version)
    if charge is not None:
        effects += owed(charge.payment.id, now, EffectKind.CHARGE, sequence=charge.payment.version)
    return BookingChange(after, payment, "cancelled", effects, returns, charge)


def _charge_for_cancelling(case: Case, cost: Quote, now: datetime) -> Checkout:
    """There is one for a session at the most, so its id comes from the session's."""
    appointment = case.appointment
    fee = Payment(
        id=hashlib.sha256(f"fee|{appointment.id}".encode()).hexdigest()[: len(appointment.id)],
        client_id=appointment.client.id,
        service=appointment.service,
        amount=Money(cost.fee, case.currency or ""),
        status=PaymentStatus.CREATED,
        charges=case.saved_method,
        cancels=appointment.id,
        check_at=now,
        created_at=now,
        updated_at=now,
    )
    return Checkout(fee, None, None, f"cancel {appointment.id}")


def return_credit(case: Case, now: datetime) -> BookingChange:
    """The fee for cancelling is taken: the package's session can be used again."""
    after = replace(case.appointment, credit_returned=True, updated_at=now)
    return BookingChange(after, None, "credit_returned", (), returns=True)


def move(case: Case, start: datetime, schedule: Schedule, actor: Actor, now: datetime) -> BookingChange:
    """To another time, under the buffers of today."""
    return _move(
        case, start, schedule.buffer_before_minutes, schedule.buffer_after_minutes, actor, now, NOTHING
    )


def _move(
    case: Case, start: datetime, before: int, after: int, actor: Actor, now: datetime, fee: Decimal
) -> BookingChange:
    """``fee`` was paid for it, apart from the session's price; buffers are minutes."""
    moved = replace(
        case.appointment,
        start=start,
        buffer_before_minutes=before,
        buffer_after_minutes=after,
        sequence=case.appointment.sequence + 1,
        reschedules_used=case.appointment.reschedules_used + (actor is Actor.CLIENT),
        calendar_status=CalendarStatus.OWED,
        backup_start=None,
        move_fee=Money(fee, case.currency or "") if fee else None,
        timed_at=now,
        updated_at=now,
    )
    payment = case.payment
    if payment is not None and fee:
        payment = payment.become(payment.status, now, check_at=payment.check_at, fee=payment.fee + fee)
    return BookingChange(moved, payment, "moved", _owed(case, moved, FOR_MOVE))


def _owed(case: Case, after: Appointment, kinds: tuple[EffectKind, ...]) -> tuple[Effect, ...]:
    """What matches the calendar knows the time that was left: it is anybody's for good once no event is there."""
    effects = owed_about(after, after.updated_at, *kinds)
    left = case.appointment.claim
    return tuple(
        replace(each, left=left) if each.kind is EffectKind.CALENDAR_EVENT else each for each in effects
    )


def hold_for(case: Case, start: datetime, schedule: Schedule, fee_id: str, now: datetime) -> Appointment:
    """The new time, held until the fee for it is paid."""
    appointment = case.appointment
    return replace(
        appointment,
        id=fee_id,
        status=AppointmentStatus.HELD,
        start=start,
        buffer_before_minutes=schedule.buffer_before_minutes,
        buffer_after_minutes=schedule.buffer_after_minutes,
        payment_id=fee_id,
        package_id=None,
        promo_code=None,
        hold_until=now + HOLD,
        moves=appointment.id,
        leaves=appointment.claim,
        created_at=now,
        updated_at=now,
    )


def charge_for_move(
    case: Case, cost: Quote, start: datetime, schedule: Schedule, fee_id: str, asked: str, now: datetime
) -> Checkout:
    """What is written before the saved method is charged; ``asked`` is the request's fingerprint."""
    hold = hold_for(case, start, schedule, fee_id, now)
    fee = Payment(
        id=fee_id,
        client_id=case.appointment.client.id,
        service=case.appointment.service,
        amount=Money(cost.fee, case.currency or ""),
        status=PaymentStatus.CAPTURING,
        charges=case.saved_method,
        check_at=now + CAPTURE_LEASE,
        created_at=now,
        updated_at=now,
    )
    return Checkout(fee, replace(hold, hold_until=now + CAPTURE_HOLD, paying=True), None, asked)


def may_move(case: Case, hold: Appointment, now: datetime) -> bool:
    """The booking still stands where it was when the fee was asked for, and has not begun."""
    appointment = case.appointment
    same = appointment.status is AppointmentStatus.CONFIRMED and appointment.sequence == hold.sequence
    return same and appointment.start > now


def move_to(case: Case, hold: Appointment, now: datetime, fee: Decimal) -> BookingChange:
    """To the time that was held for it."""
    return _move(
        case, hold.start, hold.buffer_before_minutes, hold.buffer_after_minutes, Actor.CLIENT, now, fee
    )


def _paid_back(payment: Payment, cost: Quote, now: datetime) -> Payment:
    """What shall have gone back in all; what somebody gave back already counts."""
    due = payment.refunded + cost.refund
    if cost.refund and payment.status in TAKEN:
        return payment.become(PaymentStatus.REFUND_DUE, now, refund_due=due, fee=payment.fee + cost.fee)
    return payment.become(payment.status, now, check_at=payment.check_at, fee=payment.fee + cost.fee)


def _refusal(action: Action, *, begun: bool) -> NotCancellable | NotReschedulable:
    if action is Action.CANCEL:
        return NotCancellable(
            "The session has begun." if begun else "Only a confirmed session can be cancelled."
        )
    return NotReschedulable("The session has begun." if begun else "Only a confirmed session can be moved.")
