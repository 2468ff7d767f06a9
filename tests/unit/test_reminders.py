"""Which reminder of a session is due: by the moments that came, and by when its time was settled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.appointment import AppointmentStatus
from shared.domain.effects import Effect, EffectKind, lease
from shared.domain.reminders import REMINDERS, due, owed_reminders, worth_sending
from tests.builders import START, appointment

DAY, HOUR, SECOND = timedelta(hours=24), timedelta(hours=1), timedelta(seconds=1)
LONG_AGO = START - timedelta(days=10)


def before(start: timedelta) -> datetime:
    return START - start


def booked(at: datetime = LONG_AGO, **changes: Any) -> Any:
    return appointment(created_at=at, updated_at=at, **changes)


def test_the_products_reminders_are_a_day_and_an_hour_before() -> None:
    assert REMINDERS == (DAY, HOUR)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (before(DAY + SECOND), None),
        (before(DAY), DAY),
        (before(timedelta(hours=2)), DAY),  # late, and well ahead of the session
        (before(HOUR + SECOND), DAY),
        (before(HOUR), HOUR),  # whoever missed the first needs the second alone
        (before(SECOND), HOUR),
        (START, None),
        (START + HOUR, None),
    ],
)
def test_the_last_reminder_whose_moment_came_is_due_until_the_session(
    now: datetime, expected: timedelta | None
) -> None:
    assert due(booked(), now) == expected


@pytest.mark.parametrize(
    ("settled", "now", "expected"),
    [
        (before(DAY + SECOND), before(DAY), DAY),
        (before(DAY), before(DAY), None),
        (before(timedelta(hours=5)), before(timedelta(hours=5)), None),
        (before(timedelta(hours=5)), before(timedelta(hours=2)), None),
        (before(timedelta(hours=5)), before(HOUR), HOUR),
        (before(HOUR + SECOND), before(HOUR), HOUR),
        (before(timedelta(minutes=30)), before(timedelta(minutes=30)), None),
        (before(timedelta(minutes=30)), before(SECOND), None),
    ],
)
@pytest.mark.parametrize("moved", [False, True])
def test_there_is_none_for_a_moment_that_was_past_when_the_time_was_settled(
    settled: datetime, now: datetime, expected: timedelta | None, moved: bool
) -> None:
    session = booked(LONG_AGO, timed_at=settled, sequence=1) if moved else booked(settled)
    assert due(session, now) == expected


@pytest.mark.parametrize("status", set(AppointmentStatus) - {AppointmentStatus.CONFIRMED})
def test_only_what_stands_and_is_still_to_come_is_worth_a_reminder(status: AppointmentStatus) -> None:
    assert due(booked(status=status), before(HOUR)) is None


def test_what_was_changed_otherwise_since_it_was_booked_is_reminded_of_all_the_same() -> None:
    session = appointment(created_at=LONG_AGO, updated_at=before(timedelta(hours=3)))
    assert due(session, before(timedelta(hours=2))) == DAY


def test_each_reminder_of_each_time_is_an_effect_of_its_own() -> None:
    session = booked(sequence=2)
    [first], [second] = owed_reminders(session, before(DAY)), owed_reminders(session, before(HOUR))
    [moved] = owed_reminders(booked(id=session.id, sequence=3), before(DAY))
    assert [each.id for each in (first, second, moved)] == [
        "client_reminder_mail-2-1440",
        "client_reminder_mail-2-60",
        "client_reminder_mail-3-1440",
    ]
    assert first.kind is EffectKind.CLIENT_REMINDER_MAIL
    assert lease(first.id) == lease("client_booked_mail-2")


@pytest.mark.parametrize(
    ("before_minutes", "now", "worth"),
    [
        (1440, before(HOUR + SECOND), True),
        (1440, before(HOUR), False),
        (60, before(SECOND), True),
        (60, START, False),
    ],
)
def test_one_that_was_held_up_is_worth_sending_until_the_next_ones_moment(
    before_minutes: int, now: datetime, worth: bool
) -> None:
    reminder = Effect(
        subject_id="0" * 32,
        kind=EffectKind.CLIENT_REMINDER_MAIL,
        sequence=0,
        owed_at=LONG_AGO,
        due_at=LONG_AGO,
        minutes_before=before_minutes,
    )
    assert worth_sending(reminder, booked(), now) is worth
    assert not worth_sending(reminder, booked(status=AppointmentStatus.CANCELLED), now)


minutes_of_day = st.integers(min_value=-60, max_value=40 * 60).map(lambda count: timedelta(minutes=count))


@given(settled=minutes_of_day, runs=st.lists(minutes_of_day, max_size=30))
def test_whenever_it_runs_no_reminder_is_early_or_for_the_past(
    settled: timedelta, runs: list[timedelta]
) -> None:
    session = booked(START - settled)
    for run in runs:
        found = due(session, START - run)
        if found is not None:
            assert timedelta() < run <= found < settled
