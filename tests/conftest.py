"""Every test reads the pinned time zones, as the functions do, whichever machine it runs on."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
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


SAMPLE, SAMPLE_SEED = float(os.environ.get("SAMPLE") or 1), os.environ.get("SAMPLE_SEED", "")
"""Of the tests that start whole systems, so many are run: others for each seed, and two of each file at least."""

HEAVY = ("e2e", "crash", "concurrency", "stack", "infrastructure")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest begins first, whatever the order of all else."""
    left_out = _left_out(items)
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = [item for item in items if item.nodeid not in left_out]
    items.sort(key=lambda item: "crash" not in item.path.parts)


def _left_out(items: Sequence[pytest.Item]) -> set[str]:
    by_file: dict[Path, list[str]] = defaultdict(list)
    for item in items:
        if item.path.parent.name in HEAVY:
            by_file[item.path].append(item.nodeid)
    left_out: set[str] = set()
    for path, tests in by_file.items():
        kept = max(2, round(len(tests) * SAMPLE))
        shuffled = random.Random(f"{SAMPLE_SEED} {path.name}").sample(sorted(tests), len(tests))
        left_out.update(shuffled[kept:])
    return left_out
