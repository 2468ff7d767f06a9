"""Each process of a booking killed before and after each of its outside calls; then time passes.

The cases list themselves: one undisturbed booking shows which function makes which calls, so a new call can't be
forgotten.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import pytest
from icalendar import Calendar

from local.environment import TABLE
from local.stack import Stack
from tests import invariants
from tests.conftest import Tell
from tests.crash import towns
from tests.crash.coach import Coach

KILLED = ("book_free", "effects", "mail_events", "sweeper")


class Case(NamedTuple):
    function: str
    moment: str
    call: str
    times: int
    client_tries_again: bool

    def __str__(self) -> str:
        again = ", the client tries again" if self.client_tries_again else ""
        return f"{self.function} dies {self.times}x {self.moment} {self.call}{again}"


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
    stack: Stack, subtests: pytest.Subtests, tell: Tell
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
    chosen = towns.chosen(cases, lambda case: f"{case.function} {case.call}")
    for case in chosen:
        with subtests.test(msg=str(case)):
            _kill_and_check(stack, coach, case)
    share = f"{len(chosen)} of {len(cases)} cases (CRASH_SEED={towns.SEED})"
    tell(f"crash matrix: {share} over {len(calls)} calls")


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
    # Whoever died at its first look at a booking never takes the second one.
    spared = case.times - 1 if case.call == "dynamodb.appointment" else 0
    left = sum(plan["times"] for plan in stack.control("GET", "/crash"))
    assert left <= spared, "it never came to that call"
    assert owed == 0
    check_world(stack)


def check_world(stack: Stack) -> None:
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
            _booking_of(mail)
            for mail in mails
            if (mail["to"] == "coach@example.com") == to_coach
            and mail["ics"]  # a reminder invites to nothing
        )
        assert invitations == ids


def _booking_of(mail: dict[str, Any]) -> str:
    (event,) = Calendar.from_ical(mail["ics"]).walk("VEVENT")
    return str(event["UID"]).partition("@")[0]
