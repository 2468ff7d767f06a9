"""Money in trouble: PayPal away for hours, refunds that bounce, times that are gone, words that come too early."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.effects import MAX_ATTEMPTS
from shared.domain.errors import PaymentProviderUnavailable
from shared.domain.money import Money
from shared.domain.paypal_events import EventKind, PayPalEvent
from shared.domain.settlement import CaptureStatus, OrderState, OrderStatus, RefundState, RefundStatus
from shared.domain.time import Interval, minutes
from shared.usecases.handle_paypal_event import handle_paypal_event
from shared.usecases.ports import OutcomeUnknown, RefundRefused, TryAgainLater, WillNeverWork
from tests.builders import START
from tests.fake_paypal import DOWN, FakePayPal
from tests.handlers.conftest import Stage
from tests.handlers.test_paying import (
    approved,
    booking_of,
    kinds,
    lost,
    order,
    order_package,
    ordered,
    paid,
    pay,
    pay_package,
    payment_of,
    pending,
    settle_now,
    sweep,
)

__all__ = ["approved", "lost", "ordered", "paid", "pending"]


def noted(stage: Stage) -> list[str]:
    return [each.kind for each in stage.store.open_attention()]


def change_capture(stage: Stage, order_id: str, status: CaptureStatus) -> None:
    (capture,) = stage.paypal.orders[order_id].captures
    stage.paypal.change(order_id, captures=(replace(capture, status=status),))


def lose_the_answer(stage: Stage, order_id: str, **said: Any) -> None:
    """PayPal is asked for the money, and not heard of for a while."""
    stage.paypal.fails_after["capture"] = OutcomeUnknown("lost")
    stage.paypal.fails_before["get_order"] = DOWN
    assert pay(stage, order_id, **said).status == 503
    del stage.paypal.fails_before["get_order"]


# The time is somebody else's by now


def test_a_decline_heard_of_after_the_time_was_taken_ends_the_order(stage: Stage, approved: str) -> None:
    stage.paypal.next_capture = CaptureStatus.DECLINED
    lose_the_answer(stage, approved)
    stage.clock.at += timedelta(minutes=61)
    stage.paypal.next_capture = CaptureStatus.COMPLETED
    taken = str(order(stage, "blake").json["order_id"])
    stage.paypal.approve(taken)
    assert pay(stage, taken, "blake").status == 201
    sweep(stage)
    assert (payment_of(stage, approved).status, booking_of(stage, approved).status) == ("expired", "expired")
    assert booking_of(stage, taken).status == "confirmed"


def test_an_approval_that_was_reversed_after_the_time_was_taken_ends_the_order(
    stage: Stage, approved: str
) -> None:
    stage.paypal.fails_before["capture"] = OutcomeUnknown("lost")
    stage.paypal.fails_before["get_order"] = DOWN
    pay(stage, approved)
    stage.paypal.fails_before.clear()
    stage.paypal.change(approved, status=OrderStatus.PAYER_ACTION_REQUIRED)
    stage.clock.at += timedelta(minutes=61)
    assert order(stage, "blake").status == 201
    sweep(stage)
    assert (payment_of(stage, approved).status, booking_of(stage, approved).status) == ("expired", "expired")


# A refund that is owed


def test_a_refund_is_made_by_itself_when_paypal_is_back_after_hours(stage: Stage, lost: str) -> None:
    stage.paypal.fails_before |= {"get_order": DOWN, "refund": DOWN}
    for _ in range(60):
        sweep(stage, minutes=10)
    assert noted(stage) == ["time_lost", "refund_failed"]
    assert payment_of(stage, lost).status == "refund_due"
    stage.paypal.fails_before.clear()
    sweep(stage, hours=1)
    assert payment_of(stage, lost).status == "refunded"
    assert len(stage.paypal.orders[lost].refunds) == 1


def test_a_refund_whose_outbox_row_nobody_takes_up_is_made_within_the_hour(
    stage: Stage, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.store, "due_effects", lambda _: [])
    sweep(stage, hours=1)
    assert payment_of(stage, lost).status == "refunded"


def test_an_effect_whose_worker_dies_each_time_is_not_buried_in_silence(
    stage: Stage, lost: str, logged: io.StringIO
) -> None:
    payment_id = payment_of(stage, lost).id
    due = [each for each in stage.store.due_effects(stage.clock.at) if each[1].startswith("refund-")]
    [(_, effect_id)] = due
    for _ in range(MAX_ATTEMPTS):
        assert stage.store.lease_effect(payment_id, effect_id, stage.clock.at)
        stage.clock.at += timedelta(minutes=3)
    stage.paypal.fails_before["refund"] = DOWN
    sweep(stage)
    assert '"EffectsDead":1' in logged.getvalue()
    assert "refund_failed" in noted(stage)
    assert stage.store.effect(payment_id, effect_id).status == "dead"
    stage.paypal.fails_before.clear()
    sweep(stage, hours=1)
    assert payment_of(stage, lost).status == "refunded"
