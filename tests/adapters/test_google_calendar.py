"""The coach's calendar through Google's own client, against the stand-in on a real socket."""

from __future__ import annotations

import json
import socket
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from shared import observability
from shared.adapters.google_calendar import GoogleCalendar
from shared.domain.appointment import Appointment
from shared.domain.errors import CalendarUnavailable
from shared.domain.time import Interval
from shared.usecases.ports import TryAgainLater, WillNeverWork

COACH = "coach@example.org"
DAY = Interval(datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC))


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour, minute, tzinfo=UTC)


def connect(google: Any, **changes: Any) -> GoogleCalendar:
    wanted = {
        "service_account": google.state.service_account(),
        "calendar_id": COACH,
        "api_base": google.api_base,
    }
    return GoogleCalendar(**(wanted | changes))


@pytest.fixture
def calendar(google: Any) -> GoogleCalendar:
    return connect(google)


def answer(google: Any, status: int, content: Any) -> None:
    google.wire.only = "freeBusy"
    google.wire.status = status
    google.wire.content = content if isinstance(content, bytes) else json.dumps(content).encode()


def busy_answer(*busy: dict[str, str]) -> dict[str, Any]:
    return {"kind": "calendar#freeBusy", "calendars": {COACH: {"busy": list(busy)}}}


# Reading when the coach is busy


def test_what_the_coach_has_on_comes_back_in_utc(google: Any, calendar: GoogleCalendar) -> None:
    google.state.add_event("2026-11-24T10:00:00-05:00", "2026-11-24T11:00:00-05:00", "Dentist")
    assert calendar.busy(DAY) == [Interval(at(15), at(16))]


def test_an_event_added_a_moment_ago_is_seen(google: Any, calendar: GoogleCalendar) -> None:
    assert calendar.busy(DAY) == []
    google.state.add_event("2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z", "Just now")
    assert calendar.busy(DAY) == [Interval(at(15), at(16))]


def test_a_listing_of_62_days_is_one_query(google: Any, calendar: GoogleCalendar) -> None:
    calendar.busy(Interval(DAY.start, DAY.start + timedelta(days=64)))
    assert google.wire.paths() == ["POST token", "POST freeBusy"]


def test_the_token_is_asked_for_once_an_hour(google: Any, calendar: GoogleCalendar) -> None:
    with time_machine.travel(at(12), tick=True) as clock:
        calendar.busy(DAY)
        calendar.busy(DAY)
        assert google.wire.paths() == ["POST token", "POST freeBusy", "POST freeBusy"]
        clock.shift(timedelta(hours=1))
        calendar.busy(DAY)
    assert google.wire.paths()[3:] == ["POST token", "POST freeBusy"]


def test_a_span_longer_than_google_allows_is_asked_for_in_parts(
    google: Any, calendar: GoogleCalendar
) -> None:
    late = DAY.start + timedelta(days=199)
    google.state.add_event(late.isoformat(), (late + timedelta(hours=1)).isoformat(), "Far off")
    assert calendar.busy(Interval(DAY.start, DAY.start + timedelta(days=200))) == [
        Interval(late, late + timedelta(hours=1))
    ]
    assert google.wire.paths().count("POST freeBusy") == 3


def test_every_call_is_told_to_who_listens(google: Any, calendar: GoogleCalendar) -> None:
    told: list[str] = []

    class Listener:
        def before(self, target: str, operation: str) -> None:
            told.append(f"{target}.{operation}")

        def after(self, target: str, operation: str, seconds: float, outcome: str) -> None: ...

    observability.listen(Listener())
    calendar.busy(DAY)
    assert told == ["google.token", "google.freebusy"]


def test_two_threads_may_ask_at_once(google: Any, calendar: GoogleCalendar) -> None:
    google.state.add_event("2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z", "Busy")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: calendar.busy(DAY), range(24)))
    assert answers == [[Interval(at(15), at(16))]] * 24


# It fails closed


@pytest.mark.parametrize("reason", ["notFound", "internalError", "groupTooBig", "somethingNew"])
def test_an_error_inside_a_200_is_not_a_free_calendar(
    google: Any, calendar: GoogleCalendar, reason: str
) -> None:
    google.state.freebusy_error = reason
    with pytest.raises(CalendarUnavailable):
        calendar.busy(DAY)


