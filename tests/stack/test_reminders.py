"""Reminders, notices and bounces in the whole stack, with the clock moved by the control address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from local.ses.events import BOUNCING
from local.stack import Stack
from shared.domain.time import isoformat

pytestmark = pytest.mark.slow

CLIENT = "alex@example.com"
MONDAY = "2026-11-23T13:00:00Z"
START = datetime.fromisoformat("2026-11-26T15:00:00Z")
MOVED = START + timedelta(days=1)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    running.control("PUT", "/reset")
    running.control("PUT", "/clock", {"now": MONDAY})
    return running


def book(stack: Stack, email: str = CLIENT) -> str:
    request = {
        "promo_code": "WIMD25",
        "start": isoformat(START),
        "phone": "+14165550123",
        "timezone": "America/Toronto",
    }
    answer = stack.api("POST", "/booking/create-free", token=stack.token(email), json=request)
    assert answer.status_code == 201, answer.text
    assert stack.control("POST", "/settle")["owed"] == 0
    return str(answer.json()["id"])


def change(stack: Stack, booking: str, what: str, body: dict[str, Any]) -> None:
    path = f"/booking/{booking}/{what}"
    answer = stack.api("PUT", path, token=stack.token(CLIENT), json=body)
    assert answer.status_code == 200, answer.text


def at(stack: Stack, moment: datetime) -> list[str]:
    """The subjects of all reminders so far, after the schedule fired twice at that moment."""
    stack.control("PUT", "/clock", {"now": isoformat(moment)})
    for _ in range(2):
        stack.control("POST", "/run", {"schedule": "reminders"})
    assert stack.control("POST", "/settle")["owed"] == 0
    told = stack.api("GET", "/booking/notifications", token=stack.token(CLIENT)).json()["items"]
    return [each["start"] for each in told if each["kind"] == "reminder"][::-1]


def mails(stack: Stack) -> int:
    return len(stack.control("GET", f"/mailbox?to={CLIENT}"))


def test_each_reminder_comes_once_and_a_moved_session_has_new_ones(stack: Stack) -> None:
    booking = book(stack)
    assert at(stack, START - DAY - MINUTE) == []
    assert at(stack, START - DAY) == [isoformat(START)]
    assert at(stack, START - DAY + HOUR) == [isoformat(START)]
    change(stack, booking, "reschedule", {"start": isoformat(MOVED)})
    assert at(stack, START - HOUR) == [isoformat(START)]
    assert at(stack, MOVED - DAY) == [isoformat(START), isoformat(MOVED)]
    assert at(stack, MOVED - HOUR + MINUTE) == [isoformat(START), isoformat(MOVED), isoformat(MOVED)]
    assert at(stack, MOVED) == [isoformat(START), isoformat(MOVED), isoformat(MOVED)]
    assert mails(stack) == len(["booked", "reminder", "moved", "reminder", "reminder"])


def test_a_cancelled_session_is_not_reminded_of(stack: Stack) -> None:
    booking = book(stack)
    change(stack, booking, "cancel", {})
    assert at(stack, START - DAY) == []
    assert at(stack, START - HOUR) == []


def test_a_bounced_mail_leaves_the_booking_as_it_is_and_the_client_told_in_the_app(stack: Stack) -> None:
    booking = book(stack, BOUNCING)
    token = stack.token(BOUNCING)
    assert stack.api("GET", f"/booking/{booking}", token=token).json()["status"] == "confirmed"
    (notice,) = stack.api("GET", "/booking/notifications", token=token).json()["items"]
    answer = stack.api("PUT", f"/booking/notifications/{notice['id']}/read", token=token)
    assert answer.json() == notice | {"read": True}
