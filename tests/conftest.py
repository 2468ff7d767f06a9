"""Every test reads the pinned time zones, as the functions do, whichever machine it runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

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


Tell = Callable[[str], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Words for the end of the run's output, whichever of its processes the test runs in."""
    return partial(record_property, "told")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, words in getattr(report, "user_properties", ()):
                if name == "told" and report.when == "call":
                    terminalreporter.write_line(words)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first. A file is for one process, and so is all that uses the one build output."""
    for item in items:
        parts = item.path.relative_to(Path(__file__).parent).parts
        item.add_marker(pytest.mark.xdist_group("build" if parts[0] == "infrastructure" else str(item.path)))
    items.sort(key=lambda item: "crash" not in item.path.parts)
