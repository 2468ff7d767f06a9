"""The coach cancels and moves sessions, through the real handlers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.time import Interval, isoformat
from shared.usecases.ports import TryAgainLater
from tests.builders import START
from tests.handlers.conftest import COACH, Answer, Stage
from tests.handlers.test_changing import (
    FRIDAY,
    HOUR,
    book_free,
    buy,
    cancel,
    quote,
    refunds,
    remaining,
    use_package,
)
from tests.handlers.test_paying import order, order_package, pay, pay_package, payment_of, sweep

OFF_THE_GRID, BEFORE_HOURS = FRIDAY + timedelta(minutes=5), FRIDAY - 6 * HOUR


def by_coach(stage: Stage, booking: str, action: str, caller: str = COACH, **body: Any) -> Answer:
    path = f"/booking/admin/{booking}/{'reschedule' if action == 'move' else 'cancel'}"
    headers = {"idempotency-key": f"{stage.clock.at} {body}"}
    return stage.call(f"admin/{action}", caller, path=path, body=body, headers=headers)


def move_by_coach(stage: Stage, booking: str, to: Any, **body: Any) -> Answer:
    return by_coach(stage, booking, "move", start=isoformat(to), **body)


@pytest.fixture
def late(stage: Stage) -> str:
    return buy(stage, START)


@pytest.mark.parametrize(("choice", "back"), [({}, "150.00"), ({"refund": "policy"}, "75.00")])
def test_all_of_it_goes_back_unless_the_coach_chooses_otherwise(
    stage: Stage, late: str, choice: dict[str, str], back: str
) -> None:
    answer = by_coach(stage, late, "cancel", **choice, reason="ill")
    assert (answer.status, answer.json["status"]) == (200, "cancelled")
    sweep(stage)
    assert refunds(stage) == [back]
    assert stage.store.details[-1] == f"refund: {choice.get('refund', 'full')}"


def test_the_coach_may_keep_it_all(stage: Stage, late: str) -> None:
    answer = by_coach(stage, late, "cancel", refund="none").json
    assert (answer["payment"]["status"], answer["payment"]["fee"]) == ("captured", "150.00")
    sweep(stage)
    assert not refunds(stage)


@pytest.mark.parametrize(("choice", "left"), [("full", 3), ("policy", 2), ("none", 2)])
def test_a_package_gets_its_session_back(stage: Stage, choice: str, left: int) -> None:
    package = order_package(stage).json["order_id"]
    stage.paypal.approve(package)
    booked = use_package(stage, str(pay_package(stage, package).json["id"]), START)
    assert by_coach(stage, booked, "cancel", refund=choice).status == 200
    assert remaining(stage) == left


def test_the_coach_may_cancel_what_has_begun(stage: Stage, late: str) -> None:
    stage.clock.at = START + HOUR / 2
    assert cancel(stage, late).json["code"] == "not_cancellable"
    assert by_coach(stage, late, "cancel").status == 200


@pytest.mark.parametrize("client_first", [True, False])
def test_both_cancel_and_it_is_given_back_once(stage: Stage, late: str, client_first: bool) -> None:
    first, second = (cancel, by_coach) if client_first else (by_coach, cancel)
    assert _cancel(stage, late, first).status == 200
    assert _cancel(stage, late, second).json["code"] == "not_cancellable"
    sweep(stage)
    sweep(stage)
    assert refunds(stage) == ["75.00" if client_first else "150.00"]


def _cancel(stage: Stage, booking: str, how: Any) -> Answer:
    answer: Answer = by_coach(stage, booking, "cancel") if how is by_coach else cancel(stage, booking)
    return answer


def test_by_the_clients_own_call_the_coach_is_the_coach_too(stage: Stage, late: str) -> None:
    assert quote(stage, late, client=COACH).json["reason"] == "by_coach"
    assert cancel(stage, late, client=COACH).status == 200
    sweep(stage)
    assert refunds(stage) == ["150.00"]


def test_a_session_of_the_coachs_own_is_a_clients(stage: Stage) -> None:
    own = buy(stage, START, COACH)
    assert cancel(stage, own, client=COACH).status == 200
    sweep(stage)
    assert refunds(stage) == ["75.00"]


def test_a_move_costs_nothing_needs_no_notice_and_leaves_the_clients_free_one(
    stage: Stage, late: str
) -> None:
    in_two_hours = stage.clock.at + 2 * HOUR
    moved = move_by_coach(stage, late, in_two_hours).json
    assert (moved["start"], moved["reschedules_used"], moved["sequence"]) == (isoformat(in_two_hours), 0, 1)
    assert moved["payment"]["fee"] == "0.00"


@pytest.mark.parametrize("to", [OFF_THE_GRID, BEFORE_HOURS])
def test_what_the_rules_refuse_needs_to_be_said_twice(stage: Stage, late: str, to: Any) -> None:
    assert move_by_coach(stage, late, to).json["code"] == "slot_not_offered"
    assert move_by_coach(stage, late, to, override=True).json["start"] == isoformat(to)
    assert stage.store.details[-1] == "override"


def test_over_the_coachs_own_event_it_needs_to_be_said_twice(stage: Stage, late: str) -> None:
    stage.calendar.others = [Interval(FRIDAY, FRIDAY + HOUR)]
    assert move_by_coach(stage, late, FRIDAY).json["code"] == "slot_taken"
    assert move_by_coach(stage, late, FRIDAY, override=True).status == 200


@pytest.mark.parametrize("minutes", [-55, -30, 0, 25])
def test_two_sessions_never_overlap_whatever_the_coach_says(stage: Stage, late: str, minutes: int) -> None:
    assert book_free(stage, FRIDAY).status == 201
    to = FRIDAY + timedelta(minutes=minutes)
    refused = move_by_coach(stage, late, to, override=True).json
    assert (refused["code"], len(refused["alternatives"])) == ("slot_taken", 5)
    assert stage.call("appointments/one", "alex", path=f"/booking/{late}").json["start"] == isoformat(START)


@pytest.mark.parametrize(
    "to", [FRIDAY + timedelta(minutes=3), FRIDAY + timedelta(seconds=1), START - timedelta(days=9)]
)
def test_some_times_are_no_times(stage: Stage, late: str, to: Any) -> None:
    assert move_by_coach(stage, late, to, override=True).json["code"] == "slot_not_offered"


def test_to_where_it_is_it_is_not_moved(stage: Stage, late: str) -> None:
    assert move_by_coach(stage, late, START, override=True).status == 422


def test_said_again_it_is_done_once(stage: Stage, late: str) -> None:
    moved = [move_by_coach(stage, late, FRIDAY) for _ in range(2)]
    cancelled = [by_coach(stage, late, "cancel") for _ in range(2)]
    moved.append(move_by_coach(stage, late, FRIDAY))
    assert [(each.status, each.json["status"]) for each in moved] == [(200, "confirmed")] * 3
    assert [(each.status, each.json["status"]) for each in cancelled] == [(200, "cancelled")] * 2
    assert all(each.json == moved[0].json for each in moved)
    assert cancelled[0].json == cancelled[1].json


def test_buffers_of_today_hold_for_the_coach_too(stage: Stage, late: str) -> None:
    assert book_free(stage, FRIDAY).status == 201
    settings = stage.store.settings()
    buffered = replace(settings.schedule, buffer_before_minutes=10)
    stage.store.change_settings(replace(settings, schedule=buffered))
    assert move_by_coach(stage, late, FRIDAY + HOUR / 2, override=True).json["code"] == "slot_taken"
    assert move_by_coach(stage, late, FRIDAY + HOUR, override=True).status == 200


@pytest.mark.parametrize("action", ["cancel", "move"])
def test_it_is_for_the_coach_alone(stage: Stage, late: str, action: str) -> None:
    body = {"start": isoformat(FRIDAY)} if action == "move" else {}
    refused = by_coach(stage, late, action, "alex", **body)
    assert (refused.status, refused.json["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("cancel", {"refund": "half"}),
        ("cancel", {"amount": "1.00"}),
        ("move", {"start": isoformat(FRIDAY), "override": "yes"}),
        ("move", {"start": isoformat(FRIDAY), "fee_order_id": "5O190127TN364715T"}),
        ("move", {}),
    ],
)
def test_bad_input_changes_nothing(stage: Stage, late: str, action: str, body: dict[str, Any]) -> None:
    answer = by_coach(stage, late, action, **body)
    assert (answer.status, answer.json["code"]) == (422, "validation_failed")
    seen = stage.call("appointments/one", "alex", path=f"/booking/{late}").json
    assert (seen["status"], seen["sequence"], seen["payment"]["status"]) == ("confirmed", 0, "captured")


def test_what_is_not_there_is_not_found(stage: Stage) -> None:
    assert by_coach(stage, "f" * 32, "cancel").status == 404
    assert move_by_coach(stage, "short", FRIDAY).status == 404


def test_a_session_whose_buyer_corrected_it_late_moves_as_often_as_any(stage: Stage) -> None:
    """What was owed for the correction and what is owed for a move never bear one name."""
    order_id = order(stage, start=isoformat(FRIDAY)).json["order_id"]
    stage.paypal.approve(order_id)
    sweep(stage, minutes=16)
    booked = pay(stage, order_id, phone="+14165550199").json["id"]
    for number in range(payment_of(stage, order_id).version + 1):
        stage.clock.at += timedelta(minutes=1)
        assert move_by_coach(stage, booked, FRIDAY + (number % 2 + 1) * HOUR).status == 200
    sweep(stage)
    assert stage.calendar.events[booked].phone == "+14165550199"


def test_without_google_no_other_times_are_offered(stage: Stage, late: str) -> None:
    assert book_free(stage, FRIDAY).status == 201
    stage.calendar.failing = TryAgainLater("down")
    refused = move_by_coach(stage, late, FRIDAY, override=True).json
    assert (refused["code"], refused["alternatives"]) == ("slot_taken", [])
