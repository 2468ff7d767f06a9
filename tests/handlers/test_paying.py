"""Orders, their payment and giving up, through the real handlers; PayPal, Google and the store are in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.checkout import CAPTURE_LEASE, HOLD
from shared.domain.money import Money
from shared.domain.settlement import CaptureStatus, OrderStatus, RefundStatus
from shared.domain.time import Interval
from shared.usecases.ports import AlreadyCaptured, OutcomeUnknown, RefundRefused, WillNeverWork
from tests.builders import NOW, START
from tests.fake_paypal import DOWN
from tests.handlers.conftest import Answer, Stage

LATER = timedelta(minutes=10)


def body(stage: Stage, name: str, **changes: Any) -> dict[str, Any]:
    import json

    fields: dict[str, Any] = json.loads(stage.event(f"checkout/{name}")["body"])
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def order(stage: Stage, client: str = "alex", key: str | None = None, **changes: Any) -> Answer:
    headers = {"idempotency-key": key or f"order of {client}"}
    return stage.call("checkout/order", client, body=body(stage, "order", **changes), headers=headers)


def order_package(stage: Stage, client: str = "alex", **changes: Any) -> Answer:
    return stage.call("checkout/order_package", client, body=body(stage, "order_package", **changes))


def pay(stage: Stage, order_id: str, client: str = "alex", key: str | None = None, **changes: Any) -> Answer:
    headers = {"idempotency-key": key or f"pay {order_id}"}
    changed = body(stage, "pay_session", paypal_order_id=order_id, **changes)
    return stage.call("checkout/pay_session", client, body=changed, headers=headers)


def pay_package(stage: Stage, order_id: str, client: str = "alex") -> Answer:
    headers = {"idempotency-key": f"pay {order_id}"}
    return stage.call("checkout/pay_package", client, body={"paypal_order_id": order_id}, headers=headers)


def give_up(stage: Stage, order_id: str, client: str = "alex") -> Answer:
    return stage.call("checkout/give_up", client, path=f"/booking/orders/{order_id}")


def sweep(stage: Stage, **later: float) -> None:
    stage.clock.at += timedelta(**later)
    stage.invoke("sweeper", stage.event("sweeper/scheduled"))


def payment_of(stage: Stage, order_id: str) -> Any:
    checkout = stage.store.checkout(stage.store.order(order_id).payment_id or "")
    assert checkout is not None
    return checkout.payment


def booking_of(stage: Stage, order_id: str) -> Any:
    checkout = stage.store.checkout(stage.store.order(order_id).payment_id or "")
    assert checkout is not None
    return checkout.booking


def kinds(stage: Stage) -> list[str]:
    return sorted(letter.kind for letter in stage.mailer.sent)


@pytest.fixture
def ordered(stage: Stage) -> str:
    return str(order(stage).json["order_id"])


@pytest.fixture
def approved(stage: Stage, ordered: str) -> str:
    stage.paypal.approve(ordered)
    return ordered


@pytest.fixture
def paid(stage: Stage, approved: str) -> str:
    assert pay(stage, approved).status == 201
    return approved


# Orders


@pytest.mark.parametrize("currency", ["CAD", "USD"])
def test_an_order_holds_the_time_at_our_price(stage: Stage, currency: str) -> None:
    answer = order(stage, currency=currency)
    assert answer.status == 201
    assert answer.json == {
        "order_id": "ORDER1",
        "approve_url": "https://paypal.example/checkoutnow?token=ORDER1",
        "amount": "150.00",
        "currency": currency,
        "hold_expires_at": "2026-11-23T13:15:00Z",
    }
    assert stage.paypal.orders["ORDER1"].amount == Money.of("150.00", currency)
    held = stage.call("appointments/mine", "alex").json["items"]
    assert [(each["status"], each["payment"]["status"]) for each in held] == [("held", "ordered")]


def test_a_package_is_ordered_without_a_time(stage: Stage) -> None:
    answer = order_package(stage)
    assert (answer.status, answer.json["amount"], answer.json["currency"]) == (201, "500.00", "USD")
    assert stage.call("appointments/mine", "alex").json["items"] == []


def test_the_same_order_again_is_the_same_order(stage: Stage) -> None:
    first = order(stage, key="k")
    stage.clock.at += LATER
    assert order(stage, key="k").json == first.json
    assert list(stage.paypal.orders) == ["ORDER1"]
    other = order(stage, key="k", currency="USD")
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    package = stage.call(
        "checkout/order_package", "alex", body=body(stage, "order_package"), headers={"idempotency-key": "k"}
    )
    assert (package.status, package.json["code"]) == (422, "idempotency_key_reused")


def test_a_key_that_ordered_a_package_orders_no_session(stage: Stage) -> None:
    headers = {"idempotency-key": "k"}
    package = stage.call("checkout/order_package", "alex", body=body(stage, "order_package"), headers=headers)
    assert package.status == 201
    session = order(stage, key="k")
    assert (session.status, session.json["code"]) == (422, "idempotency_key_reused")
    assert order(stage, "blake", key="k").status == 201


def test_an_order_whose_answer_was_lost_is_the_same_order_again(stage: Stage) -> None:
    stage.paypal.fails_after["create_order"] = DOWN
    assert order(stage).json["code"] == "payment_provider_unavailable"
    assert order(stage).json["order_id"] == "ORDER1"
    assert order(stage, key="another", start="2026-11-24T17:00:00Z").json["order_id"] == "ORDER2"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"service": "massage"}, 404, "not_found"),
        ({"service": "free"}, 422, "validation_failed"),
        ({"currency": "EUR"}, 422, "validation_failed"),
        ({"currency": "cad"}, 422, "validation_failed"),
        ({"service": "package"}, 422, "validation_failed"),
        ({"start": None}, 422, "validation_failed"),
        ({"phone": None}, 422, "validation_failed"),
        ({"timezone": None}, 422, "validation_failed"),
        ({"phone": "911"}, 422, "validation_failed"),
        ({"backup_start": "2026-11-24T15:00:00Z"}, 422, "validation_failed"),
        ({"amount": "1.00"}, 422, "validation_failed"),
        ({"start": "2026-11-24T15:10:00Z"}, 422, "slot_not_offered"),
        ({"start": "2026-11-23T14:00:00Z"}, 422, "slot_not_offered"),
    ],
)
def test_an_order_that_cannot_be_is_refused_and_changes_nothing(
    stage: Stage, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = order(stage, **changes)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert stage.paypal.orders == {}
    assert stage.call("appointments/mine", "alex").json["items"] == []


@pytest.mark.parametrize("changes", [{"phone": "+14165550123"}, {"start": "2026-11-24T15:00:00Z"}])
def test_a_package_takes_nothing_of_a_session(stage: Stage, changes: dict[str, Any]) -> None:
    assert order_package(stage, **changes).status == 422


def test_a_held_time_is_taken_for_others_and_open_for_its_holder(stage: Stage, ordered: str) -> None:
    taken = order(stage, "blake")
    assert (taken.status, taken.json["code"]) == (409, "slot_taken")
    assert len(taken.json["alternatives"]) == 5
    assert order(stage, "alex", key="again").status == 201
    stage.clock.at += HOLD + timedelta(seconds=1)
    assert order(stage, "blake").status == 201


def test_nobody_holds_the_whole_week(stage: Stage) -> None:
    for hour in range(14, 19):
        assert order(stage, key=str(hour), start=f"2026-11-24T{hour}:00:00Z").status == 201
    refused = order(stage, key="one more", start="2026-11-24T19:00:00Z")
    assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
    assert refused.headers["Retry-After"] == "900"


def test_without_google_nothing_is_held(stage: Stage) -> None:
    stage.calendar.failing = RuntimeError("down")
    assert order(stage).json["code"] == "calendar_unavailable"
    assert stage.paypal.orders == {}


# Paying


def test_an_approved_order_is_captured_and_confirmed(stage: Stage, approved: str) -> None:
    answer = pay(stage, approved)
    assert answer.status == 201
    assert answer.json["status"] == "confirmed"
    assert answer.json["payment"] == {
        "status": "captured",
        "amount": "150.00",
        "currency": "CAD",
        "order_id": approved,
        "refunded": "0.00",
        "fee": "0.00",
    }
    assert stage.paypal.captured_money == 1
    sweep(stage)
    assert kinds(stage) == ["client_booked", "coach_booked"]
    assert list(stage.calendar.events) == [answer.json["id"]]


def test_the_same_order_again_is_answered_and_captured_once(stage: Stage, paid: str) -> None:
    again = pay(stage, paid, key="a new key")
    assert (again.status, again.json["status"]) == (200, "confirmed")
    assert pay(stage, paid).status == 201, "the same request under the same key hears the same"
    assert stage.paypal.captured_money == 1


def test_the_first_answer_is_the_same_when_the_webhook_was_faster(stage: Stage, approved: str) -> None:
    settle_now(stage, approved)
    assert booking_of(stage, approved).status == "confirmed"
    assert pay(stage, approved, key="first").status == 201
    assert pay(stage, approved, key="second").status == 200


def test_what_the_buyer_says_anew_counts_when_the_webhook_was_faster(stage: Stage, approved: str) -> None:
    settle_now(stage, approved)
    sweep(stage)
    assert pay(stage, approved, phone="+16045550123").json["phone"] == "+16045550123"
    sweep(stage)
    (event,) = stage.calendar.events.values()
    assert event.phone == "+16045550123"


def test_a_key_pays_one_order(stage: Stage, paid: str) -> None:
    second = order(stage, key="second", start="2026-11-24T17:00:00Z").json["order_id"]
    stage.paypal.approve(second)
    reused = pay(stage, second, key=f"pay {paid}")
    assert (reused.status, reused.json["code"]) == (422, "idempotency_key_reused")
    assert stage.paypal.captured_money == 1


def test_what_the_buyer_says_anew_replaces_what_was_stored(stage: Stage, approved: str) -> None:
    answer = pay(
        stage, approved, phone="+16045550123", start="2026-11-24T15:00:00Z", answers={"Topic": "Rest"}
    )
    assert (answer.json["phone"], answer.json["answers"]) == ("+16045550123", {"Topic": "Rest"})


@pytest.mark.parametrize(
    ("who", "changes", "status", "code"),
    [
        ("blake", {}, 404, "not_found"),
        ("alex", {"paypal_order_id": "UNKNOWN"}, 404, "not_found"),
        ("alex", {"start": "2026-11-24T16:00:00Z"}, 409, "order_mismatch"),
        ("alex", {"backup_start": "2026-11-24T15:00:00Z"}, 422, "validation_failed"),
        ("alex", {"service": "single"}, 422, "validation_failed"),
    ],
)
def test_an_order_is_its_buyers_and_for_what_it_holds(
    stage: Stage, approved: str, who: str, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = pay(stage, str(changes.pop("paypal_order_id", approved)), who, **changes)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert stage.paypal.captured_money == 0


def test_a_session_is_no_package_and_a_package_no_session(stage: Stage, approved: str) -> None:
    assert pay_package(stage, approved).json["code"] == "order_mismatch"
    package = order_package(stage).json["order_id"]
    stage.paypal.approve(package)
    assert pay(stage, package).json["code"] == "order_mismatch"
    assert stage.paypal.captured_money == 0


def test_a_package_is_issued_once_it_is_paid(stage: Stage) -> None:
    ordered = order_package(stage).json["order_id"]
    assert pay_package(stage, ordered).json["code"] == "order_not_approved"
    stage.paypal.approve(ordered)
    answer = pay_package(stage, ordered)
    assert answer.status == 201
    assert (answer.json["status"], answer.json["sessions_remaining"]) == ("active", 3)
    assert (answer.json["payment"]["status"], answer.json["payment"]["currency"]) == ("captured", "USD")
    assert pay_package(stage, ordered).json["sessions_total"] == 3
    sweep(stage)
    assert kinds(stage) == ["client_package", "coach_package"]


def test_a_package_whose_buyer_closed_the_tab_is_issued_by_the_sweeper(stage: Stage) -> None:
    ordered = order_package(stage).json["order_id"]
    sweep(stage, minutes=15)
    sweep(stage, minutes=10)
    stage.paypal.approve(ordered)
    sweep(stage, minutes=5)
    assert payment_of(stage, ordered).status == "captured"


def test_a_package_that_nobody_paid_lapses(stage: Stage) -> None:
    ordered = order_package(stage).json["order_id"]
    for _ in range(12):
        assert payment_of(stage, ordered).status == "ordered"
        sweep(stage, minutes=15)
    assert payment_of(stage, ordered).status == "expired"


# Not paid


def test_an_order_that_is_not_approved_takes_nothing_and_keeps_its_hold(stage: Stage, ordered: str) -> None:
    for _ in range(3):
        stage.clock.at += timedelta(minutes=4)
        assert pay(stage, ordered, key=str(stage.clock.at)).json["code"] == "order_not_approved"
    assert booking_of(stage, ordered).hold_until == NOW + HOLD
    stage.clock.at = NOW + HOLD + timedelta(seconds=1)
    assert order(stage, "blake").status == 201


def test_a_declined_payment_can_be_tried_again_with_the_same_time(stage: Stage, approved: str) -> None:
    stage.paypal.declining = True
    answer = pay(stage, approved)
    assert (answer.status, answer.json["code"]) == (402, "payment_declined")
    assert order(stage, "blake").json["code"] == "slot_taken"
    stage.paypal.declining = False
    assert pay(stage, approved, key="second try").status == 201
    assert stage.paypal.captured_money == 1


def test_a_declined_payment_does_not_hold_the_time_for_ever(stage: Stage, approved: str) -> None:
    stage.paypal.declining = True
    for minute in range(0, 300, 10):
        stage.clock.at = NOW + timedelta(minutes=minute)
        pay(stage, approved, key=str(minute))
        sweep(stage)
    assert payment_of(stage, approved).status == "expired"
    assert order(stage, "blake").status == 201


def test_giving_up_frees_the_time_and_the_order_is_never_captured(stage: Stage, approved: str) -> None:
    assert give_up(stage, approved, "blake").status == 404
    assert give_up(stage, approved).status == 204
    assert give_up(stage, approved).status == 204
    assert order(stage, "blake").status == 201
    assert pay(stage, approved).json["code"] == "hold_expired"
    sweep(stage, minutes=30)
    assert stage.paypal.captured_money == 0
    assert stage.call("appointments/mine", "alex").json["items"] == []


def test_what_is_paid_cannot_be_given_up(stage: Stage, paid: str) -> None:
    assert give_up(stage, paid).json["code"] == "not_cancellable"
    assert give_up(stage, "UNKNOWN").status == 404


def test_an_order_that_ran_out_is_noted_and_its_time_is_free(stage: Stage, ordered: str) -> None:
    sweep(stage, minutes=15)
    assert payment_of(stage, ordered).status == "expired"
    assert stage.call("appointments/mine", "alex").json["items"] == []
    assert pay(stage, ordered).json["code"] == "order_not_approved"


def test_a_voided_order_is_over(stage: Stage, approved: str) -> None:
    stage.paypal.change(approved, status=OrderStatus.VOIDED)
    assert pay(stage, approved).status == 409
    sweep(stage, minutes=20)
    assert payment_of(stage, approved).status == "expired"


# Late, and in doubt


def test_a_late_payer_wins_while_nobody_took_the_time(stage: Stage, approved: str) -> None:
    stage.clock.at += HOLD + timedelta(minutes=5)
    assert pay(stage, approved).status == 201


def test_a_late_payer_loses_to_whoever_took_the_time_and_pays_nothing(stage: Stage, approved: str) -> None:
    stage.clock.at += HOLD + timedelta(minutes=5)
    assert order(stage, "blake").status == 201
    assert pay(stage, approved).json["code"] == "hold_expired"
    assert stage.paypal.captured_money == 0
    assert stage.paypal.orders["ORDER2"].status is OrderStatus.PAYER_ACTION_REQUIRED


def test_a_late_payer_loses_to_the_coachs_own_calendar(stage: Stage, approved: str) -> None:
    stage.clock.at += HOLD + timedelta(minutes=5)
    stage.calendar.others.append(Interval(START, START + timedelta(hours=1)))
    assert pay(stage, approved).json["code"] == "hold_expired"
    assert stage.paypal.captured_money == 0


def test_a_buyer_who_closed_the_tab_is_booked_by_the_sweeper(stage: Stage, approved: str) -> None:
    sweep(stage, minutes=15)
    assert payment_of(stage, approved).status == "captured"
    sweep(stage)
    assert kinds(stage) == ["client_booked", "coach_booked"]


def test_a_capture_whose_answer_was_lost_is_found_out_at_once(stage: Stage, approved: str) -> None:
    stage.paypal.fails_after["capture"] = OutcomeUnknown("lost")
    assert pay(stage, approved).status == 201
    assert stage.paypal.captured_money == 1


def test_a_capture_in_doubt_is_settled_by_the_sweeper(stage: Stage, approved: str) -> None:
    stage.paypal.fails_after["capture"] = OutcomeUnknown("lost")
    stage.paypal.fails_before["get_order"] = DOWN
    assert pay(stage, approved).json["code"] == "payment_provider_unavailable"
    again = pay(stage, approved, key="impatient")
    assert (again.status, again.json["code"], again.json["payment"]["status"]) == (
        202,
        "payment_pending",
        "capturing",
    )
    del stage.paypal.fails_before["get_order"]
    sweep(stage, seconds=CAPTURE_LEASE.total_seconds())
    assert pay(stage, approved, key="patient").status == 201
    assert stage.paypal.captured_money == 1


def test_a_capture_that_never_arrived_is_made_later(stage: Stage, approved: str) -> None:
    stage.paypal.fails_before["capture"] = OutcomeUnknown("lost")
    assert pay(stage, approved).json["code"] == "payment_provider_unavailable"
    del stage.paypal.fails_before["capture"]
    sweep(stage, seconds=CAPTURE_LEASE.total_seconds())
    assert payment_of(stage, approved).status == "captured"
    assert stage.paypal.captured_money == 1


def test_when_paypal_surely_took_nothing_the_buyer_may_try_again_at_once(stage: Stage, approved: str) -> None:
    stage.paypal.fails_before["capture"] = DOWN
    assert pay(stage, approved).json["code"] == "payment_provider_unavailable"
    del stage.paypal.fails_before["capture"]
    assert pay(stage, approved).status == 201


def test_an_order_captured_elsewhere_is_adopted(stage: Stage, approved: str) -> None:
    stage.paypal.capture(approved, request_id="not ours")
    assert pay(stage, approved).status == 201
    assert stage.paypal.captured_money == 1


def test_an_order_captured_after_it_was_given_up_goes_back(stage: Stage, approved: str) -> None:
    give_up(stage, approved)
    stage.paypal.capture(approved, request_id="not ours")
    settle_now(stage, approved)
    sweep(stage)
    assert payment_of(stage, approved).status == "refunded"


def settle_now(stage: Stage, order_id: str) -> None:
    from shared.usecases.settle import settle

    settle(stage.till(), payment_of(stage, order_id).id)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda _: {"amount": Money.of("1.00", "CAD")},
        lambda _: {"amount": Money.of("150.00", "USD")},
        lambda _: {"custom_id": "someone else's"},
    ],
    ids=["amount", "currency", "custom_id"],
)
def test_an_order_that_is_not_what_we_asked_for_confirms_nothing(
    stage: Stage, approved: str, tamper: Callable[[Any], dict[str, Any]]
) -> None:
    stage.paypal.change(approved, **tamper(stage.paypal.orders[approved]))
    answer = pay(stage, approved)
    assert (answer.status, answer.json["code"]) == (409, "order_mismatch")
    assert payment_of(stage, approved).status == "needs_review"
    assert [each.kind for each in stage.store.open_attention()] == ["payment_mismatch"]
    sweep(stage, minutes=61)
    assert booking_of(stage, approved).status == "expired"
    assert order(stage, "blake").status == 201


def test_a_capture_that_can_never_work_needs_a_person(stage: Stage, approved: str) -> None:
    stage.paypal.fails_before["capture"] = WillNeverWork("PERMISSION_DENIED")
    assert pay(stage, approved).json["code"] == "order_mismatch"
    assert payment_of(stage, approved).status == "needs_review"


def test_an_order_already_captured_that_nobody_knows_is_not_booked(stage: Stage, approved: str) -> None:
    stage.paypal.fails_before["capture"] = AlreadyCaptured()
    stage.paypal.change(approved, status=OrderStatus.COMPLETED)
    assert pay(stage, approved).json["code"] == "order_mismatch"


# Pending


@pytest.fixture
def pending(stage: Stage, approved: str) -> str:
    stage.paypal.next_capture = CaptureStatus.PENDING
    answer = pay(stage, approved)
    assert (answer.status, answer.json["code"]) == (202, "payment_pending")
    assert (answer.json["status"], answer.json["payment"]["status"]) == ("held", "pending")
    return approved


def test_a_pending_payment_keeps_the_time_until_it_is_there(stage: Stage, pending: str) -> None:
    sweep(stage, hours=20)
    assert kinds(stage) == ["client_payment_pending"]
    assert order(stage, "blake").json["code"] == "slot_taken"
    assert pay(stage, pending, key="again").status == 202
    stage.paypal.settle_capture(pending, CaptureStatus.COMPLETED)
    sweep(stage, hours=1)
    sweep(stage)
    assert payment_of(stage, pending).status == "captured"
    assert kinds(stage) == ["client_booked", "client_payment_pending", "coach_booked"]


def test_a_pending_payment_that_is_denied_frees_the_time(stage: Stage, pending: str) -> None:
    sweep(stage)
    stage.paypal.settle_capture(pending, CaptureStatus.DECLINED)
    sweep(stage, hours=1)
    sweep(stage)
    assert payment_of(stage, pending).status == "denied"
    assert kinds(stage) == ["client_payment_failed", "client_payment_pending"]
    assert pay(stage, pending, key="again").json["code"] == "payment_declined"
    assert order(stage, "blake").status == 201


def test_a_payment_that_comes_after_its_session_goes_back(stage: Stage, pending: str) -> None:
    sweep(stage, hours=27)
    stage.paypal.settle_capture(pending, CaptureStatus.COMPLETED)
    sweep(stage, hours=1)
    sweep(stage)
    sweep(stage)
    assert payment_of(stage, pending).status == "refunded"
    assert "client_time_lost" in kinds(stage)
    assert booking_of(stage, pending).status == "expired"


def test_a_confirmed_session_is_not_undone_by_a_late_denial(stage: Stage, paid: str) -> None:
    stage.paypal.settle_capture(paid, CaptureStatus.DECLINED)
    settle_now(stage, paid)
    assert booking_of(stage, paid).status == "confirmed"


def test_a_pending_payment_whose_time_is_lost_goes_back_once_it_is_there(stage: Stage, approved: str) -> None:
    stage.paypal.next_capture = CaptureStatus.PENDING
    stage.paypal.fails_after["capture"] = OutcomeUnknown("lost")
    stage.paypal.fails_before["get_order"] = DOWN
    pay(stage, approved)
    del stage.paypal.fails_before["get_order"]
    stage.clock.at += timedelta(minutes=61)
    assert order(stage, "blake").status == 201
    sweep(stage)
    assert payment_of(stage, approved).status == "pending"
    assert booking_of(stage, approved).status == "expired"
    stage.paypal.next_capture = CaptureStatus.COMPLETED
    stage.paypal.approve("ORDER2")
    assert pay(stage, "ORDER2", "blake").status == 201
    stage.paypal.settle_capture(approved, CaptureStatus.COMPLETED)
    sweep(stage, hours=1)
    sweep(stage)
    assert payment_of(stage, approved).status == "refunded"


def test_a_capture_outlives_an_order_that_paypal_forgot(stage: Stage, pending: str) -> None:
    stage.paypal.settle_capture(pending, CaptureStatus.COMPLETED)
    stage.paypal.forget(pending)
    sweep(stage, hours=1)
    assert booking_of(stage, pending).status == "confirmed"


def test_a_decline_that_paypal_keeps_repeating_does_not_hold_the_time_for_ever(
    stage: Stage, approved: str
) -> None:
    stage.paypal.next_capture = CaptureStatus.DECLINED
    assert pay(stage, approved).json["code"] == "payment_declined"
    settle_now(stage, approved)
    sweep(stage, minutes=16)
    assert payment_of(stage, approved).status == "expired"
    settle_now(stage, approved)
    assert payment_of(stage, approved).status == "expired"
    assert order(stage, "blake").status == 201


# Money that goes back


@pytest.fixture
def lost(stage: Stage, approved: str) -> str:
    """Captured, and the time is somebody else's by then."""
    stage.paypal.fails_after["capture"] = OutcomeUnknown("lost")
    stage.paypal.fails_before["get_order"] = DOWN
    pay(stage, approved)
    del stage.paypal.fails_before["get_order"]
    stage.clock.at += timedelta(minutes=61)
    assert order(stage, "blake").status == 201
    sweep(stage)
    return approved


