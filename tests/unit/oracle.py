"""What times are open, decided minute by minute: slow, plain, and sharing nothing with the code it checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.domain.schedule import Schedule
from shared.domain.time import Interval

MINUTE = timedelta(minutes=1)
LOOK_BACK_DAYS = 20
"""Longer than any window with a start, for settings whose exceptions lie within a few days of the span."""


@lru_cache(maxsize=4096)
def clocks(zone: str, day: int) -> list[tuple[date, int]]:
    """What the wall clock reads at each minute of that UTC day: the date, and the minute of the day."""
    midnight = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
    local = [(midnight + index * MINUTE).astimezone(ZoneInfo(zone)) for index in range(1440)]
    return [(reading.date(), reading.hour * 60 + reading.minute) for reading in local]


def clock(zone: str, minute: int) -> tuple[date, int]:
    return clocks(zone, minute // 1440)[minute % 1440]


def tick(instant: datetime) -> int:
    """Minutes since 1970; every instant of these tests is on the minute."""
    return int(instant.timestamp()) // 60


def is_open(schedule: Schedule, minute: int) -> bool:
    day, reading = clock(schedule.timezone, minute)
    if day in schedule.blocked_dates:
        return False
    windows = schedule.overrides.get(day, schedule.weekly.get(day.weekday(), ()))
    return any(each.start_minute <= reading < each.end_minute for each in windows)


def listing(
    schedule: Schedule,
    duration: int,
    busy: Iterable[Interval],
    sessions: Iterable[datetime],
    now: datetime,
    span: Interval,
) -> list[datetime]:
    first, end = tick(span.start), tick(span.end)
    run_start: dict[int, int] = {}
    for minute in range(first - LOOK_BACK_DAYS * 1440, end + duration):
        if is_open(schedule, minute):
            run_start[minute] = run_start.get(minute - 1, minute)
    endless = tick(datetime(2026, 1, 1, tzinfo=ZoneInfo(schedule.timezone)))
    taken = {
        minute for since, until in (*busy, *schedule.blocked) for minute in range(tick(since), tick(until))
    }
    per_day = Counter(clock(schedule.timezone, tick(session))[0] for session in sessions)
    last_day = clock(schedule.timezone, tick(now))[0] + timedelta(days=schedule.booking_window_days)
    limit = schedule.daily_limit or 1000

    found = []
    for start in range(first, end):
        if any(minute not in run_start for minute in range(start, start + duration)):
            continue
        origin = run_start[start]
        if origin == first - LOOK_BACK_DAYS * 1440:
            origin = endless
        claim = range(
            start - schedule.buffer_before_minutes, start + duration + schedule.buffer_after_minutes
        )
        day = clock(schedule.timezone, start)[0]
        if (
            (start - origin) % schedule.step_minutes == 0
            and taken.isdisjoint(claim)
            and start >= tick(now) + schedule.minimum_notice_minutes
            and day <= last_day
            and per_day[day] < limit
        ):
            found.append(datetime.fromtimestamp(start * 60, UTC))
    return found
