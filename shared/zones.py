"""The pinned time-zone database: PyPI's ``tzdata``, not the machine's own, which is often stale."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta

import tzdata

SUMMER_FOR_GOOD = ("America/Vancouver", timedelta(hours=-7))
"""British Columbia stopped changing its clocks in 2026: a database from before says -8 h in winter."""


def assert_zone_data(minimum: str = "2026.6") -> None:
    """From here on Python reads zones from the package alone. Raises ``RuntimeError`` if that is too old.

    The package's folder is named as the path: left to find it by itself, Python imports ``importlib.resources``,
    some 20 ms of a cold start.
    """
    zoneinfo.reset_tzpath((f"{tzdata.__path__[0]}/zoneinfo",))
    zoneinfo.ZoneInfo.clear_cache()
    if _release(tzdata.__version__) < _release(minimum):
        raise RuntimeError(f"tzdata {tzdata.__version__} is too old: {minimum} or newer is needed")
    name, offset = SUMMER_FOR_GOOD
    if datetime(2026, 12, 1, tzinfo=zoneinfo.ZoneInfo(name)).utcoffset() != offset:
        raise RuntimeError(
            f"tzdata {tzdata.IANA_VERSION} has no 2026 rules for {name}: its files are not its own"
        )


def _release(version: str) -> tuple[int, ...]:
    """``2026.6`` is IANA's 2026f. A pre-release or post-release suffix does not matter."""
    year, serial = version.split(".")[:2]
    return int(year), int(serial)
