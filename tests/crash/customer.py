"""A client of the running stack who buys a session, and hears just what the API answers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import requests

from local.environment import TABLE
from local.stack import Stack
from tests import invariants

_numbers = itertools.count()


class Customer:
    """``start`` is what they want to book. Every request of one kind is the same request again."""

    def __init__(self, stack: Stack, start: str) -> None:
        self.stack = stack
        self.start = start
        self.email = f"customer{next(_numbers)}@example.com"
        self.order_id = ""

    def order(self) -> requests.Response:
        body = {"service": "single", "currency": "CAD", "start": self.start, "timezone": "America/Toronto"}
        answer = self.send("POST", "/booking/orders", {**body, "phone": "+14165550123"}, key="order")
        if answer.status_code == 201:
            self.order_id = answer.json()["order_id"]
        return answer

    def approve(self, outcome: str = "approve") -> None:
        self.stack.control("POST", f"/paypal/orders/{self.order_id}/approve", {"outcome": outcome})

    def approved(self) -> Customer:
        assert self.order().status_code == 201
        self.approve()
        return self

    def pay(self) -> requests.Response:
        return self.send("POST", "/booking/create-paid", {"paypal_order_id": self.order_id})

    def give_up(self) -> requests.Response:
        return self.send("DELETE", f"/booking/orders/{self.order_id}")

    def book_free(self) -> requests.Response:
        body = {"promo_code": "WIMD25", "start": self.start, "phone": "+14165550123", "timezone": "UTC"}
        return self.send("POST", "/booking/create-free", body)

    def send(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, key: str | None = None
    ) -> requests.Response:
        headers = {"Idempotency-Key": f"{key} {self.email}"} if key else {}
        token = self.stack.token(self.email)
        return self.stack.api(method, path, token=token, json=body, headers=headers)

    def bad_luck(self, match: str, **fault: Any) -> None:
        """For this customer's order alone: ``{order}`` and ``{capture}`` in ``match`` are theirs."""
        capture = "{capture}" in match and self.captures[0]["id"]
        match = match.format(order=self.order_id, capture=capture)
        self.stack.control("POST", "/faults", {"target": "paypal", "match": match, **fault})

    @property
    def captures(self) -> list[dict[str, Any]]:
        return [
            each
            for each in self.stack.control("GET", "/paypal/ledger")["captures"]
            if each["order_id"] == self.order_id
        ]

    @property
    def refunds(self) -> list[dict[str, Any]]:
        mine = {capture["id"] for capture in self.captures}
        return [
            each
            for each in self.stack.control("GET", "/paypal/ledger")["refunds"]
            if each["capture_id"] in mine
        ]

    @property
    def events(self) -> list[dict[str, Any]]:
        """What PayPal has to tell of this customer's order, in the order in which it happened."""
        mine = {self.order_id, *(capture["id"] for capture in self.captures)}
        told = self.stack.control("GET", "/paypal/webhooks")
        return [each for each in told if any(own in str(each["event"]["resource"]) for own in mine)]

    @property
    def state(self) -> tuple[str, str]:
        """The payment's and the booking's."""
        payment = self._payment
        [booking] = [
            row for row in self._rows if row.get("kind") == "APPOINTMENT" and row["id"] == payment["id"]
        ]
        return payment["status"], booking["status"]

    @property
    def _payment(self) -> dict[str, Any]:
        [payment] = [
            row for row in self._rows if row.get("kind") == "PAYMENT" and row["order_id"] == self.order_id
        ]
        return payment

    @property
    def _rows(self) -> list[dict[str, Any]]:
        return invariants.rows(self.stack.urls["dynamodb"], TABLE)


def times(stack: Stack) -> Iterator[str]:
    """Open times that are weeks away, of which no two overlap."""
    today = datetime.fromisoformat(stack.control("GET", "/clock")["now"]).date()
    span = {"start_date": today, "end_date": today + timedelta(days=61), "service": "single"}
    token = stack.token("looking@example.com")
    days = stack.api("GET", "/booking/availability", token=token, params=span).json()["days"]
    for day in reversed(days):
        yield from (slot["start"] for slot in day["slots"][::2])
