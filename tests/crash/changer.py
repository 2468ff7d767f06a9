"""A client who has a session of any kind, and cancels or moves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import requests

from local.stack import Stack
from shared.domain.time import isoformat
from tests.crash.buyer import A_MOMENT, TRIES, Buyer, move_clock

DAY, HOUR, HALF_AN_HOUR = timedelta(days=1), timedelta(hours=1), timedelta(minutes=30)
SOON, SOON_ENDS = timedelta(hours=12), timedelta(hours=46)
"""Ahead of now: less than two days, for as long as a case takes."""

FAR = timedelta(days=21)
ROOM = timedelta(hours=2)
"""For a session of an hour, and to move it by half an hour."""


class Times:
    """Of a coach who works around the clock: each for one client, and as time passes, more of them."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._given: set[datetime] = set()

    def soon(self, after: timedelta = SOON) -> datetime:
        """A move of it costs a fee, a cancelled one half its price."""
        while (start := self._next(self._now() + after)) > self._now() + SOON_ENDS:
            move_clock(self._stack, DAY)
        self._given.add(start)
        return start

    def far(self) -> datetime:
        start = self._next(self._now() + FAR)
        self._given.add(start)
        return start

    def _next(self, earliest: datetime) -> datetime:
        return next(time for time in _even_hours(earliest) if time not in self._given)

    def _now(self) -> datetime:
        return datetime.fromisoformat(self._stack.control("GET", "/clock")["now"])


def _even_hours(earliest: datetime) -> Iterator[datetime]:
    time = earliest.replace(hour=earliest.hour // 2 * 2, minute=0, second=0, microsecond=0)
    while True:
        time += ROOM
        yield time


class Changer(Buyer):
    """``to`` is where the session goes when it is moved."""

    def __init__(self, stack: Stack, name: str, times: Times) -> None:
        super().__init__(stack, name, "")
        self.booking_id = ""
        self.package_id = ""
        self.session_order = ""
        self.fee_order = ""
        self.to = ""
        self.reminded = False
        self.texted_at = ""
        """Their own number, once they agreed to texts."""

        self._number = name.removeprefix("buyer")
        self._times = times

    # When

    def soon(self) -> None:
        self.start = isoformat(self._times.soon())

    def in_a_day(self) -> None:
        self.start = isoformat(self._times.soon(DAY + HOUR))

    def far(self) -> None:
        self.start = isoformat(self._times.far())

    def within_the_week(self) -> None:
        """Half of it where it is already."""
        self.to = isoformat(datetime.fromisoformat(self.start) + HALF_AN_HOUR)

    def to_another_week(self) -> None:
        self.to = isoformat(self._times.far())

    # What

    def agree_to_texts(self) -> None:
        self.texted_at = f"+1416555{self._number:0>4}"

    def book_free(self) -> None:
        self._book("/booking/create-free", {"promo_code": "WIMD25"})

    def buy_session(self) -> None:
        self.order_session()
        self.session_order = self.order_id
        self.approve()
        self.booking_id = self.pay().json()["id"]

    def use_package(self) -> None:
        self.order_package()
        self.session_order = self.order_id
        self.approve()
        self.package_id = self.pay().json()["id"]
        self._book("/booking/use-package-session", {"package_id": self.package_id})

    def _book(self, path: str, with_what: dict[str, str]) -> None:
        details = {"start": self.start, "phone": "+14165550123", "timezone": "America/Toronto"}
        texts = {"phone": self.texted_at, "sms_consent": True} if self.texted_at else {}
        answer = self._insist("POST", path, "book", {**with_what, **details, **texts})
        assert answer.status_code == 201, answer.text
        self.booking_id = answer.json()["id"]

    # And then

    def cancel(self) -> None:
        answer = self._insist("PUT", f"/booking/{self.booking_id}/cancel", "cancel", {})
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled"), answer.text

    def move(self) -> None:
        answer = self._insist_on_move("move", {"start": self.to})
        assert (answer.status_code, answer.json()["start"]) == (200, self.to), answer.text

    def ask_fee(self) -> None:
        answer = self._insist("PUT", self._move_path, "move", {"start": self.to})
        assert (answer.status_code, answer.json()["code"]) == (402, "fee_required"), answer.text
        self.fee_order = self.order_id = answer.json()["fee_order_id"]

    def pay_fee(self, *expected: int, key: str = "pay fee") -> None:
        answer = self._insist_on_move(key, self._with_fee, *expected)
        assert answer.status_code in (expected or (200,)), answer.text

    def _insist_on_move(self, key: str, body: dict[str, Any], *expected: int) -> requests.Response:
        """Until it is known what became of the fee, unless that is expected to take days."""
        for _ in range(TRIES):
            answer = self._insist("PUT", self._move_path, key, body)
            if answer.status_code != HTTPStatus.ACCEPTED or answer.status_code in expected:
                break
            move_clock(self.stack, A_MOMENT)
        return answer

    def pay_fee_unheard(self) -> None:
        """PayPal takes it, and nobody hears of that."""
        self._paypal_is_not_heard()
        self._send("PUT", self._move_path, "pay fee", self._with_fee)
        self.stack.control("DELETE", "/faults")

    def move_unheard(self) -> None:
        """PayPal charges the fee to the saved method, and nobody hears of that."""
        self._paypal_fails(match="POST /v2/checkout/orders", effect="drop_response")
        self._send("PUT", self._move_path, "move", {"start": self.to})
        self.stack.control("DELETE", "/faults")

    def lose_the_new_time(self) -> None:
        """PayPal takes the fee, nobody hears of it for more than an hour, and meanwhile another has the time."""
        self._paypal_is_not_heard()
        self._send("PUT", self._move_path, "pay fee", self._with_fee)
        self._be_too_late(self.to)

    def lose_the_event(self) -> None:
        """The coach deletes it by hand."""
        [event_id] = [
            event["id"]
            for event in self.stack.control("GET", "/calendar/events")
            if event["extendedProperties"]["private"]["bookingId"] == self.booking_id
        ]
        self.stack.control("DELETE", f"/calendar/events/{event_id}")

    def be_reminded(self) -> None:
        """The schedule fires a day before the session and an hour before it, and again soon afterwards."""
        self.reminded = True
        for before in (DAY, HOUR):
            self.stack.control(
                "PUT", "/clock", {"now": isoformat(datetime.fromisoformat(self.start) - before)}
            )
            for _ in range(3):
                with suppress(requests.HTTPError):
                    self.stack.control("POST", "/run", {"schedule": "reminders"})
                self.later(seconds=0)
                self.later(minutes=6)

    @property
    def _move_path(self) -> str:
        return f"/booking/{self.booking_id}/reschedule"

    @property
    def _with_fee(self) -> dict[str, Any]:
        return {"start": self.to, "fee_order_id": self.fee_order}
