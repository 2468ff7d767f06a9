"""An appointment as an event on the coach's calendar."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from shared.adapters.text import one_line, plain
from shared.domain.appointment import Appointment
from shared.domain.time import isoformat

LONGEST_DESCRIPTION = 8000
"""Google refuses more than 8192 characters."""

LONGEST_ENTITY = len("&amp;")

WITHOUT_MARKUP = str.maketrans("", "", "<>")


def event_resource(appointment: Appointment) -> dict[str, Any]:
    """Complete but for its id. It has no attendees: Google lets no service account invite any."""
    return {
        "summary": _summary(appointment),
        "description": _description(appointment),
        "start": _moment(appointment.start),
        "end": _moment(appointment.end),
        "status": "confirmed",
        "transparency": "opaque",
        "extendedProperties": {
            "private": {"bookingId": appointment.id, "sequence": str(appointment.sequence)}
        },
    }


def _summary(appointment: Appointment) -> str:
    client = appointment.client
    return one_line(f"{appointment.service.capitalize()} session: {client.name or client.email}").translate(
        WITHOUT_MARKUP
    )


def _description(appointment: Appointment) -> str:
    """Google shows a description as HTML, so what clients typed is escaped."""
    client = appointment.client
    lines = [
        f"Call {appointment.phone}",
        f"Client: {one_line(client.name or '')} {client.email}",
        f"Booking {appointment.id}",
    ]
    if appointment.backup_start:
        lines.append(f"Second choice: {_both_clocks(appointment.backup_start, appointment.timezone)}")
    lines += [f"{one_line(question)}: {plain(answer)}" for question, answer in appointment.answers.items()]
    return _cut_to_fit("\n".join(lines))


def _cut_to_fit(text: str) -> str:
    """Escaped, at most so long, and never cut within what stands for one character."""
    while len(escaped := escape(text, quote=False)) > LONGEST_DESCRIPTION:
        text = text[: len(text) - max((len(escaped) - LONGEST_DESCRIPTION) // LONGEST_ENTITY, 1)]
    return escaped


def _both_clocks(instant: datetime, timezone: str) -> str:
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{local:%a %d %b %Y %H:%M} for the client ({timezone}), {instant:%H:%M} UTC"


def _moment(instant: datetime) -> dict[str, str]:
    return {"dateTime": isoformat(instant), "timeZone": "UTC"}
