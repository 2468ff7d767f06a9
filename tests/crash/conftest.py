"""A whole local stack on a Monday morning, with a promo code that does not run out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from local import engine
from local.environment import TABLE
from local.stack import Stack
from shared.adapters.dynamodb import items
from shared.domain.promo import Promo
from shared.domain.time import isoformat
from tests.crash.coach import Coach

MONDAY = datetime.fromisoformat("2026-11-23T13:00:00Z")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack")) as stack:
        stack.control("PUT", "/clock", {"now": isoformat(MONDAY)})
        plenty = items.dump(items.promo_record(Promo(code="WIMD25", cap=10_000)))
        engine.client("dynamodb", stack.urls["dynamodb"]).put_item(TableName=TABLE, Item=plenty)
        yield stack


@pytest.fixture
def coach(stack: Stack) -> Coach:
    return Coach(stack)
