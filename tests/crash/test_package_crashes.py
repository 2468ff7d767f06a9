"""A session booked from a package, the function killed before and after each of its outside calls."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from local.environment import TABLE
from local.stack import Stack
from tests import invariants
from tests.crash.coach import Coach

CALLS = ("dynamodb.package_facts", "google.freebusy", "dynamodb.book_from_package")
_numbers = itertools.count()


class Owner:
    """A new client with a package, bought through the stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.token = stack.token(f"owner{next(_numbers)}@example.com")
        order = self._post("/booking/orders", {"service": "package", "currency": "CAD"})["order_id"]
        stack.control("POST", f"/paypal/orders/{order}/approve", {"outcome": "approve"})
        self.package_id = self._post("/booking/create-paid-package", {"paypal_order_id": order})["id"]

    def _post(self, path: str, body: dict[str, str]) -> dict[str, str]:
        answer = self.stack.api("POST", path, token=self.token, json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, str] = answer.json()
        return made

    def use(self, start: str) -> int:
        """The status; each time the same request, under the same key."""
        body = {
            "package_id": self.package_id,
            "start": start,
            "phone": "+14165550123",
            "timezone": "America/Toronto",
        }
        return self.stack.api(
            "POST",
            "/booking/use-package-session",
            token=self.token,
            json=body,
            headers={"Idempotency-Key": start},
        ).status_code

    def sessions_used(self) -> int:
        (package,) = self.stack.api("GET", "/booking/my-packages", token=self.token).json()["items"]
        return int(package["sessions_used"])


@pytest.mark.parametrize("again", [True, False], ids=["tried again", "left alone"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_a_session_is_used_just_when_it_is_booked(
    stack: Stack, coach: Coach, call: str, moment: str, again: bool
) -> None:
    owner = Owner(stack)
    start = coach.open_time(owner.token, "package")
    stack.control("POST", "/crash", {"function": "packages", moment: call, "times": 1})
    assert owner.use(start) == 502
    if again:
        assert owner.use(start) == 201
    assert stack.control("GET", "/crash") == [], "it never came to that call"
    written = again or (moment == "after" and call == "dynamodb.book_from_package")
    assert owner.sessions_used() == int(written)
    assert coach.let_time_pass() == 0
    ids = Counter(booking["id"] for booking in invariants.check(stack.urls["dynamodb"], TABLE))
    events = stack.control("GET", "/calendar/events")
    assert Counter(event["extendedProperties"]["private"]["bookingId"] for event in events) == ids
