"""What is left of the calendar's busy times without our own events, against a minute-by-minute reading."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import CalendarUnavailable
from shared.domain.time import Interval, common, merged, minutes, without
from shared.usecases.busy_times import without_ours
from tests.builders import APPOINTMENT, START
from tests.fakes import FakeCalendar

LENGTH = 60
SPAN = Interval(START, START + minutes(LENGTH))


def between(first: int, last: int) -> Interval:
    return Interval(START + minutes(first), START + minutes(last))


marks = st.integers(0, LENGTH)
times = st.lists(st.builds(lambda *ends: between(min(ends), max(ends)), marks, marks), max_size=5)


def read(intervals: list[Interval]) -> set[int]:
    """The minutes that lie in any of them."""
    return {
        minute
        for start, end in intervals
        for minute in range((start - START) // minutes(1), (end - START) // minutes(1))
    }


def is_tidy(intervals: list[Interval]) -> bool:
    return all(start < end for start, end in intervals) and all(
        before.end < after.start for before, after in pairwise(intervals)
    )


def calendar_with(others: list[Interval], ours: list[Interval]) -> FakeCalendar:
    """Its events of ours last as long as the intervals say."""
    sessions = [
        replace(
            APPOINTMENT,
            id=uuid.uuid4().hex,
            start=each.start,
            duration_minutes=(each.end - each.start) // minutes(1),
        )
        for each in ours
    ]
    return FakeCalendar(others=others, events={each.id: each for each in sessions})


@given(times, times)
def test_intervals_are_sets_of_minutes(some: list[Interval], others: list[Interval]) -> None:
    for result, expected in (
        (merged(some), read(some)),
        (common(some, others), read(some) & read(others)),
        (without(some, others), read(some) - read(others)),
    ):
        assert read(result) == expected
        assert is_tidy(result)


@given(times, times, times)
def test_where_ours_are_only_foreign_events_make_busy(
    others: list[Interval], standing: list[Interval], freed: list[Interval]
) -> None:
    calendar = calendar_with(others, standing)
    left = without_ours(calendar, calendar.busy(SPAN), freed)
    assert read(left) == read(others) | (read(standing) - read(freed))


@given(times, times)
def test_once_our_events_are_gone_nothing_more_is_asked(
    others: list[Interval], freed: list[Interval]
) -> None:
    calendar = FakeCalendar(others=others)
    clear = without(freed, others)
    assert read(without_ours(calendar, calendar.busy(SPAN), clear)) == read(others)
    assert calendar.looked == 0


def test_all_that_is_in_doubt_is_asked_for_at_once() -> None:
    calendar = calendar_with([between(12, 14)], [between(0, 10), between(20, 30)])
    left = without_ours(calendar, calendar.busy(SPAN), [between(0, 10), between(20, 30)])
    assert (left, calendar.looked) == ([between(12, 14)], 1)


def test_what_a_foreign_event_takes_beside_a_freed_time_is_freebusys_to_say() -> None:
    """Google itself leaves some events out of free/busy that look busy in a list."""
    calendar = FakeCalendar(others=[between(0, 60)])
    assert without_ours(calendar, [between(10, 20)], [between(10, 15)]) == [between(15, 20), between(10, 15)]


def test_a_calendar_that_cannot_tell_is_not_free() -> None:
    calendar = calendar_with([], [between(0, 10)])
    calendar.hiding = True
    with pytest.raises(CalendarUnavailable):
        without_ours(calendar, calendar.busy(SPAN), [Interval(START, START + timedelta(minutes=10))])
