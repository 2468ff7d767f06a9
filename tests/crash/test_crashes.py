"""Each process of a booking killed before and after each of its outside calls; then time passes.

The cases list themselves: one undisturbed booking shows which function makes which calls, so a new call can't be
forgotten.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from icalendar import Calendar

from local import engine
from local.environment import TABLE
from local.stack import Stack
from shared.adapters.dynamodb import items
from shared.domain.promo import Promo
from shared.domain.time import isoformat
from tests import invariants

MONDAY = datetime.fromisoformat("2026-11-23T13:00:00Z")
KILLED = ("book_free", "effects", "mail_events", "sweeper")
LATER = timedelta(minutes=20)


class Case(NamedTuple):
    function: str
    moment: str
    call: str
    times: int
    client_tries_again: bool

    def __str__(self) -> str:
        again = ", the client tries again" if self.client_tries_again else ""
        return f"{self.function} dies {self.times}x {self.moment} {self.call}{again}"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("crash")
    with Stack(home) as stack:
        stack.control("PUT", "/clock", {"now": isoformat(MONDAY)})
        plenty = items.dump(items.promo_record(Promo(code="WIMD25", cap=10_000)))
        engine.client("dynamodb", stack.urls["dynamodb"]).put_item(TableName=TABLE, Item=plenty)
        yield stack


class Coach:
    """Books one session after the other, each for a client of its own at a time of its own."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._clients = itertools.count()

    def open_time(self, token: str) -> str:
        today = datetime.fromisoformat(self.stack.control("GET", "/clock")["now"]).date()
        days = self.stack.api(
            "GET",
            "/booking/availability",
            token=token,
            params={"start_date": str(today), "end_date": str(today + timedelta(days=61))},
        ).json()["days"]
        return str(next(slot["start"] for day in days for slot in day["slots"]))

    def book(self, *, tries: int) -> int:
        """The status of the last try."""
        email = f"client{next(self._clients)}@example.com"
        token = self.stack.token(email)
        body = {
            "promo_code": "WIMD25",
            "start": self.open_time(token),
            "phone": "+14165550123",
            "timezone": "America/Toronto",
        }
        status = 0
        for _ in range(tries):
            answer = self.stack.api(
                "POST", "/booking/create-free", token=token, json=body, headers={"Idempotency-Key": email}
            )
            status = answer.status_code
            if status == 201:
                break
        return status

    def let_time_pass(self) -> int:
        """Long enough for every lease, doubt and pause to end; what is still owed then.

        Not before whoever is at work has ended: no function runs for twenty minutes.
        """
        owed: int = self.stack.control("POST", "/settle")["owed"]
        for _ in range(4):
            self.stack.control("PUT", "/clock", {"advance_seconds": LATER.total_seconds()})
            owed = self.stack.control("POST", "/settle")["owed"]
        return owed


def cases_of(stack: Stack, coach: Coach) -> list[Case]:
    """From the calls that one booking made."""
    stack.control("DELETE", "/calls")
    assert coach.book(tries=1) == 201
    coach.let_time_pass()
    made = Counter(
        (call["function"], f"{call['target']}.{call['operation']}") for call in stack.control("GET", "/calls")
    )
    cases = []
    for (function, call), often in sorted(made.items()):
        for moment in ("before", "after"):
            if function in KILLED:
                cases.append(Case(function, moment, call, 1, client_tries_again=False))
            if function == "effects" and often > 1:
                cases.append(Case(function, moment, call, often, client_tries_again=False))
            if function == "book_free":
                cases.append(Case(function, moment, call, 1, client_tries_again=True))
    return cases


def test_whatever_dies_the_booking_and_the_world_agree_in_the_end(
    stack: Stack, subtests: pytest.Subtests, capsys: pytest.CaptureFixture[str]
) -> None:
    coach = Coach(stack)
    coach.let_time_pass()
    cases = cases_of(stack, coach)
    calls = {(case.function, case.call) for case in cases}
    assert {call for function, call in calls if function == "book_free"} >= {
        "dynamodb.free_booking_facts",
        "google.freebusy",
        "dynamodb.book_free",
    }
    assert {call for function, call in calls if function == "effects"} >= {
        "dynamodb.lease_effect",
        "google.insert_event",
        "ses.send_email",
        "dynamodb.finish_effect",
    }
    for case in cases:
        with subtests.test(msg=str(case)):
            _kill_and_check(stack, coach, case)
    with capsys.disabled():
        # The count belongs in the run's output.
        print(f"\ncrash matrix: {len(cases)} cases over {len(calls)} calls")


def _kill_and_check(stack: Stack, coach: Coach, case: Case) -> None:
    stack.control("DELETE", "/crash")
    # A token kept from before would hide its own fetching.
    if case.call == "google.token":
        stack.control("PUT", "/clock", {"advance_seconds": 3600})
        stack.control("POST", "/settle")
    plan = {"function": case.function, case.moment: case.call, "times": case.times}
    stack.control("POST", "/crash", plan)
    status = coach.book(tries=case.times + 1 if case.client_tries_again else 1)
    if case.client_tries_again:
        assert status == 201
    owed = coach.let_time_pass()
    assert stack.control("GET", "/crash") == [], "it never came to that call"
    assert owed == 0
    _check_world(stack)


def _check_world(stack: Stack) -> None:
    bookings = invariants.check(stack.urls["dynamodb"], TABLE)
    ids = Counter(booking["id"] for booking in bookings)
    events = Counter(
        event["extendedProperties"]["private"]["bookingId"]
        for event in stack.control("GET", "/calendar/events")
    )
    assert events == ids
    mails = stack.control("GET", "/mailbox")
    for to_coach in (False, True):
        invitations = Counter(
            _booking_of(mail) for mail in mails if (mail["to"] == "coach@example.com") == to_coach
        )
        assert invitations == ids


def _booking_of(mail: dict[str, Any]) -> str:
    (event,) = Calendar.from_ical(mail["ics"]).walk("VEVENT")
    return str(event["UID"]).partition("@")[0]
