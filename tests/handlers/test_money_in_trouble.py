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


def test_a_refund_that_bounced_and_was_made_again_by_hand_is_whole(stage: Stage, paid: str) -> None:
    stage.paypal.refund_by_hand(paid, "150.00")
    settle_now(stage, paid)
    (bounced,) = stage.paypal.orders[paid].refunds
    stage.paypal.change(paid, refunds=(replace(bounced, status=RefundStatus.FAILED),))
    settle_now(stage, paid)
    assert (payment_of(stage, paid).status, str(payment_of(stage, paid).refunded)) == (
        "refund_failed",
        "0.00",
    )
    stage.paypal.refund_by_hand(paid, "150.00")
    settle_now(stage, paid)
    assert (payment_of(stage, paid).status, str(payment_of(stage, paid).refunded)) == ("refunded", "150.00")


def test_a_refund_that_was_refused_is_healed_by_hand(stage: Stage, lost: str) -> None:
    stage.paypal.fails_before["refund"] = RefundRefused("REFUND_TIME_LIMIT_EXCEEDED")
    sweep(stage)
    assert payment_of(stage, lost).status == "refund_failed"
    stage.paypal.refund_by_hand(lost, "150.00")
    settle_now(stage, lost)
    assert payment_of(stage, lost).status == "refunded"


def test_a_part_of_a_failed_refund_given_by_hand_leaves_the_rest_with_a_person(
    stage: Stage, lost: str
) -> None:
    stage.paypal.fails_before["refund"] = RefundRefused("TRANSACTION_DISPUTED")
    sweep(stage)
    stage.paypal.refund_by_hand(lost, "10.00")
    settle_now(stage, lost)
    payment = payment_of(stage, lost)
    assert (payment.status, str(payment.refunded), str(payment.refund_due)) == (
        "refund_failed",
        "10.00",
        "150.00",
    )
    stage.paypal.refund_by_hand(lost, "140.00")
    settle_now(stage, lost)
    assert payment_of(stage, lost).status == "refunded"


def give_back_from_the_dashboard(stage: Stage, order_id: str) -> None:
    """Captured and given back before anything of it was heard here; the refund takes PayPal days."""
    (capture,) = stage.paypal.capture(order_id, request_id="not ours").captures
    made = RefundState(id="SLOW", status=RefundStatus.PENDING, amount=capture.amount, capture_id=capture.id)
    change_capture(stage, order_id, CaptureStatus.REFUNDED)
    stage.paypal.change(order_id, refunds=(made,))


def test_money_found_on_its_way_back_is_followed_until_it_is_there(stage: Stage, approved: str) -> None:
    give_back_from_the_dashboard(stage, approved)
    settle_now(stage, approved)
    settle_now(stage, approved)
    assert (payment_of(stage, approved).status, str(payment_of(stage, approved).refunded)) == (
        "refunding",
        "0.00",
    )
    assert noted(stage) == []
    (made,) = stage.paypal.orders[approved].refunds
    stage.paypal.change(approved, refunds=(replace(made, status=RefundStatus.COMPLETED),))
    sweep(stage, hours=1)
    assert (payment_of(stage, approved).status, str(payment_of(stage, approved).refunded)) == (
        "refunded",
        "150.00",
    )


def test_a_refund_from_the_dashboard_that_takes_days_is_found_without_a_word_of_paypals(
    stage: Stage, paid: str
) -> None:
    stage.paypal.refund_by_hand(paid, "50.00")
    (made,) = stage.paypal.orders[paid].refunds
    stage.paypal.change(paid, refunds=(replace(made, status=RefundStatus.PENDING),))
    settle_now(stage, paid)
    sweep(stage, hours=30)
    assert (payment_of(stage, paid).status, noted(stage)) == ("captured", [])
    stage.paypal.change(paid, refunds=(made,))
    sweep(stage, hours=1)
    assert payment_of(stage, paid).status == "partially_refunded"
    assert stage.store.due_payments(stage.clock.at + timedelta(days=9)) == []


