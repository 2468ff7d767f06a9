"""The letter an effect owes, written from what is true when it is sent."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from shared.domain.appointment import STANDING, Appointment
from shared.domain.effects import Effect, EffectKind
from shared.domain.local_time import span_of_days
from shared.domain.package import Package, PackageStatus
from shared.domain.payment import NOTHING, Payment, PaymentStatus
from shared.domain.time import Interval
from shared.usecases.ports import BookingStore, Letter, LetterKind, PaymentStore, WillNeverWork

LETTERS = {
    EffectKind.CLIENT_BOOKED_MAIL: LetterKind.CLIENT_BOOKED,
    EffectKind.COACH_BOOKED_MAIL: LetterKind.COACH_BOOKED,
    EffectKind.CLIENT_PAYMENT_PENDING_MAIL: LetterKind.CLIENT_PAYMENT_PENDING,
    EffectKind.CLIENT_PAYMENT_FAILED_MAIL: LetterKind.CLIENT_PAYMENT_FAILED,
    EffectKind.CLIENT_TIME_LOST_MAIL: LetterKind.CLIENT_TIME_LOST,
    EffectKind.CLIENT_REFUNDED_MAIL: LetterKind.CLIENT_REFUNDED,
    EffectKind.CLIENT_PACKAGE_MAIL: LetterKind.CLIENT_PACKAGE,
    EffectKind.COACH_PACKAGE_MAIL: LetterKind.COACH_PACKAGE,
}
BOOKED = frozenset({LetterKind.CLIENT_BOOKED, LetterKind.COACH_BOOKED})
GOING_BACK = frozenset(
    {
        PaymentStatus.REFUND_DUE,
        PaymentStatus.REFUNDING,
        PaymentStatus.PARTIALLY_REFUNDED,
        PaymentStatus.REFUNDED,
        PaymentStatus.REFUND_FAILED,
    }
)


def write_letter(effect: Effect, bookings: BookingStore, payments: PaymentStore) -> Letter | None:
    """None when things have moved on, and with them what there is to say.

    Raises ``WillNeverWork`` when what it was to be about is gone.
    """
    kind = LETTERS[effect.kind]
    if kind in BOOKED:
        return _of_booking(kind, effect, bookings)
    return _of_money(kind, effect, bookings, payments)


def _of_booking(kind: LetterKind, effect: Effect, bookings: BookingStore) -> Letter | None:
    booked = bookings.booked(effect.subject_id)
    if booked is None:
        raise WillNeverWork("the booking is gone")
    appointment = booked.appointment
    if appointment.sequence != effect.sequence or appointment.status not in STANDING:
        return None
    zone = bookings.settings().schedule.timezone
    return Letter(
        kind=kind,
        about=appointment,
        payment=booked.payment,
        coach_timezone=zone,
        that_day=_that_day(bookings, appointment, zone) if kind is LetterKind.COACH_BOOKED else (),
        effect_id=_tag(effect),
    )


def _of_money(
    kind: LetterKind, effect: Effect, bookings: BookingStore, payments: PaymentStore
) -> Letter | None:
    checkout = payments.checkout(effect.subject_id)
    about = (checkout.booking or checkout.package) if checkout else None
    if checkout is None or about is None:
        raise WillNeverWork("the payment is gone")
    if not _still_so(kind, about, checkout.payment):
        return None
    return Letter(
        kind=kind,
        about=about,
        payment=checkout.payment,
        coach_timezone=bookings.settings().schedule.timezone,
        effect_id=_tag(effect),
    )


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


def _tag(effect: Effect) -> str:
    return f"{effect.subject_id}.{effect.id}"
