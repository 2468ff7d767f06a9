"""Every built handler answers under Lambda's own runtime client, and touches the table only as its role allows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.samples import booking, sample, signed_in
from shared.adapters.dynamodb.store import DynamoBookings
from shared.adapters.dynamodb.table import Table
from tests.builders import appointment
from tests.infrastructure.built_functions import SECRETS, VALUES, Lambda, lambda_world, rights
from tests.infrastructure.conftest import Resource, Statements

pytestmark = pytest.mark.slow

NEEDED_IN_A_RACE = {"book_free": {("dynamodb:GetItem", "table")}}
"""Rights no test here can make use of: the loser of two equal requests reads the winner's booking."""


@pytest.fixture(scope="module")
def lambdas(build: Path, dynamodb: str, functions: dict[str, Resource]) -> Iterator[Lambda]:
    with lambda_world(build, dynamodb, functions) as world:
        yield world


@pytest.fixture(scope="module")
def booked(lambdas: Lambda) -> dict[str, Any]:
    """An appointment made by the built function."""
    answer = lambdas.call("book_free", booking(0))
    assert answer["statusCode"] == 201, answer
    appointment: dict[str, Any] = json.loads(answer["body"])
    return appointment


@pytest.mark.parametrize(
    ("folder", "event", "status"),
    [
        ("health", "health/health", 200),
        ("config", "config/config", 200),
        ("availability", "availability/two_days", 200),
        ("promo", "promo/known", 200),
        ("promo", "promo/unknown", 404),
        ("book_free", "book_free/invalid", 422),
        ("appointments", "appointments/mine", 200),
        ("appointments", "appointments/one", 404),
        ("notifications", "notifications/mine", 200),
        ("notifications", "notifications/read", 404),
    ],
)
def test_a_built_function_answers_its_sample_event(
    lambdas: Lambda, folder: str, event: str, status: int
) -> None:
    answer = lambdas.call(folder, sample(event))
    assert answer["statusCode"] == status, answer
    assert json.loads(answer["body"])


def test_a_booking_made_by_the_built_function_is_confirmed(booked: dict[str, Any]) -> None:
    assert booked["status"] == "confirmed"


def test_the_built_authorizer_lets_a_client_in(lambdas: Lambda) -> None:
    answer = lambdas.call("authorizer", signed_in({**VALUES, **SECRETS}))
    assert answer["isAuthorized"] is True
    assert answer["context"]["email"] == "client@example.com"


def test_the_built_authorizer_refuses_in_the_words_api_gateway_answers_401_to(lambdas: Lambda) -> None:
    outcome = lambdas.run("authorizer", sample("authorizer/not_a_token"))
    assert (outcome.kind, outcome.body["errorMessage"]) == ("error", "Unauthorized")


@pytest.mark.parametrize(
    "folder", ["availability", "promo", "config", "health", "book_free", "notifications"]
)
def test_an_http_function_uses_the_rights_it_has_and_all_of_them(
    lambdas: Lambda, granted: Statements, folder: str
) -> None:
    events = {
        "availability": [sample("availability/two_days")],
        "promo": [sample("promo/known"), sample("promo/unknown")],
        "config": [sample("config/config")],
        "health": [sample("health/health")],
        "book_free": [booking(1)],
        "notifications": [sample("notifications/mine"), sample("notifications/read")],
    }
    lambdas.meter.uses.clear()
    for event in events[folder]:
        lambdas.call(folder, event)
    assert lambdas.meter.uses | NEEDED_IN_A_RACE.get(folder, set()) == rights(granted[folder])


def test_a_reminder_is_owed_with_just_the_rights_it_takes(lambdas: Lambda, granted: Statements) -> None:
    soon = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=50)
    long_ago = soon - timedelta(days=9)
    session = appointment(start=soon - timedelta(minutes=soon.minute % 5), created_at=long_ago)
    store = DynamoBookings(Table(lambdas.table, lambdas.table_name))
    store.book_free(session, "asked", store.diary(session.session), ())
    lambdas.meter.uses.clear()
    assert lambdas.call("reminders", sample("reminders/scheduled")) == {"owed": 1}
    assert lambdas.call("reminders", sample("reminders/scheduled")) == {"owed": 0}
    assert lambdas.meter.uses == rights(granted["reminders"])


def test_the_news_of_a_mail_is_noted_with_just_the_rights_it_takes(
    lambdas: Lambda, granted: Statements, booked: dict[str, Any]
) -> None:
    bounced = sample("mail_events/bounced")
    bounced["detail"]["mail"]["tags"]["effect"] = [f"{booked['id']}.client_booked_mail-0"]
    lambdas.meter.uses.clear()
    lambdas.call("mail_events", sample("mail_events/sent"))
    lambdas.call("mail_events", bounced)
    assert lambdas.meter.uses == rights(granted["mail_events"])
