"""When a session can start. One rule, asked by the listing and by every booking.

What the hours mean, exactly: **an instant is open if its wall clock, in the coach's zone, reads a time within
the hours of its own local date.** So on a day with a clock change

* a window across the change keeps both its wall-clock ends, and is longer or shorter in between;
* a window that begins or ends in a stretch that does not exist begins or ends at the change;
* a repeated time is open in both passes. A window that begins or ends within the repeated stretch is
  therefore open, closed and open again: each pass has its own grid. Nothing ever runs outside the hours.

Open instants that touch make one window, whatever settings they come from, across midnight and a change.

The grid counts from the start of its window, however long ago that was, so that it is the same whatever range
and moment it is asked for. A window without a start (open around the clock, and never closed before) counts
from the coach's midnight at the start of 2026.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import chain
from operator import itemgetter

from shared.domain.errors import SlotNotOffered, SlotTaken
from shared.domain.local_time import (
    DAY,
    Stretch,
    append_merged,
    ceil_seconds,
    day_number,
    day_of,
    floor_seconds,
    local_day,
    span_of_days,
    stretches,
    zone,
)
from shared.domain.schedule import WEEKDAYS, Schedule, Window
from shared.domain.time import Interval

WEEK = 7 * DAY
WHOLE_DAY: tuple[Stretch, ...] = ((0, DAY),)
EPOCH_WEEKDAY = day_of(0).weekday()
ENDLESS_GRID_DAY = date(2026, 1, 1)
MOST_ALTERNATIVES = 5


def open_starts(
    schedule: Schedule,
    duration_minutes: int,
    busy: Iterable[Interval],
    sessions: Iterable[datetime],
    now: datetime,
    span: Interval,
) -> list[datetime]:
    """The starts within ``span`` that can be booked, ascending, in UTC.

    ``busy`` is what others claim, their buffers included, and the calendar's busy times; ``sessions`` are the
    starts of others' live sessions, for the daily limit. Blocks come from the schedule.
    """
    length = duration_minutes * 60
    first = max(ceil_seconds(span.start), _notice_ends(schedule, now))
    end = ceil_seconds(span.end)
    if first >= end:
        return []
    barred = _merged(
        chain(
            _barred_by(chain(busy, schedule.blocked), schedule, length),
            _barred_days(schedule, sessions, now, first, end),
        )
    )
    step = schedule.step_minutes * 60
    found: list[datetime] = []
    for opens, closes in _windows(schedule, first, end + length):
        origin = _grid_origin(schedule, opens) if opens == first else opens
        for since, until in _gaps(barred, opens, min(closes - length + 1, end)):
            on_grid = since + (origin - since) % step
            found += [datetime.fromtimestamp(start, UTC) for start in range(on_grid, until, step)]
    return found


def check_open(
    schedule: Schedule,
    duration_minutes: int,
    busy: Iterable[Interval],
    sessions: Iterable[datetime],
    now: datetime,
    start: datetime,
) -> None:
    """Refuses a start that the listing does not show. Raises ``SlotNotOffered`` or ``SlotTaken``.

    ``busy`` and ``sessions`` as for ``open_starts``, around the start: its local day, and its claim.
    """
    busy = tuple(busy)
    only_then = Interval(start, start + datetime.resolution)

    def listed(busy: Iterable[Interval], sessions: Iterable[datetime]) -> bool:
        return bool(open_starts(schedule, duration_minutes, busy, sessions, now, only_then))

    if listed(busy, sessions):
        return
    if not listed((), ()):
        raise SlotNotOffered(_why_not_offered(schedule, duration_minutes, now, start))
    raise SlotTaken("That day is fully booked." if listed(busy, ()) else "That time is no longer free.")


def nearby(starts: Iterable[datetime], wanted: datetime) -> tuple[datetime, ...]:
    """Up to five of the open ``starts``, the nearest to the wanted one, ascending."""
    nearest = sorted(starts, key=lambda start: (abs(start - wanted), start))
    return tuple(sorted(nearest[:MOST_ALTERNATIVES]))


def _notice_ends(schedule: Schedule, now: datetime) -> int:
    return ceil_seconds(now) + schedule.minimum_notice_minutes * 60


def _last_day(schedule: Schedule, now: datetime) -> int:
    return local_day(zone(schedule.timezone), floor_seconds(now)) + schedule.booking_window_days


def _windows(schedule: Schedule, start: int, end: int) -> list[Stretch]:
    """The merged windows, cut to ``[start, end)``."""
    return stretches(zone(schedule.timezone), _hours_on(schedule), start, end)


def _hours_on(schedule: Schedule) -> Callable[[int], tuple[Stretch, ...]]:
    weekly = [_hours(schedule.weekly.get(weekday, ())) for weekday in range(len(WEEKDAYS))]
    special = {day_number(day): _hours(windows) for day, windows in schedule.overrides.items()}
    special |= {day_number(day): () for day in schedule.blocked_dates}

    def hours_on(day: int) -> tuple[Stretch, ...]:
        hours = special.get(day)
        return weekly[(day + EPOCH_WEEKDAY) % len(WEEKDAYS)] if hours is None else hours

    return hours_on


@lru_cache(maxsize=256)
def _hours(windows: tuple[Window, ...]) -> tuple[Stretch, ...]:
    """A local day's windows in seconds, ascending, those that touch or overlap merged."""
    return tuple(_merged((each.start_minute * 60, each.end_minute * 60) for each in windows))


