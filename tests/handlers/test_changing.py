"""Quotes, cancelling and moving through the real handlers; PayPal, Google and the store are in memory."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.adapters import mails
from shared.domain.settlement import CaptureStatus, OrderStatus
from shared.domain.time import Interval, isoformat
from shared.usecases.deliver_effects import deliver
from shared.usecases.settle import settle
from tests.builders import NOW, START
from tests.handlers.conftest import Answer, Stage
from tests.handlers.test_paying import (
    give_up,
    kinds,
    order,
    order_package,
    pay,
    pay_package,
    payment_of,
    sweep,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FRIDAY = START + 3 * DAY
"""In time: more than two days ahead."""

FRIDAY_LATER = FRIDAY + 2 * HOUR
NEXT_WEEK = START + 7 * DAY


def call(stage: Stage, name: str, booking: str, client: str = "alex", **changes: Any) -> Answer:
    action = name.partition("/")[2]
    path = f"/booking/{booking}/{'reschedule' if action == 'move' else action}"
    return stage.call(name, client, path=path, **changes)


def quote(stage: Stage, booking: str, action: str = "cancel", client: str = "alex") -> Answer:
    return call(stage, "cancel/quote", booking, client, query={"action": action})


def cancel(stage: Stage, booking: str, client: str = "alex", key: str = "", **body: Any) -> Answer:
    headers = {"idempotency-key": key or f"{client} {stage.clock.at}"}
    return call(stage, "cancel/cancel", booking, client, body=body, headers=headers)


def move(
    stage: Stage, booking: str, to: datetime, client: str = "alex", key: str = "", **body: Any
) -> Answer:
    headers = {"idempotency-key": key or f"{client} {to} {stage.clock.at}"}
    return call(
        stage, "reschedule/move", booking, client, body={"start": isoformat(to), **body}, headers=headers
    )


@pytest.fixture
def free(stage: Stage) -> str:
    return str(book_free(stage, START + 4 * HOUR).json["id"])


@pytest.fixture(params=[START, FRIDAY], ids=["late", "in time"])
def any_paid(stage: Stage, request: pytest.FixtureRequest) -> str:
    return buy(stage, request.param)


@pytest.fixture
def late(stage: Stage) -> str:
    return buy(stage, START)


@pytest.fixture
def early(stage: Stage) -> str:
    return buy(stage, FRIDAY)


@pytest.fixture
def from_package(stage: Stage) -> str:
    package = order_package(stage).json["order_id"]
    stage.paypal.approve(package)
    return use_package(stage, pay_package(stage, package).json["id"], FRIDAY)


def buy(stage: Stage, start: datetime, client: str = "alex") -> str:
    order_id = order(stage, client, key=f"buy {start}", start=isoformat(start)).json["order_id"]
    stage.paypal.approve(order_id)
    return str(pay(stage, order_id, client).json["id"])


def use_package(stage: Stage, package: str, start: datetime) -> str:
    body = {
        "package_id": package,
        "start": isoformat(start),
        "phone": "+14165550123",
        "timezone": "America/Toronto",
    }
    booked = stage.call("packages/use_session", "alex", body=body, headers={"idempotency-key": str(start)})
    assert booked.status == 201, booked.text
    return str(booked.json["id"])


def book_free(stage: Stage, start: datetime) -> Answer:
    body = {
        "promo_code": "WIMD25",
        "start": isoformat(start),
        "phone": "+14165550123",
        "timezone": "America/Toronto",
    }
    headers = {"idempotency-key": f"{start} {stage.clock.at}"}
    return stage.call("book_free/book", "alex", body=body, headers=headers)


def refunds(stage: Stage) -> list[str]:
    return [str(refund.amount) for each in stage.paypal.orders.values() for refund in each.refunds]


def remaining(stage: Stage) -> int:
    (package,) = stage.call("packages/mine", "alex").json["items"]
    return int(package["sessions_remaining"])


# Quotes


def test_a_quote_says_what_it_costs_and_why(stage: Stage, late: str, free: str) -> None:
    assert quote(stage, late).json == {
        "fee": "75.00",
        "fee_charged": False,
        "refund": "75.00",
        "currency": "CAD",
        "credit_returned": False,
        "free_reschedule_left": True,
        "reason": "short_notice",
    }
    moving = quote(stage, late, "reschedule").json
    assert (moving["fee"], moving["refund"]) == ("75.00", "0.00")
    nothing = quote(stage, free).json
    assert (nothing["fee"], nothing["refund"], nothing["currency"]) == ("0.00", "0.00", None)
    assert (nothing["credit_returned"], nothing["reason"]) == (True, "free_session")


@pytest.mark.parametrize(("seconds", "refund"), [(0, "150.00"), (1, "75.00")])
def test_forty_eight_hours_to_the_second_are_in_time(
    stage: Stage, early: str, seconds: int, refund: str
) -> None:
    stage.clock.at = FRIDAY - timedelta(hours=48) + timedelta(seconds=seconds)
    assert quote(stage, early).json["refund"] == refund
    assert cancel(stage, early).status == 200
    sweep(stage)
    assert refunds(stage) == [refund]


def test_a_quote_changes_nothing(stage: Stage, late: str) -> None:
    before = stage.store.case(late)
    for action in ("cancel", "reschedule"):
        quote(stage, late, action)
    assert stage.store.case(late) == before
    assert quote(stage, late, "explode").status == 422
    assert quote(stage, late, client="blake").json["code"] == "not_found"


# Cancelling


def test_a_cancelled_free_session_frees_its_time_and_its_code(stage: Stage, free: str) -> None:
    sweep(stage)
    answer = cancel(stage, free, reason="I am ill")
    assert (answer.status, answer.json["status"], answer.json["sequence"]) == (200, "cancelled", 1)
    stage.clock.at += timedelta(seconds=1)
    assert book_free(stage, START + 4 * HOUR).status == 201, "although its event still stands"
    sweep(stage)
    assert list(stage.calendar.events) != [free]
    assert kinds(stage).count("client_cancelled") == kinds(stage).count("coach_cancelled") == 1


def test_a_cancelled_payment_goes_back_and_its_state_is_seen(stage: Stage, early: str) -> None:
    answer = cancel(stage, early)
    assert (answer.json["payment"]["status"], answer.json["payment"]["fee"]) == ("refund_due", "0.00")
    sweep(stage)
    seen = stage.call("appointments/one", "alex", path=f"/booking/{early}").json["payment"]
    assert (seen["status"], seen["refunded"]) == ("refunded", "150.00")
    sweep(stage)
    assert "client_refunded" in kinds(stage)
    assert stage.store.open_attention() == []


def test_half_is_kept_of_what_is_cancelled_late(stage: Stage, late: str) -> None:
    assert cancel(stage, late).json["payment"]["fee"] == "75.00"
    sweep(stage)
    sweep(stage, hours=1)
    seen = stage.call("appointments/one", "alex", path=f"/booking/{late}").json["payment"]
    assert (seen["status"], seen["refunded"]) == ("partially_refunded", "75.00")
    assert refunds(stage) == ["75.00"]


def test_what_went_back_by_hand_is_not_given_back_again(stage: Stage, early: str) -> None:
    stage.paypal.refund_by_hand("ORDER1", "100.00")
    cancel(stage, early)
    sweep(stage)
    sweep(stage, hours=1)
    assert refunds(stage) == ["100.00", "50.00"]
    assert payment_of(stage, "ORDER1").status == "refunded"


@pytest.mark.parametrize(
    ("by_hand", "fee", "refund"), [("20.00", "75.00", "55.00"), ("100.00", "50.00", "0.00")]
)
def test_what_went_back_by_hand_is_not_kept_as_a_fee(
    stage: Stage, late: str, by_hand: str, fee: str, refund: str
) -> None:
    stage.paypal.refund_by_hand("ORDER1", by_hand)
    settle(stage.till(), late)
    asked = quote(stage, late).json
    assert (asked["fee"], asked["refund"]) == (fee, refund)
    assert cancel(stage, late).json["payment"]["fee"] == fee


def test_cancelling_twice_gives_back_once(stage: Stage, early: str) -> None:
    first = cancel(stage, early, key="k")
    assert cancel(stage, early, key="k").json == first.json
    assert cancel(stage, early, key="other").json["code"] == "not_cancellable"
    assert cancel(stage, early, key="k", reason="another").json["code"] == "idempotency_key_reused"
    sweep(stage)
    assert refunds(stage) == ["150.00"]


def test_whoever_pays_again_for_what_was_moved_or_cancelled_since_hears_how_it_stands(stage: Stage) -> None:
    """The page sends its first request again, under its key."""
    start = NEXT_WEEK
    order_id = order(stage, start=isoformat(start)).json["order_id"]
    stage.paypal.approve(order_id)
    booking = pay(stage, order_id, start=isoformat(start)).json["id"]
    move(stage, booking, start + 24 * HOUR)
    assert pay(stage, order_id, start=isoformat(start)).json["start"] == isoformat(start + 24 * HOUR)
    cancel(stage, booking)
    again = pay(stage, order_id, start=isoformat(start))
    assert (again.status, again.json["id"], again.json["status"]) == (201, booking, "cancelled")
    assert pay(stage, order_id, key="another").status == 200


def test_a_packages_session_comes_back_in_time_and_is_used_up_late(stage: Stage, from_package: str) -> None:
    assert remaining(stage) == 2
    assert quote(stage, from_package).json["credit_returned"] is True
    assert cancel(stage, from_package).status == 200
    assert remaining(stage) == 3
    package = stage.call("packages/mine", "alex").json["items"][0]["id"]
    tomorrow = use_package(stage, package, START)
    told = quote(stage, tomorrow).json
    assert (told["fee"], told["credit_returned"], told["currency"]) == ("0.00", False, "USD")
    cancel(stage, tomorrow)
    assert remaining(stage) == 2
    sweep(stage)
    assert refunds(stage) == []


@pytest.mark.parametrize("what", ["held", "past", "cancelled", "another's"])
def test_what_does_not_stand_cannot_be_changed(stage: Stage, what: str) -> None:
    if what == "held":
        order(stage)
        booking = str(stage.call("appointments/mine", "alex").json["items"][0]["id"])
    else:
        booking = buy(stage, START, "blake" if what == "another's" else "alex")
    if what == "cancelled":
        cancel(stage, booking, key="first")
    if what == "past":
        stage.clock.at = START
    expected = "not_found" if what == "another's" else None
    assert cancel(stage, booking).json["code"] == (expected or "not_cancellable")
    assert move(stage, booking, NEXT_WEEK).json["code"] == (expected or "not_reschedulable")
    assert quote(stage, booking).json["code"] == (expected or "not_cancellable")


@pytest.mark.parametrize(
    "body", ["[]", '{"reason": 5}', '{"refund": "150.00"}', '{"reason": "%s"}' % ("x" * 501)]
)
def test_bad_input_cancels_nothing(stage: Stage, early: str, body: str) -> None:
    assert call(stage, "cancel/cancel", early, body=body).status == 422
    assert quote(stage, early).status == 200


# Moving


def test_one_move_in_time_is_free(stage: Stage, early: str) -> None:
    answer = move(stage, early, FRIDAY_LATER, key="k")
    assert (answer.status, answer.json["start"], answer.json["sequence"]) == (200, isoformat(FRIDAY_LATER), 1)
    assert answer.json["reschedules_used"] == 1
    assert move(stage, early, FRIDAY_LATER, key="k").json == answer.json
    sweep(stage)
    assert stage.calendar.events[early].start == FRIDAY_LATER
    assert kinds(stage) == ["client_moved", "coach_moved"], "the mails about the old time have nothing to say"
    assert quote(stage, early).json["reason"] == "moved_before"
    assert order(stage, "blake", start=isoformat(FRIDAY)).status == 201, "the old time can be booked at once"


def test_a_repeat_hears_its_first_answer_whatever_happened_since(stage: Stage, early: str) -> None:
    moved = move(stage, early, FRIDAY_LATER, key="first")
    cancelled = cancel(stage, early, key="second")
    sweep(stage, minutes=10)
    now = stage.call("appointments/one", "alex", path=f"/booking/{early}").json
    assert now["payment"]["status"] == "partially_refunded"
    assert move(stage, early, FRIDAY_LATER, key="first").json == moved.json
    assert cancel(stage, early, key="second").json == cancelled.json
    assert (moved.json["status"], cancelled.json["payment"]["status"]) == ("confirmed", "refund_due")


def test_a_session_never_stands_in_its_own_way(stage: Stage, early: str) -> None:
    sweep(stage)
    assert move(stage, early, FRIDAY + timedelta(minutes=30)).status == 200


def test_a_foreign_event_under_ones_own_session_does(stage: Stage, early: str) -> None:
    sweep(stage)
    stage.calendar.others.append(Interval(FRIDAY + timedelta(minutes=30), FRIDAY + HOUR))
    assert move(stage, early, FRIDAY + timedelta(minutes=30)).json["code"] == "slot_taken"


@pytest.mark.parametrize(
    ("to", "code"),
    [
        (FRIDAY, "validation_failed"),
        (FRIDAY + timedelta(minutes=10), "slot_not_offered"),
        (FRIDAY + 12 * HOUR, "slot_not_offered"),
        (NOW + HOUR, "slot_not_offered"),
        (NOW - DAY, "slot_not_offered"),
        (START, "slot_taken"),
    ],
)
def test_a_move_follows_the_rules_of_every_booking(stage: Stage, early: str, to: datetime, code: str) -> None:
    buy(stage, START, "blake")
    answer = move(stage, early, to)
    assert answer.json["code"] == code
    assert ("alternatives" in answer.json) is (code == "slot_taken")
    assert quote(stage, early).json["free_reschedule_left"] is True


def test_without_google_nothing_moves(stage: Stage, early: str) -> None:
    stage.calendar.failing = RuntimeError("down")
    assert move(stage, early, NEXT_WEEK).json["code"] == "calendar_unavailable"


def test_a_free_session_moves_as_often_as_one_likes(stage: Stage, free: str) -> None:
    for to in (NEXT_WEEK, FRIDAY, NEXT_WEEK):
        assert move(stage, free, to).status == 200


# Fees


@pytest.fixture
def fee(stage: Stage, late: str) -> dict[str, Any]:
    answer = move(stage, late, NEXT_WEEK)
    assert (answer.status, answer.json["code"]) == (402, "fee_required")
    return dict(answer.json)


def test_a_late_move_asks_its_fee_first_and_holds_the_new_time(
    stage: Stage, late: str, fee: dict[str, Any]
) -> None:
    assert (fee["fee"], fee["currency"]) == ("75.00", "CAD")
    assert fee["approve_url"].startswith("https://paypal.example/")
    assert order(stage, "blake", start=isoformat(NEXT_WEEK)).json["code"] == "slot_taken"
    assert [each["id"] for each in stage.call("appointments/mine", "alex").json["items"]] == [late]
    shadow = stage.store.order(fee["fee_order_id"]).payment_id
    assert stage.call("appointments/one", "alex", path=f"/booking/{shadow}").status == 404


def test_the_session_moves_when_its_fee_is_paid(stage: Stage, late: str, fee: dict[str, Any]) -> None:
    unpaid = move(stage, late, NEXT_WEEK, fee_order_id=fee["fee_order_id"])
    assert unpaid.json["code"] == "order_not_approved"
    stage.paypal.approve(fee["fee_order_id"])
    moved = move(stage, late, NEXT_WEEK, fee_order_id=fee["fee_order_id"])
    assert (moved.status, moved.json["start"], moved.json["payment"]["fee"]) == (
        200,
        isoformat(NEXT_WEEK),
        "75.00",
    )
    assert stage.paypal.captured_money == 2
    sweep(stage)
    assert stage.calendar.events[late].start == NEXT_WEEK
    assert order(stage, "blake").status == 201
    again = move(stage, late, NEXT_WEEK, fee_order_id=fee["fee_order_id"])
    assert (again.status, stage.paypal.captured_money) == (200, 2)


def test_the_session_moves_though_the_buyer_closed_the_tab(
    stage: Stage, late: str, fee: dict[str, Any]
) -> None:
    stage.paypal.approve(fee["fee_order_id"])
    sweep(stage, minutes=15)
    seen = stage.call("appointments/one", "alex", path=f"/booking/{late}").json
    assert seen["start"] == isoformat(NEXT_WEEK)


def test_a_fee_is_for_its_own_move(stage: Stage, late: str, early: str, fee: dict[str, Any]) -> None:
    stage.paypal.approve(fee["fee_order_id"])
    to = fee["fee_order_id"]
    assert move(stage, late, NEXT_WEEK + HOUR, fee_order_id=to).json["code"] == "order_mismatch"
    assert move(stage, early, NEXT_WEEK, fee_order_id=to).json["code"] == "order_mismatch"
    assert move(stage, late, NEXT_WEEK, fee_order_id="UNKNOWN").json["code"] == "not_found"
    assert move(stage, late, NEXT_WEEK, "blake", fee_order_id=to).json["code"] == "not_found"
    assert pay(stage, to).json["code"] == "order_mismatch"
    assert stage.paypal.captured_money == 2


def test_a_fee_that_is_given_up_frees_the_new_time_alone(
    stage: Stage, late: str, fee: dict[str, Any]
) -> None:
    assert give_up(stage, fee["fee_order_id"]).status == 204
    assert order(stage, "blake", start=isoformat(NEXT_WEEK)).status == 201
    assert quote(stage, late).status == 200


def test_a_fee_goes_back_when_the_session_was_cancelled_meanwhile(
    stage: Stage, late: str, fee: dict[str, Any]
) -> None:
    stage.paypal.approve(fee["fee_order_id"])
    cancel(stage, late)
    stage.paypal.capture(fee["fee_order_id"], request_id="not ours")
    answer = move(stage, late, NEXT_WEEK, fee_order_id=fee["fee_order_id"])
    assert answer.status == 409
    sweep(stage)
    sweep(stage, hours=1)
    assert payment_of(stage, fee["fee_order_id"]).status == "refunded"


@pytest.mark.parametrize("hours", [0.5, 48])
def test_a_late_payer_of_a_fee_wins_while_nobody_took_the_time(stage: Stage, late: str, hours: float) -> None:
    """Also when the new time overlaps the one that the session has until then, and its event there."""
    sweep(stage)
    to = START + timedelta(hours=hours)
    fee_order = move(stage, late, to).json["fee_order_id"]
    sweep(stage, minutes=16)
    stage.paypal.approve(fee_order)
    moved = move(stage, late, to, fee_order_id=fee_order)
    assert (moved.status, moved.json["start"]) == (200, isoformat(to))


def test_a_pending_fee_moves_the_session_once_it_is_there(
    stage: Stage, late: str, fee: dict[str, Any]
) -> None:
    stage.paypal.approve(fee["fee_order_id"])
    stage.paypal.next_capture = CaptureStatus.PENDING
    answer = move(stage, late, NEXT_WEEK, fee_order_id=fee["fee_order_id"])
    assert (answer.status, answer.json["start"]) == (202, isoformat(START))
    stage.paypal.settle_capture(fee["fee_order_id"], CaptureStatus.COMPLETED)
    sweep(stage, hours=1)
    seen = stage.call("appointments/one", "alex", path=f"/booking/{late}").json
    assert seen["start"] == isoformat(NEXT_WEEK)


def test_a_package_session_pays_half_its_share(stage: Stage, from_package: str) -> None:
    stage.clock.at = FRIDAY - 24 * HOUR
    answer = move(stage, from_package, NEXT_WEEK)
    assert (answer.json["code"], answer.json["fee"], answer.json["currency"]) == (
        "fee_required",
        "83.33",
        "USD",
    )
    assert stage.paypal.orders[answer.json["fee_order_id"]].status is OrderStatus.PAYER_ACTION_REQUIRED


def test_a_slower_worker_does_not_leave_the_event_where_the_session_was(stage: Stage, early: str) -> None:
    def it_moves_and_a_faster_worker_writes_that() -> None:
        assert move(stage, early, FRIDAY_LATER).status == 200
        deliver(stage.world(), early, "calendar_event-1")

    stage.calendar.meanwhile = it_moves_and_a_faster_worker_writes_that
    deliver(stage.world(), early, "calendar_event-0")
    assert stage.calendar.events[early].start == FRIDAY_LATER


def test_a_slower_worker_does_not_bring_a_cancelled_event_back(stage: Stage, early: str) -> None:
    def it_is_cancelled() -> None:
        assert cancel(stage, early).status == 200
        deliver(stage.world(), early, "calendar_event-1")

    stage.calendar.meanwhile = it_is_cancelled
    deliver(stage.world(), early, "calendar_event-0")
    assert not stage.calendar.events


def test_a_slower_worker_does_not_leave_an_old_number_in_the_calendar(stage: Stage) -> None:
    """The webhook booked it; while its event is on its way, the buyer's page brings another number."""
    order_id = order(stage, start=isoformat(FRIDAY)).json["order_id"]
    stage.paypal.approve(order_id)
    payment = settle(stage.till(), payment_of(stage, order_id).id).checkout.payment

    def the_number_is_corrected_and_written() -> None:
        assert pay(stage, order_id, phone="+14165550199").status == 201
        deliver(stage.world(), payment.id, f"calendar_correction-{payment.version + 1}")

    stage.calendar.meanwhile = the_number_is_corrected_and_written
    deliver(stage.world(), payment.id, "calendar_event-0")
    assert stage.calendar.events[payment.id].phone == "+14165550199"