def test_an_order_that_paypal_forgot_takes_no_refund_back(stage: Stage, paid: str) -> None:
    stage.paypal.refund_by_hand(paid, "50.00")
    change_capture(stage, paid, CaptureStatus.PARTIALLY_REFUNDED)
    settle_now(stage, paid)
    stage.paypal.forget(paid)
    settle_now(stage, paid)
    payment = payment_of(stage, paid)
    assert (payment.status, str(payment.refunded), noted(stage)) == ("partially_refunded", "50.00", [])
    change_capture(stage, paid, CaptureStatus.REFUNDED)
    settle_now(stage, paid)
    assert (payment_of(stage, paid).status, str(payment_of(stage, paid).refunded)) == ("refunded", "150.00")


def test_an_order_that_paypal_forgot_is_compared_by_its_capture(stage: Stage, paid: str) -> None:
    sweep(stage)
    stage.paypal.forget(paid)
    stage.paypal.ledger_closed = True
    stage.clock.at += timedelta(hours=1)
    assert stage.invoke("reconcile", stage.event("reconcile/scheduled"))["differences"] == []


def test_a_payment_a_person_gave_back_needs_no_person_any_more(stage: Stage, approved: str) -> None:
    stage.paypal.change(approved, amount=Money.of("1.00", "CAD"))
    assert pay(stage, approved).json["code"] == "order_mismatch"
    stage.paypal.refund_by_hand(approved, "1.00")
    change_capture(stage, approved, CaptureStatus.REFUNDED)
    settle_now(stage, approved)
    payment = payment_of(stage, approved)
    assert (payment.status, str(payment.refunded)) == ("refunded", "1.00")
    assert booking_of(stage, approved).status == "expired"


@pytest.mark.parametrize("trouble", [TryAgainLater("429"), OutcomeUnknown("slow")], ids=["later", "in doubt"])
def test_a_refund_that_is_not_made_now_is_refused_to_whoever_asked_in_the_products_words(
    stage: Stage, lost: str, trouble: Exception
) -> None:
    stage.paypal.fails_before["refund"] = trouble
    with pytest.raises(PaymentProviderUnavailable):
        settle_now(stage, lost)
    stage.paypal.fails_before.clear()
    sweep(stage, minutes=1)
    assert payment_of(stage, lost).status == "refunded"
    assert noted(stage) == ["time_lost"]


def test_a_capture_that_can_never_work_on_a_voided_order_ends_it(stage: Stage, approved: str) -> None:
    stage.paypal.fails_before["capture"] = WillNeverWork("ORDER_EXPIRED")
    stage.paypal.change(approved, status=OrderStatus.VOIDED)
    assert pay(stage, approved).json["code"] == "hold_expired"
    assert (payment_of(stage, approved).status, noted(stage)) == ("expired", [])


def test_a_capture_refused_for_good_that_was_made_all_the_same_is_adopted(
    stage: Stage, approved: str
) -> None:
    stage.paypal.capture(approved, request_id="not ours")
    stage.paypal.fails_before["capture"] = WillNeverWork("ORDER_ODD")
    assert pay(stage, approved).status == 201


# Late payers


@pytest.mark.parametrize("what", ["a day", "a time", "the hours"])
def test_a_late_payer_loses_to_what_the_coach_blocked_since(stage: Stage, approved: str, what: str) -> None:
    settings = stage.store.settings()
    changes: dict[str, Any] = {
        "a day": {"blocked_dates": frozenset({START.date()})},
        "a time": {"blocked": (Interval(START + minutes(30), START + minutes(60)),)},
        "the hours": {"overrides": {START.date(): ()}},
    }[what]
    stage.store.change_settings(replace(settings, schedule=replace(settings.schedule, **changes)))
    stage.clock.at += timedelta(minutes=20)
    assert pay(stage, approved).json["code"] == "hold_expired"
    assert stage.paypal.captured_money == 0


