"""The letter an effect owes, written from what is true when it is sent."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from shared.domain.appointment import STANDING, Actor, Appointment, AppointmentStatus
from shared.domain.changes import quoted
from shared.domain.checkout import Checkout
from shared.domain.effects import Effect, EffectKind
from shared.domain.local_time import span_of_days
from shared.domain.money import Money
from shared.domain.package import Package, PackageStatus
from shared.domain.payment import NOTHING, Payment, PaymentStatus
from shared.domain.policy import Action
from shared.domain.reminders import worth_sending
from shared.domain.time import Interval
from shared.usecases.ports import (
    BookingStore,
    ChangeStore,
    Letter,
    LetterKind,
    NotToBeSent,
    PaymentStore,
    WillNeverWork,
)
from shared.usecases.till import Till

LETTERS = {
    EffectKind.CLIENT_BOOKED_MAIL: LetterKind.CLIENT_BOOKED,
    EffectKind.COACH_BOOKED_MAIL: LetterKind.COACH_BOOKED,
    EffectKind.CLIENT_MOVED_MAIL: LetterKind.CLIENT_MOVED,
    EffectKind.COACH_MOVED_MAIL: LetterKind.COACH_MOVED,
    EffectKind.CLIENT_CANCELLED_MAIL: LetterKind.CLIENT_CANCELLED,
    EffectKind.COACH_CANCELLED_MAIL: LetterKind.COACH_CANCELLED,
    EffectKind.CLIENT_REMINDER_MAIL: LetterKind.CLIENT_REMINDER,
    EffectKind.CLIENT_PAYMENT_PENDING_MAIL: LetterKind.CLIENT_PAYMENT_PENDING,
    EffectKind.CLIENT_PAYMENT_FAILED_MAIL: LetterKind.CLIENT_PAYMENT_FAILED,
    EffectKind.CLIENT_TIME_LOST_MAIL: LetterKind.CLIENT_TIME_LOST,
    EffectKind.CLIENT_REFUNDED_MAIL: LetterKind.CLIENT_REFUNDED,
    EffectKind.CLIENT_FEE_MAIL: LetterKind.CLIENT_FEE,
    EffectKind.CLIENT_PACKAGE_MAIL: LetterKind.CLIENT_PACKAGE,
    EffectKind.COACH_PACKAGE_MAIL: LetterKind.COACH_PACKAGE,
}
OF_BOOKINGS = frozenset(
    {
        LetterKind.CLIENT_BOOKED,
        LetterKind.COACH_BOOKED,
        LetterKind.CLIENT_MOVED,
        LetterKind.COACH_MOVED,
        LetterKind.CLIENT_CANCELLED,
        LetterKind.COACH_CANCELLED,
        LetterKind.CLIENT_REMINDER,
    }
)
WITH_THE_DAY = frozenset({LetterKind.COACH_BOOKED, LetterKind.COACH_MOVED, LetterKind.COACH_CANCELLED})
GOING_BACK = frozenset(
    {
        PaymentStatus.REFUND_DUE,
        PaymentStatus.REFUNDING,
        PaymentStatus.PARTIALLY_REFUNDED,
        PaymentStatus.REFUNDED,
        PaymentStatus.REFUND_FAILED,
    }
)


OVERTAKEN = "overtaken by later changes"
"""Things have moved on, and with them what there is to say."""


def write_letter(effect: Effect, bookings: BookingStore, till: Till) -> Letter:
    """Raises ``NotToBeSent`` when it is overtaken, ``WillNeverWork`` when what it was to be about is gone."""
    kind = LETTERS[effect.kind]
    if kind in OF_BOOKINGS:
        return _of_booking(kind, effect, bookings, till)
    return _of_money(kind, effect, bookings, till.payments)


def _of_booking(kind: LetterKind, effect: Effect, bookings: BookingStore, till: Till) -> Letter:
    booked = bookings.booked(effect.subject_id)
    if booked is None:
        raise WillNeverWork("the booking is gone")
    appointment, now = booked.appointment, till.clock.now()
    if appointment.sequence != effect.sequence or not stands_so(kind, effect, appointment, now):
        raise NotToBeSent(OVERTAKEN)
    zone, reminds = bookings.settings().schedule.timezone, kind is LetterKind.CLIENT_REMINDER
    return Letter(
        kind=kind,
        about=appointment,
        payment=booked.payment,
        coach_timezone=zone,
        that_day=_that_day(bookings, appointment, zone) if kind in WITH_THE_DAY else (),
        change_fee=_change_fee(till.changes, appointment.id, now) if reminds else None,
        effect_id=effect.ref,
    )


def stands_so(kind: LetterKind, effect: Effect, appointment: Appointment, now: datetime) -> bool:
    """Whether it is still true what the letter or text says."""
    match kind:
        case LetterKind.CLIENT_CANCELLED | LetterKind.COACH_CANCELLED:
            return appointment.status is AppointmentStatus.CANCELLED
        case LetterKind.CLIENT_REMINDER:
            return worth_sending(effect, appointment, now)
        case _:
            return appointment.status in STANDING


def _change_fee(changes: ChangeStore, appointment_id: str, now: datetime) -> Money | None:
    """By the policy, cancelling costs what moving does."""
    case = changes.case(appointment_id).case
    if case is None or case.currency is None:
        return None
    fee = quoted(case, Action.RESCHEDULE, Actor.CLIENT, now).fee
    return Money(fee, case.currency) if fee else None


def _of_money(kind: LetterKind, effect: Effect, bookings: BookingStore, payments: PaymentStore) -> Letter:
    checkout = payments.checkout(effect.subject_id)
    about = _paid_for(checkout, bookings) if checkout else None
    if checkout is None or about is None:
        raise WillNeverWork("the payment is gone")
    if not _still_so(kind, about, checkout.payment):
        raise NotToBeSent(OVERTAKEN)
    return Letter(
        kind=kind,
        about=about,
        payment=checkout.payment,
        coach_timezone=bookings.settings().schedule.timezone,
        effect_id=effect.ref,
    )


def _paid_for(checkout: Checkout, bookings: BookingStore) -> Appointment | Package | None:
    """The fee for cancelling is about the session that was cancelled."""
    if checkout.payment.cancels is not None:
        return bookings.appointment(checkout.payment.cancels)
    return checkout.booking or checkout.package


def _still_so(kind: LetterKind, about: Appointment | Package, payment: Payment) -> bool:
    match kind:
        case LetterKind.CLIENT_PAYMENT_PENDING:
            return payment.status is PaymentStatus.PENDING
        case LetterKind.CLIENT_PAYMENT_FAILED:
            declined = payment.status in {PaymentStatus.DECLINED, PaymentStatus.EXPIRED}
            tried = payment.declines > 0 and not payment.given_up
            return payment.status is PaymentStatus.DENIED or (declined and tried)
        case LetterKind.CLIENT_TIME_LOST:
            return payment.status in GOING_BACK
        case LetterKind.CLIENT_REFUNDED:
            return payment.refunded > NOTHING
        case LetterKind.CLIENT_FEE:
            return bool(payment.fee) or payment.status in {PaymentStatus.EXPIRED, PaymentStatus.DENIED}
        case _:
            return about.status is PackageStatus.ACTIVE


def _that_day(store: BookingStore, appointment: Appointment, zone: str) -> tuple[Appointment, ...]:
    """The coach's other standing sessions on the local day of this one, in order."""
    day = appointment.start.astimezone(ZoneInfo(zone)).date()
    span: Interval = span_of_days(zone, day, day)
    claims = [claim for claim in store.diary(span).claims if span.start <= claim.session_start < span.end]
    ids = [claim.appointment_id for claim in claims if claim.appointment_id != appointment.id]
    others = [each for each in store.appointments(ids) if each.status in STANDING]
    return tuple(sorted(others, key=lambda each: each.start))
