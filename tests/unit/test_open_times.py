"""The nine rules of open times, and what users of other systems reported, one sentence each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from shared.domain.errors import DomainError, SlotNotOffered, SlotTaken
from shared.domain.local_time import span_of_days
from shared.domain.open_times import check_open, nearby, open_starts
from shared.domain.schedule import DEFAULT_SCHEDULE, Schedule, Window
from shared.domain.time import Interval, minutes

EVERY_DAY = range(7)
NOON_UTC_JUNE_1 = datetime(2026, 6, 1, 12, tzinfo=UTC)  # a Monday, 08:00 in Toronto


def hours(*windows: str) -> tuple[Window, ...]:
    return tuple(Window.of(*window.split("-")) for window in windows)


def every_day(zone: str, *windows: str, **settings: object) -> Schedule:
    plain = {"minimum_notice_minutes": 0, "step_minutes": 30, "booking_window_days": 3660}
    weekly = dict.fromkeys(EVERY_DAY, hours(*windows))
    return Schedule(timezone=zone, weekly=weekly, **(plain | settings))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text + "Z")


def busy(start: str, length: int) -> Interval:
    return Interval(utc(start), utc(start) + minutes(length))


def listed(
    schedule: Schedule,
    day: str,
    duration: int = 30,
    *,
    taken: tuple[Interval, ...] = (),
    sessions: tuple[datetime, ...] = (),
    now: datetime | None = None,
) -> list[str]:
    """The day's open starts as the coach's clock reads them, with the offset where the day has two."""
    span = span_of_days(schedule.timezone, date.fromisoformat(day), date.fromisoformat(day))
    now = now or span.start - timedelta(days=2)
    starts = open_starts(schedule, duration, taken, sessions, now, span)
    local = [start.astimezone(ZoneInfo(schedule.timezone)) for start in starts]
    offsets = {each.utcoffset() for each in local}
    return [f"{each:%H:%M%z}" if len(offsets) > 1 else f"{each:%H:%M}" for each in local]


def refusal(
    schedule: Schedule,
    start: datetime,
    duration: int = 30,
    *,
    taken: tuple[Interval, ...] = (),
    sessions: tuple[datetime, ...] = (),
    now: datetime = NOON_UTC_JUNE_1,
) -> DomainError | None:
    try:
        check_open(schedule, duration, taken, sessions, now, start)
    except DomainError as refused:
        return refused
    return None


class TestHours:
    def test_an_empty_calendar_offers_the_whole_day(self) -> None:
        starts = listed(DEFAULT_SCHEDULE, "2026-06-02")
        assert (starts[0], starts[-1], len(starts)) == ("09:00", "16:30", 16)

    def test_a_weekend_is_closed(self) -> None:
        assert listed(DEFAULT_SCHEDULE, "2026-06-06") == []

    def test_the_last_session_fits_fully(self) -> None:
        schedule = every_day("UTC", "16:00-16:45", step_minutes=15)
        assert listed(schedule, "2026-06-02", 20) == ["16:00", "16:15"]
        assert listed(schedule, "2026-06-02", 45) == ["16:00"]
        assert listed(schedule, "2026-06-02", 50) == []

    def test_each_window_has_its_own_grid(self) -> None:
        assert listed(every_day("UTC", "09:10-10:10", "13:00-14:00"), "2026-06-02") == [
            "09:10",
            "09:40",
            "13:00",
            "13:30",
        ]

    def test_windows_that_touch_or_overlap_are_one(self) -> None:
        touching = every_day("UTC", "09:50-11:00", "09:00-09:50", step_minutes=60)
        assert listed(touching, "2026-06-02", 60) == ["09:00", "10:00"]
        overlapping = every_day("UTC", "09:00-10:20", "10:00-11:00", step_minutes=60)
        assert listed(overlapping, "2026-06-02", 60) == ["09:00", "10:00"]

    def test_windows_merge_across_midnight(self) -> None:
        schedule = Schedule(
            timezone="UTC",
            weekly={4: hours("22:30-24:00"), 5: hours("00:00-02:00")},
            step_minutes=60,
        )
        assert listed(schedule, "2026-06-05", 60) == ["22:30", "23:30"]
        assert listed(schedule, "2026-06-06", 60) == ["00:30"]

    def test_a_whole_day_to_24_00_is_a_whole_day(self) -> None:
        schedule = Schedule(timezone="UTC", weekly={2: hours("00:00-24:00")})
        starts = listed(schedule, "2026-06-03")
        assert (starts[0], starts[-1], len(starts)) == ("00:00", "23:30", 48)

    def test_an_override_replaces_the_days_hours(self) -> None:
        schedule = replace(
            DEFAULT_SCHEDULE, overrides={date(2026, 6, 2): hours("18:00-19:00"), date(2026, 6, 3): ()}
        )
        assert listed(schedule, "2026-06-02") == ["18:00", "18:30"]
        assert listed(schedule, "2026-06-03") == []
        assert len(listed(schedule, "2026-06-04")) == 16

    def test_an_override_opens_a_closed_weekday(self) -> None:
        schedule = replace(DEFAULT_SCHEDULE, overrides={date(2026, 6, 6): hours("10:00-11:00")})
        assert listed(schedule, "2026-06-06") == ["10:00", "10:30"]

    def test_a_blocked_date_beats_an_override(self) -> None:
        day = date(2026, 6, 2)
        schedule = replace(
            DEFAULT_SCHEDULE, overrides={day: hours("18:00-19:00")}, blocked_dates=frozenset({day})
        )
        assert listed(schedule, "2026-06-02") == []

    def test_a_session_does_not_run_into_a_blocked_date(self) -> None:
        schedule = every_day("UTC", "00:00-24:00", blocked_dates=frozenset({date(2026, 6, 3)}))
        assert listed(schedule, "2026-06-02", 60)[-1] == "23:00"


class TestBusy:
    def test_intervals_are_half_open(self) -> None:
        schedule = every_day("UTC", "09:00-12:00")
        taken = (busy("2026-06-02T10:00", 30),)
        assert listed(schedule, "2026-06-02", taken=taken) == ["09:00", "09:30", "10:30", "11:00", "11:30"]

    def test_a_booking_early_in_the_day_leaves_the_rest(self) -> None:
        taken = (busy("2026-06-02T13:00", 30),)  # 09:00 in Toronto
        assert listed(DEFAULT_SCHEDULE, "2026-06-02", taken=taken)[0] == "09:30"
        assert len(listed(DEFAULT_SCHEDULE, "2026-06-02", taken=taken)) == 15

    def test_a_long_session_meets_what_begins_later(self) -> None:
        taken = (busy("2026-06-02T10:30", 30),)
        schedule = every_day("UTC", "09:00-12:00")
        assert listed(schedule, "2026-06-02", 60, taken=taken) == ["09:00", "09:30", "11:00"]

    def test_two_sessions_lie_both_buffers_apart(self) -> None:
        schedule = every_day(
            "UTC", "09:00-12:00", step_minutes=5, buffer_before_minutes=10, buffer_after_minutes=15
        )
        claim = Interval(utc("2026-06-02T10:20"), utc("2026-06-02T11:15"))  # a session 10:30–11:00
        starts = listed(schedule, "2026-06-02", 30, taken=(claim,))
        assert [start for start in starts if "09:30" <= start <= "11:30"] == [
            "09:30",
            "09:35",
            "11:25",
            "11:30",
        ]

    def test_busy_times_may_come_in_any_order_overlap_and_have_seconds(self) -> None:
        schedule = every_day("UTC", "09:00-12:00")
        taken = (
            busy("2026-06-02T11:29:59", 0),
            Interval(utc("2026-06-02T10:59:59"), utc("2026-06-02T11:00:01")),
            busy("2026-06-02T09:00", 60),
            busy("2026-06-02T09:10", 5),
        )
        assert listed(schedule, "2026-06-02", taken=taken) == ["10:00", "11:30"]

    def test_a_busy_time_without_length_blocks_nothing(self) -> None:
        schedule = every_day("UTC", "09:00-10:00")
        assert listed(schedule, "2026-06-02", taken=(busy("2026-06-02T09:15", 0),)) == ["09:00", "09:30"]

    def test_busy_times_may_be_written_in_any_zone(self) -> None:
        schedule = every_day("UTC", "09:00-10:00")
        start = datetime(2026, 6, 2, 14, 45, tzinfo=timezone(timedelta(hours=5, minutes=45)))
        assert listed(schedule, "2026-06-02", taken=(Interval(start, start + minutes(30)),)) == ["09:30"]

    def test_a_blocked_interval_keeps_the_buffers_away_too(self) -> None:
        block = busy("2026-06-02T10:00", 30)
        schedule = every_day("UTC", "09:00-12:00", blocked=(block,), buffer_after_minutes=5)
        assert listed(schedule, "2026-06-02") == ["09:00", "10:30", "11:00", "11:30"]

    def test_buffers_may_lie_outside_the_hours(self) -> None:
        schedule = every_day("UTC", "09:00-09:30", buffer_before_minutes=30, buffer_after_minutes=30)
        assert listed(schedule, "2026-06-02") == ["09:00"]

    @pytest.mark.parametrize(
        ("zone", "day", "length"),
        [("America/Toronto", "2026-11-01", 25), ("America/Toronto", "2026-03-08", 23)],
    )
    def test_a_busy_local_day_blocks_that_day_and_no_more(self, zone: str, day: str, length: int) -> None:
        schedule = every_day(zone, "00:00-24:00")
        on = date.fromisoformat(day)
        all_day = span_of_days(zone, on, on)
        assert all_day.end - all_day.start == timedelta(hours=length)
        assert listed(schedule, day, taken=(all_day,)) == []
        assert "23:30" in listed(schedule, str(on - timedelta(days=1)), taken=(all_day,))
        assert "00:00" in listed(schedule, str(on + timedelta(days=1)), taken=(all_day,))


class TestNoticeAndBookingWindow:
    def test_a_start_exactly_at_the_notice_is_open(self) -> None:
        schedule = every_day("UTC", "09:00-12:00", minimum_notice_minutes=60)
        assert listed(schedule, "2026-06-02", now=utc("2026-06-02T09:30"))[0] == "10:30"
        assert listed(schedule, "2026-06-02", now=utc("2026-06-02T09:30:00.000001"))[0] == "11:00"

    def test_the_window_counts_local_days_its_last_day_included(self) -> None:
        schedule = every_day("Pacific/Kiritimati", "00:00-24:00", booking_window_days=2)
        now = utc("2026-06-01T09:55")  # 23:55 on June 1 there
        assert len(listed(schedule, "2026-06-03", now=now)) == 48
        assert listed(schedule, "2026-06-04", now=now) == []
        a_little_later = utc("2026-06-01T10:00")
        assert len(listed(schedule, "2026-06-04", now=a_little_later)) == 48

    def test_a_session_may_run_on_past_the_last_day(self) -> None:
        schedule = every_day("UTC", "00:00-24:00", booking_window_days=1)
        assert listed(schedule, "2026-06-02", 60, now=utc("2026-06-01T12:00"))[-1] == "23:30"

    def test_a_window_of_no_days_is_today(self) -> None:
        schedule = every_day("UTC", "09:00-10:00", booking_window_days=0)
        now = utc("2026-06-02T01:00")
        assert listed(schedule, "2026-06-02", now=now) == ["09:00", "09:30"]
        assert listed(schedule, "2026-06-03", now=now) == []


class TestDailyLimit:
    schedule = replace(DEFAULT_SCHEDULE, daily_limit=2)

    def test_a_day_at_its_limit_offers_nothing_and_the_next_day_everything(self) -> None:
        sessions = (utc("2026-06-02T13:00"), utc("2026-06-02T14:00"))
        assert listed(self.schedule, "2026-06-02", sessions=sessions) == []
        assert len(listed(self.schedule, "2026-06-02", sessions=sessions[:1])) == 16
        assert len(listed(self.schedule, "2026-06-03", sessions=sessions)) == 16

    def test_sessions_count_on_the_coachs_date_of_their_start(self) -> None:
        evening = every_day("America/Toronto", "21:00-23:00", daily_limit=1)
        after_midnight_in_utc = (utc("2026-06-03T01:00"),)  # 21:00 on June 2 in Toronto
        assert listed(evening, "2026-06-02", sessions=after_midnight_in_utc) == []
        assert len(listed(evening, "2026-06-03", sessions=after_midnight_in_utc)) == 4

    def test_a_full_day_is_refused_as_taken(self) -> None:
        sessions = (utc("2026-06-02T13:00"), utc("2026-06-02T14:00"))
        refused = refusal(self.schedule, utc("2026-06-02T18:00"), sessions=sessions)
        assert isinstance(refused, SlotTaken)
        assert refused.detail == "That day is fully booked."


class TestClockChanges:
    def test_a_day_from_9_to_5_is_never_shifted(self) -> None:
        for zone, day in [("America/Toronto", "2026-03-08"), ("America/Toronto", "2026-11-01")]:
            for days in (-1, 0, 1):
                near = str(date.fromisoformat(day) + timedelta(days=days))
                starts = listed(every_day(zone, "09:00-17:00"), near)
                assert (starts[0], starts[-1], len(starts)) == ("09:00", "16:30", 16)

    def test_a_time_that_does_not_exist_does_not_appear(self) -> None:
        assert listed(every_day("America/Toronto", "01:00-04:00"), "2026-03-08") == [
            "01:00-0500",
            "01:30-0500",
            "03:00-0400",
            "03:30-0400",
        ]

    def test_a_repeated_time_appears_once_for_each_real_instant(self) -> None:
        assert listed(every_day("America/Toronto", "00:30-02:30"), "2026-11-01") == [
            "00:30-0400",
            "01:00-0400",
            "01:30-0400",
            "01:00-0500",
            "01:30-0500",
            "02:00-0500",
        ]

    def test_a_window_that_begins_in_the_gap_begins_at_the_change(self) -> None:
        assert listed(every_day("America/Toronto", "02:20-04:00"), "2026-03-08") == ["03:00", "03:30"]

    def test_a_window_that_ends_in_the_gap_ends_at_the_change(self) -> None:
        assert listed(every_day("America/Toronto", "01:00-02:20"), "2026-03-08") == ["01:00", "01:30"]

    def test_a_window_that_ends_on_the_change_ends_there(self) -> None:
        assert listed(every_day("America/Toronto", "01:00-02:00"), "2026-03-08") == ["01:00", "01:30"]
        assert listed(every_day("America/Toronto", "00:00-01:00"), "2026-11-01") == ["00:00", "00:30"]

    def test_a_window_within_the_gap_is_no_window(self) -> None:
        assert listed(every_day("America/Toronto", "02:00-03:00"), "2026-03-08") == []

    def test_a_window_within_the_repeated_hour_is_open_in_both_passes(self) -> None:
        schedule = every_day("America/Toronto", "01:00-01:30")
        assert listed(schedule, "2026-11-01") == ["01:00-0400", "01:00-0500"]
        assert listed(schedule, "2026-11-01", 60) == []

    def test_a_window_that_ends_in_the_repeated_hour_never_runs_outside(self) -> None:
        assert listed(every_day("America/Toronto", "00:30-01:30"), "2026-11-01") == [
            "00:30-0400",
            "01:00-0400",
            "01:00-0500",
        ]

    def test_windows_on_both_sides_of_the_gap_are_one(self) -> None:
        schedule = every_day("America/Toronto", "01:00-02:00", "03:00-04:00", step_minutes=60)
        assert listed(schedule, "2026-03-08", 120) == ["01:00"]

    def test_lord_howe_changes_by_half_an_hour(self) -> None:
        assert listed(every_day("Australia/Lord_Howe", "01:00-03:00"), "2026-04-05") == [
            "01:00+1100",
            "01:30+1100",
            "01:30+1030",
            "02:00+1030",
            "02:30+1030",
        ]
        assert listed(every_day("Australia/Lord_Howe", "01:00-03:00"), "2026-10-04") == [
            "01:00+1030",
            "01:30+1030",
            "02:30+1100",
        ]

    def test_kathmandu_is_a_quarter_hour_off(self) -> None:
        span = span_of_days("Asia/Kathmandu", date(2026, 6, 2), date(2026, 6, 2))
        schedule = every_day("Asia/Kathmandu", "09:00-10:00")
        assert open_starts(schedule, 60, [], [], span.start, span) == [utc("2026-06-02T03:15")]

    def test_the_date_apia_skipped_has_no_times(self) -> None:
        schedule = every_day(
            "Pacific/Apia", "09:00-11:00", overrides={date(2011, 12, 30): hours("00:00-24:00")}
        )
        assert listed(schedule, "2011-12-30") == []
        span = Interval(utc("2011-12-29T00:00"), utc("2011-12-31T18:00"))
        starts = open_starts(schedule, 120, [], [], span.start, span)
        assert [f"{start.astimezone(ZoneInfo('Pacific/Apia')):%m-%d %H:%M}" for start in starts] == [
            "12-29 09:00",
            "12-31 09:00",
        ]

    def test_the_days_around_the_skipped_date_touch(self) -> None:
        schedule = every_day("Pacific/Apia", "00:00-24:00")
        assert listed(schedule, "2011-12-29", 60)[-1] == "23:30"

    def test_a_day_without_a_midnight_begins_at_one(self) -> None:
        assert listed(every_day("Africa/Cairo", "00:00-02:00"), "2026-04-24") == ["01:00", "01:30"]
        assert listed(every_day("America/Havana", "00:00-02:00"), "2026-03-08") == ["01:00", "01:30"]

    def test_a_midnight_that_comes_twice_is_offered_twice(self) -> None:
        assert listed(every_day("America/Havana", "00:00-00:30"), "2025-11-02") == [
            "00:00-0400",
            "00:00-0500",
        ]

    def test_the_last_hour_of_a_day_may_come_twice(self) -> None:
        assert listed(every_day("Africa/Cairo", "23:00-24:00"), "2026-10-29") == [
            "23:00+0300",
            "23:30+0300",
            "23:00+0200",
            "23:30+0200",
        ]

    def test_western_canada_keeps_its_summer_clock(self) -> None:
        span = span_of_days("America/Vancouver", date(2026, 12, 1), date(2026, 12, 1))
        schedule = every_day("America/Vancouver", "09:00-10:00")
        assert open_starts(schedule, 60, [], [], span.start, span) == [utc("2026-12-01T16:00")]


class TestRefusals:
    @pytest.mark.parametrize(
        ("start", "reason"),
        [
            ("2026-06-02T13:15", "don't start at that time"),
            ("2026-06-02T13:00:01", "don't start at that time"),
            ("2026-06-02T13:00:00.000001", "don't start at that time"),
            ("2026-06-02T12:30", "outside the coach's hours"),
            ("2026-06-02T21:00", "outside the coach's hours"),
            ("2026-06-06T13:00", "outside the coach's hours"),
            ("2026-06-01T15:30", "too soon"),
            ("2026-06-01T12:00", "passed"),
            ("2025-06-02T13:00", "passed"),
            ("2026-08-03T13:00", "too far ahead"),
            ("2026-06-03T13:00", "away that day"),
            ("2026-06-04T13:30", "away at that time"),
        ],
    )
    def test_what_the_rules_never_offered_is_refused_by_its_reason(self, start: str, reason: str) -> None:
        schedule = replace(
            DEFAULT_SCHEDULE,
            blocked_dates=frozenset({date(2026, 6, 3)}),
            blocked=(busy("2026-06-04T13:00", 60),),
        )
        refused = refusal(schedule, utc(start), taken=(busy("2026-06-01T00:00", 14400),))
        assert isinstance(refused, SlotNotOffered)
        assert reason in refused.detail

    def test_a_session_that_would_end_after_hours_is_not_offered(self) -> None:
        assert refusal(DEFAULT_SCHEDULE, utc("2026-06-02T20:30"), 30) is None
        assert isinstance(refusal(DEFAULT_SCHEDULE, utc("2026-06-02T20:30"), 60), SlotNotOffered)

    def test_what_others_have_is_taken_their_buffers_too(self) -> None:
        start = utc("2026-06-02T13:00")
        assert refusal(DEFAULT_SCHEDULE, start) is None
        assert isinstance(refusal(DEFAULT_SCHEDULE, start, taken=(busy("2026-06-02T13:25", 5),)), SlotTaken)
        buffered = replace(DEFAULT_SCHEDULE, buffer_after_minutes=15)
        assert isinstance(refusal(buffered, start, taken=(busy("2026-06-02T13:40", 5),)), SlotTaken)

    def test_a_start_written_in_another_zone_is_the_same_instant(self) -> None:
        start = datetime(2026, 6, 2, 9, tzinfo=ZoneInfo("America/Toronto"))
        assert refusal(DEFAULT_SCHEDULE, start) is None

    def test_a_naive_time_is_no_time(self) -> None:
        with pytest.raises(TypeError):
            check_open(DEFAULT_SCHEDULE, 30, (), (), NOON_UTC_JUNE_1, NOON_UTC_JUNE_1.replace(tzinfo=None))


class TestNearby:
    def test_the_five_nearest_come_in_order_of_time(self) -> None:
        wanted = utc("2026-06-02T12:00")
        starts = [wanted + minutes(offset) for offset in (-240, -90, -30, 45, 60, 75, 600)]
        assert nearby(starts, wanted) == tuple(starts[1:6])

    def test_fewer_than_five_are_all_there_are(self) -> None:
        assert nearby([], NOON_UTC_JUNE_1) == ()


def test_a_span_turned_round_or_past_has_no_times() -> None:
    span = Interval(NOON_UTC_JUNE_1, NOON_UTC_JUNE_1 - timedelta(days=1))
    assert open_starts(DEFAULT_SCHEDULE, 30, [], [], NOON_UTC_JUNE_1, span) == []
    past = Interval(NOON_UTC_JUNE_1 - timedelta(days=9), NOON_UTC_JUNE_1)
    assert open_starts(DEFAULT_SCHEDULE, 30, [], [], NOON_UTC_JUNE_1, past) == []


def test_starts_are_in_utc_from_the_spans_start_to_before_its_end() -> None:
    schedule = every_day("UTC", "09:00-12:00")
    span = Interval(utc("2026-06-02T09:30"), utc("2026-06-02T10:30"))
    starts = open_starts(schedule, 30, [], [], NOON_UTC_JUNE_1, span)
    assert starts == [utc("2026-06-02T09:30"), utc("2026-06-02T10:00")]
    assert {start.tzinfo for start in starts} == {UTC}
