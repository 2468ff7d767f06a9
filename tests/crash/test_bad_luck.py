"""Google, the mail service and the table slow, down or confused, in the middle of a booking."""

from __future__ import annotations

from typing import Any

import pytest

from local.environment import TABLE
from local.stack import Stack
from tests import invariants
from tests.crash.coach import Coach
from tests.crash.test_crashes import check_world

FREEBUSY = {"target": "google", "match": "POST /calendar/v3/freeBusy"}
EVENTS = {"target": "google", "match": "POST /calendar/v3/calendars/*"}
TRANSACTION = {"target": "dynamodb", "match": "TransactWriteItems"}


@pytest.fixture(autouse=True)
def clear_sky(stack: Stack) -> Any:
    yield
    stack.control("DELETE", "/faults")
    stack.control("POST", "/settle")


def bookings(stack: Stack) -> int:
    return len(invariants.check(stack.urls["dynamodb"], TABLE))


@pytest.mark.parametrize(
    "fault",
    [
        *({"effect": "status", "status_code": code} for code in (401, 403, 404, 429, 500, 503)),
        {"effect": "refuse"},
        {"effect": "drop_response"},
        {"effect": "delay", "seconds": 4},
    ],
    ids=lambda fault: " ".join(str(value) for value in fault.values()),
)
def test_when_google_cannot_be_asked_nothing_is_booked(
    stack: Stack, coach: Coach, fault: dict[str, Any]
) -> None:
    send, before = coach.request(), bookings(stack)
    stack.control("POST", "/faults", FREEBUSY | fault)
    answer = send()
    assert (answer.status_code, answer.json()["code"]) == (503, "calendar_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert bookings(stack) == before
    stack.control("DELETE", "/faults")
    assert send().status_code == 201


def test_when_google_fails_after_the_booking_the_event_comes_later(stack: Stack, coach: Coach) -> None:
    for effect in ({"effect": "refuse"}, {"effect": "status", "status_code": 503}):
        stack.control("POST", "/faults", EVENTS | effect)
        assert coach.book(tries=1) == 201
        assert stack.control("POST", "/settle")["owed"] == 1
        stack.control("DELETE", "/faults")
        assert coach.let_time_pass() == 0
    check_world(stack)


def test_an_event_whose_answer_was_lost_is_written_once(stack: Stack, coach: Coach) -> None:
    stack.control("POST", "/faults", EVENTS | {"effect": "drop_response", "times": 2})
    assert coach.book(tries=1) == 201
    assert coach.let_time_pass() == 0
    check_world(stack)


@pytest.mark.parametrize("effect", ["drop_response", "refuse"])
def test_a_mail_is_sent_once_whether_its_answer_or_the_request_was_lost(
    stack: Stack, coach: Coach, effect: str
) -> None:
    stack.control("POST", "/faults", {"target": "ses", "effect": effect, "times": 1})
    assert coach.book(tries=1) == 201
    assert coach.let_time_pass() == 0
    check_world(stack)


def test_a_booking_whose_answer_was_lost_is_made_once_and_answered(stack: Stack, coach: Coach) -> None:
    before = bookings(stack)
    stack.control("POST", "/faults", TRANSACTION | {"effect": "drop_response", "times": 1})
    assert coach.book(tries=1) == 201
    assert bookings(stack) == before + 1
    assert coach.let_time_pass() == 0
    check_world(stack)


@pytest.mark.parametrize(
    "effect", [{"effect": "refuse"}, *({"effect": "status", "status_code": code} for code in (400, 429, 500))]
)
def test_without_the_table_a_booking_is_refused_and_can_be_repeated(
    stack: Stack, coach: Coach, effect: dict[str, Any]
) -> None:
    send, before = coach.request(), bookings(stack)
    stack.control("POST", "/faults", {"target": "dynamodb", **effect})
    answer = send()
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
    stack.control("DELETE", "/faults")
    assert bookings(stack) == before
    assert send().status_code == 201


def test_a_stream_that_fails_for_a_while_loses_nothing(stack: Stack, coach: Coach) -> None:
    match = {"target": "dynamodb", "match": "UpdateItem", "effect": "refuse"}
    stack.control("POST", "/faults", match)
    assert coach.book(tries=1) == 201
    stack.control("POST", "/settle")
    stack.control("DELETE", "/faults")
    assert coach.let_time_pass() == 0
    check_world(stack)
