"""Real processes on the real engine, all at the same moment. The promises hold, and each loser hears why."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from local import engine
from shared.adapters.dynamodb import items
from shared.adapters.dynamodb.store import DynamoBookings
from shared.adapters.dynamodb.table import Table
from tests import invariants
from tests.builders import appointment
from tests.concurrency.contenders import Booking, Claiming, booker, claimer
from tests.concurrency.race import race

Environment = dict[str, str]


@pytest.fixture
def store(dynamodb: str, table_name: str) -> DynamoBookings:
    store = DynamoBookings(Table(engine.client("dynamodb", dynamodb), table_name))
    store.seed()
    return store


@pytest.fixture
def environment(dynamodb: str, store: DynamoBookings) -> Environment:
    return {
        **engine.CREDENTIALS,
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
        "TABLE_NAME": store.table.name,
        "SITE_URL": "https://coach.example",
    }


def booked(environment: Environment) -> int:
    """The bookings there are, with every promise of the table checked."""
    table, endpoint = environment["TABLE_NAME"], environment["AWS_ENDPOINT_URL_DYNAMODB"]
    return len(invariants.check(endpoint, table))


def outcomes(answers: list[tuple[int, Any]]) -> dict[str, int]:
    return dict(Counter("201" if status == 201 else body["code"] for status, body in answers))


def test_sixty_four_clients_on_one_time_give_one_booking(environment: Environment) -> None:
    answers = race(booker, [Booking(environment, f"client{n}") for n in range(64)])
    assert outcomes(answers) == {"201": 1, "slot_taken": 63}
    assert all(len(body["alternatives"]) == 5 for status, body in answers if status != 201)
    assert booked(environment) == 1


def test_forty_clients_on_a_code_of_twenty_five_get_twenty_five(environment: Environment) -> None:
    times = [day * 24 * 60 + slot * 30 for day in range(3) for slot in range(-2, 14)][:40]
    answers = race(booker, [Booking(environment, f"client{n}", later) for n, later in enumerate(times)])
    assert outcomes(answers) == {"201": 25, "promo_exhausted": 15}
    assert booked(environment) == 25


def test_one_client_many_times_at_once_books_once(environment: Environment) -> None:
    answers = race(booker, [Booking(environment, "alex", n * 30) for n in range(8)])
    assert outcomes(answers) == {"201": 1, "promo_already_used": 7}
    assert booked(environment) == 1


def test_one_key_ten_times_at_once_gives_one_booking_and_ten_equal_answers(environment: Environment) -> None:
    answers = race(booker, [Booking(environment, "alex", key="the-same") for _ in range(10)])
    assert [status for status, _ in answers] == [201] * 10
    assert all(body == answers[0][1] for _, body in answers)
    assert booked(environment) == 1


@pytest.mark.parametrize("the_half_hour_comes_first", [True, False] * 3)
def test_an_hour_and_a_half_hour_that_overlap_give_one_winner(
    environment: Environment, the_half_hour_comes_first: bool
) -> None:
    hour, half = appointment("alex", duration_minutes=60), appointment("blake", 30)
    contenders = [half, hour] if the_half_hour_comes_first else [hour, half]
    won = race(claimer, [Claiming(environment, each) for each in contenders])
    assert sorted(won) == [False, True]
    assert booked(environment) == 1


def test_under_a_daily_limit_the_day_fills_to_the_limit(
    environment: Environment, store: DynamoBookings
) -> None:
    settings = store.settings()
    limited = replace(settings, version=2, schedule=replace(settings.schedule, daily_limit=3))
    record = items.dump(items.settings_record(limited))
    store.table.client.put_item(TableName=store.table.name, Item=record)
    answers = race(booker, [Booking(environment, f"client{n}", n * 30) for n in range(12)])
    assert outcomes(answers)["201"] == 3
    assert set(outcomes(answers)) <= {"201", "slot_taken", "too_many_requests"}
    assert booked(environment) == 3
