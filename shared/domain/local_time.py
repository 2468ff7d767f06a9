"""Wall clocks: IANA zones, and the stretches of time in which a zone keeps one offset.

Instants are whole seconds since 1970 in UTC here, days are whole days since 1970: integers, for open times
are counted by the thousand. Offsets come from ``zoneinfo`` alone; a change of clocks is found to the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.domain.errors import InvalidInput
from shared.domain.time import Interval

DAY = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()

Stretch = tuple[int, int]
"""``[start, end)`` in seconds: of the epoch, or of a local day."""


def zone(name: str, field: str = "timezone") -> ZoneInfo:
    """The zone of that IANA name. Raises ``InvalidInput``."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as unknown:
        raise InvalidInput(field, "This is not the name of an IANA time zone.") from unknown


def span_of_days(name: str, first: date, last: date) -> Interval:
    """From the first instant of one local day to the first instant after another."""
    where = zone(name)

    def begins(day: date) -> datetime:
        return datetime.combine(day, time(), where).astimezone(UTC)

    return Interval(begins(first), begins(last + timedelta(days=1)))


def floor_seconds(instant: datetime) -> int:
    since = instant - EPOCH
    return since.days * DAY + since.seconds


def ceil_seconds(instant: datetime) -> int:
    since = instant - EPOCH
    return since.days * DAY + since.seconds + (since.microseconds > 0)


def day_number(day: date) -> int:
    return day.toordinal() - EPOCH_ORDINAL


def day_of(number: int) -> date:
    return date.fromordinal(number + EPOCH_ORDINAL)


def local_day(where: ZoneInfo, second: int) -> int:
    """The number of the local day on which that instant falls."""
    return (second + _offset(where, second)) // DAY


def stretches(
    where: ZoneInfo, hours_on: Callable[[int], Iterable[Stretch]], start: int, end: int
) -> list[Stretch]:
    """The instants of ``[start, end)`` whose wall clock reads a time within their own local day's hours.

    ``hours_on`` gives a local day's hours in ascending order. Stretches that touch come out as one.
    """
    found: list[Stretch] = []
    for since, until, offset in _offsets(where, start, end):
        for day in range((since + offset) // DAY, (until - 1 + offset) // DAY + 1):
            midnight = day * DAY - offset
            for opens, closes in hours_on(day):
                first, last = max(midnight + opens, since), min(midnight + closes, until)
                if first < last:
                    append_merged(found, first, last)
    return found


def append_merged(ascending: list[Stretch], start: int, end: int) -> None:
    """Adds a stretch that starts no earlier than the last one, joined to it if they touch or overlap."""
    if ascending and start <= ascending[-1][1]:
        begun, ended = ascending[-1]
        ascending[-1] = (begun, max(ended, end))
    else:
        ascending.append((start, end))


def _offset(where: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, where).utcoffset()
    return 0 if offset is None else offset.days * DAY + offset.seconds


def _offsets(where: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """``[start, end)`` cut where the offset changes: (start, end, offset). No zone changes twice in a day."""
    since, offset = start, _offset(where, start)
    probe = start
    while probe < end:
        after = min(probe + DAY, end)
        if (then := _offset(where, after)) != offset:
            change = _change(where, probe, after)
            yield since, change, offset
            since, offset = change, then
        probe = after
    if since < end:
        yield since, end, offset


def _change(where: ZoneInfo, before: int, after: int) -> int:
    """The first second of the new offset, by halving."""
    old = _offset(where, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(where, middle) == old:
            before = middle
        else:
            after = middle
    return after
