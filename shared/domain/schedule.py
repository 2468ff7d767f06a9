"""The coach's calendar settings: when sessions are offered at all. Wall-clock times are the coach's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from shared.domain.errors import InvalidInput
from shared.domain.local_time import zone
from shared.domain.time import GRID_MINUTES, Interval, isoformat, utc

DAY_MINUTES = 1440
CLOCK_TIME = re.compile(r"[0-2][0-9]:[0-5][0-9]")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

LONGEST_BUFFER_MINUTES = 30
"""With the longest session, a claim of at most three hours, 36 cells: a move to another day frees as many and claims
as many, and has 28 of the 100 items of a DynamoDB transaction left for all else that it changes."""

BOUNDS = {
    "step_minutes": (GRID_MINUTES, DAY_MINUTES),
    "buffer_before_minutes": (0, LONGEST_BUFFER_MINUTES),
    "buffer_after_minutes": (0, LONGEST_BUFFER_MINUTES),
    "minimum_notice_minutes": (0, 366 * DAY_MINUTES),
}
"""The least and the most of each length, in minutes."""

MOST_WINDOW_DAYS = 3660


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """``[start, end)`` in minutes of a local day's wall clock; 1440 is 24:00."""

    start_minute: int
    end_minute: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_minute < self.end_minute <= DAY_MINUTES:
            raise InvalidInput(
                "windows", "A window ends after it starts, on the same day, at 24:00 at the latest."
            )
        if self.start_minute % GRID_MINUTES or self.end_minute % GRID_MINUTES:
            raise InvalidInput("windows", f"A window's times are multiples of {GRID_MINUTES} minutes.")

    @classmethod
    def of(cls, start: str, end: str) -> Window:
        """From ``"09:00"`` to ``"17:00"``."""
        return cls(minute_of_day(start), minute_of_day(end))

    def __str__(self) -> str:
        return f"{clock_time(self.start_minute)}–{clock_time(self.end_minute)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """``weekly`` counts from 0 for Monday; a weekday without windows is closed.

    An override replaces its date's weekly hours, an empty one closes the date; a blocked date beats both.
    ``booking_window_days`` are local calendar days after today, the last one included.
    """

    timezone: str
    weekly: Mapping[int, tuple[Window, ...]]
    overrides: Mapping[date, tuple[Window, ...]] = field(default_factory=dict)
    blocked_dates: frozenset[date] = frozenset()
    blocked: tuple[Interval, ...] = ()
    step_minutes: int = 30
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0
    minimum_notice_minutes: int = 240
    booking_window_days: int = 60
    daily_limit: int | None = None

    def __post_init__(self) -> None:
        zone(self.timezone)
        if not set(self.weekly) <= set(range(len(WEEKDAYS))):
            raise InvalidInput("weekly", "Weekdays count from 0 for Monday to 6 for Sunday.")
        for name, (least, most) in BOUNDS.items():
            _check_length(name, getattr(self, name), least, most)
        if not 0 <= self.booking_window_days <= MOST_WINDOW_DAYS:
            raise InvalidInput("booking_window_days", f"This is from 0 to {MOST_WINDOW_DAYS} days.")
        if self.daily_limit is not None and self.daily_limit < 1:
            raise InvalidInput("daily_limit", "A daily limit is at least 1.")
        object.__setattr__(self, "blocked", tuple(_checked_block(block) for block in self.blocked))


def minute_of_day(text: str) -> int:
    """Minutes since midnight of ``"HH:MM"``, ``"24:00"`` included."""
    if not CLOCK_TIME.fullmatch(text):
        raise InvalidInput("windows", 'A time of day is written "HH:MM".')
    return int(text[:2]) * 60 + int(text[3:])


def clock_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def to_dict(schedule: Schedule) -> dict[str, Any]:
    """The schedule as plain JSON data, weekdays by name; ``from_dict`` gives it back."""
    plain = {each.name: getattr(schedule, each.name) for each in fields(schedule)}
    return plain | {
        "weekly": {day: _plain(schedule.weekly.get(index, ())) for index, day in enumerate(WEEKDAYS)},
        "overrides": {day.isoformat(): _plain(hours) for day, hours in sorted(schedule.overrides.items())},
        "blocked_dates": [day.isoformat() for day in sorted(schedule.blocked_dates)],
        "blocked": [{"start": isoformat(start), "end": isoformat(end)} for start, end in schedule.blocked],
    }


def from_dict(data: Mapping[str, Any]) -> Schedule:
    """Raises ``InvalidInput`` naming the field, for anything that is not a whole schedule."""
    values = dict(data)
    if unknown := set(values) - {each.name for each in fields(Schedule)}:
        raise InvalidInput(min(unknown), "There is no such setting.")
    readers = {
        "timezone": str,
        "weekly": _weekly,
        "overrides": lambda days: {date.fromisoformat(day): _windows(hours) for day, hours in days.items()},
        "blocked_dates": lambda days: frozenset(date.fromisoformat(day) for day in days),
        "blocked": lambda blocks: tuple(Interval(_instant(b["start"]), _instant(b["end"])) for b in blocks),
        "daily_limit": lambda limit: None if limit is None else _whole(limit),
    }
    read: dict[str, Any] = {
        name: _read(name, readers.get(name, _whole), value) for name, value in values.items()
    }
    if missing := {"timezone", "weekly"} - set(read):
        raise InvalidInput(min(missing), "This setting is missing.")
    return Schedule(**read)


def _read(name: str, reader: Any, value: Any) -> Any:
    try:
        return reader(value)
    except InvalidInput as refused:
        raise InvalidInput(name, refused.detail) from refused
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as unreadable:
        raise InvalidInput(name, "This is not written as it should be.") from unreadable


def _weekly(days: Mapping[str, Any]) -> dict[int, tuple[Window, ...]]:
    return {WEEKDAYS.index(day): _windows(hours) for day, hours in days.items()}


def _windows(hours: list[Mapping[str, str]]) -> tuple[Window, ...]:
    return tuple(Window.of(each["start"], each["end"]) for each in hours)


def _plain(windows: tuple[Window, ...]) -> list[dict[str, str]]:
    return [{"start": clock_time(each.start_minute), "end": clock_time(each.end_minute)} for each in windows]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _whole(number: Any) -> int:
    """A whole number, however the store wrote it."""
    if isinstance(number, bool) or int(number) != number:
        raise ValueError("not a whole number")
    return int(number)


def _check_length(name: str, length: int, least: int, most: int) -> None:
    if not least <= length <= most:
        raise InvalidInput(name, f"This is from {least} to {most} minutes.")
    if length % GRID_MINUTES:
        raise InvalidInput(name, f"This is a multiple of {GRID_MINUTES} minutes.")


def _checked_block(block: Interval) -> Interval:
    if block.start.tzinfo is None or block.end.tzinfo is None:
        raise InvalidInput("blocked", "A time without a zone names no instant.")
    if block.end <= block.start:
        raise InvalidInput("blocked", "A blocked interval ends after it starts.")
    if any(at.timestamp() % (GRID_MINUTES * 60) for at in block):
        raise InvalidInput("blocked", f"A blocked interval's times are multiples of {GRID_MINUTES} minutes.")
    return Interval(utc(block.start), utc(block.end))


DEFAULT_SCHEDULE = Schedule(
    timezone="America/Toronto",
    weekly={weekday: (Window.of("09:00", "17:00"),) for weekday in range(5)},
)
