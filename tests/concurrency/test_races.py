"""Real processes on the real engine, all at the same moment. The promises hold, and each loser hears why."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local import engine
from shared import bootstrap
from shared.adapters.dynamodb.store import DynamoBookings
from shared.adapters.dynamodb.table import Table, make_client
from shared.domain.appointment import Appointment
from shared.domain.effects import owed_for_booking
from shared.domain.errors import SlotTaken
from shared.domain.time import isoformat
from tests import invariants
from tests.builders import NOW, START, appointment
from tests.concurrency.race import race
from tests.contract.test_store import WEEK
from tests.fakes import FakeCalendar, FakeClock

ROOT = Path(__file__).parents[2]
BUILT = ("config", "table", "bookings", "effects")


@pytest.fixture
def table(dynamodb: str, table_name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A seeded table that the functions find in their environment. Google and the clock are fakes: it is about us."""
    for name, value in {
        **engine.CREDENTIALS,
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
        "TABLE_NAME": table_name,
        "SITE_URL": "https://coach.example",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(bootstrap, "clock", FakeClock(NOW))
    monkeypatch.setattr(bootstrap, "calendar", FakeCalendar)
    _forget_built()
    bootstrap.bookings().seed()
    _forget_built()
    yield table_name
    _forget_built()


def _forget_built() -> None:
    for name in BUILT:
        getattr(bootstrap, name).cache_clear()


def booker(request: dict[str, Any]) -> Callable[[], tuple[int, Any]]:
    """Loads the function as a new Lambda instance would; books when called."""
    spec = importlib.util.spec_from_file_location("booking", ROOT / "functions/book_free/handler.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    event = json.loads((ROOT / "events/book_free/book.json").read_text())
    client = request["client"]
    event["requestContext"]["authorizer"]["lambda"] |= {"client_id": client, "email": f"{client}@example.com"}
    event["body"] = json.dumps({"phone": "+14165550123", "timezone": "America/Toronto", **request["body"]})
    event["headers"].pop("idempotency-key", None)
    if "key" in request:
        event["headers"]["idempotency-key"] = request["key"]

    def book() -> tuple[int, Any]:
        answer = module.handler(event, None)
        return answer["statusCode"], json.loads(answer["body"])

    return book


def request(client: str, minutes_later: int = 0, **more: Any) -> dict[str, Any]:
    start = isoformat(START + timedelta(minutes=minutes_later))
    return {"client": client, "body": {"promo_code": "WIMD25", "start": start}, **more}


def outcomes(answers: list[tuple[int, Any]]) -> dict[str, int]:
    return dict(Counter("201" if status == 201 else body["code"] for status, body in answers))


def test_sixty_four_clients_on_one_time_give_one_booking(dynamodb: str, table: str) -> None:
    answers = race(booker, [request(f"client{n}") for n in range(64)])
    assert outcomes(answers) == {"201": 1, "slot_taken": 63}
    assert all(len(body["alternatives"]) == 5 for status, body in answers if status != 201)
    assert len(invariants.check(dynamodb, table)) == 1


def test_forty_clients_on_a_code_of_twenty_five_get_twenty_five(dynamodb: str, table: str) -> None:
    times = [day * 24 * 60 + slot * 30 for day in range(3) for slot in range(-2, 14)][:40]
    answers = race(booker, [request(f"client{n}", later) for n, later in enumerate(times)])
    assert outcomes(answers) == {"201": 25, "promo_exhausted": 15}
    assert len(invariants.check(dynamodb, table)) == 25


def test_one_client_many_times_at_once_books_once(dynamodb: str, table: str) -> None:
    answers = race(booker, [request("alex", n * 30) for n in range(8)])
    assert outcomes(answers) == {"201": 1, "promo_already_used": 7}
    assert len(invariants.check(dynamodb, table)) == 1


def test_one_key_ten_times_at_once_gives_one_booking_and_ten_equal_answers(dynamodb: str, table: str) -> None:
    answers = race(booker, [request("alex", key="the-same") for _ in range(10)])
    assert [status for status, _ in answers] == [201] * 10
    assert all(body == answers[0][1] for _, body in answers)
    assert len(invariants.check(dynamodb, table)) == 1


@pytest.mark.parametrize("round_", range(6))
def test_an_hour_and_a_half_hour_that_overlap_give_one_winner(dynamodb: str, table: str, round_: int) -> None:
    hour = appointment("alex", duration_minutes=60)
    half = appointment("blake", 30)
    contenders = [hour, half] if round_ % 2 else [half, hour]
    won = race(claimer, contenders)
    assert sorted(won) == [False, True]
    assert len(invariants.check(dynamodb, table)) == 1


def test_under_a_daily_limit_the_day_fills_to_the_limit(dynamodb: str, table: str) -> None:
    store = bootstrap.bookings()
    settings = store.settings()
    _replace_settings(store, replace(settings, schedule=replace(settings.schedule, daily_limit=3)))
    _forget_built()
    answers = race(booker, [request(f"client{n}", n * 30) for n in range(12)])
    assert outcomes(answers)["201"] == 3
    assert set(outcomes(answers)) <= {"201", "slot_taken", "too_many_requests"}
    assert len(invariants.check(dynamodb, table)) == 3


def claimer(booking: Appointment) -> Callable[[], bool]:
    store = DynamoBookings(Table(make_client("us-east-1"), bootstrap.config().needed("table_name")))
    relied_on = store.diary(WEEK)

    def claim() -> bool:
        try:
            store.book_free(booking, "asked", relied_on, owed_for_booking(booking.id, NOW))
        except SlotTaken:
            return False
        return True

    return claim


def _replace_settings(store: DynamoBookings, settings: Any) -> None:
    from shared.adapters.dynamodb import items

    changed = replace(settings, version=settings.version + 1)
    store.table.client.put_item(TableName=store.table.name, Item=items.dump(items.settings_record(changed)))
