"""A client who buys, in a browser that asks again when it heard nothing, while webhooks come when they are let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import requests

from local.stack import Stack

TRIES = 5
A_MOMENT = timedelta(seconds=40)
"""Longer than whoever died at PayPal keeps the payment to themselves."""

NOTICE = timedelta(days=3)
APART = timedelta(hours=2)
HORIZON_DAYS = 61


def move_clock(stack: Stack, by: timedelta) -> None:
    stack.control("PUT", "/clock", {"advance_seconds": by.total_seconds()})


def let_happen(stack: Stack) -> int:
    """Whatever is due now; what is still owed then."""
    return int(stack.control("POST", "/settle")["owed"])


def later(stack: Stack, **by: float) -> int:
    move_clock(stack, timedelta(**by))
    return let_happen(stack)


def deliver(stack: Stack) -> None:
    """Every webhook that was held back arrives, and again if it is not taken."""
    stack.control("PUT", "/paypal/webhooks", {"deliver": True})
    let_happen(stack)
    stack.control("PUT", "/paypal/webhooks", {"deliver": False})


def open_times(stack: Stack) -> Iterator[str]:
    """Times for one client each, days ahead and apart from one another; as time passes, more of them open."""
    while True:
        now = datetime.fromisoformat(stack.control("GET", "/clock")["now"])
        last_day = now.date() + timedelta(days=HORIZON_DAYS)
        span = {"service": "single", "start_date": now.date(), "end_date": last_day}
        token = stack.token("looking@example.com")
        days = stack.api("GET", "/booking/availability", token=token, params=span).json()["days"]
        last = now + NOTICE
        for slot in (slot for day in days for slot in day["slots"]):
            start = datetime.fromisoformat(slot["start"])
            now = datetime.fromisoformat(stack.control("GET", "/clock")["now"])
            if start >= max(last, now + NOTICE):
                last = start + APART
                yield str(slot["start"])
        move_clock(stack, timedelta(days=HORIZON_DAYS // 2))


class Buyer:
    """One client, one thing to buy, one time of their own."""

    def __init__(self, stack: Stack, name: str, start: str) -> None:
        self.stack = stack
        self.start = start
        self.order_id = ""
        self.dispute_id = ""
        self._email = f"{name}@example.com"
        self._pay_path = ""
        self._told: set[str] = set()

    def order_session(self) -> None:
        details = {"start": self.start, "phone": "+14165550123", "timezone": "America/Toronto"}
        self._order("create-paid", {"service": "single", "currency": "CAD", **details})

    def order_package(self) -> None:
        self._order("create-paid-package", {"service": "package", "currency": "USD"})

    def _order(self, pay: str, body: dict[str, Any]) -> None:
        answer = self._insist("POST", "/booking/orders", "order", body)
        assert answer.status_code == 201, answer.text
        self._pay_path = f"/booking/{pay}"
        self.order_id = answer.json()["order_id"]

    def approve(self, outcome: str = "approve") -> None:
        self.stack.control("POST", f"/paypal/orders/{self.order_id}/approve", {"outcome": outcome})

    def pay(self, *expected: int, key: str = "pay", **said: str) -> requests.Response:
        answer = self._insist("POST", self._pay_path, key, {"paypal_order_id": self.order_id, **said})
        assert answer.status_code in (expected or (200, 201)), answer.text
        return answer

    def give_up(self) -> None:
        answer = self._insist("DELETE", f"/booking/orders/{self.order_id}", "give up", None)
        assert answer.status_code == 204, answer.text

    def later(self, **by: float) -> None:
        later(self.stack, **by)

    def webhooks(self) -> None:
        """Each that was held back arrives, one after the other; at the end they all come again, and at once."""
        while events := [each["id"] for each in self._held() if each["id"] not in self._told]:
            for event_id in events:
                self._told.add(event_id)
                self.stack.control("POST", f"/paypal/webhooks/{event_id}/send")
        let_happen(self.stack)

    def _held(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self.stack.control("GET", "/paypal/webhooks?state=held")
        return events

    def capture(self) -> dict[str, Any]:
        """As PayPal has it, once it was made."""
        return self._in_ledger("captures", "order_id", self.order_id)

    def refund(self) -> dict[str, Any]:
        """As PayPal has it, once it was made."""
        return self._in_ledger("refunds", "capture_id", self.capture()["id"])

    def _in_ledger(self, kind: str, field: str, value: str) -> dict[str, Any]:
        for _ in range(TRIES):
            for each in self.stack.control("GET", "/paypal/ledger")[kind]:
                if each[field] == value:
                    found: dict[str, Any] = each
                    return found
            self.later(minutes=20)
        raise AssertionError(f"PayPal has none of the {kind} of {value}")

    def lose_the_time(self) -> None:
        """The money is taken, nobody hears of it for more than an hour, and meanwhile another has the time."""
        self._paypal_is_not_heard()
        self._send("POST", self._pay_path, "pay", {"paypal_order_id": self.order_id})
        self._be_too_late(self.start)

    def _be_too_late(self, start: str) -> None:
        self.later(minutes=61)
        self._somebody_else_books(start)
        let_happen(self.stack)
        self.stack.control("DELETE", "/faults")

    def pay_and_be_refused(self) -> None:
        """With an error that none of PayPal's words explains; the page is closed then."""
        match = f"POST /v2/checkout/orders/{self.order_id}/capture"
        self._paypal_fails(match=match, effect="status", status_code=400, times=1)
        self._send("POST", self._pay_path, "pay", {"paypal_order_id": self.order_id})

    def _paypal_is_not_heard(self) -> None:
        order = f"/v2/checkout/orders/{self.order_id}"
        self._paypal_fails(match=f"POST {order}/capture", effect="drop_response")
        self._paypal_fails(match=f"GET {order}", effect="refuse")

    def _paypal_fails(self, **fault: Any) -> None:
        self.stack.control("POST", "/faults", {"target": "paypal", **fault})

    def _somebody_else_books(self, start: str) -> None:
        body = {"promo_code": "WIMD25", "start": start, "phone": "+14165550123", "timezone": "UTC"}
        rival = f"rival-of-{self._email}"
        request = {"json": body, "headers": {"Idempotency-Key": rival}}
        answer = self.stack.api("POST", "/booking/create-free", token=self.stack.token(rival), **request)
        assert answer.status_code == 201, answer.text

    def _insist(self, method: str, path: str, key: str, body: dict[str, Any] | None) -> requests.Response:
        """The very same request until there is an answer that means something."""
        for _ in range(TRIES):
            answer = self._send(method, path, key, body)
            if answer.status_code < 500 and answer.status_code != 429 and not _in_doubt(answer):
                break
            move_clock(self.stack, A_MOMENT)
        return answer

    def _send(self, method: str, path: str, key: str, body: dict[str, Any] | None) -> requests.Response:
        token, headers = self.stack.token(self._email), {"Idempotency-Key": f"{key} {self._email}"}
        return self.stack.api(method, path, token=token, json=body, headers=headers)


def _in_doubt(answer: requests.Response) -> bool:
    """Somebody is at PayPal with it, or died there."""
    return answer.status_code == 202 and bool(answer.json()["payment"]["status"] == "capturing")


Step = Callable[[Any], Any]
"""Of a client of any kind."""
