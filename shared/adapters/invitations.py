"""Appointments as iCalendar (RFC 5545, RFC 5546). The same appointment always gives the same bytes."""

from __future__ import annotations

from typing import Final

from icalendar import Calendar, Event, vCalAddress

from shared.adapters.text import one_line
from shared.adapters.wording import pretty_phone, session_title
from shared.domain.appointment import Appointment, AppointmentStatus

PUBLISH: Final = "PUBLISH"
REQUEST: Final = "REQUEST"
CANCEL: Final = "CANCEL"


class Invitations:
    """One event for each appointment: its UID never changes, its SEQUENCE rises with every move.

    The organizer is the address that sends the mails, as mail programs trust no other. The coach is no
    attendee: the coach's own event is written by the calendar's API, and a second one would show twice.
    """

    def __init__(self, *, organizer_email: str, organizer_name: str) -> None:
        self._email = organizer_email
        self._name = one_line(organizer_name)

    def invitation(self, appointment: Appointment) -> bytes:
        """The file to download: to be filed, not to be answered."""
        return self._calendar(PUBLISH, appointment)

    def request(self, appointment: Appointment) -> bytes:
        return self._calendar(REQUEST, appointment)

    def cancel(self, appointment: Appointment) -> bytes:
        return self._calendar(CANCEL, appointment)

    def _calendar(self, method: str, appointment: Appointment) -> bytes:
        calendar = Calendar()
        calendar.add("version", "2.0")
        calendar.add("prodid", "-//coach-booking//EN")
        calendar.add("method", method)
        calendar.add_component(self._event(method, appointment))
        return bytes(calendar.to_ical())

    def _event(self, method: str, appointment: Appointment) -> Event:
        cancelled = method == CANCEL or appointment.status is AppointmentStatus.CANCELLED
        event = Event()
        event.add("uid", f"{appointment.id}@coach-booking")
        event.add("sequence", appointment.sequence)
        event.add("dtstamp", appointment.updated_at)
        event.add("dtstart", appointment.start)
        event.add("dtend", appointment.end)
        event.add("summary", self._summary(appointment))
        event.add("description", f"The coach calls you at {pretty_phone(appointment.phone)}.")
        event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
        event.add("organizer", _address(self._email, self._name), encode=False)
        if method != PUBLISH:  # RFC 5546 3.2.1: a published event has no attendees
            event.add("attendee", _attendee(appointment), encode=False)
        return event

    def _summary(self, appointment: Appointment) -> str:
        title = session_title(appointment)
        return f"{title} with {self._name}" if self._name else title


def _address(email: str, name: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    if name:
        address.params["CN"] = name
    return address


def _attendee(appointment: Appointment) -> vCalAddress:
    attendee = _address(one_line(appointment.client.email), one_line(appointment.client.name or ""))
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = "NEEDS-ACTION"
    attendee.params["RSVP"] = "TRUE"
    return attendee
