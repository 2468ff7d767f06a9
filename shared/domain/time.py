"""Instants and intervals. Every instant is an aware datetime in UTC; every interval is half-open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

GRID_MINUTES = 5
"""Every time and length is a multiple of this many minutes: the size of one claimed cell."""


class Interval(NamedTuple):
    """``[start, end)`` in UTC."""

    start: datetime
    end: datetime

    def overlaps(self, other: Interval) -> bool:
        return self.start < other.end and other.start < self.end


def utc(instant: datetime) -> datetime:
    """The same instant in UTC. Raises ``ValueError`` for a naive datetime, which names no instant."""
    if instant.tzinfo is None:
        raise ValueError("a time without a zone names no instant")
    return instant.astimezone(UTC)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def isoformat(instant: datetime) -> str:
    """ISO 8601 in UTC to the second, with ``Z``: the form of the wire and of the table."""
    return utc(instant).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
