"""The ports in memory: real implementations, held to the same contract as the real ones, and told how to fail."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.appointment import Appointment, AppointmentStatus, CalendarStatus
from shared.domain.attention import Attention
from shared.domain.changes import BookingChange, Case
from shared.domain.checkout import Change, Checkout
from shared.domain.diary import Claim, Diary, Settings
from shared.domain.effects import IN_CALENDAR, Effect, EffectStatus, lease
from shared.domain.errors import (
    CalendarUnavailable,
    IdempotencyKeyReused,
    InvalidInput,
    PackageExhausted,
    PromoAlreadyUsed,
    PromoExhausted,
    SlotTaken,
)
from shared.domain.notices import Notice
from shared.domain.package import SOLD, Package
from shared.domain.payment import Payment
from shared.domain.paypal_events import PayPalEvent
from shared.domain.promo import MISSES_WINDOW, SEED_PROMOS, Promo
from shared.domain.reconciliation import Books, Session, SoldPackage
from shared.domain.schedule import DEFAULT_SCHEDULE
from shared.domain.service import SEED_SERVICES
from shared.domain.statements import CalendarEvent
from shared.domain.time import Interval, common, minutes
from shared.usecases.ports import (
    AlreadyBooked,
    Booked,
    BookingMoved,
    Bought,
    CaseReading,
    CheckoutFacts,
    DiaryChanged,
    EarlierBooking,
    FreeBookingFacts,
    Letter,
    NoticePage,
    OrderReading,
    PackageFacts,
    PackagePage,
    Page,
    PaymentMoved,
    PromoReading,
    Received,
    Request,
    Text,
)

TO_BE_ENDED = frozenset({EffectStatus.OWED, EffectStatus.DEAD, EffectStatus.SUPPRESSED})
HAVE_THEIR_TIME = frozenset({AppointmentStatus.HELD, AppointmentStatus.CONFIRMED})


@dataclass
class FakeClock:
    at: datetime

    def now(self) -> datetime:
        return self.at

    def pause(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class FakeCalendar:
    """``others`` are the times of the coach's own events; ``failing`` makes every call fail, ``hiding`` all that read
    events. ``asked`` counts the readings of free/busy, ``looked`` those of foreign events. ``meanwhile`` happens
    once, while an event is on its way.
    """

    others: list[Interval] = field(default_factory=list)
    events: dict[str, Appointment] = field(default_factory=dict)
    failing: Exception | None = None
    hiding: bool = False
    asked: int = 0
    looked: int = 0
    meanwhile: Callable[[], object] | None = None

    def busy(self, span: Interval) -> list[Interval]:
        self.asked += 1
        if self.failing:
            raise CalendarUnavailable("down")
        ours = [each.session for each in self.events.values()]
        return common([*self.others, *ours], [span])

    def foreign(self, span: Interval) -> list[Interval]:
        self.looked += 1
        if self.failing or self.hiding:
            raise CalendarUnavailable("down")
        return [busy for busy in self.others if busy.overlaps(span)]

    def put_event(self, appointment: Appointment) -> None:
        if self.failing:
            raise self.failing
        first, self.meanwhile = self.meanwhile, None
        if first:
            first()
        self.events[appointment.id] = appointment

    def remove_event(self, appointment_id: str) -> None:
        if self.failing:
            raise self.failing
        self.events.pop(appointment_id, None)

    def written(self, span: Interval) -> list[CalendarEvent]:
        if self.failing or self.hiding:
            raise CalendarUnavailable("down")
        return [
            CalendarEvent(session_id=each.id, time=each.session)
            for each in self.events.values()
            if each.session.overlaps(span)
        ]

    def check(self) -> str:
        return "initialized"


@dataclass
class FakeMailer:
    """``fails_before`` nothing is sent; ``fails_after`` it is sent and the answer lost."""

    sent: list[Letter] = field(default_factory=list)
    fails_before: Exception | None = None
    fails_after: Exception | None = None

    def send(self, letter: Letter) -> str:
        if self.fails_before:
            raise self.fails_before
        self.sent.append(letter)
        if self.fails_after:
            raise self.fails_after
        return f"mail-{len(self.sent)}"

    def check(self) -> str:
        return "initialized"


@dataclass
class FakeTexter:
    """``fails_before`` nothing is sent; ``fails_after`` it is sent and the answer lost."""

    sent: list[Text] = field(default_factory=list)
    fails_before: Exception | None = None
    fails_after: Exception | None = None

    def send(self, text: Text) -> str:
        if self.fails_before:
            raise self.fails_before
        for number, earlier in enumerate(self.sent, 1):
            if text.again and _what_it_says(earlier) == _what_it_says(text):
                return f"text-{number}"
        self.sent.append(text)
        if self.fails_after:
            raise self.fails_after
        return f"text-{len(self.sent)}"


def _what_it_says(text: Text) -> tuple[object, ...]:
    return text.kind, text.about.id, text.about.start, text.owed_at


@dataclass
class FakeVerifier:
    """Takes every webhook for PayPal's, or none; or can't tell."""

    genuine: bool = True
    failing: Exception | None = None

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        if self.failing:
            raise self.failing
        return self.genuine


class FakeInbox:
    """The inbox and the list of what needs a person, over dictionaries."""

    def __init__(self) -> None:
        self._received: dict[str, Received] = {}
        self._handled: set[str] = set()
        self._attention: dict[str, Attention] = {}

    def receive(self, event: PayPalEvent, now: datetime) -> bool:
        self._received.setdefault(event.id, Received(replace(event, sent_at=None), now))
        return event.id not in self._handled

    def handled(self, event_id: str, now: datetime) -> None:
        if event_id in self._received:
            self._handled.add(event_id)

    def open_events(self, now: datetime) -> list[Received]:
        open_ones = [each for each in self._received.values() if each.event.id not in self._handled]
        return sorted(
            (each for each in open_ones if each.at <= now - timedelta(minutes=2)), key=lambda each: each.at
        )

    def note(self, attention: Attention) -> None:
        self._attention[attention.id] = attention

    def open_attention(self) -> list[Attention]:
        return sorted(self._attention.values(), key=lambda each: each.noted_at)


class FakeStore(FakeInbox):
    """All store ports over dictionaries, one lock for all."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._settings: Settings | None = None
        self._promos: dict[str, Promo] = {}
        self._uses: set[tuple[str, str]] = set()
        self._misses: dict[tuple[str, int], int] = {}
        self._booked: dict[str, tuple[Appointment, str]] = {}
        self._appointments: dict[str, Appointment] = {}
        self._effects: dict[tuple[str, str], Effect] = {}
        self._notices: dict[tuple[str, str], Notice] = {}
        self._cells: dict[datetime, Appointment] = {}
        self._payments: dict[str, tuple[Payment, str]] = {}
        self._look_later: dict[tuple[str, int], datetime] = {}
        """By payment and version: any change of it ends the delay."""
        self._packages: dict[str, Package] = {}
        self._orders: dict[str, str] = {}
        self._captures: dict[str, str] = {}
        self._requests: dict[str, Request] = {}
        self._forgotten_methods: set[str] = set()
        self.saved_methods = False
        self.audit: list[tuple[str, str, str]] = []
        self.details: list[str | None] = []
        self.freed: list[Interval] = []
        self._left: dict[tuple[str, int], Interval] = {}
        self._writes = 0

    def seed(self) -> None:
        services = {service.id: service for service in SEED_SERVICES}
        self._settings = self._settings or Settings(schedule=DEFAULT_SCHEDULE, services=services, version=1)
        for promo in SEED_PROMOS:
            self._promos.setdefault(promo.code, promo)

    def check(self) -> None:
        self.settings()

    def settings(self) -> Settings:
        assert self._settings is not None, "not seeded"
        return self._settings

    def change_settings(self, settings: Settings) -> None:
        self._settings = replace(settings, version=self.settings().version + 1)

    def change_promo(self, promo: Promo) -> None:
        self._promos[promo.code] = promo

    def revoke_links(self, appointment_id: str) -> None:
        """As ``docs/operating.md`` has the operator do it."""
        booking = self._appointments[appointment_id]
        self._appointments[appointment_id] = replace(booking, manage_key=booking.manage_key + 1)

    def diary(self, span: Interval) -> Diary:
        with self._lock:
            live = [each for each in self._appointments.values() if each.status in HAVE_THEIR_TIME]
            claims = [_claim(each) for each in live if each.claim.overlaps(span)]
            return Diary(
                settings=self.settings(),
                claims=tuple(claims),
                week_versions={"all": self._writes},
                freed=tuple(
                    session for session in (*self.freed, *self._left.values()) if session.overlaps(span)
                ),
            )

    def promo(self, code: str, client_id: str, now: datetime) -> PromoReading:
        return PromoReading(
            promo=self._promos.get(code),
            used_by_client=(code, client_id) in self._uses,
            misses=self._misses.get((client_id, _window(now)), 0),
        )

    def count_miss(self, client_id: str, now: datetime) -> None:
        key = (client_id, _window(now))
        self._misses[key] = self._misses.get(key, 0) + 1

    def free_booking_facts(
        self, span: Interval, code: str, client_id: str, appointment_id: str, now: datetime
    ) -> FreeBookingFacts:
        with self._lock:
            return FreeBookingFacts(
                self.diary(span), self.promo(code, client_id, now), self._earlier_booking(appointment_id)
            )

    def book_free(
        self, appointment: Appointment, fingerprint: str, relied_on: Diary, effects: Sequence[Effect]
    ) -> None:
        with self._lock:
            code = appointment.promo_code or ""
            promo = self._promos.get(code)
            if appointment.id in self._booked:
                raise AlreadyBooked
            if (code, appointment.client.id) in self._uses:
                raise PromoAlreadyUsed("used")
            if promo is None or not promo.active or not promo.remaining:
                raise PromoExhausted("exhausted")
            self._book(appointment, fingerprint, relied_on, effects)
            self._promos[code] = replace(promo, used=promo.used + 1)
            self._uses.add((code, appointment.client.id))

    def _book(
        self, appointment: Appointment, fingerprint: str, relied_on: Diary, effects: Sequence[Effect]
    ) -> None:
        self._refuse_taken(appointment, appointment.created_at)
        self._refuse_old_reading(relied_on)
        self._writes += 1
        self._booked[appointment.id] = (appointment, fingerprint)
        self._write_booking(appointment)
        self._effects |= {(effect.subject_id, effect.id): effect for effect in effects}

    def _refuse_old_reading(self, relied_on: Diary) -> None:
        if relied_on.settings.version != self.settings().version:
            raise DiaryChanged
        if self.settings().schedule.daily_limit and relied_on.week_versions != {"all": self._writes}:
            raise DiaryChanged

    def _earlier_booking(self, appointment_id: str) -> EarlierBooking | None:
        booked = self._booked.get(appointment_id)
        return None if booked is None else EarlierBooking(*booked)

    def _refuse_taken(self, wanted: Appointment, now: datetime) -> None:
        for cell in _cells(wanted):
            owner = self._cells.get(cell)
            if owner is not None and not _may_claim(owner, wanted, now):
                raise SlotTaken("taken")

    def _write_booking(self, booking: Appointment) -> None:
        """With its cells, or without them once it has no claim to its time any more."""
        self._appointments[booking.id] = booking
        self._cells = {cell: owner for cell, owner in self._cells.items() if owner.id != booking.id}
        if booking.status in HAVE_THEIR_TIME:
            self._cells |= dict.fromkeys(_cells(booking), booking)

    def claimed(self) -> dict[str, set[datetime]]:
        """By appointment, the starts of the cells it has."""
        found: dict[str, set[datetime]] = {}
        for cell, owner in self._cells.items():
            found.setdefault(owner.id, set()).add(cell)
        return found

    def promo_uses(self) -> set[tuple[str, str]]:
        """Each code with a client who has used it."""
        return set(self._uses)

    # The port PaymentStore

    def checkout_facts(self, span: Interval, payment_id: str, same_key: str | None = None) -> CheckoutFacts:
        with self._lock:
            earlier = self.checkout(payment_id)
            booked = payment_id in self._appointments and earlier is None
            elsewhere = same_key in self._payments or same_key in self._appointments
            return CheckoutFacts(self.diary(span), earlier, booked or elsewhere)

    def checkout(self, payment_id: str) -> Checkout | None:
        with self._lock:
            if payment_id not in self._payments:
                return None
            payment, fingerprint = self._payments[payment_id]
            booking, package = self._appointments.get(payment_id), self._packages.get(payment_id)
            return Checkout(payment, booking, package, fingerprint)

    def order(self, order_id: str, request_id: str | None = None) -> OrderReading:
        return OrderReading(self._orders.get(order_id), self._asked(request_id))

    def payment_of_capture(self, capture_id: str) -> str | None:
        return self._captures.get(capture_id)

    def due_payments(self, now: datetime) -> list[str]:
        waiting = [(payment, payment.check_at) for payment, _ in self._payments.values() if payment.check_at]
        looks = [
            (max(check_at, self._look_later.get((payment.id, payment.version), check_at)), payment.id)
            for payment, check_at in waiting
        ]
        return [payment_id for at, payment_id in sorted(looks) if at <= now]

    def look_later(self, payment_id: str, at: datetime) -> None:
        payment, _ = self._payments[payment_id]
        self._look_later[payment_id, payment.version] = at

    def forget_method(self, method: str, now: datetime) -> None:
        self._forgotten_methods.add(method)

    def hold(self, checkout: Checkout, relied_on: Diary, *, request: Request | None = None) -> None:
        with self._lock:
            payment = checkout.payment
            if payment.id in self._payments or payment.id in self._appointments:
                raise AlreadyBooked
            if payment.order_id in self._orders:
                raise AlreadyBooked
            if checkout.booking is not None:
                self._refuse_taken(checkout.booking, payment.created_at)
            self._refuse_old_reading(relied_on)
            self._claim_key(request)
            self._writes += 1
            if payment.order_id:
                self._orders[payment.order_id] = payment.id
            if checkout.booking is not None:
                self._booked[payment.id] = (checkout.booking, checkout.fingerprint)
            self._write_checkout(checkout)
            self.audit.append((payment.id, "ordered", payment.client_id))

    def change(self, before: Checkout, change: Change, *, actor: str, request: Request | None = None) -> None:
        with self._lock:
            after = change.after
            payment = after.payment
            seen = self.checkout(payment.id)
            if seen is None or seen.payment.version != before.payment.version:
                raise PaymentMoved
            self._refuse_key_reuse(request)
            if self._orders.get(payment.order_id or "", payment.id) != payment.id:
                raise PaymentMoved
            if payment.capture_id and self._captures.get(payment.capture_id, payment.id) != payment.id:
                raise PaymentMoved
            booking = after.booking
            if booking is not None and booking != before.booking and booking.status in HAVE_THEIR_TIME:
                self._refuse_taken(booking, booking.updated_at)
            if _status(seen) != _status(before):
                raise PaymentMoved
            self._refuse_owed_before(change.effects)
            self._claim_key(request)
            if payment.order_id:
                self._orders[payment.order_id] = payment.id
            if payment.capture_id:
                self._captures[payment.capture_id] = payment.id
            self._writes += 1
            self._write_checkout(after)
            self._effects |= {(effect.subject_id, effect.id): effect for effect in change.effects}
            for attention in change.attention:
                self.note(attention)
            self.audit.append((payment.id, change.event, actor))

    # The port ChangeStore

    def case(self, appointment_id: str, request_id: str | None = None) -> CaseReading:
        with self._lock:
            earlier, request = self._asked(request_id), self._requests.get(request_id or "")
            answer = request.answer if request else None
            appointment = self._appointments.get(appointment_id)
            if appointment is None:
                return CaseReading(None, earlier, answer)
            if appointment.package_id is None:
                payment, _ = self._payments.get(appointment_id, (None, ""))
                case = Case(appointment, payment, saved_method=self._method(payment))
                return CaseReading(case, earlier, answer)
            paid, _ = self._payments.get(appointment.package_id, (None, ""))
            package = self._packages.get(appointment.package_id)
            method = self._method(paid)
            fee, _ = self._payments.get(appointment.payment_id or "", (None, ""))
            case = Case(appointment, package=package, package_payment=paid, saved_method=method, fee=fee)
            return CaseReading(case, earlier, answer)

    def _method(self, paid: Payment | None) -> str | None:
        if paid is None or not self.saved_methods or paid.saved_method in self._forgotten_methods:
            return None
        return paid.saved_method

    def change_booking(
        self,
        case: Case,
        change: BookingChange,
        *,
        actor: str,
        relied_on: Diary | None = None,
        request: Request | None = None,
    ) -> None:
        with self._lock:
            self._refuse_stale(case)
            if relied_on is not None:
                self._refuse_taken(change.after, change.after.updated_at)
                self._refuse_old_reading(relied_on)
            if change.charge is not None and change.charge.payment.id in self._payments:
                raise BookingMoved
            self._refuse_owed_before(change.effects)
            self._claim_key(request)
            if change.charge is not None:
                self._write_checkout(change.charge)
            self._apply(case, change, actor)

    def return_credit(
        self, fee: Checkout, paid: Change, case: Case, change: BookingChange, *, actor: str
    ) -> None:
        with self._lock:
            self._refuse_stale(case)
            self.change(fee, paid, actor=actor)
            self._apply(case, change, actor)

    def move_paid(
        self, fee: Checkout, paid: Change, case: Case, change: BookingChange, *, actor: str
    ) -> None:
        with self._lock:
            self._refuse_stale(case)
            hold = self._appointments[fee.payment.id]
            self._cells = {cell: owner for cell, owner in self._cells.items() if owner.id != hold.id}
            try:
                self._refuse_taken(change.after, change.after.updated_at)
                self.change(fee, paid, actor=actor)
            except (SlotTaken, PaymentMoved):
                self._write_booking(hold)
                raise
            self._apply(case, change, actor)

    def _refuse_owed_before(self, effects: Iterable[Effect]) -> None:
        if any((each.subject_id, each.id) in self._effects for each in effects):
            raise AlreadyBooked

    def _asked(self, request_id: str | None) -> str | None:
        request = self._requests.get(request_id or "")
        return request.fingerprint if request else None

    def _claim_key(self, request: Request | None) -> None:
        self._refuse_key_reuse(request)
        if request:
            self._requests[request.id] = request

    def _refuse_key_reuse(self, request: Request | None) -> None:
        if request and self._asked(request.id) not in {None, request.fingerprint}:
            raise IdempotencyKeyReused("reused")

    def _refuse_stale(self, case: Case) -> None:
        seen = self.case(case.appointment.id).case
        assert seen is not None
        key = (seen.appointment.status, seen.appointment.sequence, seen.payment and seen.payment.version)
        before = case.appointment
        if key != (before.status, before.sequence, case.payment and case.payment.version):
            raise BookingMoved

    def _apply(self, case: Case, change: BookingChange, actor: str) -> None:
        before, after = case.appointment, change.after
        self._writes += 1
        self._write_booking(after)
        if after.session != before.session or after.status is not before.status:
            self._left[before.id, before.sequence] = before.session
        if change.payment is not None:
            self._payments[after.id] = (change.payment, self._payments[after.id][1])
        if change.returns and after.package_id:
            package = self._packages[after.package_id]
            self._packages[package.id] = replace(package, sessions_used=package.sessions_used - 1)
        elif change.returns and after.promo_code:
            promo = self._promos[after.promo_code]
            self._promos[promo.code] = replace(promo, used=promo.used - 1)
            self._uses.discard((promo.code, after.client.id))
        self._effects |= {(effect.subject_id, effect.id): effect for effect in change.effects}
        self.audit.append((after.id, change.event, actor))
        self.details.append(change.detail)

    def _write_checkout(self, checkout: Checkout) -> None:
        self._payments[checkout.payment.id] = (checkout.payment, checkout.fingerprint)
        if checkout.booking is not None and checkout.booking != self._appointments.get(checkout.payment.id):
            self._write_booking(checkout.booking)
        if checkout.package is not None:
            known = self._packages.get(checkout.package.id, checkout.package)
            self._packages[known.id] = replace(checkout.package, sessions_used=known.sessions_used)

    # The port BookReader

    def books(self) -> Books:
        with self._lock:
            sessions = (
                Session(
                    id=each.id,
                    status=each.status,
                    time=each.session,
                    calendar_status=each.calendar_status,
                    updated_at=each.updated_at,
                    payment_id=each.payment_id,
                )
                for each in self._appointments.values()
            )
            return Books(
                payments={own: payment for own, (payment, _) in self._payments.items()},
                sessions={session.id: session for session in sessions},
                packages={
                    own: SoldPackage(id=own, status=each.status, updated_at=each.updated_at)
                    for own, each in self._packages.items()
                },
            )

    # The port PackageStore

    def put_package(self, package: Package, payment: Payment) -> None:
        """As if it had been bought."""
        self._packages[package.id] = package
        self._payments[payment.id] = (payment, "asked")

    def packages_of(self, client_id: str, cursor: str | None, limit: int) -> PackagePage:
        own = [each for each in self._packages.values() if each.client.id == client_id]
        own.sort(key=lambda each: (each.created_at, each.id), reverse=True)
        begin = 0 if cursor is None else _read_cursor(cursor)
        listed = [each for each in own[begin : begin + limit] if each.status in SOLD]
        more = _cursor(begin + limit) if begin + limit < len(own) else None
        return PackagePage(tuple(Bought(each, self._payments[each.id][0]) for each in listed), more)

    def package_facts(self, span: Interval, package_id: str, appointment_id: str) -> PackageFacts:
        with self._lock:
            package, earlier = self._packages.get(package_id), self._earlier_booking(appointment_id)
            return PackageFacts(self.diary(span), package, earlier)

    def book_from_package(
        self, appointment: Appointment, fingerprint: str, relied_on: Diary, effects: Sequence[Effect]
    ) -> None:
        with self._lock:
            package = self._packages.get(appointment.package_id or "")
            if appointment.id in self._appointments:
                raise AlreadyBooked
            if (
                package is None
                or package.client.id != appointment.client.id
                or not package.sessions_remaining
            ):
                raise PackageExhausted("exhausted")
            self._book(appointment, fingerprint, relied_on, effects)
            self._packages[package.id] = replace(package, sessions_used=package.sessions_used + 1)

    # Bookings

    def appointment(self, appointment_id: str) -> Appointment | None:
        return self._appointments.get(appointment_id)

    def booked(self, appointment_id: str) -> Booked | None:
        appointment = self._appointments.get(appointment_id)
        return None if appointment is None else self._with_payment(appointment)

    def _is_listed(self, appointment: Appointment) -> bool:
        payment = self._with_payment(appointment).payment
        given_up = payment is not None and payment.given_up
        return appointment.status is not AppointmentStatus.EXPIRED and not given_up and not appointment.moves

    def _with_payment(self, appointment: Appointment) -> Booked:
        payment, _ = self._payments.get(appointment.payment_id or appointment.id, (None, ""))
        return Booked(appointment, payment)

    def appointments(self, ids: Sequence[str]) -> list[Appointment]:
        return [self._appointments[each] for each in ids if each in self._appointments]

    def appointments_of(self, client_id: str, now: datetime, cursor: str | None, limit: int) -> Page:
        listed = [each for each in self._appointments.values() if self._is_listed(each)]
        own = [each for each in listed if each.client.id == client_id]
        upcoming = sorted((each for each in own if each.start >= now), key=lambda each: each.start)
        past = sorted((each for each in own if each.start < now), key=lambda each: each.start, reverse=True)
        listed = [*upcoming, *past]
        begin = 0 if cursor is None else _read_cursor(cursor)
        end = begin + limit
        more = _cursor(end) if end < len(listed) else None
        shown = [each for each in listed[begin:end] if each.status_at(now) is not AppointmentStatus.EXPIRED]
        return Page(tuple(self._with_payment(each) for each in shown), more)

    def owe(self, effects: Sequence[Effect]) -> int:
        with self._lock:
            new = {
                (each.subject_id, each.id): each
                for each in effects
                if (each.subject_id, each.id) not in self._effects
            }
            self._effects |= new
            return len(new)

    def effects_of(self, subject_id: str) -> list[Effect]:
        return [effect for (subject, _), effect in self._effects.items() if subject == subject_id]

    def due_effects(self, now: datetime) -> list[tuple[str, str]]:
        return [key for key, effect in self._effects.items() if _due(effect, now)]

    def effect(self, subject_id: str, effect_id: str) -> Effect:
        return self._effects[subject_id, effect_id]

    def lease_effect(self, subject_id: str, effect_id: str, now: datetime) -> Effect | None:
        with self._lock:
            effect = self._effects.get((subject_id, effect_id))
            if effect is None or not _due(effect, now):
                return None
            leased = replace(effect, due_at=now + lease(effect_id), attempts=effect.attempts + 1)
            self._effects[subject_id, effect_id] = leased
            return leased

    def postpone_effect(self, effect: Effect, due_at: datetime, error: str) -> None:
        self._change_mine(effect, due_at=due_at, last_error=error)

    def bury_effect(self, effect: Effect, error: str) -> None:
        self._change_mine(effect, status=EffectStatus.DEAD, last_error=error)
        self._note_calendar(effect, CalendarStatus.FAILED)

    def finish_effect(self, effect: Effect, now: datetime, provider_id: str | None) -> None:
        self._note_calendar(effect, CalendarStatus.WRITTEN)
        if effect.left is not None:
            self._left.pop((effect.subject_id, effect.sequence - 1), None)
        self.confirm_sent(effect.subject_id, effect.id, provider_id or "-", now)

    def suppress_effect(self, effect: Effect, now: datetime, reason: str) -> None:
        self._change_mine(effect, status=EffectStatus.SUPPRESSED, last_error=reason, done_at=now)

    def confirm_sent(self, subject_id: str, effect_id: str, provider_id: str, now: datetime) -> None:
        effect = self._effects.get((subject_id, effect_id))
        if effect is not None and effect.status in TO_BE_ENDED:
            done = replace(
                effect, status=EffectStatus.DONE, provider_id=provider_id, last_error=None, done_at=now
            )
            self._effects[subject_id, effect_id] = done

    def note_undelivered(
        self, subject_id: str, effect_id: str, provider_id: str, status: EffectStatus, error: str
    ) -> bool:
        effect = self._effects.get((subject_id, effect_id))
        if effect is None:
            return False
        noted = replace(effect, status=status, provider_id=provider_id, last_error=error)
        self._effects[subject_id, effect_id] = noted
        return True

    # The port NoticeStore

    def post(self, notice: Notice) -> None:
        self._notices.setdefault((notice.client_id, notice.id), notice)

    def notices_of(self, client_id: str, cursor: str | None, limit: int) -> NoticePage:
        own = [each for (reader, _), each in self._notices.items() if reader == client_id]
        own.sort(key=lambda each: (each.noted_at, each.id), reverse=True)
        begin = 0 if cursor is None else _read_cursor(cursor)
        end = begin + limit
        return NoticePage(tuple(own[begin:end]), _cursor(end) if end < len(own) else None)

    def notices_about(self, client_id: str, subject_id: str) -> list[Notice]:
        own = [each for (reader, _), each in self._notices.items() if reader == client_id]
        return [each for each in own if each.id.startswith(f"{subject_id}.")]

    def read_notice(self, client_id: str, notice_id: str) -> Notice | None:
        notice = self._notices.get((client_id, notice_id))
        if notice is None:
            return None
        self._notices[client_id, notice_id] = replace(notice, read=True)
        return self._notices[client_id, notice_id]

    def _change_mine(self, effect: Effect, **changes: object) -> None:
        key = (effect.subject_id, effect.id)
        now = self._effects[key]
        if now.status is EffectStatus.OWED and now.attempts == effect.attempts:
            self._effects[key] = replace(now, **changes)  # type: ignore[arg-type]

    def _note_calendar(self, effect: Effect, status: CalendarStatus) -> None:
        if effect.kind in IN_CALENDAR:
            booked = self._appointments[effect.subject_id]
            self._appointments[booked.id] = replace(booked, calendar_status=status)