@pytest.mark.parametrize("body", ["", "{}"])
def test_cancelling_needs_no_words(stage: Stage, early: str, body: str) -> None:
    answer = stage.call("cancel/cancel", "alex", path=f"/booking/{early}/cancel", body=body)
    assert (answer.status, answer.json["status"]) == (200, "cancelled")


def test_a_key_that_paid_a_fee_moves_nothing_else(stage: Stage, late: str, fee: dict[str, Any]) -> None:
    stage.paypal.approve(fee["fee_order_id"])
    paid = move(stage, late, NEXT_WEEK, key="one key", fee_order_id=fee["fee_order_id"])
    assert paid.status == 200
    assert move(stage, late, NEXT_WEEK, key="one key", fee_order_id=fee["fee_order_id"]).json == paid.json
    another = move(stage, late, NEXT_WEEK + HOUR, key="one key")
    assert (another.status, another.json["code"]) == (422, "idempotency_key_reused")


def test_a_key_that_asked_for_a_fee_asks_for_no_other_move(stage: Stage, late: str) -> None:
    first = move(stage, late, NEXT_WEEK, key="k")
    assert move(stage, late, NEXT_WEEK, key="k").json["fee_order_id"] == first.json["fee_order_id"]
    assert move(stage, late, NEXT_WEEK + HOUR, key="k").json["code"] == "idempotency_key_reused"


