"""What the daily comparison reads of the coach's calendar, through Google's own client against the stand-in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters import google_calendar
from shared.adapters.google_calendar import GoogleCalendar
from shared.adapters.mock_calendar import MockCalendar
from shared.domain.appointment import Appointment
from shared.domain.errors import CalendarUnavailable
from shared.domain.statements import CalendarEvent
from shared.domain.time import Interval
from tests.adapters.test_google_calendar import COACH, DAY, at, connect


@pytest.fixture
def calendar(google: Any) -> GoogleCalendar:
    return connect(google)


def test_our_sessions_are_told_from_the_coachs_own_events(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    google.state.add_event("2026-11-24T12:00:00Z", "2026-11-24T13:00:00Z", "Dentist")
    calendar.put_event(appointment)
    calendar.put_event(replace(appointment, id="f" * 32, start=appointment.start + timedelta(days=9)))
    assert calendar.written(DAY) == [CalendarEvent(session_id=appointment.id, time=appointment.session)]


def test_what_the_coach_moved_or_deleted_shows(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    calendar.put_event(appointment)
    moved = {"start": {"dateTime": "2026-11-24T18:00:00Z"}, "end": {"dateTime": "2026-11-24T18:30:00Z"}}
    google.state.coach.patch(appointment.id, moved)
    assert calendar.written(DAY) == [
        CalendarEvent(session_id=appointment.id, time=Interval(at(18), at(18, 30)))
    ]
    days = {"start": {"date": "2026-11-24"}, "end": {"date": "2026-11-25"}}
    google.state.coach.patch(appointment.id, days)
    in_toronto = Interval(at(5), at(5) + timedelta(days=1))
    assert [event.time for event in calendar.written(DAY)] == [in_toronto]
    google.state.delete_event(appointment.id)
    assert calendar.written(DAY) == []


def test_every_page_is_read(
    google: Any, calendar: GoogleCalendar, appointment: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(google_calendar, "LARGEST_PAGE", 2)
    sessions = [
        replace(appointment, id=f"{number:032x}", start=appointment.start + timedelta(minutes=30 * number))
        for number in range(5)
    ]
    for session in sessions:
        calendar.put_event(session)
    assert [event.session_id for event in calendar.written(DAY)] == [session.id for session in sessions]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_a_calendar_that_can_not_be_read_is_no_empty_one(
    google: Any, calendar: GoogleCalendar, status: int
) -> None:
    google.wire.only, google.wire.status = f"calendars/{COACH}/events", status
    with pytest.raises(CalendarUnavailable):
        calendar.written(DAY)


@pytest.mark.parametrize("content", [b"[]", b'{"items": [{"extendedProperties": 1}]}', b"<html>"])
def test_a_malformed_answer_is_no_empty_calendar(
    google: Any, calendar: GoogleCalendar, content: bytes
) -> None:
    google.wire.only, google.wire.status, google.wire.content = f"calendars/{COACH}/events", 200, content
    with pytest.raises(CalendarUnavailable):
        calendar.written(DAY)


def test_without_a_calendar_nothing_is_said_of_it() -> None:
    assert MockCalendar().written(DAY) is None
