"""What keeps money moving when nobody asks: payments that are due, events that were not handled."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.appointment import AppointmentStatus
from shared.domain.attention import AttentionKind
from shared.domain.checkout import Checkout
from shared.domain.errors import TemporarilyUnavailable
from shared.domain.payment import PaymentStatus
from shared.domain.settlement import CaptureStatus, OrderState
from shared.usecases.checkout import begin_checkout
from shared.usecases.ports import OutcomeUnknown
from tests.builders import START, caller
from tests.fake_paypal import DOWN, FakePayPal
from tests.handlers.conftest import Stage
from tests.handlers.test_paypal_webhook import (
    CONFIRMED,
    PURCHASE,
    event,
    noted,
    open_events,
    paid,
    send,
    status,
    sweep,
)

EXPIRED = (PaymentStatus.EXPIRED, AppointmentStatus.EXPIRED)


class PartlyBrokenPayPal(FakePayPal):
    """``broken`` are orders that can't be read, and how."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: dict[str, Exception] = {}

    def get_order(self, order_id: str) -> OrderState | None:
        if order_id in self.broken:
            raise self.broken[order_id]
        return super().get_order(order_id)


@pytest.fixture
def paypal(stage: Stage) -> PartlyBrokenPayPal:
    stage.paypal = PartlyBrokenPayPal()
    return stage.paypal


def order(stage: Stage, client: str = "alex", hours_later: int = 0) -> Checkout:
    wanted = replace(PURCHASE, start=START + timedelta(hours=hours_later))
    return begin_checkout(
        stage.shop(), stage.clock.now(), caller=caller(client), wanted=wanted, idempotency_key=client
    )


def fail(paypal: PartlyBrokenPayPal, checkout: Checkout, failure: Exception) -> None:
    paypal.broken[str(checkout.payment.order_id)] = failure


def test_a_hold_that_ran_out_is_freed(stage: Stage) -> None:
    left = order(stage)
    sweep(stage, minutes=14)
    assert paid(stage, left).payment.status is PaymentStatus.ORDERED
    sweep(stage, minutes=1)
    assert status(stage, left) == EXPIRED


def test_an_approved_order_whose_buyer_and_webhook_are_lost_is_captured(stage: Stage) -> None:
    left = order(stage)
    stage.paypal.approve(str(left.payment.order_id))
    sweep(stage, minutes=15)
    assert (status(stage, left), stage.paypal.captured_money) == (CONFIRMED, 1)


class SilentPayPal(FakePayPal):
    """Takes the money, and is not heard of again."""

    def capture(self, order_id: str, *, request_id: str) -> OrderState:
        super().capture(order_id, request_id=request_id)
        self.fails_before["get_order"] = DOWN
        raise OutcomeUnknown("no answer")


def test_a_capture_in_doubt_is_found_out_and_not_made_again(stage: Stage) -> None:
    stage.paypal = SilentPayPal()
    left = order(stage)
    stage.paypal.approve(str(left.payment.order_id))
    assert send(stage, event("order_approved", left)).status == 503
    assert paid(stage, left).payment.status is PaymentStatus.CAPTURING
    stage.paypal.fails_before.clear()
    sweep(stage, minutes=1)
    assert (status(stage, left), stage.paypal.captured_money) == (CONFIRMED, 1)
    assert stage.paypal.calls.count("capture") == 1
    sweep(stage, minutes=2)
    assert open_events(stage) == []


@pytest.mark.parametrize("failure", [DOWN, ZeroDivisionError("personal words")])
def test_one_failing_payment_does_not_hold_up_the_others(
    stage: Stage, paypal: PartlyBrokenPayPal, failure: Exception, logged: io.StringIO
) -> None:
    failing, fine = order(stage, "alex"), order(stage, "blake", hours_later=1)
    fail(paypal, failing, failure)
    sweep(stage, minutes=20)
    assert paid(stage, failing).payment.status is PaymentStatus.ORDERED
    assert status(stage, fine) == EXPIRED
    assert failing.payment.id in logged.getvalue()
    assert "personal words" not in logged.getvalue()


