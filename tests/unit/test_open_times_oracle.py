"""Open times against the minute-by-minute oracle, around clock changes above all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.errors import DomainError, SlotNotOffered, SlotTaken
from shared.domain.open_times import check_open, open_starts
from shared.domain.schedule import LONGEST_BUFFER_MINUTES, Schedule, Window
from shared.domain.time import Interval, minutes
from tests.unit import oracle

MOMENTS = [
    ("America/Toronto", "2026-03-08T07:00"),
    ("America/Toronto", "2026-11-01T06:00"),
    ("America/Vancouver", "2026-03-08T10:00"),
    ("America/Vancouver", "2026-11-01T09:00"),  # no longer a change
    ("Australia/Lord_Howe", "2026-04-04T15:00"),
    ("Australia/Lord_Howe", "2026-10-03T15:30"),
    ("Asia/Kathmandu", "2026-06-10T18:15"),
    ("Pacific/Apia", "2011-12-30T10:00"),  # a date that never was
    ("Africa/Cairo", "2026-04-23T22:00"),  # no midnight
    ("Africa/Cairo", "2026-10-29T21:00"),
    ("America/Havana", "2026-03-08T05:00"),  # no midnight
    ("America/Havana", "2025-11-02T05:00"),  # midnight twice
    ("America/St_Johns", "2010-11-07T02:30"),  # back across midnight, at one past
    ("Europe/London", "2026-03-29T01:00"),
    ("Europe/London", "2026-10-25T01:00"),
    ("Antarctica/Troll", "2026-03-29T01:00"),  # two hours at once
    ("Pacific/Kiritimati", "2026-01-01T10:00"),
    ("UTC", "2026-02-28T23:00"),
]
ENDLESS = {weekday: (Window(0, 1440),) for weekday in range(7)}

few = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Case:
    schedule: Schedule
    duration: int
    busy: list[Interval]
    sessions: list[datetime]
    now: datetime
    span: Interval

    def listed(self, span: Interval | None = None) -> list[datetime]:
        return open_starts(
            self.schedule, self.duration, self.busy, self.sessions, self.now, span or self.span
        )

    def expected(self) -> list[datetime]:
        return oracle.listing(self.schedule, self.duration, self.busy, self.sessions, self.now, self.span)

    def refusal(self, start: datetime) -> DomainError | None:
        try:
            check_open(self.schedule, self.duration, self.busy, self.sessions, self.now, start)
        except DomainError as refused:
            return refused
        return None


def fives(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least // 5, most // 5).map(lambda count: count * 5)


def often(*usual: int, least: int = 0, most: int) -> st.SearchStrategy[int]:
    """A multiple of five, most often one of the usual ones, so that ends meet and listings have something."""
    return st.sampled_from(usual) | st.sampled_from(usual) | fives(least, most)


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    """Small hours and late ones, where clocks change, and whole days."""
    edge = often(0, 30, 60, 90, 120, 150, 180, 1320, 1380, 1410, 1440, most=1440)
    pairs = draw(st.lists(st.tuples(edge, edge), max_size=3))
    split = tuple(Window(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1])
    return split or (Window(0, 1440),)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone, moment = draw(st.sampled_from(MOMENTS))
    centre = datetime.fromisoformat(moment + "Z")

    def near(low: int, high: int) -> st.SearchStrategy[datetime]:
        return (fives(low, high) | fives(low // 12, high // 12).map(lambda each: each * 12)).map(
            lambda offset: centre + minutes(offset)
        )

    stretches = st.tuples(near(-1440, 1440), often(30, 60, 120, most=600)).map(
        lambda pair: Interval(pair[0], pair[0] + minutes(pair[1]))
    )
    days = st.integers(-2, 2).map(lambda count: centre.date() + timedelta(days=count))
    closable = st.just(()) | windows()
    usual = st.fixed_dictionaries({weekday: windows() for weekday in range(7)})
    schedule = Schedule(
        timezone=zone,
        weekly=draw(st.just(ENDLESS) | usual | st.dictionaries(st.integers(0, 6), windows(), min_size=4)),
        overrides=draw(st.dictionaries(days, closable, max_size=2)),
        blocked_dates=draw(st.frozensets(days, max_size=1)),
        blocked=tuple(each for each in draw(st.lists(stretches, max_size=2)) if each.start < each.end),
        step_minutes=draw(often(15, 30, 60, least=5, most=240)),
        buffer_before_minutes=draw(often(0, 15, most=LONGEST_BUFFER_MINUTES)),
        buffer_after_minutes=draw(often(0, 15, most=LONGEST_BUFFER_MINUTES)),
        minimum_notice_minutes=draw(often(0, 240, most=600)),
        booking_window_days=draw(st.integers(1, 4)),
        daily_limit=draw(st.none() | st.integers(1, 3)),
    )
    start = draw(near(-1440, 0))
    return Case(
        schedule=schedule,
        duration=draw(often(30, 60, least=5, most=300)),
        busy=draw(st.lists(stretches, max_size=4)),
        sessions=draw(st.lists(near(-1440, 1440), max_size=4)),
        now=start + minutes(draw(fives(-2880, 300)) + draw(st.integers(0, 4))),
        span=Interval(start, start + minutes(draw(often(1440, 2160, most=2880)))),
    )


@few
@given(cases())
def test_the_listing_is_what_a_minute_by_minute_reading_of_the_rules_gives(case: Case) -> None:
    assert case.listed() == case.expected()


@few
@given(cases(), st.data())
def test_a_start_is_refused_exactly_when_it_is_not_listed(case: Case, data: st.DataObject) -> None:
    listed = case.listed()
    length = int((case.span.end - case.span.start).total_seconds()) // 60
    candidates = fives(0, max(length - 5, 0)).map(lambda offset: case.span.start + minutes(offset))
    if listed:
        candidates |= st.sampled_from(listed)
    start = data.draw(candidates)
    within = case.span.start <= start < case.span.end
    refused = case.refusal(start)
    if within:
        assert (refused is None) == (start in listed)
    assert isinstance(refused, SlotTaken | SlotNotOffered | None)
    if isinstance(refused, SlotTaken):
        alone = Case(case.schedule, case.duration, [], [], case.now, Interval(start, start + minutes(1)))
        assert alone.expected() == [start], "taken is said only of a time the rules offer"


@few
@given(cases(), st.data())
def test_any_range_shows_the_same_starts_as_the_whole(case: Case, data: st.DataObject) -> None:
    whole = Interval(case.span.start - timedelta(days=25), case.span.end + timedelta(days=2))
    part = [start for start in case.listed(whole) if case.span.start <= start < case.span.end]
    assert case.listed() == part


@pytest.mark.parametrize("zone", ["America/Toronto", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("closed", [None, datetime(2024, 5, 1, tzinfo=UTC).date()])
@pytest.mark.parametrize("step", [35, 50, 60, 1440])
def test_a_window_that_never_ends_has_one_grid_whatever_is_asked(
    zone: str, closed: object, step: int
) -> None:
    schedule = Schedule(
        timezone=zone,
        weekly=ENDLESS,
        overrides={closed: ()} if closed else {},
        step_minutes=step,
        minimum_notice_minutes=0,
    )
    start = datetime(2026, 10, 1, tzinfo=UTC)

    def listed(since: int, until: int, now: datetime) -> list[datetime]:
        span = Interval(start + timedelta(hours=since), start + timedelta(hours=until))
        return open_starts(schedule, 60, [], [], now, span)

    whole = listed(0, 50 * 24, start)
    assert {later - sooner for sooner, later in pairwise(whole)} == {minutes(step)}
    for hour in range(0, 50 * 24, 37):
        assert [each for each in whole if each >= start + timedelta(hours=hour)] == listed(
            hour, 50 * 24, start + timedelta(hours=hour)
        )
