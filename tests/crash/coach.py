"""Bookings through the whole local stack, one client after the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import requests

from local.stack import Stack

LATER = timedelta(minutes=20)


_numbers = itertools.count()


class Coach:
    """Books one session after the other, each for a client of its own at a time of its own."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._clients = _numbers

    def open_time(self, token: str, service: str = "free") -> str:
        today = datetime.fromisoformat(self.stack.control("GET", "/clock")["now"]).date()
        span = {"start_date": str(today), "end_date": str(today + timedelta(days=61))}
        days = self.stack.api(
            "GET", "/booking/availability", token=token, params={**span, "service": service}
        ).json()["days"]
        return str(next(slot["start"] for day in days for slot in day["slots"]))

    def book(self, *, tries: int) -> int:
        """The status of the last try; each try is the same request again."""
        send = self.request()
        for _ in range(tries):
            status = send().status_code
            if status == 201:
                break
        return status

    def request(self) -> Callable[[], requests.Response]:
        """A new client's booking of an open time, to be sent, and sent again."""
        email = f"client{next(self._clients)}@example.com"
        token = self.stack.token(email)
        body = {
            "promo_code": "WIMD25",
            "start": self.open_time(token),
            "phone": "+14165550123",
            "timezone": "America/Toronto",
        }
        return partial(
            self.stack.api,
            "POST",
            "/booking/create-free",
            token=token,
            json=body,
            headers={"Idempotency-Key": email},
        )

    def let_time_pass(self) -> int:
        """Long enough for every lease, doubt and pause to end; what is still owed then.

        Not before whoever is at work has ended: no function runs for twenty minutes.
        """
        owed: int = self.stack.control("POST", "/settle")["owed"]
        for _ in range(4):
            self.stack.control("PUT", "/clock", {"advance_seconds": LATER.total_seconds()})
            owed = self.stack.control("POST", "/settle")["owed"]
        return owed
