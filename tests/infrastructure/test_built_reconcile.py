"""The built daily comparison under Lambda's own runtime client, with just the rights it uses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.samples import sample
from shared.adapters.dynamodb import items, keys
from shared.domain.time import isoformat
from tests.infrastructure.built_functions import COACH, Lambda, lambda_world, rights
from tests.infrastructure.conftest import Resource, Statements

pytestmark = pytest.mark.slow

NOBODYS = "d" * 32


@pytest.fixture(scope="module")
def lambdas(build: Path, dynamodb: str, functions: dict[str, Resource]) -> Iterator[Lambda]:
    with lambda_world(build, dynamodb, functions) as world:
        yield world


def test_it_reads_everything_and_notes_a_difference_with_just_the_rights_it_takes(
    lambdas: Lambda, granted: Statements
) -> None:
    start = datetime.now(UTC) + timedelta(days=3)
    event = {
        "start": {"dateTime": isoformat(start)},
        "end": {"dateTime": isoformat(start + timedelta(hours=1))},
        "extendedProperties": {"private": {"bookingId": NOBODYS}},
    }
    lambdas.google.coach.insert(event, creator=COACH)
    report = lambdas.call("reconcile", sample("reconcile/scheduled"))
    [found] = report["differences"]
    assert (found["kind"], found["subject_id"], report["noted"]) == ("event_left_over", NOBODYS, 1)
    assert report["left_out"] == []
    assert lambdas.meter.uses == rights(granted["reconcile"])
    noted = lambdas.table.get_item(
        TableName=lambdas.table_name, Key=items.dump(keys.attention(f"difference-{NOBODYS}"))
    )
    assert noted["Item"]["detail"]["S"] == found["detail"]