def test_a_late_payer_needs_no_notice_and_no_other_grid(stage: Stage, approved: str) -> None:
    settings = stage.store.settings()
    schedule = replace(settings.schedule, minimum_notice_minutes=2880, step_minutes=45)
    stage.store.change_settings(replace(settings, schedule=schedule))
    stage.clock.at += timedelta(minutes=20)
    assert pay(stage, approved).status == 201


def test_whoever_pays_in_time_has_the_time_whatever_was_blocked_since(stage: Stage, approved: str) -> None:
    settings = stage.store.settings()
    schedule = replace(settings.schedule, blocked_dates=frozenset({START.date()}))
    stage.store.change_settings(replace(settings, schedule=schedule))
    assert pay(stage, approved).status == 201


# What a buyer who is not there is told


def test_a_buyer_who_closed_the_tab_is_told_that_the_payment_was_declined(
    stage: Stage, approved: str
) -> None:
    stage.paypal.declining = True
    settle_now(stage, approved)
    sweep(stage)
    assert (payment_of(stage, approved).status, kinds(stage)) == ("declined", [])
    for _ in range(3):
        sweep(stage, minutes=10)
    assert (payment_of(stage, approved).status, kinds(stage)) == ("expired", ["client_payment_failed"])


def test_a_buyer_who_saw_the_decline_is_not_told_again(stage: Stage, approved: str) -> None:
    stage.paypal.declining = True
    assert pay(stage, approved).json["code"] == "payment_declined"
    for _ in range(3):
        sweep(stage, minutes=10)
    assert (payment_of(stage, approved).status, kinds(stage)) == ("expired", [])


def test_a_buyer_who_came_back_and_paid_is_not_told_of_a_decline(stage: Stage, approved: str) -> None:
    stage.paypal.declining = True
    settle_now(stage, approved)
    stage.paypal.declining = False
    assert pay(stage, approved).status == 201
    for _ in range(3):
        sweep(stage, minutes=10)
    assert kinds(stage) == ["client_booked", "coach_booked"]


# What the buyer says anew


def test_what_the_buyer_says_anew_counts_when_the_money_is_found(stage: Stage, approved: str) -> None:
    lose_the_answer(stage, approved, phone="+14165550111")
    stage.clock.at += timedelta(minutes=1)
    answer = pay(stage, approved, key="later", phone="+14165550199")
    assert (answer.status, answer.json["phone"]) == (201, "+14165550199")
    other = order(stage, key="second", start="2026-11-24T17:00:00Z").json["order_id"]
    assert pay(stage, other, key="later").json["code"] == "idempotency_key_reused"


def test_what_the_buyer_says_anew_counts_while_the_payment_is_pending(stage: Stage, pending: str) -> None:
    answer = pay(stage, pending, key="later", phone="+14165550199")
    assert (answer.status, answer.json["phone"]) == (202, "+14165550199")
    assert booking_of(stage, pending).phone == "+14165550199"
    other = order(stage, key="second", start="2026-11-24T17:00:00Z").json["order_id"]
    assert pay(stage, other, key="later").json["code"] == "idempotency_key_reused"
    stage.paypal.settle_capture(pending, CaptureStatus.COMPLETED)
    sweep(stage, hours=1)
    assert booking_of(stage, pending).phone == "+14165550199"
    assert pay(stage, pending, key="at last").status == 201


def test_what_the_buyer_said_first_counts_when_paypal_found_the_payment_pending(
    stage: Stage, approved: str
) -> None:
    stage.paypal.next_capture = CaptureStatus.PENDING
    lose_the_answer(stage, approved, phone="+14165550111")
    stage.clock.at += timedelta(minutes=1)
    answer = pay(stage, approved, key="later", phone="+14165550199")
    assert (answer.status, answer.json["phone"]) == (202, "+14165550199")


