"""The coach's settings: what they refuse, and that they survive being written down."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import tzdata

from shared.domain.errors import InvalidInput
from shared.domain.local_time import span_of_days
from shared.domain.schedule import DEFAULT_SCHEDULE, Window, from_dict, to_dict
from shared.domain.time import Interval, minutes
from shared.zones import assert_zone_data

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)

FULL = replace(
    DEFAULT_SCHEDULE,
    timezone="Asia/Kathmandu",
    weekly={0: (Window.of("22:00", "24:00"),), 1: (Window.of("00:00", "02:00"), Window.of("09:05", "10:00"))},
    overrides={date(2026, 12, 24): (Window.of("09:00", "12:00"),), date(2026, 12, 25): ()},
    blocked_dates=frozenset({date(2026, 7, 1), date(2026, 1, 1)}),
    blocked=(Interval(NOON, NOON + minutes(45)),),
    daily_limit=3,
)


def test_the_seeded_schedule_is_the_products() -> None:
    assert to_dict(DEFAULT_SCHEDULE) == {
        "timezone": "America/Toronto",
        "weekly": {
            "monday": [{"start": "09:00", "end": "17:00"}],
            "tuesday": [{"start": "09:00", "end": "17:00"}],
            "wednesday": [{"start": "09:00", "end": "17:00"}],
            "thursday": [{"start": "09:00", "end": "17:00"}],
            "friday": [{"start": "09:00", "end": "17:00"}],
            "saturday": [],
            "sunday": [],
        },
        "overrides": {},
        "blocked_dates": [],
        "blocked": [],
        "step_minutes": 30,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "minimum_notice_minutes": 240,
        "booking_window_days": 60,
        "daily_limit": None,
    }


def test_a_schedule_written_as_json_comes_back_the_same() -> None:
    written = json.loads(json.dumps(to_dict(FULL)))
    assert to_dict(from_dict(written)) == written
    assert written["weekly"]["monday"] == [{"start": "22:00", "end": "24:00"}]
    assert written["blocked"] == [{"start": "2026-06-01T12:00:00Z", "end": "2026-06-01T12:45:00Z"}]
    back = from_dict(written)
    assert (back.overrides, back.blocked_dates, back.blocked) == (
        FULL.overrides,
        FULL.blocked_dates,
        FULL.blocked,
    )


def test_the_stores_decimals_come_back_as_whole_numbers() -> None:
    back = from_dict(to_dict(FULL) | {"step_minutes": Decimal(45), "daily_limit": Decimal(2)})
    assert (back.step_minutes, back.daily_limit) == (45, 2)
    assert type(back.step_minutes) is int


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "Mars/Olympus"),
        ("timezone", "America"),
        ("timezone", ""),
        ("timezone", "../etc/passwd"),
        ("timezone", "America/\0"),
        ("weekly", {7: ()}),
        ("step_minutes", 0),
        ("step_minutes", 7),
        ("step_minutes", -30),
        ("step_minutes", 1445),
        ("buffer_before_minutes", 3),
        ("buffer_before_minutes", -5),
        ("buffer_after_minutes", 12),
        ("buffer_after_minutes", -5),
        ("minimum_notice_minutes", 61),
        ("minimum_notice_minutes", -60),
        ("booking_window_days", -1),
        ("booking_window_days", 3661),
        ("daily_limit", 0),
        ("blocked", (Interval(NOON, NOON),)),
        ("blocked", (Interval(NOON, NOON - minutes(30)),)),
        ("blocked", (Interval(NOON, NOON + minutes(31)),)),
        ("blocked", (Interval(NOON + timedelta(seconds=1), NOON + minutes(30)),)),
        ("blocked", (Interval(NOON + timedelta(microseconds=1), NOON + minutes(30)),)),
        ("blocked", (Interval(NOON.replace(tzinfo=None), NOON.replace(tzinfo=None) + minutes(30)),)),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        replace(DEFAULT_SCHEDULE, **{field: value})
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("weekly", {"monday": [{"start": "09:00", "end": "09:00"}]}),
        ("weekly", {"monday": [{"start": "17:00", "end": "09:00"}]}),
        ("weekly", {"monday": [{"start": "09:00", "end": "24:05"}]}),
        ("weekly", {"monday": [{"start": "09:02", "end": "10:00"}]}),
        ("weekly", {"monday": [{"start": "9:00", "end": "10:00"}]}),
        ("weekly", {"monday": [{"start": "09:60", "end": "10:00"}]}),
        ("weekly", {"monday": [{"start": "٠٩:00", "end": "10:00"}]}),
        ("weekly", {"monday": [{"start": "09:00"}]}),
        ("weekly", {"monday": "09:00-17:00"}),
        ("weekly", {"someday": []}),
        ("weekly", []),
        ("overrides", {"2026-02-30": []}),
        ("overrides", {"2026-12-24": [{"start": "12:00", "end": "09:00"}]}),
        ("blocked_dates", ["soon"]),
        ("blocked", [{"start": "2026-06-01T12:00:00", "end": "2026-06-01T13:00:00"}]),
        ("blocked", [{"start": "noon", "end": "2026-06-01T13:00:00Z"}]),
        ("step_minutes", "30"),
        ("step_minutes", 30.5),
        ("step_minutes", float("nan")),
        ("step_minutes", True),
        ("step_minutes", None),
        ("daily_limit", Decimal("1.5")),
        ("colour", "blue"),
    ],
)
def test_data_that_is_no_schedule_is_refused_by_field(field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        from_dict(to_dict(DEFAULT_SCHEDULE) | {field: value})
    assert refused.value.field == field


def test_a_schedule_without_its_zone_or_hours_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        from_dict({"timezone": "UTC"})
    assert refused.value.field == "weekly"


def test_a_blocked_interval_is_kept_in_utc() -> None:
    start = datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    schedule = replace(DEFAULT_SCHEDULE, blocked=(Interval(start, start + minutes(30)),))
    assert [each.isoformat() for each in schedule.blocked[0]] == [
        "2026-06-01T10:00:00+00:00",
        "2026-06-01T10:30:00+00:00",
    ]


def test_a_day_with_a_clock_change_spans_23_or_25_hours() -> None:
    spring, autumn = date(2026, 3, 8), date(2026, 11, 1)
    lengths = [
        span.end - span.start for span in (span_of_days("America/Toronto", d, d) for d in (spring, autumn))
    ]
    assert lengths == [timedelta(hours=23), timedelta(hours=25)]


def test_the_pinned_zone_data_is_the_one_in_use() -> None:
    assert_zone_data()
    assert datetime(2026, 12, 1, tzinfo=ZoneInfo("America/Vancouver")).utcoffset() == timedelta(hours=-7)


def test_older_zone_data_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="too old"):
        assert_zone_data(minimum="2999.1")
    monkeypatch.setattr(tzdata, "__version__", "2025.2")
    with pytest.raises(RuntimeError, match="too old"):
        assert_zone_data()
