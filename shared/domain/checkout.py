"""A checkout: a payment with the booking or package it pays for, and every step the two take together.

Each step is pure: from what was read to what shall be, with what becomes owed and what a person has to look at. The
store writes it in one transaction, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared.domain.appointment import STANDING, Appointment, AppointmentStatus
from shared.domain.attention import Attention, AttentionKind
from shared.domain.effects import FOR_PACKAGE, Effect, EffectKind, owed, owed_for_booking
from shared.domain.package import Package, PackageStatus
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.settlement import SELLER_HAS_TO_ACT, CaptureState, GivenBack

HOLD = timedelta(minutes=15)
"""How long a chosen time is kept for a buyer who has not paid yet."""

CAPTURE_HOLD = timedelta(minutes=60)
"""How long it is kept while money is being taken: longer than PayPal is normally down."""

CAPTURE_LEASE = timedelta(seconds=35)
"""How long one caller may be at PayPal before another asks what became of it: longer than PayPal is waited for, its
repeat included. Whoever is slower does no harm: PayPal knows the request by its name, the store the payment by its
version."""

ORDER_LIFE = timedelta(hours=3)
"""How long a buyer may take to approve an order. Source: https://developer.paypal.com/api/orders/v2/"""

CHARGE_REPEATABLE = timedelta(hours=5, minutes=30)
"""How long after it was begun a charge may be asked for again: PayPal remembers the request for six hours.

Source: https://developer.paypal.com/api/rest/reference/idempotency/"""

CHARGE_IN_LEDGER = timedelta(hours=9)
"""How long after it was begun a charge is in PayPal's ledger if it was made at all: that may be three hours late."""