def test_no_fee_is_taken_for_what_cannot_be_moved_any_more(
    stage: Stage, late: str, fee: dict[str, Any]
) -> None:
    """PayPal would keep its own fee of what goes back."""
    stage.paypal.approve(fee["fee_order_id"])
    cancel(stage, late)
    answer = move(stage, late, NEXT_WEEK, fee_order_id=fee["fee_order_id"])
    assert (answer.status, answer.json["code"]) == (409, "hold_expired")
    assert stage.paypal.captured_money == 1
    assert order(stage, "blake", start=isoformat(NEXT_WEEK)).status == 201


def test_what_is_told_of_a_fee_leads_to_the_session_that_it_is_for(
    stage: Stage, late: str, fee: dict[str, Any]
) -> None:
    stage.paypal.approve(fee["fee_order_id"])
    stage.paypal.next_capture = CaptureStatus.PENDING
    assert move(stage, late, NEXT_WEEK, fee_order_id=fee["fee_order_id"]).status == 202
    sweep(stage)
    told = stage.call("notifications/mine", "alex").json["items"]
    pending = [each["subject_id"] for each in told if each["kind"] == "payment_pending"]
    assert pending == [late]


def test_the_mails_about_a_move_say_what_it_cost(stage: Stage, late: str, fee: dict[str, Any]) -> None:
    stage.paypal.approve(fee["fee_order_id"])
    move(stage, late, NEXT_WEEK, fee_order_id=fee["fee_order_id"])
    for kind in ("client_moved_mail-1", "coach_moved_mail-1"):
        deliver(stage.world(), late, kind)
    for letter in stage.mailer.sent[-2:]:
        said = mails.write(letter, coach_name="", manage_url="", booking_url="")
        assert "Fee for moving it: 75.00 CAD, with PayPal" in said.text
        assert "Fee for moving it" in said.html


