"""Real processes on the real engine, all at the same moment. The promises hold, and each loser hears why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from local import engine
from shared.adapters.dynamodb import items
from shared.adapters.dynamodb.package_items import package_record
from shared.adapters.dynamodb.store import DynamoBookings
from shared.adapters.dynamodb.table import Table
from tests import invariants
from tests.builders import appointment, package
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


@pytest.fixture
def own(store: DynamoBookings) -> Callable[..., str]:
    """The id of a new package in the table."""

    def own(client: str, **changes: Any) -> str:
        bought = package(client, **changes)
        record = items.dump(package_record(bought))
        store.table.client.put_item(TableName=store.table.name, Item=record)
        return bought.id

    return own


def sessions_used(environment: Environment) -> list[int]:
    everything = invariants.rows(environment["AWS_ENDPOINT_URL_DYNAMODB"], environment["TABLE_NAME"])
    return [int(row["sessions_used"]) for row in everything if row["kind"] == "PACKAGE"]


def test_the_last_session_of_a_package_wanted_sixteen_times_at_once_is_booked_once(
    environment: Environment, own: Callable[..., str]
) -> None:
    bought = own("alex", sessions_total=1)
    hours = [day * 24 * 60 + hour * 60 for day in range(2) for hour in range(-1, 7)]
    answers = race(booker, [Booking(environment, "alex", later, package_id=bought) for later in hours])
    assert outcomes(answers) == {"201": 1, "package_exhausted": 15}
    assert (booked(environment), sessions_used(environment)) == (1, [1])


def test_a_package_of_three_gives_three_sessions_however_many_are_wanted_at_once(
    environment: Environment, own: Callable[..., str]
) -> None:
    bought = own("alex")
    hours = [day * 24 * 60 + hour * 60 for day in range(2) for hour in range(4)]
    answers = race(booker, [Booking(environment, "alex", later, package_id=bought) for later in hours])
    assert outcomes(answers) == {"201": 3, "package_exhausted": 5}
    assert (booked(environment), sessions_used(environment)) == (3, [3])


def test_packages_and_promo_codes_on_one_time_give_one_booking(
    environment: Environment, own: Callable[..., str]
) -> None:
    clients = [f"client{number}" for number in range(8)]
    from_packages = [Booking(environment, each, package_id=own(each)) for each in clients]
    with_codes = [Booking(environment, f"free {each}", 30) for each in clients]
    answers = race(booker, [*from_packages, *with_codes])
    assert outcomes(answers) == {"201": 1, "slot_taken": 15}
    assert all(len(body["alternatives"]) == 5 for status, body in answers if status != 201)
    assert booked(environment) == 1


def test_one_key_ten_times_at_once_uses_one_session(
    environment: Environment, own: Callable[..., str]
) -> None:
    bought = own("alex", sessions_total=1)
    answers = race(booker, [Booking(environment, "alex", key="k", package_id=bought) for _ in range(10)])
    assert [status for status, _ in answers] == [201] * 10
    assert all(body == answers[0][1] for _, body in answers)
    assert (booked(environment), sessions_used(environment)) == (1, [1])


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
