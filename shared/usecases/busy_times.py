"""When the coach is busy besides our own sessions: bookings speak for those, not their events in Google."""

from __future__ import annotations

from collections.abc import Iterable

from shared.domain.time import Interval, common, without
from shared.usecases.ports import Calendar


def without_ours(calendar: Calendar, busy: list[Interval], ours: Iterable[Interval]) -> list[Interval]:
    """``busy``, as the calendar told it, without ``ours``: times where events of ours may still stand.

    A foreign event may hide in what the calendar merged into one busy time. So only where they meet is it asked once
    more, for the events there; elsewhere its word on what makes busy is final. Raises ``CalendarUnavailable``.
    """
    doubtful = common(busy, ours)
    if not doubtful:
        return busy
    foreign = calendar.foreign(Interval(doubtful[0].start, doubtful[-1].end))
    return [*without(busy, doubtful), *common(foreign, doubtful)]
