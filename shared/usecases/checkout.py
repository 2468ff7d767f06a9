"""A client begins to buy: the time is held, and PayPal has an order at our price. ``POST /booking/orders``.

Four calls lie on the client's path: one read of all that decides, Google beside it, PayPal's order, one transaction.
The order is made before the hold: that saves a call, and a state in which a hold waits for its order. An order whose
hold is refused was never shown to anyone, so nobody can pay it.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from shared.domain.appointment import Appointment, AppointmentStatus, Client
from shared.domain.caller import Caller
from shared.domain.checkout import HOLD, Checkout
from shared.domain.diary import Diary
from shared.domain.errors import IdempotencyKeyReused, InvalidInput, SlotTaken, TooManyRequests
from shared.domain.money import Money
from shared.domain.package import Package, PackageStatus
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.service import Service
from shared.domain.time import Interval
from shared.usecases.choose_time import (
    DECISIONS,
    around,
    check_wanted,
    refuse_times_past,
    refuse_unless_open,
    with_alternatives,
)
from shared.usecases.idempotency import booking_id, fingerprint, package_id, unless_by_its_twin
from shared.usecases.ports import (
    AlreadyBooked,
    BookingStore,
    Calendar,
    CheckoutFacts,
    DiaryChanged,
    PaymentGateway,
    PaymentStore,
)

HOLDS_OF_ONE_CLIENT = 5
"""How many times one client may hold at once around the same days: nobody empties the coach's week unpaid."""


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
    sms_consent: bool = False

    @property
    def of_session(self) -> bool:
        """Whether anything in it is about one session."""
        details = (self.phone, self.timezone, self.backup_start, self.answers, self.sms_consent)
        return self.start is not None or any(details)


@dataclass(frozen=True, slots=True)
class Shop:
    """All that buying touches. The addresses are where PayPal sends the buyer back to."""

    payments: PaymentStore
    bookings: BookingStore
    calendar: Calendar
    gateway: PaymentGateway
    return_url: str
    cancel_url: str


def begin_checkout(
    shop: Shop, now: datetime, *, caller: Caller, wanted: Purchase, idempotency_key: str | None
) -> Checkout:
    """The open payment with its order and the address to approve it at; the same for a repeat under the same key.

    Raises ``InvalidInput``, ``NotFound`` (no such service), ``IdempotencyKeyReused``, ``SlotNotOffered``,
    ``SlotTaken`` with times nearby, ``CalendarUnavailable``, ``PaymentProviderUnavailable``, ``TooManyRequests`` and
    ``TemporarilyUnavailable``.
    """
    asked = fingerprint("orders", wanted)
    of_session = booking_id(caller.client_id, idempotency_key)
    of_package = package_id(caller.client_id, idempotency_key)
    if wanted.start is None:
        return _sell_package(shop, now, caller, wanted, asked, of_package, of_session)
    check_wanted(wanted.start, wanted.backup_start, wanted.timezone or "", now)
    return _sell_session(shop, now, caller, wanted, wanted.start, asked, of_session, of_package)


def _sell_session(
    shop: Shop,
    now: datetime,
    caller: Caller,
    wanted: Purchase,
    start: datetime,
    asked: str,
    payment_id: str,
    same_key: str,
) -> Checkout:
    span = around(start)
    look = partial(shop.payments.checkout_facts, span, payment_id, same_key)
    with ThreadPoolExecutor(max_workers=1) as beside:
        busy = beside.submit(shop.calendar.busy, span)
        for _ in range(DECISIONS):
            facts = look()
            if (earlier := _earlier(facts, asked)) is not None:
                return earlier
            refuse_times_past(start, wanted.backup_start, now)
            service = facts.diary.settings.service(wanted.service)
            if service.sessions > 1:
                raise InvalidInput("start", "A package is bought first; its sessions are booked from it.")
            price = _price(service, wanted.currency)
            length = service.duration_minutes
            try:
                with unless_by_its_twin(lambda: look().earlier):
                    _refuse_hoarding(facts.diary, caller, now)
                    refuse_unless_open(shop.calendar, facts.diary, length, busy.result(), caller, now, start)
            except AlreadyBooked:
                continue
            booking = _held(payment_id, caller, wanted, start, service, facts.diary, now)
            payment = _ordered(shop, payment_id, caller, service, price, now)
            checkout = Checkout(payment, booking, None, asked)
            try:
                shop.payments.hold(checkout, facts.diary)
            except (AlreadyBooked, DiaryChanged):
                continue
            except SlotTaken as lost:
                raise _nearby(shop, lost, service, busy, span, caller, now, start) from lost
            return checkout
    raise TooManyRequests("The coach's calendar is changing right now; please try again.")