def _claim(appointment: Appointment) -> Claim:
    return Claim(
        appointment.id,
        appointment.client.id,
        appointment.claim,
        appointment.start,
        appointment.hold_until,
        appointment.paying,
    )


def _cells(appointment: Appointment) -> list[datetime]:
    start, end = appointment.claim
    cells = [start + minutes(5 * n) for n in range((end - start) // minutes(5))]
    had = appointment.leaves
    return [cell for cell in cells if had is None or not had.start <= cell < had.end]


def _may_claim(owner: Appointment, wanted: Appointment, now: datetime) -> bool:
    if owner.id == wanted.id:
        return True
    if owner.hold_until is None:
        return False
    return owner.hold_until < now or (not owner.paying and owner.client.id == wanted.client.id)


def _status(checkout: Checkout) -> tuple[object, object]:
    """What a change of a booking or package is conditional on."""
    return (
        checkout.booking.status if checkout.booking else None,
        checkout.package.status if checkout.package else None,
    )


def _due(effect: Effect, now: datetime) -> bool:
    return effect.status is EffectStatus.OWED and effect.due_at <= now


def _window(now: datetime) -> int:
    return int(now.timestamp() // MISSES_WINDOW.total_seconds())


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def _read_cursor(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except ValueError:
        raise InvalidInput("cursor", "this is no cursor of this list") from None