def test_what_a_move_cost_is_not_said_of_the_next_one(stage: Stage, late: str, fee: dict[str, Any]) -> None:
    stage.paypal.approve(fee["fee_order_id"])
    move(stage, late, NEXT_WEEK, fee_order_id=fee["fee_order_id"])
    path, body = f"/booking/admin/{late}/reschedule", {"start": isoformat(FRIDAY)}
    assert stage.call("admin/move", "coach", path=path, body=body).status == 200
    deliver(stage.world(), late, "client_moved_mail-2")
    assert (
        "Fee for moving"
        not in mails.write(stage.mailer.sent[-1], coach_name="", manage_url="", booking_url="").text
    )


def test_a_pending_fee_keeps_no_time_for_a_session_that_was_cancelled(
    stage: Stage, late: str, fee: dict[str, Any]
) -> None:
    stage.paypal.approve(fee["fee_order_id"])
    stage.paypal.next_capture = CaptureStatus.PENDING
    assert move(stage, late, NEXT_WEEK, fee_order_id=fee["fee_order_id"]).status == 202
    assert cancel(stage, late).status == 200
    sweep(stage, minutes=61)
    assert not stage.store.diary(Interval(NEXT_WEEK, NEXT_WEEK + HOUR)).claims
    stage.paypal.settle_capture(fee["fee_order_id"], CaptureStatus.COMPLETED)
    sweep(stage, minutes=61)
    assert payment_of(stage, fee["fee_order_id"]).status == "refund_due"
    sweep(stage, minutes=5)
    assert payment_of(stage, fee["fee_order_id"]).status == "refunded"