def _merged(parts: Iterable[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for start, end in sorted(parts):
        append_merged(merged, start, end)
    return merged


def _grid_origin(schedule: Schedule, start: int) -> int:
    """Where the window that is open at ``start`` began: weeks back, until there is a closed moment."""
    while not _always_open_before(schedule, start):
        week = _windows(schedule, start - WEEK, start)
        if not week or week[-1][1] < start:
            return start
        if week[-1][0] > start - WEEK:
            return week[-1][0]
        start -= WEEK
    return floor_seconds(span_of_days(schedule.timezone, ENDLESS_GRID_DAY, ENDLESS_GRID_DAY).start)


def _always_open_before(schedule: Schedule, start: int) -> bool:
    today = day_of(local_day(zone(schedule.timezone), start))
    return all(
        _hours(schedule.weekly.get(weekday, ())) == WHOLE_DAY for weekday in range(len(WEEKDAYS))
    ) and all(day > today for day in chain(schedule.overrides, schedule.blocked_dates))


def _barred_by(busy: Iterable[Interval], schedule: Schedule, length: int) -> Iterator[Stretch]:
    """The starts whose claim, ``[start − buffer before, end + buffer after)``, would meet something busy.

    An interval of no length is no time at all: it meets nothing.
    """
    before = schedule.buffer_before_minutes * 60
    reach = length + schedule.buffer_after_minutes * 60
    for start, end in busy:
        if start < end:
            yield floor_seconds(start) - reach + 1, ceil_seconds(end) + before


def _barred_days(
    schedule: Schedule, sessions: Iterable[datetime], now: datetime, start: int, end: int
) -> list[Stretch]:
    """The local days, within ``[start, end)``, beyond the booking window or at their daily limit."""
    where, last = zone(schedule.timezone), _last_day(schedule, now)
    full: set[int] = set()
    if schedule.daily_limit is not None:
        count = Counter(local_day(where, floor_seconds(session)) for session in sessions)
        full = {day for day, held in count.items() if held >= schedule.daily_limit}
    return stretches(where, lambda day: WHOLE_DAY if day > last or day in full else (), start, end)


def _gaps(barred: list[Stretch], start: int, end: int) -> Iterator[Stretch]:
    """What the barred stretches, merged, leave of ``[start, end)``."""
    for index in range(bisect_right(barred, start, key=itemgetter(1)), len(barred)):
        since, until = barred[index]
        if since >= end:
            break
        if start < since:
            yield start, since
        start = until
    if start < end:
        yield start, end


def _why_not_offered(schedule: Schedule, duration_minutes: int, now: datetime, start: datetime) -> str:
    second = floor_seconds(start)
    end = second + duration_minutes * 60
    day = local_day(zone(schedule.timezone), second)
    from_origin = second - _grid_origin(schedule, second)
    reasons = (
        (start <= now, "That time has passed."),
        (
            ceil_seconds(start) < _notice_ends(schedule, now),
            "That time is too soon: the coach needs more notice.",
        ),
        (day > _last_day(schedule, now), "That time is too far ahead: it can't be booked yet."),
        (day_of(day) in schedule.blocked_dates, "The coach is away that day."),
        (_windows(schedule, second, end) != [(second, end)], "That time is outside the coach's hours."),
        (
            start.microsecond or from_origin % (schedule.step_minutes * 60),
            "Sessions don't start at that time: choose one of the times listed.",
        ),
    )
    return next((reason for holds, reason in reasons if holds), "The coach is away at that time.")
