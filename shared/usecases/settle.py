"""One road for money: the capture endpoint, the webhook, the sweeper and the coach all settle a payment here.

It reads before it writes, and asks PayPal; what anyone else says of a payment is only a reason to look. Every step is
one transaction that names the state it was decided on, so whoever comes second finds what the first one did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.appointment import Appointment, AppointmentStatus
from shared.domain.effects import Effect, EffectKind, owed_for_booking
from shared.domain.errors import (
    HoldExpired,
    NotFound,
    OrderNotApproved,
    PaymentDeclined,
    PaymentProviderUnavailable,
    SlotTaken,
)
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.settlement import Judgement, OrderState, Verdict, judge
from shared.observability import count, logger
from shared.usecases.checkout_ports import Checkout, PaymentMoved, PaymentStore
from shared.usecases.ports import AlreadyCaptured, Clock, OutcomeUnknown, PaymentGateway

CAPTURE_HOLD = timedelta(minutes=60)
CAPTURE_LEASE = timedelta(minutes=2)
"""How long one caller may take over a capture before another asks PayPal what became of it."""

PENDING_CHECK = timedelta(hours=1)
ROUNDS = 6

CAPTURABLE = frozenset({PaymentStatus.ORDERED, PaymentStatus.DECLINED, PaymentStatus.EXPIRED})


@dataclass(frozen=True, slots=True)
class Till:
    """All that settling touches."""

    payments: PaymentStore
    gateway: PaymentGateway
    clock: Clock


def settle(till: Till, payment_id: str, *, capture: bool) -> Checkout:
    """Brings the payment as far as it can be brought now; ``capture`` says the buyer approved it.

    Raises ``NotFound``, ``HoldExpired`` (nothing was taken), ``OrderNotApproved``, ``PaymentDeclined`` and
    ``PaymentProviderUnavailable`` (it goes on by itself).
    """
    for _ in range(ROUNDS):
        checkout = till.payments.checkout(payment_id)
        if checkout is None:
            raise NotFound("There is no such order.")
        try:
            return _step(till, checkout, capture=capture)
        except PaymentMoved:
            continue
    raise PaymentProviderUnavailable("The payment is being settled; please look again in a moment.")


def _step(till: Till, checkout: Checkout, *, capture: bool) -> Checkout:
    now, paid = till.clock.now(), checkout.payment
    ran_out = paid.check_at is not None and paid.check_at <= now
    if paid.status in CAPTURABLE:
        if capture:
            return _capture(till, _begin_capture(till, checkout, now))
        return _expire(till, checkout, now) if ran_out else checkout
    if paid.status is PaymentStatus.CAPTURING and ran_out:
        return _find_out(till, checkout, now)
    if paid.status is PaymentStatus.PENDING:
        return _adopt(till, checkout, _read(till, paid), now)
    return checkout


def _begin_capture(till: Till, checkout: Checkout, now: datetime) -> Checkout:
    """The time is ours for an hour more, or nothing is captured at all."""
    paid = checkout.payment.become(PaymentStatus.CAPTURING, now, check_at=now + CAPTURE_LEASE)
    booking = _with(checkout.booking, now, status=AppointmentStatus.HELD, hold_until=now + CAPTURE_HOLD)
    if booking is not None and booking.start <= now:
        raise HoldExpired("That session's time has passed; nothing was charged.")
    begun = replace(checkout, payment=paid, booking=booking)
    try:
        till.payments.change(checkout, begun, now, "begin_capture")
    except SlotTaken:
        _expire(till, checkout, now)
        raise HoldExpired("Someone else has taken that time meanwhile; nothing was charged.") from None
    return begun


def _capture(till: Till, checkout: Checkout) -> Checkout:
    paid = checkout.payment
    try:
        order = till.gateway.capture(paid.order_id or "", request_id=paid.capture_request_id)
    except (AlreadyCaptured, OutcomeUnknown):
        order = _read(till, paid)
    except OrderNotApproved:
        _back_to_the_buyer(till, checkout, till.clock.now())
        raise
    except PaymentDeclined:
        _decline(till, checkout, till.clock.now())
        raise
    return _adopt(till, checkout, order, till.clock.now())


def _find_out(till: Till, checkout: Checkout, now: datetime) -> Checkout:
    """Whoever was capturing never came back. PayPal knows; the capture is repeated only if it was not made."""
    order = _read(till, checkout.payment)
    if judge(checkout.payment, order).verdict is Verdict.APPROVED:
        return _capture(till, _begin_capture(till, checkout, now))
    return _adopt(till, checkout, order, now)


def _read(till: Till, paid: Payment) -> OrderState | None:
    return till.gateway.get_order(paid.order_id or "")


def _adopt(till: Till, checkout: Checkout, order: OrderState | None, now: datetime) -> Checkout:
    judgement = judge(checkout.payment, order)
    match judgement.verdict:
        case Verdict.CAPTURED:
            return _confirm(till, checkout, judgement, now)
        case Verdict.PENDING:
            return _await_payment(till, checkout, judgement, now)
        case Verdict.DECLINED:
            _decline(till, checkout, now)
            raise PaymentDeclined("The payment was declined; nothing was charged.")
        case Verdict.DENIED:
            return _end(till, checkout, PaymentStatus.DENIED, now, EffectKind.CLIENT_PAYMENT_FAILED_MAIL)
        case Verdict.NOT_APPROVED | Verdict.APPROVED:
            return _back_to_the_buyer(till, checkout, now)
        case Verdict.VOIDED:
            return _end(till, checkout, PaymentStatus.EXPIRED, now)
        case Verdict.REFUNDED:
            return _end(till, checkout, PaymentStatus.REFUNDED, now)
        case Verdict.MISMATCH:
            return _review(till, checkout, judgement, now)


def _confirm(till: Till, checkout: Checkout, judgement: Judgement, now: datetime) -> Checkout:
    paid = checkout.payment.become(PaymentStatus.CAPTURED, now, **_captured(judgement))
    booking = _with(checkout.booking, now, status=AppointmentStatus.CONFIRMED, hold_until=None)
    confirmed = replace(checkout, payment=paid, booking=booking)
    owed = owed_for_booking(paid.id, now) if booking else ()
    try:
        till.payments.change(checkout, confirmed, now, "confirm", owed)
    except SlotTaken:
        return _owe_back(till, checkout, judgement, now)
    return confirmed


def _owe_back(till: Till, checkout: Checkout, judgement: Judgement, now: datetime) -> Checkout:
    """Paid, and the time is lost: all of it goes back, and a mail says so."""
    whole = checkout.payment.amount.amount
    paid = checkout.payment.become(
        PaymentStatus.REFUND_DUE, now, check_at=now, refund_due=whole, **_captured(judgement)
    )
    lost = replace(
        checkout,
        payment=paid,
        booking=_with(checkout.booking, now, status=AppointmentStatus.EXPIRED, hold_until=None),
    )
    owed = _owed(paid, now, EffectKind.REFUND, EffectKind.CLIENT_TIME_LOST_MAIL)
    till.payments.change(checkout, lost, now, "owe_back", owed)
    return lost


def _await_payment(till: Till, checkout: Checkout, judgement: Judgement, now: datetime) -> Checkout:
    """An eCheck takes days: the time stays held until the session, and a mail says so once."""
    first = checkout.payment.status is not PaymentStatus.PENDING
    paid = checkout.payment.become(
        PaymentStatus.PENDING, now, check_at=now + PENDING_CHECK, **_captured(judgement)
    )
    start = checkout.booking.start if checkout.booking else None
    waiting = replace(checkout, payment=paid, booking=_with(checkout.booking, now, hold_until=start))
    owed = _owed(paid, now, EffectKind.CLIENT_PAYMENT_PENDING_MAIL) if first and start else ()
    till.payments.change(checkout, waiting, now, "await_payment", owed)
    return waiting


def _decline(till: Till, checkout: Checkout, now: datetime) -> None:
    """The buyer may try another way of paying while the time is held."""
    until = now + CAPTURE_HOLD
    paid = checkout.payment.become(
        PaymentStatus.DECLINED, now, check_at=until, declines=checkout.payment.declines + 1
    )
    declined = replace(checkout, payment=paid, booking=_with(checkout.booking, now, hold_until=until))
    till.payments.change(checkout, declined, now, "decline")


def _back_to_the_buyer(till: Till, checkout: Checkout, now: datetime) -> Checkout:
    until = checkout.booking.hold_until if checkout.booking else now + CAPTURE_HOLD
    paid = checkout.payment.become(PaymentStatus.ORDERED, now, check_at=until)
    back = replace(checkout, payment=paid)
    till.payments.change(checkout, back, now, "back_to_the_buyer")
    return back


def _expire(till: Till, checkout: Checkout, now: datetime) -> Checkout:
    return _end(till, checkout, PaymentStatus.EXPIRED, now)


def _end(
    till: Till, checkout: Checkout, status: PaymentStatus, now: datetime, *mails: EffectKind
) -> Checkout:
    """No money of this payment is ours, and its time is anybody's."""
    paid = checkout.payment.become(status, now)
    booking = _with(checkout.booking, now, status=AppointmentStatus.EXPIRED, hold_until=None)
    ended = replace(checkout, payment=paid, booking=booking)
    till.payments.change(checkout, ended, now, status.value, _owed(paid, now, *mails))
    return ended


def _review(till: Till, checkout: Checkout, judgement: Judgement, now: datetime) -> Checkout:
    """Not what we asked for: nothing is confirmed, nothing is given back, a person has to look."""
    paid = checkout.payment.become(PaymentStatus.NEEDS_REVIEW, now)
    review = replace(checkout, payment=paid)
    till.payments.change(checkout, review, now, "review")
    logger.error("payment needs review", payment=paid.id, reason=judgement.reason)
    count("PaymentsNeedingReview")
    return review


def _captured(judgement: Judgement) -> dict[str, object]:
    capture = judgement.capture
    if capture is None:
        return {}
    return {"capture_id": capture.id, "paypal_fee": capture.fee.amount if capture.fee else None}


def _owed(paid: Payment, now: datetime, *kinds: EffectKind) -> tuple[Effect, ...]:
    return tuple(Effect(appointment_id=paid.id, kind=kind, sequence=0, due_at=now) for kind in kinds)


def _with(booking: Appointment | None, now: datetime, **changes: object) -> Appointment | None:
    return None if booking is None else replace(booking, updated_at=now, **changes)  # type: ignore[arg-type]
