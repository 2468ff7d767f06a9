"""A client begins to buy: the time is held, and PayPal has an order at our price. ``POST /booking/orders``.

The order is made before the hold, not after: one call less, and no state in which a hold waits for its order. An
order whose hold is refused was never shown to anyone, so nobody can pay it.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.appointment import Appointment, AppointmentStatus, Client
from shared.domain.caller import Caller
from shared.domain.errors import IdempotencyKeyReused, InvalidInput, SlotTaken, TooManyRequests
from shared.domain.money import Money
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.service import Service
from shared.domain.time import Interval
from shared.usecases.checkout_ports import Checkout, CheckoutFacts, PaymentStore
from shared.usecases.choose_time import (
    DECISIONS,
    around,
    check_wanted,
    refuse_times_past,
    refuse_unless_open,
    with_alternatives,
)
from shared.usecases.idempotency import booking_id, fingerprint
from shared.usecases.ports import AlreadyBooked, BookingStore, Calendar, DiaryChanged, PaymentGateway

HOLD = timedelta(minutes=15)
ORDER_LIFE = timedelta(hours=3)
"""How long a buyer may take to approve an order at PayPal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What the client buys. A package has no ``start`` yet. ``phone`` is E.164, instants are UTC."""

    service: str
    currency: str
    start: datetime | None = None
    phone: str | None = None
    timezone: str | None = None
    backup_start: datetime | None = None
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shop:
    """All that buying touches."""

    payments: PaymentStore
    bookings: BookingStore
    calendar: Calendar
    gateway: PaymentGateway
    return_url: str
    cancel_url: str


def begin_checkout(
    shop: Shop, now: datetime, *, caller: Caller, wanted: Purchase, idempotency_key: str | None
) -> Checkout:
    """The open payment, with its order and the address to approve it at.

    Raises ``InvalidInput``, ``NotFound`` (no such service), ``IdempotencyKeyReused``, ``SlotNotOffered``,
    ``SlotTaken``, ``CalendarUnavailable``, ``PaymentProviderUnavailable``, ``TooManyRequests``.
    """
    _check(wanted, now)
    asked = fingerprint("orders", wanted)
    payment_id = booking_id(caller.client_id, idempotency_key)
    span = around(wanted.start or now)
    with ThreadPoolExecutor(max_workers=1) as beside:
        busy = beside.submit(shop.calendar.busy, span) if wanted.start else None
        for _ in range(DECISIONS):
            facts = shop.payments.checkout_facts(span, payment_id)
            if facts.earlier is not None:
                return _repeated(facts.earlier, asked)
            if wanted.start:
                refuse_times_past(wanted.start, wanted.backup_start, now)
            checkout = _decide(facts, busy, caller, wanted, payment_id, asked, now)
            checkout = _ordered(shop, checkout)
            try:
                shop.payments.hold(checkout, facts.diary, now)
            except (AlreadyBooked, DiaryChanged):
                continue
            except SlotTaken as lost:
                raise _lost(shop, lost, checkout, busy, caller, span, now) from lost
            return checkout
    raise TooManyRequests("The coach's calendar is changing right now; please try again.")


def _check(wanted: Purchase, now: datetime) -> None:
    if wanted.start is None:
        if wanted.phone or wanted.timezone or wanted.backup_start or wanted.answers:
            raise InvalidInput("start", "This is needed for a session, and has no place in a package.")
        return
    for name in ("phone", "timezone"):
        if getattr(wanted, name) is None:
            raise InvalidInput(name, "This is needed for a session.")
    check_wanted(wanted.start, wanted.backup_start, wanted.timezone or "", now)


def _repeated(earlier: Checkout, asked: str) -> Checkout:
    if earlier.fingerprint != asked:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
    return earlier


def _decide(
    facts: CheckoutFacts,
    busy: Future[list[Interval]] | None,
    caller: Caller,
    wanted: Purchase,
    payment_id: str,
    asked: str,
    now: datetime,
) -> Checkout:
    service = facts.diary.settings.service(wanted.service)
    paid = Payment(
        id=payment_id,
        client_id=caller.client_id,
        service=service.id,
        amount=_price(service, wanted.currency),
        status=PaymentStatus.CREATED,
        created_at=now,
        updated_at=now,
    )
    if service.sessions > 1:
        if wanted.start is not None:
            raise InvalidInput("start", "A package is bought first; its sessions are booked from it.")
        return Checkout(replace(paid, package_id=payment_id), None, asked)
    if wanted.start is None or busy is None:
        raise InvalidInput("start", "This is needed for a session.")
    refuse_unless_open(facts.diary, service, busy.result(), caller, now, wanted.start)
    booking = _held(payment_id, caller, wanted, wanted.start, service, facts, now)
    return Checkout(replace(paid, appointment_id=payment_id), booking, asked)


def _price(service: Service, currency: str) -> Money:
    for price in service.prices:
        if price.currency == currency:
            return price
    if not service.prices:
        raise InvalidInput("service", "This is not for sale.")
    raise InvalidInput("currency", "There is no price in this currency.")


def _held(
    payment_id: str,
    caller: Caller,
    wanted: Purchase,
    start: datetime,
    service: Service,
    facts: CheckoutFacts,
    now: datetime,
) -> Appointment:
    schedule = facts.diary.settings.schedule
    return Appointment(
        id=payment_id,
        client=Client(id=caller.client_id, email=caller.email, name=caller.name or None),
        service=service.id,
        status=AppointmentStatus.HELD,
        start=start,
        duration_minutes=service.duration_minutes,
        buffer_before_minutes=schedule.buffer_before_minutes,
        buffer_after_minutes=schedule.buffer_after_minutes,
        timezone=wanted.timezone or schedule.timezone,
        phone=wanted.phone or "",
        backup_start=wanted.backup_start,
        answers=dict(wanted.answers),
        payment_id=payment_id,
        hold_until=now + HOLD,
        created_at=now,
        updated_at=now,
    )


def _ordered(shop: Shop, checkout: Checkout) -> Checkout:
    """With its order at PayPal; the same order again when this request is repeated."""
    paid = checkout.payment
    order = shop.gateway.create_order(
        paid,
        description="Package of sessions" if paid.package_id else "Coaching session",
        return_url=shop.return_url,
        cancel_url=shop.cancel_url,
        request_id=paid.order_request_id,
    )
    until = checkout.booking.hold_until if checkout.booking else paid.created_at + ORDER_LIFE
    ordered = paid.become(
        PaymentStatus.ORDERED,
        paid.updated_at,
        check_at=until,
        order_id=order.order_id,
        approve_url=order.approve_url,
    )
    return replace(checkout, payment=ordered)


def _lost(
    shop: Shop,
    lost: SlotTaken,
    checkout: Checkout,
    busy: Future[list[Interval]] | None,
    caller: Caller,
    span: Interval,
    now: datetime,
) -> SlotTaken:
    if checkout.booking is None or busy is None:
        return lost
    diary = shop.bookings.diary(span)
    service = diary.settings.service(checkout.booking.service)
    return with_alternatives(lost, diary, service, busy.result(), caller, now, checkout.booking.start)
