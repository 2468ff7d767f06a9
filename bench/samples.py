"""The sample events of ``events/``, brought up to date where they name a moment."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import jwt

EVENTS = Path(__file__).parent.parent / "events"


def sample(name: str) -> dict[str, Any]:
    """``sample("promo/known")``"""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def booking(days_ahead: int) -> dict[str, Any]:
    """A new client's free booking on a working day, in the middle of the coach's hours."""
    return _by_a_new_client("book_free/book", days_ahead)


def order(days_ahead: int) -> dict[str, Any]:
    """The same for a session that has its price."""
    return _by_a_new_client("checkout/order", days_ahead)


def _by_a_new_client(name: str, days_ahead: int) -> dict[str, Any]:
    event = sample(name)
    body = json.loads(event["body"])
    body.pop("backup_start", None)
    start = datetime.combine(_working_day(days_ahead), time(16), UTC)
    event["body"] = json.dumps(body | {"start": start.isoformat().replace("+00:00", "Z")})
    event["headers"]["idempotency-key"] = uuid.uuid4().hex
    event["requestContext"]["authorizer"]["lambda"]["client_id"] = uuid.uuid4().hex
    return event


def signed_in(environment: Mapping[str, str]) -> dict[str, Any]:
    """The authorizer's event with a token as the site's own login would sign it."""
    event = sample("authorizer/bearer")
    expires = datetime.now(UTC) + timedelta(hours=1)
    claims = {
        "sub": "bench",
        "email": "client@example.com",
        "aud": environment["JWT_AUDIENCE"],
        "exp": expires,
    }
    token = jwt.encode(claims, environment["JWT_SHARED_SECRET"], algorithm="HS256")
    event["headers"]["authorization"] = f"Bearer {token}"
    return event


def _working_day(days_ahead: int) -> date:
    """Counts working days, from three days ahead on: past any notice."""
    first = datetime.now(UTC).date() + timedelta(days=3)
    days = (first + timedelta(days=number) for number in range(2 * days_ahead + 4))
    return [day for day in days if day.isoweekday() <= 5][days_ahead]
