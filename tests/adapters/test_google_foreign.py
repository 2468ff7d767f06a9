"""Busy times that are not ours, through Google's own client against the stand-in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from shared.adapters import google_calendar
from shared.adapters.google_calendar import GoogleCalendar
from shared.adapters.google_event import event_resource
from shared.adapters.mock_calendar import MockCalendar
from shared.domain.appointment import Appointment
from shared.domain.errors import CalendarUnavailable
from shared.domain.time import Interval
from shared.usecases.busy_times import without_ours
from tests.adapters.test_google_calendar import COACH, DAY, at, connect

NOON = ("2026-11-24T12:00:00Z", "2026-11-24T13:00:00Z")
FROM_NOON = Interval(at(12), at(13))


@pytest.fixture
def calendar(google: Any) -> GoogleCalendar:
    return connect(google)


def copy_of(appointment: Appointment, **changes: Any) -> dict[str, Any]:
    return event_resource(appointment) | changes


def test_our_events_are_left_out_and_others_told(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    google.state.add_event(*NOON, "Dentist")
    calendar.put_event(appointment)
    assert calendar.foreign(DAY) == [FROM_NOON]


def test_a_foreign_event_within_ours_is_found_where_free_busy_hides_it(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    calendar.put_event(appointment)
    inside = Interval(appointment.start + timedelta(minutes=10), appointment.start + timedelta(minutes=20))
    google.state.add_event(inside.start.isoformat(), inside.end.isoformat(), "School calls")
    busy = calendar.busy(DAY)
    assert busy == [appointment.session]
    assert without_ours(calendar, busy, [appointment.session]) == [inside]


def test_an_event_of_ours_alone_leaves_its_time_free(
    calendar: GoogleCalendar, appointment: Appointment
) -> None:
    calendar.put_event(appointment)
    assert without_ours(calendar, calendar.busy(DAY), [appointment.session]) == []


def test_our_events_are_known_on_a_stage_with_a_mock_prefix(google: Any, appointment: Appointment) -> None:
    calendar = connect(google, mock=True)
    calendar.put_event(appointment)
    assert calendar.foreign(DAY) == []


def test_the_coachs_own_copy_of_our_event_is_the_coachs(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    calendar.put_event(appointment)
    later = replace(appointment, start=appointment.start + timedelta(hours=2))
    google.state.coach.insert(copy_of(later) | {"extendedProperties": _private(appointment)}, COACH)
    assert calendar.foreign(DAY) == [later.session]


def _private(appointment: Appointment) -> Any:
    return event_resource(appointment)["extendedProperties"]


@pytest.mark.parametrize(
    ("invited", "found"),
    [
        ("declined", []),
        ("needsAction", [FROM_NOON]),
        ("tentative", [FROM_NOON]),
        ("accepted", [FROM_NOON]),
    ],
)
def test_only_a_declined_invitation_leaves_the_coach_free(
    google: Any,
    calendar: GoogleCalendar,
    invited: Literal["declined", "needsAction", "tentative", "accepted"],
    found: list[Interval],
) -> None:
    google.state.add_event(*NOON, "Meeting", invited=invited)
    assert calendar.foreign(DAY) == found


def test_what_another_guest_declined_is_still_on(google: Any, calendar: GoogleCalendar) -> None:
    meeting = google.state.add_event(*NOON, "Meeting", invited="accepted")
    guests = [*meeting["attendees"], {"email": "x@example.org", "responseStatus": "declined"}]
    google.state.coach.patch(meeting["id"], {"attendees": guests})
    assert calendar.foreign(DAY) == [FROM_NOON]


def test_free_and_deleted_events_do_not_make_busy_and_tentative_ones_do(
    google: Any, calendar: GoogleCalendar
) -> None:
    google.state.add_event(*NOON, "Reminder", transparency="transparent")
    google.state.delete_event(google.state.add_event(*NOON, "Called off")["id"])
    assert calendar.foreign(DAY) == []
    maybe = google.state.add_event(*NOON, "Maybe")
    google.state.coach.patch(maybe["id"], {"status": "tentative"})
    assert calendar.foreign(DAY) == [FROM_NOON]


@pytest.mark.parametrize(
    ("day", "next_day", "start", "end"),
    [
        ("2026-11-24", "2026-11-25", "2026-11-24T05:00", "2026-11-25T05:00"),
        ("2026-11-01", "2026-11-02", "2026-11-01T04:00", "2026-11-02T05:00"),
        ("2027-03-14", "2027-03-15", "2027-03-14T05:00", "2027-03-15T04:00"),
    ],
    ids=["24 hours", "25 hours", "23 hours"],
)
def test_whole_days_are_the_calendars_own(
    google: Any, calendar: GoogleCalendar, day: str, next_day: str, start: str, end: str
) -> None:
    google.state.add_event(day, next_day, "Holiday", all_day=True)
    whole = Interval(*(datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (start, end)))
    middle = Interval(whole.start + timedelta(hours=9), whole.start + timedelta(hours=10))
    assert calendar.foreign(middle) == [whole]
    assert common_with_free_busy(calendar, middle) == [middle]


def common_with_free_busy(calendar: GoogleCalendar, span: Interval) -> list[Interval]:
    return without_ours(calendar, calendar.busy(span), [span])


def test_every_page_is_read(google: Any, calendar: GoogleCalendar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google_calendar, "LARGEST_PAGE", 2)
    for hour in range(5):
        google.state.add_event(at(10 + hour).isoformat(), at(10 + hour, 30).isoformat(), str(hour))
    assert calendar.foreign(DAY) == [Interval(at(10 + hour), at(10 + hour, 30)) for hour in range(5)]


def test_google_is_not_asked_what_the_events_are_about(google: Any, calendar: GoogleCalendar) -> None:
    google.state.add_event(*NOON, "Doctor Who", invited="accepted")
    answers: list[Any] = []
    call = calendar._call
    calendar._call = lambda *asked: answers.append(call(*asked)) or answers[-1]  # type: ignore[method-assign, func-returns-value]
    calendar.foreign(DAY)
    assert "Doctor Who" not in json.dumps(answers)
    assert COACH not in json.dumps(answers)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_a_calendar_that_can_not_be_read_is_not_free(
    google: Any, calendar: GoogleCalendar, status: int
) -> None:
    google.wire.only, google.wire.status = f"calendars/{COACH}/events", status
    with pytest.raises(CalendarUnavailable):
        calendar.foreign(DAY)
    assert google.wire.paths().count("GET events") == 1


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"<html>",
        b'{"timeZone": "UTC", "items": [{"id": "x"}]}',
        b'{"timeZone": "UTC", "items": [{"id": "x", "start": {}, "end": {}}]}',
        b'{"timeZone": "Mars/Base", "items": [{"id": "x", "start": {"date": "2026-11-24"}, "end": {"date": "2026-11-25"}}]}',  # noqa: E501
        b'{"items": [{"id": "x", "start": {"date": "2026-11-24"}, "end": {"date": "2026-11-25"}}]}',
    ],
)
def test_a_malformed_answer_is_not_free(google: Any, calendar: GoogleCalendar, content: bytes) -> None:
    google.wire.only, google.wire.status, google.wire.content = f"calendars/{COACH}/events", 200, content
    with pytest.raises(CalendarUnavailable):
        calendar.foreign(DAY)


def test_a_mock_is_never_busy() -> None:
    assert MockCalendar().foreign(DAY) == []
