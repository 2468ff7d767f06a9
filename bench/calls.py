"""Through the local gateway: how long a listing takes, and how many network calls lie on a client's path."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from bench import history
from local.environment import TABLE
from local.stack import Stack

WARM_UP, ROUNDS = 30, 200
FUTURE, PAST = 500, 10_000


@dataclass(frozen=True, slots=True)
class Listings:
    """Milliseconds at the median for 60 days, first with future bookings alone, then with years of past ones."""

    future_only: float
    with_past: float


def listings(young: Stack, old: Stack) -> Listings:
    """Asked of both in turn, so that a busy minute of the machine slows both alike."""
    now = datetime.now(UTC)
    for stack in (young, old):
        future = history.sessions(now + timedelta(days=1), FUTURE, timedelta(days=1))
        history.write(stack.urls["dynamodb"], TABLE, future)
    past = history.sessions(now - timedelta(days=1), PAST, timedelta(days=-1))
    history.write(old.urls["dynamodb"], TABLE, past)
    listers = [_lister(young), _lister(old)]
    taken = [[lister() for lister in listers] for _ in range(WARM_UP + ROUNDS)][WARM_UP:]
    return Listings(*(median(times) * 1000 for times in zip(*taken, strict=True)))


def network_calls(stack: Stack) -> dict[str, Counter[str]]:
    """What one warm request of each kind asks of the outside."""
    token = stack.token("counted@example.com")
    booking = {"promo_code": "WIMD25", "phone": "+14165550123", "timezone": "America/Toronto"}
    counted = {}
    for attempt in ("cold", "warm"):
        slots = _slots(stack, token)
        start, client = slots[-1 if attempt == "warm" else -2], f"{attempt}@example.com"
        stack.control("DELETE", "/calls")
        _slots(stack, token)
        stack.api("GET", "/booking/promo/WIMD25", token=token)
        booked = stack.api(
            "POST", "/booking/create-free", token=stack.token(client), json={**booking, "start": start}
        )
        assert booked.status_code == 201, booked.text
        counted = {name: _made_by(stack, name) for name in ("availability", "promo", "book_free")}
        start, another = _slots(stack, token, "single")[-1:-6:-4]
        bought, paying = _buying(stack, stack.token(client), start)
        counted |= paying | _changing(stack, stack.token(client), bought, another)
    return counted


def _buying(stack: Stack, token: str, start: str) -> tuple[str, dict[str, Counter[str]]]:
    """The id of the booking, and the calls."""
    stack.control("PUT", "/paypal/webhooks", {"deliver": False})
    stack.control("DELETE", "/calls")
    wanted = {"service": "single", "currency": "CAD", "start": start}
    person = {"phone": "+14165550123", "timezone": "America/Toronto"}
    ordered = stack.api("POST", "/booking/orders", token=token, json={**wanted, **person})
    assert ordered.status_code == 201, ordered.text
    orders = _made_by(stack, "checkout")
    order_id = ordered.json()["order_id"]
    stack.control("POST", f"/paypal/orders/{order_id}/approve", {"outcome": "approve"})
    stack.control("DELETE", "/calls")
    paid = stack.api("POST", "/booking/create-paid", token=token, json={"paypal_order_id": order_id})
    assert paid.status_code == 201, paid.text
    return paid.json()["id"], {"orders": orders, "create_paid": _made_by(stack, "checkout")}


def _changing(stack: Stack, token: str, booking: str, start: str) -> dict[str, Counter[str]]:
    path = f"/booking/{booking}"
    stack.control("DELETE", "/calls")
    moved = stack.api("PUT", f"{path}/reschedule", token=token, json={"start": start})
    assert moved.status_code == 200, moved.text
    cancelled = stack.api("PUT", f"{path}/cancel", token=token, json={})
    assert cancelled.status_code == 200, cancelled.text
    return {name: _made_by(stack, name) for name in ("reschedule", "cancel")}


def _made_by(stack: Stack, function: str) -> Counter[str]:
    made = stack.control("GET", "/calls")
    return Counter(f"{call['target']}.{call['operation']}" for call in made if call["function"] == function)


def _slots(stack: Stack, token: str, service: str = "free") -> list[str]:
    today = datetime.now(UTC).date()
    query = {"start_date": str(today), "end_date": str(today + timedelta(days=60)), "service": service}
    days = stack.api("GET", "/booking/availability", token=token, params=query).json()["days"]
    return [slot["start"] for day in days for slot in day["slots"]]


def _lister(stack: Stack) -> Callable[[], float]:
    """Seconds of one listing, on a connection that stays open."""
    address = urlsplit(stack.urls["api"])
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    today = datetime.now(UTC).date()
    path = f"/booking/availability?start_date={today}&end_date={today + timedelta(days=60)}"
    headers = {"Authorization": f"Bearer {stack.token('lister@example.com')}"}
    return partial(_timed, connection, path, headers)


def _timed(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> float:
    begun = perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body: Any = json.loads(answer.read())
    taken = perf_counter() - begun
    assert answer.status == 200, body
    return taken