def test_a_calendar_that_is_not_shared_is_not_a_free_calendar(google: Any, calendar: GoogleCalendar) -> None:
    google.state.sharing = "none"
    with pytest.raises(CalendarUnavailable):
        calendar.busy(DAY)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>Sorry</html>", id="html"),
        pytest.param([], id="a list"),
        pytest.param({}, id="no calendars"),
        pytest.param({"calendars": {}}, id="not our calendar"),
        pytest.param({"calendars": {"other@example.org": {"busy": []}}}, id="another calendar"),
        pytest.param({"calendars": {COACH: {}}}, id="no busy list"),
        pytest.param({"calendars": {COACH: {"busy": None}}}, id="null"),
        pytest.param({"calendars": {COACH: {"busy": [], "errors": [{}]}}}, id="an error without a reason"),
        pytest.param(busy_answer({"start": "2026-11-24T15:00:00Z"}), id="no end"),
        pytest.param(busy_answer({"start": "soon", "end": "later"}), id="no times"),
        pytest.param(busy_answer({"start": "2026-11-24T15:00:00", "end": "2026-11-24T16:00:00"}), id="naive"),
        pytest.param(
            busy_answer({"start": "2026-11-24T16:00:00Z", "end": "2026-11-24T15:00:00Z"}), id="backwards"
        ),
    ],
)
def test_a_malformed_answer_is_not_a_free_calendar(
    google: Any, calendar: GoogleCalendar, content: Any
) -> None:
    answer(google, 200, content)
    with pytest.raises(CalendarUnavailable):
        calendar.busy(DAY)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 410, 412, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("where", ["freeBusy", "token"])
def test_a_refusal_is_not_a_free_calendar_and_is_not_asked_again(
    google: Any, calendar: GoogleCalendar, status: int, where: str
) -> None:
    google.wire.only, google.wire.status = where, status
    with pytest.raises(CalendarUnavailable):
        calendar.busy(DAY)
    assert [path for path in google.wire.paths() if where in path] == [f"POST {where}"]


@pytest.mark.parametrize(
    "refusal",
    [
        (403, "rateLimitExceeded"),
        (403, "userRateLimitExceeded"),
        (403, "quotaExceeded"),
        (429, "rateLimitExceeded"),
        (403, "accessNotConfigured"),
    ],
)
def test_a_limit_is_not_a_free_calendar_and_passes(
    google: Any, calendar: GoogleCalendar, refusal: tuple[int, str]
) -> None:
    google.state.refusal = refusal
    with pytest.raises(CalendarUnavailable):
        calendar.busy(DAY)
    google.state.refusal = None
    assert calendar.busy(DAY) == []


def test_a_key_withdrawn_is_not_a_free_calendar_and_a_token_gone_bad_is_replaced(
    google: Any, calendar: GoogleCalendar
) -> None:
    calendar.busy(DAY)
    google.state.key_valid = False
    for _ in ("the token is refused", "no new one is given"):
        with pytest.raises(CalendarUnavailable):
            calendar.busy(DAY)
    google.state.key_valid = True
    assert calendar.busy(DAY) == []


@pytest.mark.parametrize("where", ["freeBusy", "token"])
def test_a_lost_answer_is_not_a_free_calendar(google: Any, calendar: GoogleCalendar, where: str) -> None:
    google.wire.only, google.wire.loses_answers = where, 1
    with pytest.raises(CalendarUnavailable):
        calendar.busy(DAY)
    assert calendar.busy(DAY) == []


@pytest.mark.slow
@pytest.mark.parametrize("where", ["freeBusy", "token"])
def test_a_slow_google_is_given_up_within_the_timeout(
    google: Any, calendar: GoogleCalendar, where: str
) -> None:
    google.wire.only, google.wire.delay = where, 6
    began = time.monotonic()
    with pytest.raises(CalendarUnavailable):
        calendar.busy(DAY)
    assert time.monotonic() - began < 5