# Payments that stay pending


@pytest.mark.parametrize(
    ("reason", "needs"),
    [("RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION", ["payment_pending"]), ("ECHECK", []), (None, [])],
)
def test_a_payment_that_the_coach_has_to_accept_at_paypal_is_put_before_a_person(
    stage: Stage, reason: str | None, needs: list[str]
) -> None:
    package = str(order_package(stage).json["order_id"])
    stage.paypal.approve(package)
    stage.paypal.next_capture, stage.paypal.next_reason = CaptureStatus.PENDING, reason
    assert pay_package(stage, package).status == 202
    sweep(stage, hours=1)
    assert noted(stage) == needs
    assert all(str(reason) in each.detail for each in stage.store.open_attention())


def test_a_payment_that_is_pending_for_more_than_a_week_is_stuck(stage: Stage) -> None:
    package = str(order_package(stage).json["order_id"])
    stage.paypal.approve(package)
    stage.paypal.next_capture = CaptureStatus.PENDING
    pay_package(stage, package)
    for days, told in ((6, []), (2, ["payment_stuck"])):
        sweep(stage, days=days)
        stage.clock.at += minutes(20)
        report = stage.invoke("reconcile", stage.event("reconcile/scheduled"))
        assert [each["kind"] for each in report["differences"]] == told


def test_a_refund_that_takes_paypal_days_is_not_stuck_after_one(stage: Stage, lost: str) -> None:
    stage.paypal.next_refund = RefundStatus.PENDING
    for _ in range(3):
        sweep(stage, hours=15)
    stage.clock.at += minutes(20)
    report = stage.invoke("reconcile", stage.event("reconcile/scheduled"))
    assert (payment_of(stage, lost).status, report["differences"]) == ("refunding", [])


# Words that come too early


class HastyPayPal(FakePayPal):
    """Its webhook is faster than its own answer."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(orders=stage.paypal.orders, next_capture=CaptureStatus.PENDING)
        self._stage = stage

    def capture(self, order_id: str, *, request_id: str) -> OrderState:
        answer = super().capture(order_id, request_id=request_id)
        self.settle_capture(order_id, CaptureStatus.COMPLETED)
        kind = EventKind.CAPTURE_COMPLETED
        event = PayPalEvent(id="WH-HASTY", kind=kind, type=kind, custom_id=answer.custom_id)
        handle_paypal_event(self._stage.store, self._stage.till(), event)
        return answer


def test_a_webhook_that_comes_while_somebody_is_at_paypal_is_looked_at_again(
    stage: Stage, approved: str
) -> None:
    stage.paypal = HastyPayPal(stage)
    settle_now(stage, approved)
    assert payment_of(stage, approved).status == "pending"
    sweep(stage, minutes=5)
    assert payment_of(stage, approved).status == "captured"
    assert stage.store.open_events(stage.clock.at + timedelta(days=1)) == []


def test_a_buyer_whose_refund_failed_is_not_told_that_it_goes_back_by_itself(stage: Stage, lost: str) -> None:
    promised = pay(stage, lost).json["detail"]
    stage.paypal.fails_before["refund"] = RefundRefused("REFUND_TIME_LIMIT_EXCEEDED")
    sweep(stage)
    answer = pay(stage, lost)
    assert (answer.status, answer.json["code"]) == (409, "hold_expired")
    assert "by itself" in promised
    assert "by itself" not in answer.json["detail"]
    assert "coach" in answer.json["detail"]


def test_money_that_comes_after_the_session_is_not_said_to_be_somebody_elses_time(
    stage: Stage, pending: str
) -> None:
    sweep(stage, hours=27)
    stage.paypal.settle_capture(pending, CaptureStatus.COMPLETED)
    sweep(stage, hours=1)
    [attention] = stage.store.open_attention()
    assert (attention.kind, "somebody else" in attention.detail) == ("time_lost", False)
