"""Open times on the wire. Listings hold hundreds of slots: plain dictionaries, each time rendered once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from typing_extensions import TypedDict  # before Python 3.12, pydantic takes no other

from shared.domain.time import isoformat, minutes
from shared.usecases.show_open_times import OpenTimes


class Slot(TypedDict):
    """``start`` and ``end`` in UTC; the local ones in the ``timezone`` of the answer, with their offsets."""

    start: str
    end: str
    local_start: str
    local_end: str


class DayOfSlots(TypedDict):
    date: str
    slots: list[Slot]


class OpenTimesView(TypedDict):
    service: str
    duration_minutes: int
    timezone: str
    coach_timezone: str
    days: list[DayOfSlots]


def view(times: OpenTimes) -> OpenTimesView:
    length, rendered = minutes(times.duration_minutes), _renderer(ZoneInfo(times.timezone))

    def slot(start: datetime) -> Slot:
        (begins, local_begins), (ends, local_ends) = rendered(start), rendered(start + length)
        return {"start": begins, "end": ends, "local_start": local_begins, "local_end": local_ends}

    return {
        "service": times.service,
        "duration_minutes": times.duration_minutes,
        "timezone": times.timezone,
        "coach_timezone": times.coach_timezone,
        "days": [
            {"date": day.isoformat(), "slots": [slot(start) for start in starts]}
            for day, starts in times.days
        ],
    }


def _renderer(zone: ZoneInfo) -> Callable[[datetime], tuple[str, str]]:
    """An instant in UTC and in the zone. One slot's end is often the next one's start."""

    @cache
    def rendered(instant: datetime) -> tuple[str, str]:
        return isoformat(instant), instant.astimezone(zone).isoformat()

    return rendered