def test_whoever_paid_for_a_lost_time_gets_all_of_it_back_and_is_told(stage: Stage, lost: str) -> None:
    assert payment_of(stage, lost).status == "refund_due"
    assert pay(stage, lost, key="again").json["code"] == "hold_expired"
    sweep(stage)
    assert payment_of(stage, lost).status == "refunded"
    assert str(payment_of(stage, lost).refunded) == "150.00"
    sweep(stage)
    assert kinds(stage) == ["client_refunded", "client_time_lost"]
    assert [each.kind for each in stage.store.open_attention()] == ["time_lost"]


def test_a_refund_whose_answer_was_lost_is_made_once(stage: Stage, lost: str) -> None:
    stage.paypal.fails_after["refund"] = OutcomeUnknown("lost")
    sweep(stage)
    sweep(stage, minutes=5)
    assert payment_of(stage, lost).status == "refunded"
    assert len(stage.paypal.orders[lost].refunds) == 1


def test_a_refund_is_tried_again_while_paypal_is_down(stage: Stage, lost: str) -> None:
    stage.paypal.fails_before["refund"] = DOWN
    for _ in range(3):
        sweep(stage, minutes=5)
    del stage.paypal.fails_before["refund"]
    sweep(stage, minutes=30)
    assert payment_of(stage, lost).status == "refunded"