def _sell_package(
    shop: Shop,
    now: datetime,
    caller: Caller,
    wanted: Purchase,
    asked: str,
    payment_id: str,
    same_key: str,
) -> Checkout:
    for _ in range(DECISIONS):
        facts = shop.payments.checkout_facts(Interval(now, now), payment_id, same_key)
        if (earlier := _earlier(facts, asked)) is not None:
            return earlier
        service = facts.diary.settings.service(wanted.service)
        price = _price(service, wanted.currency)
        if service.sessions == 1:
            raise InvalidInput("start", "A session needs its time.")
        if wanted.of_session:
            raise InvalidInput("start", "A package has no time yet; its sessions are booked from it.")
        package = _package(payment_id, caller, service, now)
        payment = _ordered(shop, payment_id, caller, service, price, now)
        checkout = Checkout(payment, None, package, asked)
        try:
            shop.payments.hold(checkout, facts.diary)
        except (AlreadyBooked, DiaryChanged):
            continue
        return checkout
    raise TooManyRequests("The coach's prices are changing right now; please try again.")


def _earlier(facts: CheckoutFacts, asked: str) -> Checkout | None:
    used_for_another = facts.earlier is not None and facts.earlier.fingerprint != asked
    if used_for_another or facts.key_used_elsewhere:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
    return facts.earlier


def _price(service: Service, currency: str) -> Money:
    if not service.prices:
        raise InvalidInput("service", "This is not for sale.")
    for price in service.prices:
        if price.currency == currency:
            return price
    raise InvalidInput("currency", "There is no price in this currency.")


def _refuse_hoarding(diary: Diary, caller: Caller, now: datetime) -> None:
    own = [each for each in diary.claims if each.client_id == caller.client_id and each.is_held(now)]
    if len(own) >= HOLDS_OF_ONE_CLIENT:
        raise TooManyRequests(
            "You are holding several times already. Pay for one, or wait until they are free again.",
            seconds=int(HOLD.total_seconds()),
        )


def _held(
    payment_id: str,
    caller: Caller,
    wanted: Purchase,
    start: datetime,
    service: Service,
    diary: Diary,
    now: datetime,
) -> Appointment:
    schedule = diary.settings.schedule
    if wanted.phone is None or wanted.timezone is None:
        raise InvalidInput("phone" if wanted.phone is None else "timezone", "A session needs this.")
    return Appointment(
        id=payment_id,
        client=_client(caller),
        service=service.id,
        status=AppointmentStatus.HELD,
        start=start,
        duration_minutes=service.duration_minutes,
        buffer_before_minutes=schedule.buffer_before_minutes,
        buffer_after_minutes=schedule.buffer_after_minutes,
        timezone=wanted.timezone,
        phone=wanted.phone,
        backup_start=wanted.backup_start,
        answers=dict(wanted.answers),
        sms_consent_at=now if wanted.sms_consent else None,
        payment_id=payment_id,
        hold_until=now + HOLD,
        created_at=now,
        updated_at=now,
    )


def _package(payment_id: str, caller: Caller, service: Service, now: datetime) -> Package:
    return Package(
        id=payment_id,
        client=_client(caller),
        service=service.id,
        status=PackageStatus.ORDERED,
        sessions_total=service.sessions,
        duration_minutes=service.duration_minutes,
        created_at=now,
        updated_at=now,
    )


def _client(caller: Caller) -> Client:
    return Client(id=caller.client_id, email=caller.email, name=caller.name or None)


def _ordered(
    shop: Shop, payment_id: str, caller: Caller, service: Service, price: Money, now: datetime
) -> Payment:
    """With its order at PayPal; the same order again when this request is repeated."""
    created = Payment(
        id=payment_id,
        client_id=caller.client_id,
        service=service.id,
        amount=price,
        status=PaymentStatus.CREATED,
        created_at=now,
        updated_at=now,
    )
    order = shop.gateway.create_order(
        created,
        description=service.name,
        return_url=shop.return_url,
        cancel_url=shop.cancel_url,
        request_id=created.order_request_id,
        vault=True,
    )
    paid = replace(
        created, status=PaymentStatus.ORDERED, order_id=order.order_id, approve_url=order.approve_url
    )
    return replace(paid, check_at=now + HOLD)


def _nearby(
    shop: Shop,
    lost: SlotTaken,
    service: Service,
    busy: Future[list[Interval]],
    span: Interval,
    caller: Caller,
    now: datetime,
    start: datetime,
) -> SlotTaken:
    diary = shop.bookings.diary(span)
    return with_alternatives(lost, diary, service.duration_minutes, busy.result(), caller, now, start)
