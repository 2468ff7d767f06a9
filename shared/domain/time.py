"""Instants and intervals. Every instant is an aware datetime in UTC; every interval is half-open."""

from __future__ import annotations

from collections.abc import Iterable
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


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time, ascending; what touches or overlaps is one, what has no length is none."""
    found: list[Interval] = []
    for each in sorted(intervals):
        if each.start >= each.end:
            continue
        if found and each.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, each.end))
        else:
            found.append(each)
    return found


def common(some: Iterable[Interval], others: Iterable[Interval]) -> list[Interval]:
    """The time that lies in both, merged."""
    others = merged(others)
    return merged(
        Interval(max(each.start, other.start), min(each.end, other.end))
        for each in merged(some)
        for other in others
        if each.overlaps(other)
    )


def without(some: Iterable[Interval], others: Iterable[Interval]) -> list[Interval]:
    """The time of ``some`` that lies in none of the others, merged."""
    left = merged(some)
    for other in merged(others):
        left = [
            part
            for each in left
            for part in (
                Interval(each.start, min(each.end, other.start)),
                Interval(max(each.start, other.end), each.end),
            )
            if part.start < part.end
        ]
    return left


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
