"""A client looks for a time: the coach's rules, what bookings claim and what Google says, as days of open slots."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.domain.diary import intervals
from shared.domain.errors import CalendarUnavailable, InvalidInput
from shared.domain.local_time import span_of_days, zone
from shared.domain.open_times import open_starts
from shared.domain.time import Interval, without
from shared.usecases.busy_times import without_ours
from shared.usecases.ports import BookingStore, Calendar

MOST_DAYS = 62
FIRST_YEAR, LAST_YEAR = 2000, 2200
A_DAY = timedelta(days=1)
GOOD_FOR = timedelta(seconds=60)
"""How old Google's busy times may be when Google can't be asked; for a listing only, never for a booking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTimes:
    """``days`` has every date asked for, in the asker's zone, with its open starts in UTC."""

    service: str
    duration_minutes: int
    timezone: str
    coach_timezone: str
    days: tuple[tuple[date, tuple[datetime, ...]], ...]


class Reading(NamedTuple):
    """``is_new``: the calendar answers now. Otherwise these are the busy times it told last."""

    busy: list[Interval]
    is_new: bool


class RecentBusy:
    """The calendar's busy times, asked anew each time; the last answer stands in for a calendar that fails."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._last: tuple[datetime, Interval, list[Interval]] | None = None

    def read(self, span: Interval, now: datetime) -> Reading:
        try:
            busy = self._calendar.busy(span)
        except CalendarUnavailable:
            if self._last is None or not self._still_good(span, now):
                raise
            return Reading(self._last[2], is_new=False)
        self._last = (now, span, busy)
        return Reading(busy, is_new=True)

    def without_ours(self, reading: Reading, ours: Sequence[Interval]) -> list[Interval]:
        """What was read, without ``ours``. While the calendar fails they stay busy: others may lie behind them."""
        if not reading.is_new:
            return reading.busy
        try:
            return without_ours(self._calendar, reading.busy, ours)
        except CalendarUnavailable:
            return reading.busy

    def _still_good(self, span: Interval, now: datetime) -> bool:
        if self._last is None:
            return False
        read_at, covered, _ = self._last
        age = now - read_at
        return timedelta() <= age <= GOOD_FOR and covered.start <= span.start and span.end <= covered.end


def show_open_times(
    store: BookingStore,
    recent_busy: RecentBusy,
    now: datetime,
    *,
    client_id: str,
    service_id: str,
    first: date,
    last: date,
    timezone: str | None,
    moving: str | None = None,
) -> OpenTimes:
    """``moving`` is a booking of that client's: it never blocks itself. Of another's it changes nothing.

    Raises ``InvalidInput``, ``NotFound`` (no such service) and ``CalendarUnavailable``."""
    check_range(first, last)
    if timezone is not None:
        zone(timezone)
    # Without a zone asked for it is the coach's, which the store is about to tell: read a day more on each side.
    asked = span_of_days(timezone or "UTC", first, last)
    around = Interval(asked.start - A_DAY, asked.end + A_DAY)
    with ThreadPoolExecutor(max_workers=1) as beside:
        beginning = beside.submit(recent_busy.read, around, now)
        diary = store.diary(around)
        reading = beginning.result()
    schedule, service = diary.settings.schedule, diary.settings.service(service_id)
    shown_in = timezone or schedule.timezone
    own = [claim for claim in diary.claims if (claim.appointment_id, claim.client_id) == (moving, client_id)]
    claims = [claim for claim in diary.binding(client_id, now) if claim not in own]
    claimed = intervals(claims)
    busy = recent_busy.without_ours(reading, without([*diary.freed, *intervals(own)], claimed))
    starts = open_starts(
        schedule,
        service.duration_minutes,
        [*claimed, *busy],
        [claim.session_start for claim in claims],
        now,
        span_of_days(shown_in, first, last),
    )
    moved_from = {claim.session_start for claim in own}
    starts = [start for start in starts if start not in moved_from]
    return OpenTimes(
        service=service.id,
        duration_minutes=service.duration_minutes,
        timezone=shown_in,
        coach_timezone=schedule.timezone,
        days=_by_day(starts, ZoneInfo(shown_in), first, last),
    )


def check_range(first: date, last: date) -> None:
    if last < first:
        raise InvalidInput("end_date", "The last day lies before the first.")
    if (last - first).days >= MOST_DAYS:
        raise InvalidInput("end_date", f"A listing covers at most {MOST_DAYS} days.")
    if first.year < FIRST_YEAR or last.year > LAST_YEAR:
        raise InvalidInput("start_date", f"Dates lie between {FIRST_YEAR} and {LAST_YEAR}.")


def _by_day(
    starts: Sequence[datetime], where: ZoneInfo, first: date, last: date
) -> tuple[tuple[date, tuple[datetime, ...]], ...]:
    days: dict[date, list[datetime]] = {first + timedelta(days=n): [] for n in range((last - first).days + 1)}
    for start in starts:
        days[start.astimezone(where).date()].append(start)
    return tuple((day, tuple(starts)) for day, starts in days.items())
