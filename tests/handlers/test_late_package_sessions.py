"""A package's session that is cancelled late: half its share is charged to the saved method, and it comes back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.attention import AttentionKind
from shared.domain.checkout import CAPTURE_LEASE, CHARGE_REPEATABLE
from shared.domain.payment import PaymentStatus
from shared.domain.settlement import CaptureStatus
from shared.domain.time import isoformat
from shared.usecases.show_messages import messages_about
from tests.builders import START
from tests.fake_paypal import DOWN
from tests.handlers.conftest import Stage
from tests.handlers.test_changing import (
    FRIDAY,
    NEXT_WEEK,
    cancel,
    move,
    quote,
    refunds,
    remaining,
    use_package,
)
from tests.handlers.test_paying import kinds, order, order_package, pay_package, sweep
from tests.handlers.test_reconcile import reconcile
from tests.handlers.test_saved_methods import LOST, METHOD, Crash, charges, seen, tell

FEE = "83.33"
S = PaymentStatus


@pytest.fixture(autouse=True)
def saving(stage: Stage) -> None:
    stage.paypal.saves = stage.store.saved_methods = True


def book(stage: Stage, start: datetime) -> str:
    package = order_package(stage).json["order_id"]
    stage.paypal.approve(package)
    return use_package(stage, pay_package(stage, package).json["id"], start)


@pytest.fixture
def late(stage: Stage) -> str:
    booking = book(stage, START)
    sweep(stage)
    return booking


def fee_of(stage: Stage) -> Any:
    (fee,) = charges(stage)
    return fee


def told(stage: Stage, booking: str) -> tuple[str, str, str]:
    payment = seen(stage, booking)["payment"]
    return payment["status"], payment["amount"], payment["fee"]


def later(stage: Stage) -> None:
    """Long enough for all that goes on by itself."""
    sweep(stage)
    for hours in (0.1, 1, 6, 4, 1):
        sweep(stage, hours=hours)


# The quote


@pytest.mark.parametrize(
    ("notice", "saves", "expected"),
    [
        (timedelta(hours=48), True, ("0.00", False, True, "in_time")),
        (timedelta(hours=48), False, ("0.00", False, True, "in_time")),
        (timedelta(hours=47, minutes=59, seconds=59), True, (FEE, True, True, "short_notice")),
        (timedelta(hours=47, minutes=59, seconds=59), False, ("0.00", False, False, "short_notice")),
    ],
)
def test_the_quote_on_both_sides_of_the_boundary(
    stage: Stage, notice: timedelta, saves: bool, expected: tuple[str, bool, bool, str]
) -> None:
    booking = book(stage, FRIDAY)
    stage.clock.at = FRIDAY - notice
    stage.store.saved_methods = saves
    found = quote(stage, booking).json
    assert (found["fee"], found["fee_charged"], found["credit_returned"], found["reason"]) == expected
    assert (found["currency"], found["refund"]) == ("USD", "0.00")


def test_after_a_move_it_is_charged_however_early(stage: Stage) -> None:
    booking = book(stage, FRIDAY)
    assert move(stage, booking, NEXT_WEEK).status == 200
    assert (quote(stage, booking).json["fee"], quote(stage, booking).json["reason"]) == (FEE, "moved_before")
    cancel(stage, booking)
    sweep(stage)
    assert (remaining(stage), fee_of(stage).status) == (3, S.CAPTURED)


# Cancelling


def test_the_notification_log_has_what_was_told_of_the_fee(stage: Stage, late: str) -> None:
    cancel(stage, late)
    later(stage)
    about = stage.store.appointment(late)
    assert about is not None
    told = [(each.kind, each.channel) for each in messages_about(stage.store, stage.store, about)]
    assert ("client_fee", "email") in told
    assert ("client_fee_settled", "in_app") in told


def test_cancelling_frees_the_time_at_once_and_asks_paypal_nothing(stage: Stage, late: str) -> None:
    stage.paypal.calls.clear()
    answer = cancel(stage, late, key="k")
    assert (answer.status, answer.json["status"]) == (200, "cancelled")
    assert answer.json["payment"] == {
        "status": "created",
        "amount": FEE,
        "currency": "USD",
        "order_id": "",
        "refunded": "0.00",
        "fee": "0.00",
    }
    assert stage.paypal.calls == []
    assert (remaining(stage), seen(stage, late)["payment"]) == (2, answer.json["payment"])
    assert order(stage, "blake").status == 201, "its time can be had"
    assert cancel(stage, late, key="k").json == answer.json
    assert cancel(stage, late).json["code"] == "not_cancellable"
    assert len(charges(stage)) == 1


def test_the_worker_charges_and_the_session_comes_back_once(stage: Stage, late: str) -> None:
    first = cancel(stage, late, key="k")
    later(stage)
    assert (remaining(stage), stage.paypal.captured_money) == (3, 2)
    assert told(stage, late) == ("captured", FEE, FEE)
    fee = fee_of(stage)
    assert (str(fee.amount), fee.amount.currency, fee.cancels) == (FEE, "USD", late)
    assert stage.store.order(fee.order_id).payment_id == fee.id
    assert cancel(stage, late, key="k").json == first.json
    assert [kinds(stage).count(each) for each in ("client_cancelled", "client_fee")] == [1, 1]
    report = reconcile(stage)
    assert (report["differences"], stage.store.open_attention()) == ([], [])
    listed = stage.call("appointments/mine", "alex").json["items"]
    assert [each["payment"]["fee"] for each in listed] == [FEE]


def test_the_session_that_came_back_can_be_booked_and_cancelled_again(stage: Stage, late: str) -> None:
    cancel(stage, late)
    sweep(stage)
    (package,) = stage.call("packages/mine", "alex").json["items"]
    again = use_package(stage, package["id"], START + timedelta(hours=2))
    cancel(stage, again, key="another")
    sweep(stage)
    assert (remaining(stage), [fee.status for fee in charges(stage)]) == (3, [S.CAPTURED] * 2)


def test_where_nothing_is_saved_the_session_is_used_up(stage: Stage, late: str) -> None:
    stage.store.saved_methods = False
    assert quote(stage, late).json["credit_returned"] is False
    assert cancel(stage, late).json["payment"] is None
    later(stage)
    assert (remaining(stage), charges(stage), stage.paypal.captured_money) == (2, [], 1)


@pytest.mark.parametrize("trouble", ["declines", "revoked", "capture declined"])
def test_where_it_cannot_be_charged_the_session_is_used_up(stage: Stage, late: str, trouble: str) -> None:
    assert quote(stage, late).json["fee_charged"] is True
    cancel(stage, late)
    stage.paypal.declining = trouble == "declines"
    if trouble == "revoked":
        stage.paypal.revoked = {METHOD}
        tell(stage, "payment_token_deleted")
    if trouble == "capture declined":
        stage.paypal.next_capture = CaptureStatus.DECLINED
    sweep(stage)
    stage.paypal.declining, stage.paypal.revoked = False, set()
    later(stage)
    assert (remaining(stage), fee_of(stage).status) == (2, S.EXPIRED)
    assert told(stage, late) == ("expired", FEE, "0.00")
    assert kinds(stage).count("client_fee") == 1
    assert stage.store.open_attention() == []


def test_while_paypal_is_down_it_is_tried_again(stage: Stage, late: str) -> None:
    stage.paypal.fails_before["charge"] = DOWN
    assert cancel(stage, late).status == 200
    sweep(stage)
    sweep(stage, hours=5)
    assert (fee_of(stage).status, remaining(stage)) == (S.CREATED, 2)
    stage.paypal.fails_before.clear()
    sweep(stage, minutes=6)
    assert (fee_of(stage).status, remaining(stage)) == (S.CAPTURED, 3)


def test_what_paypal_surely_never_took_in_hours_is_let_go(stage: Stage, late: str) -> None:
    stage.paypal.fails_before["charge"] = DOWN
    cancel(stage, late)
    sweep(stage)
    stage.clock.at += CHARGE_REPEATABLE
    sweep(stage)
    assert (fee_of(stage).status, remaining(stage)) == (S.EXPIRED, 2)
    stage.paypal.fails_before.clear()
    later(stage)
    assert (stage.paypal.captured_money, stage.store.open_attention()) == (1, [])


def test_an_answer_that_is_lost_is_asked_for_again(stage: Stage, late: str) -> None:
    cancel(stage, late)
    stage.paypal.fails_after["charge"] = LOST
    sweep(stage)
    assert (fee_of(stage).status, remaining(stage), stage.paypal.captured_money) == (S.CAPTURING, 2, 2)
    stage.clock.at += CAPTURE_LEASE
    sweep(stage)
    assert (fee_of(stage).status, remaining(stage), stage.paypal.captured_money) == (S.CAPTURED, 3, 2)


@pytest.mark.parametrize("taken", [True, False])
def test_later_than_paypal_remembers_its_ledger_tells(stage: Stage, late: str, taken: bool) -> None:
    cancel(stage, late)
    (stage.paypal.fails_after if taken else stage.paypal.fails_before)["charge"] = LOST
    sweep(stage)
    stage.paypal.fails_before["charge"] = LOST
    sweep(stage, hours=6)
    stage.paypal.fails_before.clear()
    stage.paypal.calls.clear()
    sweep(stage, hours=4)
    sweep(stage, hours=1)
    assert ("charge" in stage.paypal.calls, remaining(stage)) == (False, 3 if taken else 2)
    assert fee_of(stage).status is (S.CAPTURED if taken else S.NEEDS_REVIEW)
    told_of = [each.kind for each in stage.store.open_attention()]
    assert told_of == ([] if taken else [AttentionKind.PAYMENT_MISMATCH])


@pytest.mark.parametrize(("outcome", "left"), [(CaptureStatus.COMPLETED, 3), (CaptureStatus.DECLINED, 2)])
def test_a_pending_charge_brings_the_session_back_once_it_is_there(
    stage: Stage, late: str, outcome: CaptureStatus, left: int
) -> None:
    cancel(stage, late)
    stage.paypal.next_capture = CaptureStatus.PENDING
    sweep(stage)
    sweep(stage, hours=2)
    assert (fee_of(stage).status, remaining(stage), kinds(stage).count("client_fee")) == (S.PENDING, 2, 0)
    stage.paypal.settle_capture(fee_of(stage).order_id, outcome)
    sweep(stage, hours=1)
    sweep(stage, hours=1)
    assert (remaining(stage), kinds(stage).count("client_fee")) == (left, 1)
    assert "client_payment_pending" not in kinds(stage)
    assert "client_payment_failed" not in kinds(stage)
    assert stage.store.open_attention() == []


def captured_event(fee: Any, order_id: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(Stage.event("paypal_webhook/capture_completed")["body"])
    body["resource"] |= {"id": f"CAPTURE-{order_id}", "custom_id": fee.id}
    body["resource"]["supplementary_data"]["related_ids"]["order_id"] = order_id
    return body


def test_a_webhook_that_is_first_brings_the_session_back(stage: Stage, late: str) -> None:
    cancel(stage, late)
    stage.paypal.fails_after["charge"] = LOST
    sweep(stage)
    stage.clock.at += CAPTURE_LEASE
    for _ in range(2):
        told = stage.call("paypal_webhook/order_approved", body=captured_event(fee_of(stage), "ORDER2"))
        assert told.status == 200
    assert (remaining(stage), fee_of(stage).status) == (3, S.CAPTURED)
    later(stage)
    assert (remaining(stage), stage.paypal.captured_money, kinds(stage).count("client_fee")) == (3, 2, 1)


def test_money_that_came_for_an_ended_charge_goes_back(stage: Stage, late: str) -> None:
    cancel(stage, late)
    stage.paypal.declining = True
    sweep(stage)
    stage.paypal.declining = False
    stage.paypal.charge(fee_of(stage), description="", request_id="by somebody's error")
    event = captured_event(fee_of(stage), "ORDER2")
    assert stage.call("paypal_webhook/order_approved", body=event).status == 200
    later(stage)
    assert (remaining(stage), refunds(stage), str(fee_of(stage).refunded)) == (2, [FEE], FEE)
    assert kinds(stage).count("client_refunded") == 1
    assert reconcile(stage)["differences"] == []


def test_a_fee_given_back_by_hand_is_followed_and_the_session_stays_back(stage: Stage, late: str) -> None:
    cancel(stage, late)
    sweep(stage)
    fee = fee_of(stage)
    stage.paypal.refund_by_hand(fee.order_id, FEE)
    event = captured_event(fee, fee.order_id)
    assert stage.call("paypal_webhook/order_approved", body=event).status == 200
    later(stage)
    assert (remaining(stage), fee_of(stage).status) == (3, S.REFUNDED)
    assert stage.store.open_attention() == []


def test_the_order_of_a_fee_buys_nothing(stage: Stage, late: str) -> None:
    cancel(stage, late)
    sweep(stage)
    order_id = seen(stage, late)["payment"]["order_id"]
    assert order_id
    assert pay_package(stage, order_id).json["code"] == "order_mismatch"
    assert stage.call("checkout/give_up", "alex", path=f"/booking/orders/{order_id}").status == 409
    assert move(stage, late, NEXT_WEEK, fee_order_id=order_id).json["code"] == "order_mismatch"


# Crashes


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("call", ["change_booking", "begin", "charge", "return_credit"])
def test_wherever_it_stops_one_fee_is_taken_and_one_session_comes_back(
    stage: Stage, late: str, monkeypatch: pytest.MonkeyPatch, call: str, where: str
) -> None:
    owner: Any = stage.paypal if call == "charge" else stage.store
    name = "change" if call == "begin" else call
    with monkeypatch.context() as patched:
        real = getattr(owner, name)

        def crashes(*given: Any, **named: Any) -> None:
            if where == "after":
                real(*given, **named)
            raise Crash

        patched.setattr(owner, name, crashes)
        with pytest.raises(Crash):
            cancel(stage, late, key="k")
            sweep(stage)
    assert cancel(stage, late, key="k").status == 200
    later(stage)
    assert (remaining(stage), stage.paypal.captured_money, fee_of(stage).status) == (3, 2, S.CAPTURED)
    assert kinds(stage).count("client_fee") == kinds(stage).count("client_cancelled") == 1
    assert stage.store.open_attention() == []
    assert isoformat(START) not in [each["start"] for each in _upcoming(stage)]


def _upcoming(stage: Stage) -> list[dict[str, Any]]:
    items = stage.call("appointments/mine", "alex").json["items"]
    return [each for each in items if each["status"] == "confirmed"]