LOOK_AGAIN = timedelta(hours=1)
"""How often PayPal is asked about what takes it days."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """The payment and the one thing it pays for share an id; ``fingerprint`` is the request's that began it.

    The fee for cancelling a package's session pays for neither: the payment names that session itself.
    """

    payment: Payment
    booking: Appointment | None
    package: Package | None
    fingerprint: str

    @property
    def hold_ends(self) -> datetime:
        """When the time is anybody's again unless the buyer has begun to pay; a package's order just ends."""
        return self.payment.created_at + (ORDER_LIFE if self.booking is None else HOLD)

    def leased(self, now: datetime) -> bool:
        """Whether somebody is at PayPal with it at this moment."""
        payment = self.payment
        return (
            payment.status in {PaymentStatus.CAPTURING, PaymentStatus.REFUNDING}
            and payment.check_at is not None
            and now < payment.check_at <= payment.updated_at + CAPTURE_LEASE
        )

    @property
    def stands(self) -> bool:
        """Whether what was paid for is the client's."""
        if self.booking is not None:
            return self.booking.status in STANDING
        return self.package is not None and self.package.status is PackageStatus.ACTIVE

    @property
    def stood(self) -> bool:
        """Whether it is, or was until somebody cancelled it."""
        return self.stands or (self.booking is not None and self.booking.cancelled_by is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What a buyer may say anew when coming back from PayPal; None leaves what was stored. ``phone`` is E.164."""

    phone: str | None = None
    timezone: str | None = None
    backup_start: datetime | None = None
    answers: Mapping[str, str] | None = None

    @property
    def spoken(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in ("phone", "timezone", "backup_start", "answers")}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Change:
    """One step: the checkout afterwards, the audit trail's word for it, and what follows from it."""

    after: Checkout
    event: str
    effects: tuple[Effect, ...] = ()
    attention: tuple[Attention, ...] = field(default=())


def begin_capture(checkout: Checkout, now: datetime, said: Corrections) -> Change:
    """The time is kept for whoever pays; nobody else may capture until the lease ends."""
    payment = checkout.payment.become(PaymentStatus.CAPTURING, now, check_at=now + CAPTURE_LEASE)
    held = {"status": AppointmentStatus.HELD, "hold_until": now + CAPTURE_HOLD, "paying": True}
    return Change(_moved(checkout, payment, booking={**said.spoken, **held}), "capture_begun")


def confirm(
    checkout: Checkout,
    capture: CaptureState,
    now: datetime,
    said: Corrections,
    *,
    answered: bool,
    saved_method: str | None = None,
) -> Change:
    """``answered`` tells that the buyer hears of it at once."""
    payment = checkout.payment.become(
        PaymentStatus.CAPTURED,
        now,
        answered=answered,
        saved_method=saved_method or checkout.payment.saved_method,
        **_adopted(checkout.payment, capture),
    )
    after = _moved(
        checkout,
        payment,
        booking={**said.spoken, "status": AppointmentStatus.CONFIRMED, "timed_at": now, **_NO_HOLD},
        package={"status": PackageStatus.ACTIVE},
    )
    booking = after.booking
    effects = owed_for_booking(booking, now) if booking else owed(payment.id, now, *FOR_PACKAGE)
    return Change(after, "confirmed", effects)


def take_fee(checkout: Checkout, capture: CaptureState, now: datetime, *, answered: bool) -> Change:
    """The fee for a move: with it the held time becomes the other appointment's, and the hold is over."""
    payment = checkout.payment.become(
        PaymentStatus.CAPTURED, now, answered=answered, **_adopted(checkout.payment, capture)
    )
    done = {"status": AppointmentStatus.COMPLETED, **_NO_HOLD}
    return Change(_moved(checkout, payment, booking=done), "fee_taken")


def take_charge(checkout: Checkout, capture: CaptureState, now: datetime) -> Change:
    """The fee for a cancelled session: what the policy keeps is all of it."""
    payment = checkout.payment.become(
        PaymentStatus.CAPTURED, now, fee=checkout.payment.amount.amount, **_adopted(checkout.payment, capture)
    )
    return Change(
        replace(checkout, payment=payment), "fee_taken", owed_for(payment, EffectKind.CLIENT_FEE_MAIL)
    )


def answer(checkout: Checkout, now: datetime, said: Corrections) -> Change:
    """It was confirmed while the buyer's page was still on its way, and now the buyer hears of it.

    What the page says anew still counts, for the coach's calendar too.
    """
    paid = checkout.payment
    payment = paid.become(paid.status, now, check_at=paid.check_at, answered=True)
    if checkout.booking is None or not said.spoken:
        return Change(replace(checkout, payment=payment), "answered")
    after = _moved(checkout, payment, booking=said.spoken)
    return Change(after, "answered", owed_for(payment, EffectKind.CALENDAR_CORRECTION))


def correct(checkout: Checkout, now: datetime, said: Corrections) -> Change | None:
    """What the page says anew while the payment is pending; None when that is nothing new, or nothing is held."""
    booking, paid = checkout.booking, checkout.payment
    if booking is None or booking.status is not AppointmentStatus.HELD:
        return None
    if replace(booking, **said.spoken) == booking:
        return None
    payment = paid.become(paid.status, now, check_at=paid.check_at)
    return Change(_moved(checkout, payment, booking=said.spoken), "corrected")


def owe_back(checkout: Checkout, capture: CaptureState, now: datetime) -> Change:
    """Paid, but the time is lost, or the order was given up: all of it goes back."""
    payment = checkout.payment.become(
        PaymentStatus.REFUND_DUE,
        now,
        check_at=now + LOOK_AGAIN,
        refund_due=checkout.payment.amount.amount,
        **_adopted(checkout.payment, capture),
    )
    kinds = [EffectKind.REFUND]
    attention: tuple[Attention, ...] = ()
    if checkout.booking is not None and not checkout.payment.given_up:
        kinds.append(EffectKind.CLIENT_TIME_LOST_MAIL)
        why = _why_lost(checkout.booking, now)
        attention = (attention_for(payment, AttentionKind.TIME_LOST, f"Paid, but {why}."),)
    return Change(_released(checkout, payment), "refund_owed", owed_for(payment, *kinds), attention)


def _why_lost(booking: Appointment, now: datetime) -> str:
    if booking.start <= now:
        return "the session's time had passed"
    return "the session could not be moved there any more" if booking.moves else "somebody else had the time"


def await_payment(checkout: Checkout, capture: CaptureState, now: datetime, said: Corrections) -> Change:
    """An eCheck or a review takes days: the time stays kept until the session, and a mail says so once.

    A fee for cancelling keeps no time, and that it is on its way was said when the session was cancelled.
    """
    booking, paid = checkout.booking, checkout.payment
    if paid.given_up or paid.cancels or (booking is not None and booking.start <= now):
        return await_payment_alone(checkout, capture, now)
    payment = _pending(checkout, capture, now)
    held = {
        **said.spoken,
        "status": AppointmentStatus.HELD,
        "hold_until": booking.start if booking else None,
        "paying": True,
    }
    effects: tuple[Effect, ...] = ()
    if checkout.payment.status is not PaymentStatus.PENDING:
        effects = owed_for(payment, EffectKind.CLIENT_PAYMENT_PENDING_MAIL)
    attention = _to_be_accepted(checkout, payment, capture)
    return Change(_moved(checkout, payment, booking=held), "payment_pending", effects, attention)


def await_payment_alone(checkout: Checkout, capture: CaptureState, now: datetime) -> Change:
    """Its time is lost already; the money, once it has come, goes back."""
    payment = _pending(checkout, capture, now)
    attention = _to_be_accepted(checkout, payment, capture)
    return Change(_released(checkout, payment), "payment_pending", attention=attention)


def _pending(checkout: Checkout, capture: CaptureState, now: datetime) -> Payment:
    return checkout.payment.become(
        PaymentStatus.PENDING, now, check_at=now + LOOK_AGAIN, **_adopted(checkout.payment, capture)
    )


def _to_be_accepted(checkout: Checkout, payment: Payment, capture: CaptureState) -> tuple[Attention, ...]:
    """Once: when it becomes pending."""
    if checkout.payment.status is PaymentStatus.PENDING or capture.reason not in SELLER_HAS_TO_ACT:
        return ()
    detail = f"PayPal waits for the coach before it takes the payment: {capture.reason}."
    return (attention_for(payment, AttentionKind.PAYMENT_PENDING, detail),)


def decline(checkout: Checkout, now: datetime, *, heard: bool) -> Change:
    """Nothing was taken. The buyer may pay otherwise while the time is kept, but not for ever.

    ``heard`` tells that the buyer hears of it at once; else a mail says so, unless it is paid by the end of the hold.
    """
    until = max(checkout.hold_ends, min(now + HOLD, checkout.payment.created_at + ORDER_LIFE))
    payment = checkout.payment.become(
        PaymentStatus.DECLINED, now, check_at=until, declines=checkout.payment.declines + 1
    )
    held = {"hold_until": until, "paying": False}
    mail = owed(payment.id, until, EffectKind.CLIENT_PAYMENT_FAILED_MAIL, sequence=payment.version)
    return Change(_moved(checkout, payment, booking=held), "payment_declined", () if heard else mail)


def back_to_the_buyer(checkout: Checkout, now: datetime) -> Change:
    """Nothing was taken, and the buyer has to approve (again): the time is kept just as long as before."""
    look_again = min(now + HOLD, checkout.hold_ends)
    payment = checkout.payment.become(PaymentStatus.ORDERED, now, check_at=look_again)
    held = {"hold_until": checkout.hold_ends, "paying": False}
    return Change(_moved(checkout, payment, booking=held), "approval_awaited")


def expire(checkout: Checkout, now: datetime) -> Change:
    """Nothing was taken, and the time is anybody's."""
    return Change(_released(checkout, checkout.payment.become(PaymentStatus.EXPIRED, now)), "expired")


def give_up(checkout: Checkout, now: datetime) -> Change:
    """The buyer's own word: unlike an order that ran out, it is not captured however late it is approved."""
    payment = checkout.payment.become(PaymentStatus.EXPIRED, now, given_up=True)
    return Change(_released(checkout, payment), "given_up")


def begin_charge(checkout: Checkout, now: datetime) -> Change:
    """One caller asks PayPal at a time."""
    return Change(_being_charged(checkout, now), "charge_begun")


def charge_again(checkout: Checkout, now: datetime) -> Change:
    """One caller asks at a time. What was held stays held just as long as it was."""
    return Change(_being_charged(checkout, now), "charge_repeated")


def _being_charged(checkout: Checkout, now: datetime) -> Checkout:
    payment = checkout.payment.become(PaymentStatus.CAPTURING, now, check_at=now + CAPTURE_LEASE)
    return replace(checkout, payment=payment)


def put_off_charge(checkout: Checkout, now: datetime) -> Change:
    """PayPal can't be asked now, and has surely taken nothing: it is begun anew."""
    payment = checkout.payment.become(PaymentStatus.CREATED, now, check_at=now)
    return Change(replace(checkout, payment=payment), "charge_put_off")


def await_ledger(checkout: Checkout, now: datetime) -> Change:
    """PayPal has forgotten the request, and its ledger does not show yet what became of it."""
    look_again = checkout.payment.created_at + CHARGE_IN_LEDGER
    payment = checkout.payment.become(PaymentStatus.CAPTURING, now, check_at=look_again)
    return Change(replace(checkout, payment=payment), "ledger_awaited")


def end_charge(checkout: Checkout, now: datetime) -> Change:
    """Nothing was taken, and should it be after all, it goes back: for a move the client is asked otherwise, and a
    cancelled session is used up.
    """
    payment = checkout.payment.become(
        PaymentStatus.EXPIRED, now, given_up=True, declines=checkout.payment.declines + 1
    )
    effects = owed_for(payment, EffectKind.CLIENT_FEE_MAIL) if payment.cancels else ()
    return Change(_released(checkout, payment), "charge_ended", effects)


def save_method(checkout: Checkout, method: str, now: datetime) -> Change:
    """It was saved with this payment, and can be charged from now on."""
    paid = checkout.payment
    payment = paid.become(paid.status, now, check_at=paid.check_at, saved_method=method)
    return Change(replace(checkout, payment=payment), "method_saved")


def deny(checkout: Checkout, now: datetime) -> Change:
    """A pending payment came to nothing."""
    payment = checkout.payment.become(PaymentStatus.DENIED, now)
    mail = EffectKind.CLIENT_FEE_MAIL if payment.cancels else EffectKind.CLIENT_PAYMENT_FAILED_MAIL
    return Change(_released(checkout, payment), "payment_denied", owed_for(payment, mail))


def found_refunded(checkout: Checkout, capture: CaptureState, back: GivenBack, now: datetime) -> Change:
    """It was captured, and all of it went back or is on its way, before anything was confirmed."""
    payment = checkout.payment.become(
        PaymentStatus.REFUNDING if back.on_its_way else PaymentStatus.REFUNDED,
        now,
        check_at=next_look(back, now),
        refund_due=back.total,
        refunded=back.done,
        **_adopted(checkout.payment, capture),
    )
    return Change(_released(checkout, payment), "refunded")


def review(checkout: Checkout, reason: str, capture: CaptureState | None, now: datetime) -> Change:
    """Not what we asked for: nothing is confirmed and nothing given back, a person has to look."""
    ends = checkout.booking.hold_until if checkout.booking else None
    taken = {} if capture is None else _adopted(checkout.payment, capture)
    payment = checkout.payment.become(PaymentStatus.NEEDS_REVIEW, now, check_at=ends, **taken)
    attention = attention_for(
        payment, AttentionKind.PAYMENT_MISMATCH, f"PayPal's order does not fit: {reason}."
    )
    return Change(replace(checkout, payment=payment), "review_needed", attention=(attention,))


def let_go(checkout: Checkout, now: datetime) -> Change:
    """Whatever a person will find, the time is not kept for it any longer."""
    return Change(_released(checkout, checkout.payment.become(checkout.payment.status, now)), "hold_ended")


_NO_HOLD: dict[str, Any] = {"hold_until": None, "paying": False}


def _released(checkout: Checkout, payment: Payment) -> Checkout:
    """Nothing is kept for it any longer."""
    ended = AppointmentStatus.CANCELLED if payment.given_up else AppointmentStatus.EXPIRED
    return _moved(
        checkout,
        payment,
        booking={"status": ended, **_NO_HOLD},
        package={"status": PackageStatus.LAPSED},
    )


def _moved(
    checkout: Checkout,
    payment: Payment,
    *,
    booking: Mapping[str, Any],
    package: Mapping[str, Any] | None = None,
) -> Checkout:
    now = payment.updated_at
    return replace(
        checkout,
        payment=payment,
        booking=replace(checkout.booking, updated_at=now, **booking) if checkout.booking else None,
        package=replace(checkout.package, updated_at=now, **package or {}) if checkout.package else None,
    )


def next_look(back: GivenBack, now: datetime) -> datetime | None:
    return now + LOOK_AGAIN if back.on_its_way else None


def _adopted(payment: Payment, capture: CaptureState) -> dict[str, Any]:
    """A charge learns of its order by its capture."""
    return {
        "order_id": payment.order_id or capture.order_id,
        "capture_id": capture.id,
        "paypal_fee": capture.fee.amount if capture.fee else None,
    }


def owed_for(payment: Payment, *kinds: EffectKind) -> tuple[Effect, ...]:
    """Numbered by the payment's version: the same may be owed again after another turn of the payment."""
    return owed(payment.id, payment.updated_at, *kinds, sequence=payment.version)


def attention_for(payment: Payment, kind: AttentionKind, detail: str) -> Attention:
    return Attention(kind=kind, subject_id=payment.id, detail=detail, noted_at=payment.updated_at)
