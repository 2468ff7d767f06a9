"""Instants as a person in some zone reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from shared.domain.time import Interval


@dataclass(frozen=True, slots=True)
class When:
    """``Tuesday, November 10, 2026`` · ``10:00 – 10:30 AM`` · ``America/Vancouver (UTC-07:00)`` · ``Vancouver
    time``."""

    date: str
    short_date: str
    times: str
    start: str
    zone: str
    city: str


def when(session: Interval, zone: str) -> When:
    """An end on another day or at another offset than the start says so."""
    start, end = (instant.astimezone(ZoneInfo(zone)) for instant in session)
    return When(
        date=f"{start:%A, %B} {start.day}, {start.year}",
        short_date=f"{start:%a, %b} {start.day}",
        times=_times(start, end),
        start=_clock(start),
        city="UTC" if zone == "UTC" else f"{zone.rpartition('/')[2].replace('_', ' ')} time",
        zone="UTC" if zone == "UTC" else f"{zone.replace('_', ' ')} ({_offset(start)})",
    )


def _times(start: datetime, end: datetime) -> str:
    if start.utcoffset() != end.utcoffset():
        return f"{_clock(start)} ({_offset(start)}) – {_clock(end)} ({_offset(end)})"
    if start.date() != end.date():
        return f"{_clock(start)} – {_clock(end)} on {end:%A}"
    same_half = start.hour // 12 == end.hour // 12
    return f"{_clock(start).removesuffix(f' {start:%p}') if same_half else _clock(start)} – {_clock(end)}"


def _clock(local: datetime) -> str:
    return f"{local.hour % 12 or 12}:{local:%M} {local:%p}"


def _offset(local: datetime) -> str:
    return f"UTC{local.isoformat()[-6:]}" if local.utcoffset() else "UTC"
