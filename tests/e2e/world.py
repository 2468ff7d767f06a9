"""What there is to agree after a change: the sessions, PayPal's ledger, the credits, the calendar, what was told."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import requests

from local.environment import COACH_EMAIL, TABLE
from tests import invariants, money
from tests.e2e.stack import Stack

AT_TEN = "2026-11-27T15:00:00Z"
"""The session: Friday at ten, in Toronto."""

IN_TIME, LATE = "2026-11-25T14:50:00Z", "2026-11-25T15:10:00Z"
"""Ten minutes before and after it is 48 hours away."""

AT_ELEVEN = "2026-11-30T16:00:00Z"
"""Where it is moved to: the Monday after, at eleven."""

WISHES = {"phone": "+14165550123", "timezone": "America/Toronto"}


class World:
    def __init__(self, stack: Stack, email: str = "robin@example.com") -> None:
        self.stack, self.email = stack, email

    def call(self, method: str, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.stack.token(self.email)}"}
        given = None if method == "GET" else body
        answer = requests.request(method, self.stack.api + path, json=given, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.json()

    # What is arranged without a browser

    def booked(self, kind: str, now: str, start: str = AT_TEN) -> dict[str, Any]:
        """A session that everybody was told of; then it is `now`."""
        session = self.book(kind, start)
        self.settle()
        self.stack.tell("PUT", "/clock", {"now": now})
        return session

    def book(self, kind: str, start: str = AT_TEN) -> dict[str, Any]:
        wishes = {"start": start, **WISHES}
        if kind == "free":
            return self.call("POST", "/booking/create-free", promo_code="WIMD25", **wishes)
        if kind == "single":
            return self._buy("create-paid", service="single", **wishes)
        package = self._buy("create-paid-package", service="package")
        return self.call("POST", "/booking/use-package-session", package_id=package["id"], **wishes)

    def _buy(self, path: str, **what: Any) -> dict[str, Any]:
        order = self.call("POST", "/booking/orders", currency="CAD", **what)["order_id"]
        self.stack.tell("POST", f"/paypal/orders/{order}/approve", {})
        return dict(self.call("POST", f"/booking/{path}", paypal_order_id=order))

    def settle(self) -> None:
        assert self.stack.tell("POST", "/settle")["owed"] == 0

    # What is seen

    @property
    def session(self) -> dict[str, Any]:
        [only] = self.stack.sessions_of(self.email)
        return only

    @property
    def ledger(self) -> dict[str, Any]:
        return dict(self.stack.tell("GET", "/paypal/ledger"))

    def amounts(self, of: str) -> list[str]:
        return [one["amount"]["value"] for one in self.ledger[of]]

    @property
    def credits_left(self) -> int | None:
        packages = self.call("GET", "/booking/my-packages")["items"]
        return packages[0]["sessions_remaining"] if packages else None

    @property
    def promo_uses_left(self) -> int:
        return int(self.call("GET", "/booking/promo/WIMD25")["remaining"])

    @property
    def calendar(self) -> list[str]:
        events = self.stack.tell("GET", "/calendar/events")
        return [_in_utc(one["start"]) for one in events if one.get("status") != "cancelled"]

    def mails(self, to: str) -> list[dict[str, Any]]:
        return list(self.stack.tell("GET", f"/mailbox?to={to}"))

    def invitation(self, to: str) -> str:
        """The latest that was mailed, unfolded."""
        return str([mail["ics"] for mail in self.mails(to) if mail["ics"]][-1]).replace("\r\n ", "")

    @property
    def link(self) -> str:
        """The newest mail's, on this stack's site."""
        text = self.mails(self.email)[-1]["text"]
        found = re.search(r"https?://\S+(/manage\.html#\S+)", text)
        assert found, text
        return found.group(1)

    @property
    def told_in_app(self) -> Counter[str]:
        return Counter(one["kind"] for one in self.call("GET", "/booking/notifications")["items"])

    # What must agree

    def assert_money_and_bookings_agree(self) -> None:
        money.check(self.stack.dynamodb, TABLE, self.ledger)

    def assert_told(self, client: Counter[str], coach: Counter[str]) -> None:
        """The log of messages, the mailbox and the app tell the same, each once."""
        log = [row for row in invariants.rows(self.stack.dynamodb, TABLE) if row.get("kind") == "EFFECT"]
        assert {row["status"] for row in log} == {"done"}, log
        mailed = {row["provider_id"]: row["effect"] for row in log if row["effect"].endswith("_mail")}
        for reader, who, told in ((self.email, "client", client), (COACH_EMAIL, "coach", coach)):
            kinds = Counter(mailed.pop(mail["id"]) for mail in self.mails(reader))
            assert kinds == Counter({f"{who}_{kind}_mail": times for kind, times in told.items()})
        assert not mailed, "in the log, and in no mailbox"
        assert self.told_in_app == Counter({IN_APP.get(kind, kind): n for kind, n in client.items()})


IN_APP = {"package": "package_bought"}
"""Where a notice is called otherwise than its mail."""


def _in_utc(when: dict[str, str]) -> str:
    return datetime.fromisoformat(when["dateTime"]).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