def test_neither_a_failing_effect_nor_a_failing_event_holds_up_a_payment(
    stage: Stage, paypal: PartlyBrokenPayPal, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked, failing, fine = (
        order(stage, client, hours_later=hours) for hours, client in enumerate(("alex", "blake", "casey"))
    )
    paypal.approve(str(booked.payment.order_id))
    send(stage, event("order_approved", booked))
    fail(paypal, failing, ZeroDivisionError())
    assert send(stage, event("order_approved", failing, id="WH-2")).status == 500

    def down(*_: Any) -> None:
        raise TemporarilyUnavailable("down")

    monkeypatch.setattr(stage.store, "lease_effect", down)
    sweep(stage, minutes=20)
    assert status(stage, fine) == EXPIRED
    assert open_events(stage) == ["WH-2"]


def test_a_payment_that_fails_lets_others_go_first(stage: Stage, paypal: PartlyBrokenPayPal) -> None:
    failing, other = order(stage, "alex"), order(stage, "blake", hours_later=1)
    fail(paypal, failing, DOWN)
    fail(paypal, other, DOWN)
    stage.clock.at += timedelta(minutes=15)
    settled = []
    stage.store.look_later(other.payment.id, stage.clock.at + timedelta(minutes=1))
    for _ in range(2):
        settled += stage.store.due_payments(stage.clock.at)
        sweep(stage)
        stage.clock.at += timedelta(minutes=1)
    assert settled == [failing.payment.id, other.payment.id]


@pytest.mark.parametrize("failure", [DOWN, ZeroDivisionError()])
def test_what_can_not_be_settled_for_a_day_is_put_before_a_person(
    stage: Stage, paypal: PartlyBrokenPayPal, failure: Exception, logged: io.StringIO
) -> None:
    failing = order(stage)
    fail(paypal, failing, failure)
    sweep(stage, hours=23)
    assert noted(stage) == []
    sweep(stage, hours=2)
    assert noted(stage) == [(AttentionKind.DIFFERENCE, failing.payment.id)]
    assert '"NeedsAttention":1' in logged.getvalue()
    paypal.broken.clear()
    sweep(stage, minutes=5)
    assert status(stage, failing) == EXPIRED


def test_a_moments_trouble_with_an_old_payment_is_no_reason_to_call_a_person(
    stage: Stage, paypal: PartlyBrokenPayPal
) -> None:
    pending = order(stage)
    paypal.next_capture = CaptureStatus.PENDING
    paypal.approve(str(pending.payment.order_id))
    sweep(stage, minutes=15)
    for _ in range(26):
        sweep(stage, hours=1)
    fail(paypal, pending, DOWN)
    sweep(stage, hours=1)
    assert noted(stage) == []
    assert paid(stage, pending).payment.status is PaymentStatus.PENDING


@pytest.mark.parametrize("failure", [DOWN, ZeroDivisionError()])
def test_an_event_that_fails_for_a_day_is_put_before_a_person_and_stays_open(
    stage: Stage, paypal: PartlyBrokenPayPal, failure: Exception
) -> None:
    booked = order(stage)
    paypal.approve(str(booked.payment.order_id))
    send(stage, event("order_approved", booked))
    fail(paypal, booked, failure)
    said = event("capture_refunded", booked)
    assert send(stage, said).status in {500, 503}
    sweep(stage, hours=23)
    assert noted(stage) == []
    sweep(stage, hours=1)
    assert (noted(stage), open_events(stage)) == (
        [(AttentionKind.DIFFERENCE, f"CAPTURE-{booked.payment.order_id}")],
        [said["id"]],
    )
    paypal.broken.clear()
    sweep(stage, minutes=5)
    assert open_events(stage) == []
