"""A payment's states, and what PayPal's word means for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.money import Money
from shared.domain.payment import TRANSITIONS, NoSuchTransition, Payment, PaymentStatus
from shared.domain.settlement import (
    CaptureState,
    CaptureStatus,
    OrderState,
    OrderStatus,
    RefundState,
    RefundStatus,
    Verdict,
    given_back,
    judge,
)

NOW = datetime(2026, 11, 23, 13, tzinfo=UTC)
CAD_150 = Money.of("150.00", "CAD")

PAYMENT = Payment(
    id="9f1c0a7e5b2d4c6f8a3e1d0b7c5f2a94",
    client_id="client",
    service="single",
    amount=CAD_150,
    status=PaymentStatus.CAPTURING,
    order_id="ORDER",
    created_at=NOW,
    updated_at=NOW,
)


def capture(status: str, **changes: Any) -> CaptureState:
    return replace(
        CaptureState(id="CAPTURE", status=CaptureStatus(status), amount=CAD_150, custom_id=PAYMENT.id),
        **changes,
    )


def order(status: str, *captures: CaptureState, **changes: Any) -> OrderState:
    return replace(
        OrderState(
            id="ORDER",
            status=OrderStatus(status),
            amount=CAD_150,
            custom_id=PAYMENT.id,
            captures=captures,
        ),
        **changes,
    )


# States


def test_every_state_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(PaymentStatus)


def test_the_states_are_those_of_the_contract() -> None:
    contract = (
        "created ordered capturing captured refund_due refunding refunded partially_refunded pending declined "
        "denied expired needs_review disputed refund_failed"
    )
    assert " ".join(sorted(PaymentStatus)) == " ".join(sorted(contract.split()))


@pytest.mark.parametrize("status", [s for s in PaymentStatus if s is not PaymentStatus.CREATED])
def test_every_state_can_be_reached(status: PaymentStatus) -> None:
    reached, before = {PaymentStatus.CREATED}, set[PaymentStatus]()
    while reached != before:
        before = set(reached)
        reached |= {after for state in before for after in TRANSITIONS[state]}
    assert status in reached


HOLDS_MONEY = {
    PaymentStatus.CAPTURED,
    PaymentStatus.REFUND_DUE,
    PaymentStatus.REFUNDING,
    PaymentStatus.PARTIALLY_REFUNDED,
    PaymentStatus.REFUND_FAILED,
    PaymentStatus.DISPUTED,
}


@pytest.mark.parametrize("status", sorted(HOLDS_MONEY))
def test_captured_money_ends_captured_or_given_back_and_is_never_forgotten(status: PaymentStatus) -> None:
    assert TRANSITIONS[status] <= HOLDS_MONEY | {PaymentStatus.REFUNDED}


@pytest.mark.parametrize("status", sorted(HOLDS_MONEY | {PaymentStatus.REFUNDED}))
def test_what_was_captured_is_never_called_pending_or_denied_again(status: PaymentStatus) -> None:
    for late in (PaymentStatus.PENDING, PaymentStatus.DENIED, PaymentStatus.EXPIRED):
        with pytest.raises(NoSuchTransition):
            replace(PAYMENT, status=status).become(late, NOW)


def test_a_change_raises_the_version_and_waits_for_nothing_unless_told() -> None:
    waiting = PAYMENT.become(PaymentStatus.PENDING, NOW, check_at=NOW)
    assert (waiting.version, waiting.check_at) == (PAYMENT.version + 1, NOW)
    assert waiting.become(PaymentStatus.CAPTURED, NOW).check_at is None


def test_a_repeat_asks_under_the_same_name_and_a_new_try_under_another() -> None:
    assert PAYMENT.capture_request_id == replace(PAYMENT, status=PaymentStatus.PENDING).capture_request_id
    declined = replace(PAYMENT, declines=1)
    assert declined.capture_request_id != PAYMENT.capture_request_id
    names = {
        PAYMENT.order_request_id,
        PAYMENT.capture_request_id,
        declined.capture_request_id,
        replace(PAYMENT, declines=2).capture_request_id,
        PAYMENT.refund_request_id,
        replace(PAYMENT, refunds_made=1).refund_request_id,
    }
    assert len(names) == 6
    assert all(PAYMENT.id in name and len(name) <= 108 for name in names)


# Judging what PayPal says


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (None, Verdict.VOIDED),
        (order("CREATED"), Verdict.NOT_APPROVED),
        (order("SAVED"), Verdict.NOT_APPROVED),
        (order("PAYER_ACTION_REQUIRED"), Verdict.NOT_APPROVED),
        (order("APPROVED"), Verdict.APPROVED),
        (order("VOIDED"), Verdict.VOIDED),
        (order("VOIDED", amount=None, custom_id=None), Verdict.VOIDED),
        (order("COMPLETED"), Verdict.MISMATCH),  # without a capture it is not paid
        (order("OF_TOMORROW"), Verdict.MISMATCH),
        (order("COMPLETED", capture("COMPLETED")), Verdict.CAPTURED),
        (order("APPROVED", capture("COMPLETED")), Verdict.CAPTURED),  # the capture's status, not the order's
        (order("COMPLETED", capture("PARTIALLY_REFUNDED")), Verdict.CAPTURED),
        (order("COMPLETED", capture("REFUNDED")), Verdict.REFUNDED),
        (order("COMPLETED", capture("PENDING")), Verdict.PENDING),
        (order("COMPLETED", capture("DECLINED")), Verdict.DECLINED),
        (order("COMPLETED", capture("FAILED")), Verdict.DECLINED),
        (order("COMPLETED", capture("OF_TOMORROW")), Verdict.MISMATCH),
        (order("COMPLETED", capture("DECLINED"), capture("COMPLETED")), Verdict.CAPTURED),
        (order("COMPLETED", capture("COMPLETED"), capture("DECLINED")), Verdict.CAPTURED),
        (order("COMPLETED", capture("DECLINED"), capture("PENDING")), Verdict.PENDING),
        (order("COMPLETED", capture("COMPLETED"), capture("COMPLETED")), Verdict.MISMATCH),
        (order("COMPLETED", capture("COMPLETED"), capture("PENDING")), Verdict.MISMATCH),
    ],
)
def test_a_payment_is_judged_by_its_capture(found: OrderState | None, verdict: Verdict) -> None:
    assert judge(PAYMENT, found).verdict is verdict


@pytest.mark.parametrize("failed", ["DECLINED", "FAILED"])
def test_a_pending_payment_that_fails_is_denied(failed: str) -> None:
    pending = replace(PAYMENT, status=PaymentStatus.PENDING)
    assert judge(pending, order("COMPLETED", capture(failed))).verdict is Verdict.DENIED


def test_the_judgement_shows_the_capture_that_decided() -> None:
    taken = capture("COMPLETED", id="TAKEN", fee=Money.of("4.65", "CAD"))
    assert judge(PAYMENT, order("COMPLETED", capture("DECLINED"), taken)).capture == taken


WRONG: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("amount", {"amount": Money.of("15.00", "CAD")}, {}),
    ("amount", {"amount": Money.of("150.00", "USD")}, {}),
    ("amount", {"amount": None}, {}),
    ("custom_id", {"custom_id": "another"}, {}),
    ("custom_id", {"custom_id": None}, {}),
    ("order", {"id": "ANOTHER"}, {}),
    ("amount", {}, {"amount": Money.of("149.99", "CAD")}),
    ("amount", {}, {"amount": Money.of("150.00", "USD")}),
    ("custom_id", {}, {"custom_id": "another"}),
]


@pytest.mark.parametrize("status", ["COMPLETED", "PENDING", "REFUNDED", "PARTIALLY_REFUNDED"])
@pytest.mark.parametrize(("reason", "of_order", "of_capture"), WRONG)
def test_money_that_is_not_what_we_asked_for_needs_a_person(
    status: str, reason: str, of_order: dict[str, Any], of_capture: dict[str, Any]
) -> None:
    judgement = judge(PAYMENT, order("COMPLETED", capture(status, **of_capture), **of_order))
    assert (judgement.verdict, judgement.reason) == (Verdict.MISMATCH, reason)
    assert judgement.capture is not None


@pytest.mark.parametrize(("reason", "of_order", "of_capture"), [case for case in WRONG if case[1]])
def test_an_order_altered_before_its_approval_is_not_captured(
    reason: str, of_order: dict[str, Any], of_capture: dict[str, Any]
) -> None:
    judgement = judge(PAYMENT, order("APPROVED", **of_order))
    assert (judgement.verdict, judgement.reason) == (Verdict.MISMATCH, reason)


def test_amounts_are_compared_as_numbers() -> None:
    written_otherwise = Money(Decimal("150"), "CAD")
    found = order("COMPLETED", capture("COMPLETED", amount=written_otherwise), amount=written_otherwise)
    assert judge(PAYMENT, found).verdict is Verdict.CAPTURED


def test_a_capture_without_our_id_is_judged_by_its_orders() -> None:
    assert (
        judge(PAYMENT, order("COMPLETED", capture("COMPLETED", custom_id=None))).verdict is Verdict.CAPTURED
    )


# What went back


def refund(value: str, status: str = "COMPLETED") -> RefundState:
    return RefundState(id=f"REFUND-{value}", status=RefundStatus(status), amount=Money.of(value, "CAD"))


@pytest.mark.parametrize(
    ("captured", "refunds", "done", "on_its_way"),
    [
        ("COMPLETED", [], "0", "0"),
        ("PARTIALLY_REFUNDED", [refund("75.00")], "75.00", "0"),
        ("PARTIALLY_REFUNDED", [refund("75.00"), refund("10.01")], "85.01", "0"),
        ("PARTIALLY_REFUNDED", [refund("75.00"), refund("10.00", "PENDING")], "75.00", "10.00"),
        ("COMPLETED", [refund("75.00", "FAILED"), refund("75.00", "CANCELLED")], "0", "0"),
        ("PARTIALLY_REFUNDED", [refund("20.00", "OF_TOMORROW")], "0", "20.00"),
        ("REFUNDED", [refund("150.00")], "150.00", "0"),
        ("REFUNDED", [refund("50.00")], "150.00", "0"),
        ("REFUNDED", [], "150.00", "0"),
        ("REFUNDED", [refund("150.00", "PENDING")], "0", "150.00"),
    ],
)
def test_refunds_add_up(captured: str, refunds: list[RefundState], done: str, on_its_way: str) -> None:
    sums = given_back(order("COMPLETED", capture(captured), refunds=tuple(refunds)))
    assert (sums.done, sums.on_its_way) == (Decimal(done), Decimal(on_its_way))
    assert sums.total == Decimal(done) + Decimal(on_its_way)


STATUSES = st.sampled_from(list(CaptureStatus))


@given(
    ours=st.sampled_from(list(PaymentStatus)),
    status=st.sampled_from(list(OrderStatus)),
    captures=st.lists(STATUSES, max_size=3),
    cents=st.integers(1, 30_000),
)
def test_nothing_counts_as_paid_but_one_whole_capture(
    ours: PaymentStatus, status: OrderStatus, captures: list[CaptureStatus], cents: int
) -> None:
    amount = Money(Decimal(cents) / 100, "CAD")
    found = order(status, *(capture(each, amount=amount) for each in captures), amount=amount)
    judgement = judge(replace(PAYMENT, status=ours), found)
    if judgement.verdict is Verdict.CAPTURED:
        assert judgement.capture is not None
        assert judgement.capture.amount == PAYMENT.amount
        assert judgement.capture.status in {CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED}
    if {CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED} & set(captures):
        assert judgement.verdict in {Verdict.CAPTURED, Verdict.MISMATCH}
