"""How long the pure function takes: 60 days of the default hours, with 500 busy times."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from statistics import median
from time import perf_counter

from shared.domain.open_times import open_starts
from shared.domain.schedule import DEFAULT_SCHEDULE
from shared.domain.time import Interval, minutes

ROUNDS = 200


def measure() -> float:
    """Milliseconds, the median of many rounds."""
    now = datetime(2026, 9, 20, 12, tzinfo=UTC)
    span = Interval(now, now + minutes(60 * 1440))
    random = Random(60)
    starts = [now + minutes(5 * random.randrange(60 * 288)) for _ in range(500)]
    busy = [Interval(start, start + minutes(30)) for start in starts]
    taken = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        open_starts(DEFAULT_SCHEDULE, 30, busy, starts, now, span)
        taken.append(perf_counter() - begun)
    return median(taken) * 1000


if __name__ == "__main__":
    print(f"{measure():.2f} ms")
