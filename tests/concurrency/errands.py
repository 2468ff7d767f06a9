"""What one process of a race about money does: the real function serves one event, as a Lambda instance would.

DynamoDB and PayPal are asked over HTTP by the real clients. Google, the mail service and the clock are fakes.
"""

from __future__ import annotations

import importlib.util
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from shared import bootstrap
from shared.domain.time import isoformat
from tests.builders import NOW, START
from tests.fakes import FakeCalendar, FakeMailer

ROOT = Path(__file__).parents[2]

Answer = tuple[int, Any]
"""Status and body; of what answers nobody, 0 and what it returned."""


@dataclass(frozen=True)
class Errand:
    """An event for a function, the environment it meets, and the time at which it does."""

    environment: dict[str, str]
    function: str
    event: dict[str, Any] = field(compare=False)
    now: datetime = NOW


@dataclass(frozen=True)
class StoppedClock:
    """Time is not what a race is about; but whoever waits for another really waits."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


def runner(errand: Errand) -> Callable[[], Answer]:
    """Loads the function as a new instance would; serves the event when called."""
    os.environ.update(errand.environment)
    bootstrap.clock = StoppedClock(errand.now)  # type: ignore[assignment]
    bootstrap.calendar = FakeCalendar  # type: ignore[assignment]
    bootstrap.mailer = FakeMailer  # type: ignore[assignment]
    path = ROOT / "functions" / errand.function / "handler.py"
    spec = importlib.util.spec_from_file_location(errand.function, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run() -> Answer:
        answer = module.handler(errand.event, None)
        if "statusCode" not in answer:
            return 0, answer
        body = answer.get("body")
        return answer["statusCode"], json.loads(body) if body else None

    return run


def sample(name: str, client: str | None = None, key: str | None = None) -> dict[str, Any]:
    """``events/<function>/<name>.json`` as that client sends it, under that key."""
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    if client:
        context = {"client_id": client, "email": f"{client}@example.com", "name": client.capitalize()}
        event["requestContext"]["authorizer"]["lambda"] |= context
        event["headers"].pop("idempotency-key", None)
    if key:
        event["headers"]["idempotency-key"] = key
    return event


def ordering(client: str, start: datetime = START) -> dict[str, Any]:
    event = sample("checkout/order", client)
    event["body"] = json.dumps({**json.loads(event["body"]), "start": isoformat(start)})
    return event


def paying(client: str, order_id: str, *, package: bool = False) -> dict[str, Any]:
    event = sample(f"checkout/pay_{'package' if package else 'session'}", client)
    return event | {"body": json.dumps({"paypal_order_id": order_id})}


def giving_up(client: str, order_id: str) -> dict[str, Any]:
    event = sample("checkout/give_up", client)
    path = f"/booking/orders/{order_id}"
    event["requestContext"]["http"]["path"] = path
    return event | {"rawPath": path, "pathParameters": {"order_id": order_id}}


def booking(client: str, start: datetime) -> dict[str, Any]:
    event = sample("book_free/book", client)
    body = {name: said for name, said in json.loads(event["body"]).items() if name != "backup_start"}
    return event | {"body": json.dumps({**body, "start": isoformat(start)})}


def cancelling(client: str, booking_id: str, key: str | None = None) -> dict[str, Any]:
    return _about(booking_id, sample("cancel/cancel", client, key), "cancel")


def cancelling_as_coach(booking_id: str) -> dict[str, Any]:
    event = _about(f"admin/{booking_id}", sample("admin/cancel"), "cancel")
    return event | {"pathParameters": {"id": booking_id}}


def moving(client: str, booking_id: str, to: datetime, fee_order_id: str | None = None) -> dict[str, Any]:
    event = _about(booking_id, sample("reschedule/move", client), "reschedule")
    wanted = {"start": isoformat(to)} | ({"fee_order_id": fee_order_id} if fee_order_id else {})
    return event | {"body": json.dumps(wanted)}


def _about(booking_id: str, event: dict[str, Any], action: str) -> dict[str, Any]:
    path = f"/booking/{booking_id}/{action}"
    event["requestContext"]["http"]["path"] = path
    return event | {"rawPath": path, "pathParameters": {"id": booking_id}}


def webhook(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    event = sample("paypal_webhook/order_approved")
    signed = {name.lower(): value for name, value in headers.items()}
    return event | {"headers": {**event["headers"], **signed}, "body": body.decode()}


def working_off(subject_id: str, effect_id: str) -> dict[str, Any]:
    keys = {"PK": {"S": f"OWED#{subject_id}"}, "SK": {"S": effect_id}}
    return {"Records": [{"eventName": "INSERT", "dynamodb": {"Keys": keys}}]}


def sweeping() -> dict[str, Any]:
    return sample("sweeper/scheduled")