def test_a_refund_that_takes_paypal_days_is_followed(stage: Stage, lost: str) -> None:
    stage.paypal.next_refund = RefundStatus.PENDING
    sweep(stage)
    assert payment_of(stage, lost).status == "refunding"
    sweep(stage, hours=30)
    assert payment_of(stage, lost).status == "refunding"
    stage.paypal.settle_refund(payment_of(stage, lost).refund_request_id, RefundStatus.COMPLETED)
    sweep(stage, hours=1)
    assert payment_of(stage, lost).status == "refunded"


@pytest.mark.parametrize("when", ["at once", "later", "refused"])
def test_a_refund_that_fails_needs_a_person(stage: Stage, lost: str, when: str) -> None:
    if when == "at once":
        stage.paypal.next_refund = RefundStatus.FAILED
    elif when == "later":
        stage.paypal.next_refund = RefundStatus.PENDING
        sweep(stage)
        stage.paypal.settle_refund(payment_of(stage, lost).refund_request_id, RefundStatus.FAILED)
    else:
        stage.paypal.fails_before["refund"] = RefundRefused("REFUND_TIME_LIMIT_EXCEEDED")
    for _ in range(15):
        sweep(stage, hours=1, seconds=1)
    assert payment_of(stage, lost).status == "refund_failed"
    assert {each.kind for each in stage.store.open_attention()} == {"time_lost", "refund_failed"}


