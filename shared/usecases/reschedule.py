"""A client moves a session: one transaction of set differences. ``PUT /booking/{id}/reschedule``.

Where the policy asks a fee, the new time is held, and the fee is charged to the saved payment method; where there is
none, or PayPal declines it, an order for the fee is made instead. The move happens when the fee is captured, by the
same road as every payment.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain import changes as steps
from shared.domain.caller import Party
from shared.domain.changes import Case, quoted
from shared.domain.checkout import Checkout, Corrections
from shared.domain.diary import Diary
from shared.domain.errors import (
    FeeRequired,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
    OrderMismatch,
    SlotTaken,
    TooManyRequests,
)
from shared.domain.money import Money
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.policy import Action, Quote
from shared.domain.time import Interval
from shared.usecases.change_booking import ATTEMPTS, acting, answer_to, answered, read_case
from shared.usecases.checkout import Shop
from shared.usecases.choose_time import (
    around,
    check_wanted,
    refuse_times_past,
    refuse_unless_open,
    with_alternatives,
)
from shared.usecases.idempotency import booking_id, fingerprint, request_of
from shared.usecases.pay import refusal_of, settle_with_patience
from shared.usecases.ports import AlreadyBooked, Booked, BookingMoved, DiaryChanged, Request
from shared.usecases.settle import charge
from shared.usecases.till import Buyer, Till


@dataclass(frozen=True, slots=True)
class Move:
    """``fee_order_id`` names the approved order for the fee, where one was asked for."""

    appointment_id: str
    start: datetime
    fee_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """``pending`` tells that the fee is on its way, and the booking still where it was."""

    booked: Booked
    pending: bool = False


def reschedule(
    shop: Shop, till: Till, now: datetime, *, caller: Party, wanted: Move, idempotency_key: str | None
) -> Moved:
    """Raises ``NotFound``, ``NotReschedulable``, ``SlotNotOffered``, ``SlotTaken``, ``CalendarUnavailable``,
    ``FeeRequired`` with the order to approve, ``OrderMismatch``, the refusals of a payment, ``IdempotencyKeyReused``,
    ``TooManyRequests`` and ``TemporarilyUnavailable``.
    """
    request = request_of(caller.client_id, idempotency_key, fingerprint("reschedule", wanted))
    if wanted.fee_order_id is not None:
        return _move_with_fee(till, caller, wanted, wanted.fee_order_id, request)
    key = None if idempotency_key is None else f"charge|{idempotency_key}"
    charge_id = booking_id(caller.client_id, key)
    charged: Checkout | None = None
    span = around(wanted.start)
    with ThreadPoolExecutor(max_workers=1) as beside:
        busy = beside.submit(shop.calendar.busy, span)
        for _ in range(ATTEMPTS):
            heard = read_case(till.changes, caller, wanted.appointment_id, now, request)
            if heard.answer is not None:
                return Moved(heard.answer)
            case = heard.case
            if heard.before and charged is None:
                # An earlier try of this request began to charge the fee.
                charged = settle_with_patience(till, charge_id, _payer(caller)).checkout
                continue
            if charged is not None and not _was_declined(charged):
                return _moved_by(charged, case)
            actor = acting(case.appointment, caller)
            cost = quoted(case, Action.RESCHEDULE, actor, now)
            diary = shop.bookings.diary(span).without(case.appointment.id)
            _refuse_unless_free(shop, case, diary, busy, caller, wanted, now)
            try:
                if cost.charged and charged is None:
                    fee = _fee_to_charge(case, cost, diary, wanted, charge_id, now)
                    shop.payments.hold(fee, diary, request=request)
                    charged = charge(till, fee, _payer(caller))
                    continue
                if cost.fee:
                    raise _ask_fee(shop, case, cost, diary, caller, wanted, idempotency_key, now)
                change = steps.move(case, wanted.start, diary.settings.schedule, actor, now)
                moved = answer_to(case, change)
                till.changes.change_booking(
                    case, change, actor=caller.client_id, relied_on=diary, request=answered(request, moved)
                )
            except (AlreadyBooked, BookingMoved, DiaryChanged):
                continue
            except SlotTaken as lost:
                raise _nearby(shop, lost, case, span, busy, caller, wanted, now) from lost
            return Moved(moved)
    raise TooManyRequests("This booking is being changed right now; please try again.")


def _refuse_unless_free(
    shop: Shop,
    case: Case,
    diary: Diary,
    busy: Future[list[Interval]],
    caller: Party,
    wanted: Move,
    now: datetime,
) -> None:
    """By the rules of every booking; its own time is never in its way."""
    appointment = case.appointment
    if wanted.start == appointment.start:
        raise InvalidInput("start", "The session is at that time already.")
    check_wanted(wanted.start, None, appointment.timezone, now)
    refuse_times_past(wanted.start, None, now)
    length, ours = appointment.duration_minutes, [appointment.session]
    refuse_unless_open(shop.calendar, diary, length, busy.result(), caller, now, wanted.start, ours)


def _nearby(
    shop: Shop,
    lost: SlotTaken,
    case: Case,
    span: Interval,
    busy: Future[list[Interval]],
    caller: Party,
    wanted: Move,
    now: datetime,
) -> SlotTaken:
    diary = shop.bookings.diary(span).without(case.appointment.id)
    length = case.appointment.duration_minutes
    return with_alternatives(lost, diary, length, busy.result(), caller, now, wanted.start)


def _fee_to_charge(
    case: Case, cost: Quote, diary: Diary, wanted: Move, charge_id: str, now: datetime
) -> Checkout:
    """What is written, and holds the new time, before the saved payment method is charged."""
    asked = fingerprint("charge", wanted)
    return steps.charge_for_move(case, cost, wanted.start, diary.settings.schedule, charge_id, asked, now)


def _payer(caller: Party) -> Buyer:
    return Buyer(caller.client_id, lambda _: None, Corrections(), None)


def _was_declined(charged: Checkout) -> bool:
    """Nothing was taken, and the client may approve an order instead."""
    return charged.payment.status is PaymentStatus.EXPIRED


def _moved_by(fee: Checkout, case: Case) -> Moved:
    """``case`` was read after the fee was paid."""
    if refusal := refusal_of(fee):
        raise refusal
    return Moved(Booked(case.appointment, case.payment), pending=not fee.stands)


def _ask_fee(
    shop: Shop,
    case: Case,
    cost: Quote,
    diary: Diary,
    caller: Party,
    wanted: Move,
    idempotency_key: str | None,
    now: datetime,
) -> FeeRequired:
    """Holds the new time and makes the order; the same order again for a repeat under the same key."""
    key = None if idempotency_key is None else f"fee|{idempotency_key}"
    fee_id, asked = booking_id(caller.client_id, key), fingerprint("fee", wanted)
    known = shop.payments.checkout(fee_id) if key else None
    if known is not None and known.fingerprint != asked:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
    if known is None:
        known = _hold_for_fee(shop, case, cost, diary, wanted, fee_id, asked, now)
    return FeeRequired(
        "Moving the session now costs a fee. Once you have approved it, the session moves.",
        order_id=known.payment.order_id or "",
        approve_url=known.payment.approve_url or "",
        fee=str(known.payment.amount),
        currency=known.payment.amount.currency,
        expires_at=known.hold_ends,
    )


def _hold_for_fee(
    shop: Shop,
    case: Case,
    cost: Quote,
    diary: Diary,
    wanted: Move,
    fee_id: str,
    asked: str,
    now: datetime,
) -> Checkout:
    hold = steps.hold_for(case, wanted.start, diary.settings.schedule, fee_id, now)
    created = Payment(
        id=fee_id,
        client_id=case.appointment.client.id,
        service=case.appointment.service,
        amount=Money(cost.fee, case.currency or ""),
        status=PaymentStatus.CREATED,
        created_at=now,
        updated_at=now,
    )
    order = shop.gateway.create_order(
        created,
        description="Fee for moving your session",
        return_url=shop.return_url,
        cancel_url=shop.cancel_url,
        request_id=created.order_request_id,
    )
    payment = replace(
        created,
        status=PaymentStatus.ORDERED,
        order_id=order.order_id,
        approve_url=order.approve_url,
        check_at=hold.hold_until,
    )
    checkout = Checkout(payment, hold, None, asked)
    try:
        shop.payments.hold(checkout, diary)
    except (AlreadyBooked, DiaryChanged) as changed:
        raise TooManyRequests("The coach's calendar is changing right now; please try again.") from changed
    return checkout


def _move_with_fee(
    till: Till, caller: Party, wanted: Move, fee_order_id: str, request: Request | None
) -> Moved:
    case = read_case(till.changes, caller, wanted.appointment_id, till.clock.now(), request).case
    payment_id = till.payments.order(fee_order_id).payment_id
    if payment_id is None:
        raise NotFound("There is no such order.")

    def check(fee: Checkout) -> None:
        if fee.payment.client_id != case.appointment.client.id:
            raise NotFound("There is no such order.")
        if fee.booking is None or fee.booking.moves != wanted.appointment_id:
            raise OrderMismatch("This order is for something else.")
        if fee.booking.start != wanted.start:
            raise OrderMismatch("This order holds another time.")

    buyer = Buyer(caller.client_id, check, Corrections(), request)
    fee = settle_with_patience(till, payment_id, buyer).checkout
    return _moved_by(fee, read_case(till.changes, caller, wanted.appointment_id, till.clock.now()).case)
