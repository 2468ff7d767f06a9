"""Mails about money: each is sent only while what it says is so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain.appointment import AppointmentStatus
from shared.domain.checkout import Change, Checkout
from shared.domain.effects import EffectKind, EffectStatus, owed
from shared.domain.package import PackageStatus
from shared.domain.payment import NOTHING, PaymentStatus
from shared.usecases.ports import LetterKind
from tests.builders import NOW, appointment, package, payment
from tests.handlers.conftest import Stage

P = PaymentStatus
PAID = payment(id="5e" * 16)
BOOKING = appointment(id=PAID.id, service="single", duration_minutes=60, promo_code=None, payment_id=PAID.id)
PACKAGE = package(id=PAID.id)
GOING_BACK = {P.REFUND_DUE, P.REFUNDING, P.REFUNDED, P.PARTIALLY_REFUNDED, P.REFUND_FAILED}


def paid_session(status: PaymentStatus, refunded: Decimal = NOTHING) -> Checkout:
    booked = AppointmentStatus.CONFIRMED if status is P.CAPTURED else AppointmentStatus.EXPIRED
    booking = replace(BOOKING, status=booked)
    return Checkout(replace(PAID, status=status, refunded=refunded), booking, None, "request")


def bought_package(status: PackageStatus) -> Checkout:
    return Checkout(PAID, None, replace(PACKAGE, status=status), "request")


def owe(stage: Stage, checkout: Checkout, *kinds: EffectKind, sequence: int = 0) -> None:
    """Puts the checkout in the store as it stands, owing those mails, and lets them be sent."""
    booking = checkout.booking and replace(
        checkout.booking, status=AppointmentStatus.HELD, hold_until=NOW + timedelta(minutes=15)
    )
    begun = replace(checkout, booking=booking, payment=replace(PAID, status=P.ORDERED, capture_id=None))
    stage.store.hold(begun, stage.store.diary(BOOKING.claim))
    change = Change(checkout, "moved", owed(PAID.id, NOW, *kinds, sequence=sequence))
    stage.store.change(begun, change, actor="system")
    nudge = stage.event("effects/booked")
    for record, kind in zip(nudge["Records"], kinds, strict=False):
        record["dynamodb"]["Keys"] = {"PK": {"S": f"OWED#{PAID.id}"}, "SK": {"S": f"{kind}-{sequence}"}}
    stage.invoke("effects", nudge)


def sent(stage: Stage) -> list[LetterKind]:
    return [letter.kind for letter in stage.mailer.sent]


@pytest.mark.parametrize("status", PaymentStatus)
@pytest.mark.parametrize(
    ("owes", "kind", "while_it_is"),
    [
        (EffectKind.CLIENT_PAYMENT_PENDING_MAIL, LetterKind.CLIENT_PAYMENT_PENDING, {P.PENDING}),
        (EffectKind.CLIENT_PAYMENT_FAILED_MAIL, LetterKind.CLIENT_PAYMENT_FAILED, {P.DENIED}),
        (EffectKind.CLIENT_TIME_LOST_MAIL, LetterKind.CLIENT_TIME_LOST, GOING_BACK),
    ],
)
def test_a_payment_that_has_moved_on_is_not_written_about(
    stage: Stage, owes: EffectKind, kind: LetterKind, while_it_is: set[PaymentStatus], status: PaymentStatus
) -> None:
    owe(stage, paid_session(status), owes)
    assert sent(stage) == ([kind] if status in while_it_is else [])
    ended = EffectStatus.DONE if status in while_it_is else EffectStatus.SUPPRESSED
    assert stage.store.effect(PAID.id, f"{owes}-0").status is ended


@pytest.mark.parametrize("status", [P.DECLINED, P.EXPIRED])
def test_a_decline_is_told_until_it_is_paid_otherwise(stage: Stage, status: PaymentStatus) -> None:
    declined = paid_session(status)
    declined = replace(declined, payment=replace(declined.payment, declines=1))
    owe(stage, declined, EffectKind.CLIENT_PAYMENT_FAILED_MAIL)
    assert sent(stage) == [LetterKind.CLIENT_PAYMENT_FAILED]


@pytest.mark.parametrize(("refunded", "times"), [("0.00", 0), ("0.01", 1), ("150.00", 1)])
def test_a_refund_is_told_once_something_went_back(stage: Stage, refunded: str, times: int) -> None:
    owe(stage, paid_session(P.CAPTURED, Decimal(refunded)), EffectKind.CLIENT_REFUNDED_MAIL)
    assert sent(stage) == [LetterKind.CLIENT_REFUNDED] * times


@pytest.mark.parametrize("status", PackageStatus)
def test_a_package_is_receipted_while_it_can_be_booked_from(stage: Stage, status: PackageStatus) -> None:
    owe(stage, bought_package(status), EffectKind.CLIENT_PACKAGE_MAIL, EffectKind.COACH_PACKAGE_MAIL)
    both = [LetterKind.CLIENT_PACKAGE, LetterKind.COACH_PACKAGE]
    assert sent(stage) == (both if status is PackageStatus.ACTIVE else [])
    assert all(letter.about == PACKAGE and letter.payment == PAID for letter in stage.mailer.sent)


def test_the_booked_mails_of_a_paid_session_know_its_payment(stage: Stage) -> None:
    owe(stage, paid_session(P.CAPTURED), EffectKind.CLIENT_BOOKED_MAIL, EffectKind.COACH_BOOKED_MAIL)
    assert sent(stage) == [LetterKind.CLIENT_BOOKED, LetterKind.COACH_BOOKED]
    assert all(letter.payment == PAID for letter in stage.mailer.sent)


def test_a_session_that_lost_its_time_is_not_told_as_booked(stage: Stage) -> None:
    owe(stage, paid_session(P.REFUND_DUE), EffectKind.CLIENT_BOOKED_MAIL, EffectKind.CLIENT_TIME_LOST_MAIL)
    assert sent(stage) == [LetterKind.CLIENT_TIME_LOST]
