"""Fees charged to the payment method that the client saved with PayPal, through the real handlers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.domain.attention import AttentionKind
from shared.domain.checkout import CAPTURE_LEASE
from shared.domain.payment import PaymentStatus
from shared.domain.settlement import CaptureStatus
from shared.domain.time import isoformat
from shared.usecases.ports import OutcomeUnknown
from tests.builders import START
from tests.fake_paypal import DOWN
from tests.handlers.conftest import Answer, Stage
from tests.handlers.test_changing import (
    FRIDAY,
    HOUR,
    NEXT_WEEK,
    buy,
    cancel,
    move,
    quote,
    use_package,
)
from tests.handlers.test_paying import kinds, order, order_package, pay, pay_package, payment_of, sweep
from tests.handlers.test_reading import configured

METHOD = "method-order1"
"""As PayPal calls what was saved with its first order."""

LOST = OutcomeUnknown("lost")


@pytest.fixture(autouse=True)
def saving(stage: Stage) -> None:
    stage.paypal.saves = stage.store.saved_methods = True


@pytest.fixture
def late(stage: Stage) -> str:
    return buy(stage, START)


def seen(stage: Stage, booking: str) -> dict[str, Any]:
    return stage.call("appointments/one", "alex", path=f"/booking/{booking}").json


def charges(stage: Stage) -> list[Any]:
    """The payments that were to be taken from a saved method."""
    everyone = stage.store.books().payments.values()
    return [payment for payment in everyone if payment.charges is not None]


def event(name: str, **ids: str) -> dict[str, Any]:
    body = json.loads(Stage.event(f"paypal_webhook/{name}")["body"])
    body["resource"]["id"] = ids.get("method", METHOD)
    body["resource"].setdefault("metadata", {})["order_id"] = ids.get("order", "ORDER1")
    return {**body, "id": f"WH-{name}-{ids}"}


def tell(stage: Stage, name: str, **ids: str) -> Answer:
    return stage.call("paypal_webhook/order_approved", body=event(name, **ids))


# Saving and forgetting


def test_a_method_is_saved_with_what_was_bought(stage: Stage, late: str) -> None:
    assert payment_of(stage, "ORDER1").saved_method == METHOD
    assert quote(stage, late, "reschedule").json["fee_charged"] is True
    assert quote(stage, late, "cancel").json["fee_charged"] is False, "half is kept of what was paid"


def test_where_it_is_not_enabled_nothing_is_charged(stage: Stage, late: str) -> None:
    stage.store.saved_methods = False
    assert quote(stage, late, "reschedule").json["fee_charged"] is False
    assert move(stage, late, NEXT_WEEK).json["code"] == "fee_required"
    assert charges(stage) == []


def test_a_free_move_charges_nothing(stage: Stage) -> None:
    early = buy(stage, FRIDAY)
    assert quote(stage, early, "reschedule").json["fee_charged"] is False
    assert move(stage, early, NEXT_WEEK).status == 200
    assert charges(stage) == []


def test_paypal_may_save_it_later(stage: Stage) -> None:
    stage.paypal.saves = False
    late = buy(stage, START)
    assert quote(stage, late, "reschedule").json["fee_charged"] is False
    for _ in range(2):
        assert tell(stage, "payment_token_created").status == 200
    assert quote(stage, late, "reschedule").json["fee_charged"] is True


@pytest.mark.parametrize("word", ["payment_token_deleted", "payment_token_deletion_initiated"])
def test_a_method_that_was_taken_back_is_not_charged(stage: Stage, late: str, word: str) -> None:
    assert tell(stage, word).status == 200
    assert quote(stage, late, "reschedule").json["fee_charged"] is False
    assert move(stage, late, NEXT_WEEK).json["code"] == "fee_required"
    assert tell(stage, "payment_token_created").status == 200, "late, and out of order"
    assert quote(stage, late, "reschedule").json["fee_charged"] is False
    assert "charge" not in stage.paypal.calls


def test_a_method_saved_with_another_systems_order_is_nothing_to_us(stage: Stage, late: str) -> None:
    assert tell(stage, "payment_token_created", order="THEIRS", method="theirs").status == 200
    assert payment_of(stage, "ORDER1").saved_method == METHOD
    sweep(stage, hours=25)
    assert stage.store.open_attention() == []


def test_a_method_does_not_come_between_a_buyer_and_the_capture(stage: Stage) -> None:
    order_id = order(stage).json["order_id"]
    stage.paypal.approve(order_id)
    stage.paypal.fails_before["capture"] = SystemExit()
    with pytest.raises(SystemExit):
        pay(stage, order_id)
    assert tell(stage, "payment_token_created").status == 503, "PayPal sends it again"
    stage.paypal.fails_before.clear()
    sweep(stage, minutes=5)
    sweep(stage, minutes=5)
    assert payment_of(stage, order_id).saved_method == METHOD


def test_the_page_learns_that_methods_are_saved(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, paypal_client_id="AbC", paypal_vault_enabled=True)
    assert stage.call("config/config").json["paypal"]["saves_method"] is True


# Charging


def test_a_late_move_is_charged_and_done_in_one_request(stage: Stage, late: str) -> None:
    answer = move(stage, late, NEXT_WEEK, key="k")
    assert (answer.status, answer.json["start"], answer.json["payment"]["fee"]) == (
        200,
        isoformat(NEXT_WEEK),
        "75.00",
    )
    (fee,) = charges(stage)
    assert (str(fee.amount), fee.amount.currency, fee.status) == ("75.00", "CAD", PaymentStatus.CAPTURED)
    assert (
        stage.store.order(fee.order_id).payment_id == stage.store.payment_of_capture(fee.capture_id) == fee.id
    )
    again = move(stage, late, NEXT_WEEK, key="k")
    assert (again.status, again.json) == (200, answer.json)
    assert move(stage, late, NEXT_WEEK + HOUR, key="k").json["code"] == "idempotency_key_reused"
    assert stage.paypal.captured_money == 2
    sweep(stage)
    assert kinds(stage).count("client_moved") == 1
    assert stage.calendar.events[late].start == NEXT_WEEK
    assert order(stage, "blake").status == 201, "the old time can be booked at once"


def test_a_package_session_is_charged_half_its_share(stage: Stage) -> None:
    package = order_package(stage).json["order_id"]
    stage.paypal.approve(package)
    booking = use_package(stage, pay_package(stage, package).json["id"], START)
    assert quote(stage, booking, "reschedule").json["fee_charged"] is True
    assert move(stage, booking, NEXT_WEEK).status == 200
    assert [str(fee.amount) for fee in charges(stage)] == ["83.33"]


@pytest.mark.parametrize("key", ["k", ""])
@pytest.mark.parametrize("trouble", ["declines", "revoked", "down"])
def test_where_it_cannot_be_charged_the_client_is_asked(
    stage: Stage, late: str, trouble: str, key: str
) -> None:
    stage.paypal.declining = trouble == "declines"
    stage.paypal.revoked = {METHOD} if trouble == "revoked" else set()
    if trouble == "down":
        stage.paypal.fails_before["charge"] = DOWN
    headers: dict[str, Any] = {"key": key} if key else {}
    asked = move(stage, late, NEXT_WEEK, **headers)
    assert (asked.status, asked.json["code"], asked.json["fee"]) == (402, "fee_required", "75.00")
    if key:
        assert move(stage, late, NEXT_WEEK, key=key).json["fee_order_id"] == asked.json["fee_order_id"]
    assert [fee.status for fee in charges(stage)] == [PaymentStatus.EXPIRED]
    stage.paypal.declining = False
    stage.paypal.approve(asked.json["fee_order_id"])
    moved = move(stage, late, NEXT_WEEK, key="another", fee_order_id=asked.json["fee_order_id"])
    assert (moved.status, moved.json["payment"]["fee"]) == (200, "75.00")
    sweep(stage, hours=12)
    assert stage.paypal.captured_money == 2


def test_a_capture_that_paypal_declines_is_a_decline(stage: Stage, late: str) -> None:
    stage.paypal.next_capture = CaptureStatus.DECLINED
    assert move(stage, late, NEXT_WEEK).json["code"] == "fee_required"


def test_a_pending_charge_moves_the_session_once_it_is_there(stage: Stage, late: str) -> None:
    stage.paypal.next_capture = CaptureStatus.PENDING
    answer = move(stage, late, NEXT_WEEK, key="k")
    assert (answer.status, answer.json["start"]) == (202, isoformat(START))
    assert move(stage, late, NEXT_WEEK, key="k").status == 202
    (fee,) = charges(stage)
    stage.paypal.settle_capture(fee.order_id, CaptureStatus.COMPLETED)
    sweep(stage, hours=1)
    assert seen(stage, late)["start"] == isoformat(NEXT_WEEK)


def test_a_time_that_is_taken_charges_nothing(stage: Stage, late: str) -> None:
    buy(stage, NEXT_WEEK, "blake")
    assert move(stage, late, NEXT_WEEK).json["code"] == "slot_taken"
    assert charges(stage) == []


# Crashes, and answers that are lost


class Crash(BaseException):
    """The process ends right here."""


CALLS = ("hold", "charge", "move_paid")
"""What a move with its fee changes outside, in this order."""


def test_these_are_the_calls(stage: Stage, late: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def noted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def outside(*given: Any, **named: Any) -> Any:
            made.append(name)
            return call(*given, **named)

        return outside

    for name in ("hold", "change_booking", "move_paid"):
        monkeypatch.setattr(stage.store, name, noted(name, getattr(stage.store, name)))
    for name in ("create_order", "capture", "charge", "refund"):
        monkeypatch.setattr(stage.paypal, name, noted(name, getattr(stage.paypal, name)))
    move(stage, late, NEXT_WEEK)
    assert made == list(CALLS)


@pytest.mark.parametrize("comes_back", [True, False], ids=["comes back", "gone"])
@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_wherever_it_stops_the_fee_is_taken_once_and_the_session_moves(
    stage: Stage, late: str, monkeypatch: pytest.MonkeyPatch, call: str, where: str, comes_back: bool
) -> None:
    with monkeypatch.context() as patched:
        owner: Any = stage.paypal if call == "charge" else stage.store
        real = getattr(owner, call)

        def crashes(*given: Any, **named: Any) -> None:
            if where == "after":
                real(*given, **named)
            raise Crash

        patched.setattr(owner, call, crashes)
        with pytest.raises(Crash):
            move(stage, late, NEXT_WEEK, key="k")
    if comes_back:
        answer = move(stage, late, NEXT_WEEK, key="k")
        assert answer.status in {200, 202}, answer.text
    never_began = (call, where, comes_back) == ("hold", "before", False)
    sweep(stage, minutes=5)
    sweep(stage, hours=7)
    sweep(stage, hours=7)
    assert seen(stage, late)["start"] == isoformat(START if never_began else NEXT_WEEK)
    assert stage.paypal.captured_money == (1 if never_began else 2)
    assert [fee.status for fee in charges(stage)] == ([] if never_began else [PaymentStatus.CAPTURED])
    assert kinds(stage).count("client_moved") == (0 if never_began else 1)
    assert stage.store.open_attention() == []


def test_a_charge_whose_answer_is_lost_goes_on_by_itself(stage: Stage, late: str) -> None:
    stage.paypal.fails_after["charge"] = LOST
    assert move(stage, late, NEXT_WEEK, key="k").json["code"] == "payment_provider_unavailable"
    assert move(stage, late, NEXT_WEEK, key="k").status == 202, "somebody is still at PayPal"
    sweep(stage, minutes=5)
    assert (seen(stage, late)["start"], stage.paypal.captured_money) == (isoformat(NEXT_WEEK), 2)
    assert move(stage, late, NEXT_WEEK, key="k").status == 200


def test_the_request_that_comes_again_adopts_the_charge_itself(stage: Stage, late: str) -> None:
    stage.paypal.fails_after["charge"] = LOST
    move(stage, late, NEXT_WEEK, key="k")
    stage.clock.at += CAPTURE_LEASE
    answer = move(stage, late, NEXT_WEEK, key="k")
    assert (answer.status, answer.json["start"], stage.paypal.captured_money) == (
        200,
        isoformat(NEXT_WEEK),
        2,
    )


def test_while_paypal_is_down_an_open_charge_is_not_ended(stage: Stage, late: str) -> None:
    stage.paypal.fails_after["charge"] = LOST
    move(stage, late, NEXT_WEEK)
    stage.paypal.fails_before["charge"] = DOWN
    sweep(stage, hours=1)
    assert [fee.status for fee in charges(stage)] == [PaymentStatus.CAPTURING]
    stage.paypal.fails_before.clear()
    sweep(stage, hours=1)
    assert (seen(stage, late)["start"], stage.paypal.captured_money) == (isoformat(NEXT_WEEK), 2)


def in_doubt(stage: Stage, booking: str, *, taken: bool) -> None:
    """PayPal has not answered for longer than it remembers the request."""
    where = stage.paypal.fails_after if taken else stage.paypal.fails_before
    where["charge"] = LOST
    assert move(stage, booking, NEXT_WEEK).json["code"] == "payment_provider_unavailable"
    stage.paypal.fails_before["charge"] = LOST
    sweep(stage, hours=6)
    stage.paypal.fails_before.clear()
    stage.paypal.calls.clear()


def test_later_than_paypal_remembers_a_charge_is_found_in_its_ledger(stage: Stage, late: str) -> None:
    in_doubt(stage, late, taken=True)
    sweep(stage, hours=1)
    assert "ledger" not in stage.paypal.calls, "it is hours behind"
    sweep(stage, hours=3)
    assert seen(stage, late)["start"] == isoformat(NEXT_WEEK)
    (fee,) = charges(stage)
    assert (fee.status, fee.order_id) == (PaymentStatus.CAPTURED, "ORDER2")
    assert ("charge" in stage.paypal.calls, stage.paypal.captured_money) == (False, 2)


@pytest.mark.parametrize("closed", [True, False])
def test_what_its_ledger_does_not_show_is_for_a_person(stage: Stage, late: str, closed: bool) -> None:
    in_doubt(stage, late, taken=False)
    stage.paypal.ledger_closed = closed
    sweep(stage, hours=4)
    sweep(stage, hours=1)
    assert ("charge" in stage.paypal.calls, stage.paypal.captured_money) == (False, 1)
    assert [each.kind for each in stage.store.open_attention()] == [AttentionKind.PAYMENT_MISMATCH]
    assert order(stage, "blake", start=isoformat(NEXT_WEEK)).status == 201, "nothing is held for it"


def test_a_webhook_tells_the_order_of_a_charge_in_doubt(stage: Stage, late: str) -> None:
    in_doubt(stage, late, taken=True)
    (fee,) = charges(stage)
    body = json.loads(Stage.event("paypal_webhook/capture_completed")["body"])
    body["resource"] |= {"id": "CAPTURE-ORDER2", "custom_id": fee.id}
    body["resource"]["supplementary_data"]["related_ids"]["order_id"] = "ORDER2"
    assert stage.call("paypal_webhook/order_approved", body=body).status == 200
    assert seen(stage, late)["start"] == isoformat(NEXT_WEEK)


def test_a_charge_for_a_session_that_was_cancelled_meanwhile_goes_back(stage: Stage, late: str) -> None:
    stage.paypal.fails_after["charge"] = LOST
    move(stage, late, NEXT_WEEK)
    cancel(stage, late)
    for _ in range(3):
        sweep(stage, hours=1)
    (fee,) = charges(stage)
    assert (fee.status, str(fee.refunded)) == (PaymentStatus.REFUNDED, "75.00")


def test_money_that_came_for_an_ended_charge_goes_back(stage: Stage, late: str) -> None:
    stage.paypal.declining = True
    move(stage, late, NEXT_WEEK)
    (fee,) = charges(stage)
    stage.paypal.declining = False
    stage.paypal.charge(fee, description="", request_id="by somebody's error")
    body = json.loads(Stage.event("paypal_webhook/capture_completed")["body"])
    last = f"ORDER{len(stage.paypal.orders)}"
    body["resource"] |= {"id": f"CAPTURE-{last}", "custom_id": fee.id}
    body["resource"]["supplementary_data"]["related_ids"]["order_id"] = last
    assert stage.call("paypal_webhook/order_approved", body=body).status == 200
    for _ in range(2):
        sweep(stage, hours=1)
    assert [str(each.refunded) for each in charges(stage)] == ["75.00"]
    assert seen(stage, late)["start"] == isoformat(START)
