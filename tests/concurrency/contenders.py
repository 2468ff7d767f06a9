"""What one process of a race does. Google and the clock are fakes: a race is about us and the table."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from shared import bootstrap
from shared.adapters.dynamodb.store import DynamoBookings
from shared.adapters.dynamodb.table import Table, make_client
from shared.domain.appointment import Appointment
from shared.domain.effects import owed_for_booking
from shared.domain.errors import SlotTaken
from shared.domain.time import Interval, isoformat
from tests.builders import NOW, START
from tests.fakes import FakeCalendar, FakeClock

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Booking:
    """A request to book, with a promo code or from a package, and the environment of the function it meets."""

    environment: dict[str, str]
    client: str
    minutes_later: int = 0
    key: str | None = None
    package_id: str | None = None

    @property
    def function(self) -> str:
        return "packages" if self.package_id else "book_free"

    @property
    def sample(self) -> str:
        return "packages/use_session" if self.package_id else "book_free/book"

    @property
    def paid_with(self) -> dict[str, str]:
        return {"package_id": self.package_id} if self.package_id else {"promo_code": "WIMD25"}

    @property
    def start(self) -> datetime:
        return START + timedelta(minutes=self.minutes_later)


@dataclass(frozen=True)
class Claiming:
    environment: dict[str, str]
    appointment: Appointment = field(compare=False)


def booker(booking: Booking) -> Callable[[], tuple[int, Any]]:
    """Loads the function as a new Lambda instance would; books when called."""
    os.environ.update(booking.environment)
    bootstrap.clock = FakeClock(NOW)  # type: ignore[assignment]
    bootstrap.calendar = FakeCalendar  # type: ignore[assignment]
    spec = importlib.util.spec_from_file_location(
        "booking", ROOT / f"functions/{booking.function}/handler.py"
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    event = _event(booking)

    def book() -> tuple[int, Any]:
        answer = module.handler(event, None)
        return answer["statusCode"], json.loads(answer["body"])

    return book


def claimer(claiming: Claiming) -> Callable[[], bool]:
    """Whether the appointment got its time."""
    os.environ.update(claiming.environment)
    booking = claiming.appointment
    store = DynamoBookings(Table(make_client("us-east-1"), os.environ["TABLE_NAME"]))
    relied_on = store.diary(Interval(START - timedelta(days=1), START + timedelta(days=1)))

    def claim() -> bool:
        try:
            store.book_free(booking, "asked", relied_on, owed_for_booking(booking, NOW))
        except SlotTaken:
            return False
        return True

    return claim


def _event(booking: Booking) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / f"events/{booking.sample}.json").read_text())
    caller = {"client_id": booking.client, "email": f"{booking.client}@example.com"}
    event["requestContext"]["authorizer"]["lambda"] |= caller
    wanted = {**booking.paid_with, "phone": "+14165550123", "timezone": "America/Toronto"}
    event["body"] = json.dumps({**wanted, "start": isoformat(booking.start)})
    event["headers"].pop("idempotency-key")
    if booking.key:
        event["headers"]["idempotency-key"] = booking.key
    return event
