"""Open times on the wire."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from shared.domain.time import isoformat, minutes
from shared.usecases.show_open_times import OpenTimes


class Slot(BaseModel):
    """``start`` and ``end`` in UTC; the local ones in the ``timezone`` of the answer, with their offsets."""

    start: str
    end: str
    local_start: str
    local_end: str


class DayOfSlots(BaseModel):
    date: str
    slots: list[Slot]


class OpenTimesView(BaseModel):
    service: str
    duration_minutes: int
    timezone: str
    coach_timezone: str
    days: list[DayOfSlots]


def view(times: OpenTimes) -> OpenTimesView:
    zone, length = ZoneInfo(times.timezone), minutes(times.duration_minutes)
    # Hundreds of slots, all made here from checked values: built without checking each of them again.
    days = [
        DayOfSlots.model_construct(
            date=day.isoformat(), slots=[_slot(start, length, zone) for start in starts]
        )
        for day, starts in times.days
    ]
    return OpenTimesView.model_construct(
        service=times.service,
        duration_minutes=times.duration_minutes,
        timezone=times.timezone,
        coach_timezone=times.coach_timezone,
        days=days,
    )


def _slot(start: datetime, length: timedelta, zone: ZoneInfo) -> Slot:
    end = start + length
    return Slot.model_construct(
        start=isoformat(start),
        end=isoformat(end),
        local_start=start.astimezone(zone).isoformat(),
        local_end=end.astimezone(zone).isoformat(),
    )
