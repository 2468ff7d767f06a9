"""Fees charged to saved payment methods on the whole local stack, with PayPal's approval and without."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.stack import Stack

ROOT = Path(__file__).parents[2]
MONDAY = "2026-11-23T13:00:00Z"
TUESDAY, TUESDAY_NOON, NEXT_WEEK = "2026-11-24T15:00:00Z", "2026-11-24T17:00:00Z", "2026-12-01T15:00:00Z"
PHONE = {"phone": "+14165550123", "timezone": "America/Toronto"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), switches={"PAYPAL_VAULT_ENABLED": "true"}) as stack:
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    running.control("PUT", "/reset")
    running.control("PUT", "/clock", {"now": MONDAY})
    return running


class Client:
    def __init__(self, stack: Stack, email: str = "alex@example.com") -> None:
        self._stack = stack
        self._token = stack.token(email)

    def asks(self, method: str, path: str, status: int, **request: Any) -> Any:
        answer = self._stack.api(method, f"/booking{path}", token=self._token, **request)
        assert answer.status_code == status, answer.text
        return answer.json()

    def buys(self, service: str, start: str | None = None) -> Any:
        what = {"start": start, **PHONE} if start else {}
        wanted = {"service": service, "currency": "CAD", **what}
        order_id = self.asks("POST", "/orders", 201, json=wanted)["order_id"]
        self._stack.control("POST", f"/paypal/orders/{order_id}/approve", {})
        pay = "create-paid" if start else "create-paid-package"
        return self.asks("POST", f"/{pay}", 201, json={"paypal_order_id": order_id})

    def books_from_package(self, start: str) -> str:
        package = self.buys("package")["id"]
        wanted = {"package_id": package, "start": start, **PHONE}
        return str(self.asks("POST", "/use-package-session", 201, json=wanted)["id"])

    def quote(self, booking: str, action: str) -> Any:
        return self.asks("GET", f"/{booking}/quote?action={action}", 200)

    def moves(self, booking: str, to: str, status: int = 200) -> Any:
        return self.asks("PUT", f"/{booking}/reschedule", status, json={"start": to})

    @property
    def sessions_left(self) -> int:
        (package,) = self.asks("GET", "/my-packages", 200)["items"]
        return int(package["sessions_remaining"])


@pytest.fixture
def client(stack: Stack) -> Client:
    return Client(stack)


@pytest.fixture
def approved(stack: Stack) -> None:
    stack.control("PUT", "/paypal/account", {"vault": True})


def ledger(stack: Stack, what: str) -> list[Any]:
    return list(stack.control("GET", "/paypal/ledger")[what])


def amounts(stack: Stack, what: str) -> list[str]:
    return [each["amount"]["value"] for each in ledger(stack, what)]


def subjects(stack: Stack) -> str:
    return "\n".join(mail["subject"] for mail in stack.control("GET", "/mailbox?to=alex@example.com"))


def settle(stack: Stack) -> None:
    assert stack.control("POST", "/settle")["owed"] == 0


def agree(stack: Stack) -> None:
    """By the daily comparison, once all is quiet."""
    settle(stack)
    stack.control("PUT", "/clock", {"advance_seconds": 16 * 60})
    report = stack.control("POST", "/run", {"schedule": "reconcile"})["answer"]
    assert (report["differences"], report["left_out"]) == ([], [])


def test_an_account_without_paypals_approval_sells_all_the_same(stack: Stack, client: Client) -> None:
    assert stack.api("GET", "/booking/config").json()["paypal"]["saves_method"] is True
    booking = client.buys("single", TUESDAY)
    asked = [each for each in stack.control("GET", "/calls") if each["operation"] == "create_order"]
    assert len(asked) == 2, "with saving, then without"
    assert (len(ledger(stack, "orders")), ledger(stack, "payment_tokens")) == (1, [])
    assert client.quote(booking["id"], "reschedule")["fee_charged"] is False
    assert client.moves(booking["id"], NEXT_WEEK, 402)["code"] == "fee_required"
    late = client.books_from_package(TUESDAY_NOON)
    assert client.quote(late, "cancel")["credit_returned"] is False


@pytest.mark.usefixtures("approved")
def test_a_late_move_is_charged_to_the_saved_method(stack: Stack, client: Client) -> None:
    booking = client.buys("single", TUESDAY)["id"]
    assert client.quote(booking, "reschedule")["fee_charged"] is True
    moved = client.moves(booking, NEXT_WEEK)
    assert (moved["start"], moved["payment"]["fee"], moved["sequence"]) == (NEXT_WEEK, "75.00", 1)
    assert amounts(stack, "captures") == ["150.00", "75.00"]
    agree(stack)
    assert "Moved: your session is now on Tue, Dec 1" in subjects(stack)


@pytest.mark.usefixtures("approved")
def test_a_late_package_session_is_charged_for_and_comes_back(stack: Stack, client: Client) -> None:
    booking = client.books_from_package(TUESDAY)
    cost = client.quote(booking, "cancel")
    assert (cost["fee"], cost["fee_charged"], cost["credit_returned"]) == ("83.33", True, True)
    cancelled = client.asks("PUT", f"/{booking}/cancel", 200, json={})
    assert (cancelled["status"], cancelled["payment"]["amount"]) == ("cancelled", "83.33")
    settle(stack)
    shown = client.asks("GET", f"/{booking}", 200)["payment"]
    assert (shown["status"], shown["fee"], client.sessions_left) == ("captured", "83.33", 3)
    assert (amounts(stack, "captures"), ledger(stack, "refunds")) == (["500.00", "83.33"], [])
    agree(stack)
    assert "Fee of 83.33 CAD charged: your session on" in subjects(stack)
    assert stack.control("GET", "/calendar/events") == []


@pytest.mark.usefixtures("approved")
@pytest.mark.parametrize("trouble", ["declines", "revoked", "down"])
def test_a_fee_that_cannot_be_charged_uses_the_session_up(stack: Stack, client: Client, trouble: str) -> None:
    booking = client.books_from_package(TUESDAY)
    if trouble == "declines":
        stack.control("PUT", "/paypal/account", {"saved_method_declines": True})
    if trouble == "down":
        down = {
            "target": "paypal",
            "match": "POST /v2/checkout/orders",
            "effect": "status",
            "status_code": 401,
        }
        stack.control("POST", "/faults", down)
    if trouble == "revoked":
        stack.control("PUT", "/paypal/webhooks", {"deliver": False})
        (token,) = ledger(stack, "payment_tokens")
        stack.control("DELETE", f"/paypal/payment-tokens/{token['id']}")
    assert client.asks("PUT", f"/{booking}/cancel", 200, json={})["status"] == "cancelled"
    stack.control("POST", "/settle")
    for _ in range(7):
        stack.control("PUT", "/clock", {"advance_seconds": 3600})
        stack.control("POST", "/run", {"schedule": "sweeper"})
    stack.control("DELETE", "/faults")
    stack.control("PUT", "/paypal/account", {"saved_method_declines": False})
    agree(stack)
    shown = client.asks("GET", f"/{booking}", 200)["payment"]
    assert (shown["status"], shown["fee"], client.sessions_left) == ("expired", "0.00", 2)
    assert amounts(stack, "captures") == ["500.00"]
    assert "No fee charged: your session on" in subjects(stack)


@pytest.mark.usefixtures("approved")
def test_a_method_saved_later_is_known_by_its_webhook_and_forgotten_by_another(
    stack: Stack, client: Client
) -> None:
    stack.control("PUT", "/paypal/account", {"late_vault": True})
    booking = client.buys("single", TUESDAY)["id"]
    assert client.quote(booking, "reschedule")["fee_charged"] is False
    stack.control("PUT", "/clock", {"advance_seconds": 120})
    (token,) = ledger(stack, "payment_tokens")
    _until(lambda: client.quote(booking, "reschedule")["fee_charged"] is True)
    stack.control("DELETE", f"/paypal/payment-tokens/{token['id']}")
    _until(lambda: client.quote(booking, "reschedule")["fee_charged"] is False)


def _until(so: Any) -> None:
    deadline = time.monotonic() + 60
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_wrong_setting_stops_the_start_with_its_name(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local", "--home", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PAYPAL_VAULT_ENABLED": "yes"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "PAYPAL_VAULT_ENABLED is true or false" in done.stdout + done.stderr