def test_a_refund_from_the_dashboard_is_followed_and_cancels_nothing(stage: Stage, paid: str) -> None:
    stage.paypal.refund_by_hand(paid, "50.00")
    settle_now(stage, paid)
    settle_now(stage, paid)
    payment = payment_of(stage, paid)
    assert (payment.status, str(payment.refunded)) == ("partially_refunded", "50.00")
    assert stage.store.open_attention() == []
    stage.paypal.refund_by_hand(paid, "100.00")
    settle_now(stage, paid)
    assert payment_of(stage, paid).status == "refunded"
    assert booking_of(stage, paid).status == "confirmed"
    assert [each.kind for each in stage.store.open_attention()] == ["refunded_but_booked"]
    sweep(stage)
    assert kinds(stage).count("client_refunded") == 2


def test_nothing_is_refunded_twice_when_somebody_was_faster(stage: Stage, lost: str) -> None:
    stage.paypal.refund_by_hand(lost, "100.00")
    sweep(stage)
    assert sum(refund.amount.amount for refund in stage.paypal.orders[lost].refunds) == 150
    assert payment_of(stage, lost).status == "refunded"


def test_every_step_is_in_the_audit_trail(stage: Stage, paid: str) -> None:
    events = [(event, actor) for _, event, actor in stage.store.audit]
    assert events == [("ordered", "alex"), ("capture_begun", "alex"), ("confirmed", "alex")]
