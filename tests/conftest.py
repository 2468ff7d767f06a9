"""Every test reads the pinned time zones, as the functions do, whichever machine it runs on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from local import engine
from shared.zones import assert_zone_data
from tests.engine import fresh_table

assert_zone_data()

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
"""How long an example takes says more of the machine than of the code."""


@pytest.fixture(scope="session")
def dynamodb() -> Iterator[str]:
    """The endpoint of the real engine."""
    with engine.running() as endpoint:
        yield endpoint


@pytest.fixture
def table_name(dynamodb: str) -> Iterator[str]:
    with fresh_table(dynamodb) as name:
        yield name