def test_a_google_that_is_down_is_not_a_free_calendar(google: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(CalendarUnavailable):
            connect(google, api_base=f"{nowhere}/calendar/v3/").busy(DAY)
        deaf = google.state.service_account() | {"token_uri": f"{nowhere}/token"}
        with pytest.raises(CalendarUnavailable):
            connect(google, service_account=deaf).busy(DAY)


def test_a_name_that_does_not_resolve_is_not_a_free_calendar(google: Any) -> None:
    with pytest.raises(CalendarUnavailable):
        connect(google, api_base="http://google.invalid/calendar/v3/").busy(DAY)


# Writing sessions into it


def put(google: Any, calendar: GoogleCalendar, appointment: Appointment) -> dict[str, Any]:
    calendar.put_event(appointment)
    [event] = google.state.coach_events()
    return event


def starts(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["start"]["dateTime"])


def test_a_session_is_written_for_the_coach_to_call(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    event = put(google, calendar, appointment)
    assert event["id"] == appointment.id
    assert event["summary"] == "Free session: Ana Silva"
    assert (starts(event), datetime.fromisoformat(event["end"]["dateTime"])) == (at(15), at(15, 30))
    assert event["extendedProperties"]["private"] == {"bookingId": appointment.id, "sequence": "0"}
    for known in ("+14165550123", "ana@example.org", "What would you like to talk about?: My first team"):
        assert known in event["description"]
    assert "Wed 25 Nov 2026 11:00 for the client (America/Vancouver), 18:00 UTC" in event["description"]
    assert calendar.busy(DAY) == [Interval(at(15), at(15, 30))]


def test_a_client_without_a_name_is_shown_by_email(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    nameless = replace(
        appointment, client=replace(appointment.client, name=None), backup_start=None, answers={}
    )
    event = put(google, calendar, nameless)
    assert event["summary"] == "Free session: ana@example.org"


def test_attendees_and_mails_by_google_are_never_asked_for(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    for _ in ("insert", "update"):
        calendar.put_event(appointment)
    bodies = [body for _, path, body in google.wire.requests if "/events" in path]
    assert len(bodies) == 3
    assert not any("attendees" in body for body in bodies)


def test_written_again_and_again_it_is_one_event(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    for _ in range(3):
        calendar.put_event(appointment)
    assert len(google.state.coach_events()) == 1


@pytest.mark.parametrize("lost", [1, 2])
def test_written_again_after_lost_answers_it_is_one_event(
    google: Any, calendar: GoogleCalendar, appointment: Appointment, lost: int
) -> None:
    google.wire.only, google.wire.loses_answers = "/events", lost
    for _ in range(lost):
        with pytest.raises(TryAgainLater):
            calendar.put_event(appointment)
    calendar.put_event(appointment)
    assert [event["id"] for event in google.state.coach_events()] == [appointment.id]


def test_a_deleted_event_is_brought_back(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    calendar.put_event(appointment)
    google.state.delete_event(appointment.id)
    assert google.state.coach_events() == []
    assert put(google, calendar, appointment)["status"] == "confirmed"


def test_an_event_the_coach_dragged_away_is_put_back(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    event = put(google, calendar, appointment)
    moved = {"dateTime": "2026-11-24T20:00:00Z"}, {"dateTime": "2026-11-24T20:30:00Z"}
    google.state.coach.patch(event["id"], {"start": moved[0], "end": moved[1], "transparency": "transparent"})
    assert starts(put(google, calendar, appointment)) == at(15)
    assert calendar.busy(DAY) == [Interval(at(15), at(15, 30))]


def test_a_moved_session_is_moved(google: Any, calendar: GoogleCalendar, appointment: Appointment) -> None:
    calendar.put_event(appointment)
    event = put(google, calendar, replace(appointment, start=at(18), sequence=1))
    assert starts(event) == at(18)
    assert event["extendedProperties"]["private"]["sequence"] == "1"


def test_what_clients_type_is_inert(google: Any, calendar: GoogleCalendar, appointment: Appointment) -> None:
    nasty = '<img src=x onerror="alert(1)">\r\nX: y\u202e\x00 & <a href="http://evil.example">click</a>'
    typed = replace(
        appointment, client=replace(appointment.client, name=nasty), answers={nasty: f"{nasty} O'Neil"}
    )
    event = put(google, calendar, typed)
    for shown in (event["summary"], event["description"]):
        assert not set("<>\u202e\x00\r") & set(shown)
    assert "\n" not in event["summary"]
    assert "&lt;img" in event["description"]
    assert "O'Neil" in event["description"]


def test_very_long_answers_still_make_an_event(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    event = put(google, calendar, replace(appointment, answers={"Why?": "<" * 20_000}))
    assert len(event["description"]) <= 8192
    assert "+14165550123" in event["description"]


def test_removing_is_done_when_it_is_gone_however_often(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    calendar.remove_event(appointment.id)
    calendar.put_event(appointment)
    for _ in range(2):
        calendar.remove_event(appointment.id)
    assert google.state.coach_events() == []
    assert calendar.busy(DAY) == []


WRITES: list[Callable[[GoogleCalendar, Appointment], None]] = [
    lambda calendar, appointment: calendar.put_event(appointment),
    lambda calendar, appointment: calendar.remove_event(appointment.id),
]


@pytest.mark.parametrize("write", WRITES, ids=["put", "remove"])
@pytest.mark.parametrize(
    "refusal",
    [
        (401, "authError"),
        (403, "forbidden"),
        (403, "rateLimitExceeded"),
        (403, "userRateLimitExceeded"),
        (403, "quotaExceeded"),
        (429, "rateLimitExceeded"),
        (500, "backendError"),
        (503, "backendError"),
    ],
)
def test_what_can_be_mended_stays_owed(
    google: Any,
    calendar: GoogleCalendar,
    appointment: Appointment,
    refusal: tuple[int, str],
    write: Callable[[GoogleCalendar, Appointment], None],
) -> None:
    google.state.refusal = refusal
    with pytest.raises(TryAgainLater):
        write(calendar, appointment)
    google.state.refusal = None
    write(calendar, appointment)


def test_sharing_and_keys_can_be_mended(
    google: Any, calendar: GoogleCalendar, appointment: Appointment
) -> None:
    google.state.sharing = "none"
    with pytest.raises(TryAgainLater):
        calendar.put_event(appointment)
    google.state.sharing = "freeBusyReader"
    with pytest.raises(TryAgainLater):
        calendar.put_event(appointment)
    google.state.sharing, google.state.key_valid = "writer", False
    with pytest.raises(TryAgainLater):
        connect(google).put_event(appointment)
    google.state.key_valid = True
    assert put(google, calendar, appointment)


@pytest.mark.parametrize("write", WRITES, ids=["put", "remove"])
def test_a_request_google_calls_malformed_is_given_up(
    google: Any,
    calendar: GoogleCalendar,
    appointment: Appointment,
    write: Callable[[GoogleCalendar, Appointment], None],
) -> None:
    google.state.refusal = (400, "invalid")
    with pytest.raises(WillNeverWork):
        write(calendar, appointment)


def test_failures_name_no_one(google: Any, calendar: GoogleCalendar, appointment: Appointment) -> None:
    google.state.sharing = "none"
    for failing in (lambda: calendar.busy(DAY), lambda: calendar.put_event(appointment)):
        with pytest.raises((CalendarUnavailable, TryAgainLater)) as failed:
            failing()
        shown = "".join(traceback.format_exception(failed.value))
        assert COACH not in shown
        assert "ana@example.org" not in shown


# Its health


def test_a_shared_calendar_is_initialized(calendar: GoogleCalendar) -> None:
    assert calendar.check() == "initialized"


def test_a_stand_in_calendar_says_so_and_marks_its_ids(google: Any, appointment: Appointment) -> None:
    mock = connect(google, mock=True)
    assert mock.check() == "mock"
    for _ in range(2):
        assert put(google, mock, appointment)["id"] == f"mock{appointment.id}"
    mock.remove_event(appointment.id)
    assert google.state.coach_events() == []


@pytest.mark.parametrize("sharing", ["none", "freeBusyReader"])
@pytest.mark.parametrize("mock", [False, True])
def test_the_coach_is_told_which_address_to_share_with(google: Any, sharing: str, mock: bool) -> None:
    google.state.sharing = sharing
    told = connect(google, mock=mock).check()
    assert told.startswith("error: share the calendar")
    assert google.state.service_account()["client_email"] in told
    assert COACH not in told


def test_a_refused_key_is_named(google: Any, calendar: GoogleCalendar) -> None:
    google.state.key_valid = False
    assert calendar.check().startswith("error: Google refuses the key of booking@")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_at_google_is_an_error(google: Any, calendar: GoogleCalendar, status: int) -> None:
    google.wire.status = status
    assert calendar.check().startswith("error: Google Calendar does not answer as it should")


@pytest.mark.parametrize("name", ["primary", "Primary"])
def test_primary_would_be_the_wrong_calendar(google: Any, name: str) -> None:
    with pytest.raises(ValueError, match="primary"):
        connect(google, calendar_id=name)


@pytest.mark.parametrize("field", ["client_email", "private_key", "token_uri"])
def test_a_key_that_lacks_something_says_what(google: Any, field: str) -> None:
    key = google.state.service_account()
    del key[field]
    with pytest.raises(ValueError, match=field):
        connect(google, service_account=key)
