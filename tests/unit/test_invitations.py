"""Invitations as mail programs read them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from icalendar import Calendar

from shared.adapters.invitations import Invitations
from shared.domain.appointment import AppointmentStatus, Client
from tests.letters import appointment, at

INVITATIONS = Invitations(organizer_email="sessions@coach.example", organizer_name="Alex Morgan")
METHODS = {
    "PUBLISH": INVITATIONS.invitation,
    "REQUEST": INVITATIONS.request,
    "CANCEL": INVITATIONS.cancel,
}


def event_of(ics: bytes) -> Any:
    events = Calendar.from_ical(ics).walk("VEVENT")
    assert len(events) == 1
    return events[0]


@pytest.mark.parametrize("method", METHODS)
def test_each_method_is_named_once_in_the_calendar(method: str) -> None:
    assert METHODS[method](appointment()).count(b"\r\nMETHOD:" + method.encode() + b"\r\n") == 1


@pytest.mark.parametrize("method", METHODS)
def test_every_line_ends_with_crlf_and_fits_75_octets(method: str) -> None:
    ics = METHODS[method](appointment(client=Client(id="c", email="j@client.example", name="Zoë " * 40)))
    lines = ics.split(b"\r\n")
    assert lines.pop() == b""
    assert all(b"\n" not in line and b"\r" not in line and len(line) <= 75 for line in lines)


def test_times_are_utc_instants() -> None:
    ics = INVITATIONS.request(appointment(start=at("2026-11-01T01:30:00-05:00")))
    assert b"\r\nDTSTART:20261101T063000Z\r\nDTEND:20261101T070000Z\r\n" in ics
    assert b"VTIMEZONE" not in ics


def test_moving_and_cancelling_keep_the_uid_and_raise_the_sequence() -> None:
    booked = appointment()
    moved = replace(booked, start=at("2026-11-12T17:00:00Z"), sequence=1)
    cancelled = replace(moved, status=AppointmentStatus.CANCELLED, sequence=2)
    events = [
        event_of(INVITATIONS.request(booked)),
        event_of(INVITATIONS.request(moved)),
        event_of(INVITATIONS.cancel(cancelled)),
    ]
    assert len({str(event["uid"]) for event in events}) == 1
    assert [event["sequence"] for event in events] == [0, 1, 2]
    assert [event["status"] for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert len({event["organizer"] for event in events}) == 1
    assert len({event["attendee"] for event in events}) == 1


def test_the_same_appointment_always_gives_the_same_bytes() -> None:
    assert INVITATIONS.request(appointment()) == INVITATIONS.request(appointment())
    assert b"\r\nDTSTAMP:20261101T120000Z\r\n" in INVITATIONS.request(appointment())


def test_only_the_client_is_asked_to_answer_and_the_sending_address_organizes() -> None:
    event = event_of(INVITATIONS.request(appointment()))
    attendee = event["attendee"]
    assert attendee == "mailto:jane@client.example"
    assert (attendee.params["PARTSTAT"], attendee.params["RSVP"]) == ("NEEDS-ACTION", "TRUE")
    assert event["organizer"] == "mailto:sessions@coach.example"


def test_a_downloaded_file_asks_nobody_to_answer() -> None:
    assert "attendee" not in event_of(INVITATIONS.invitation(appointment()))


def test_a_cancelled_session_downloads_as_cancelled() -> None:
    cancelled = appointment(status=AppointmentStatus.CANCELLED)
    assert event_of(INVITATIONS.invitation(cancelled))["status"] == "CANCELLED"


def test_it_says_that_the_coach_calls_the_client() -> None:
    event = event_of(INVITATIONS.request(appointment(phone="+14165550123")))
    assert event["description"] == "The coach calls you at +1 416-555-0123."
    assert event["summary"] == "Free coaching session with Alex Morgan"


@pytest.mark.parametrize(
    "name",
    [
        'x"\r\nATTENDEE:mailto:eve@evil.example\r\nX-A:"',
        "x\nEND:VEVENT\nBEGIN:VEVENT",
        "x;CN=y:mailto:eve@evil.example",
        "\u2028BEGIN:VALARM\u202e\x00\x0b",
        "\ud800 half a pair",
        "n" * 100_000,
    ],
)
def test_a_client_name_adds_no_line_to_the_calendar(name: str) -> None:
    ics = INVITATIONS.request(appointment(client=Client(id="c", email="jane@client.example", name=name)))
    event = event_of(ics)
    assert event["attendee"] == "mailto:jane@client.example"
    properties = [line.split(b";")[0].split(b":")[0] for line in ics.replace(b"\r\n ", b"").split(b"\r\n")]
    assert properties.count(b"ATTENDEE") == properties.count(b"ORGANIZER") == 1
    assert not {b"X-A", b"BEGIN:VALARM"} & set(properties)
    assert "\u202e" not in event["attendee"].params["CN"]
