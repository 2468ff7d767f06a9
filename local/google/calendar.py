"""One calendar as Google keeps it: its events, their ids for ever, and when they make its owner busy."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from local.google.errors import GoogleError

Event = dict[str, Any]

EVENT_ID = re.compile(r"[a-v0-9]{5,1024}")
OWN_FIELDS = frozenset(
    {"kind", "id", "etag", "htmlLink", "created", "updated", "creator", "organizer", "iCalUID"}
)
"""What the server alone decides: passed by in a request, but for the id and iCalUID of an insert."""


class EventCalendar:
    """Times are kept as in Google's answers: with the offset of the calendar's own zone."""

    def __init__(self, calendar_id: str, timezone: str) -> None:
        self.id = calendar_id
        self.timezone = timezone
        self._events: dict[str, Event] = {}
        self._revision = 0

    def insert(self, body: Event, creator: str) -> Event:
        if "id" in body and "iCalUID" in body:
            raise GoogleError(400, "invalid", "Only one of id and iCalUID may be supplied.")
        event_id = str(body.get("id") or secrets.token_hex(13))
        if not EVENT_ID.fullmatch(event_id):
            raise GoogleError(400, "invalid", "Invalid resource id value.")
        if event_id in self._events:  # a deleted event keeps its id
            raise GoogleError(409, "duplicate", "The requested identifier already exists.")
        born = {
            "kind": "calendar#event",
            "id": event_id,
            "created": _now(),
            "iCalUID": body.get("iCalUID", f"{event_id}@google.com"),
            "creator": {"email": creator},
            "organizer": {"email": self.id, "self": True},
            "sequence": 0,
        }
        return self._store(born, body)

    def get(self, event_id: str) -> Event:
        if event_id not in self._events:
            raise GoogleError(404, "notFound", "Not Found")
        return self._events[event_id]

    def update(self, event_id: str, body: Event, if_match: str | None = None) -> Event:
        """A field left out is cleared; a deleted event comes back unless the body says it stays cancelled."""
        known = self._unchanged(event_id, if_match)
        kept = {field: known[field] for field in known if field in OWN_FIELDS or field == "sequence"}
        return self._store(kept, body)

    def patch(self, event_id: str, body: Event, if_match: str | None = None) -> Event:
        """A field left out stays; null clears one."""
        known = self._unchanged(event_id, if_match)
        merged = {**known, **body}
        return self.update(event_id, {field: merged[field] for field in merged if merged[field] is not None})

    def delete(self, event_id: str, if_match: str | None = None) -> None:
        if self._unchanged(event_id, if_match)["status"] == "cancelled":
            raise GoogleError(410, "deleted", "Resource has been deleted")
        self._events[event_id] = self._stamped({**self._events[event_id], "status": "cancelled"})

    def standing(self) -> list[Event]:
        """Every event that is not deleted, earliest first."""
        alive = (event for event in self._events.values() if event["status"] != "cancelled")
        return sorted(alive, key=lambda event: self.span(event)[0])

    def all(self) -> list[Event]:
        return list(self._events.values())

    def span(self, event: Event) -> tuple[datetime, datetime]:
        """All-day events last from midnight to midnight in the calendar's zone, end date excluded."""
        return self._instant(event["start"]), self._instant(event["end"])

    def busy(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """When opaque events lie in the range that the owner has not declined, cut to it.

        Those that overlap or touch come out as one.
        """
        merged: list[tuple[datetime, datetime]] = []
        for begins, ends in self._opaque(start, end):
            if merged and begins <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], ends))
            else:
                merged.append((begins, ends))
        return merged

    def _opaque(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        for event in self.standing():
            begins, ends = self.span(event)
            takes_time = event.get("transparency") != "transparent" and not _declined(event)
            if takes_time and begins < end and start < ends and begins < ends:
                yield max(begins, start), min(ends, end)

    def _unchanged(self, event_id: str, if_match: str | None) -> Event:
        event = self.get(event_id)
        if if_match not in {None, "*", event["etag"]}:
            raise GoogleError(412, "conditionNotMet", "Precondition Failed", location=("If-Match", "header"))
        return event

    def _store(self, kept: Event, body: Event) -> Event:
        event = kept | {"status": "confirmed"} | {key: body[key] for key in body if key not in OWN_FIELDS}
        event["start"], event["end"] = self._time(body, "start"), self._time(body, "end")
        if ("date" in event["start"]) != ("date" in event["end"]):
            raise GoogleError(
                400, "invalid", "Start and end times must either both be date or both be dateTime."
            )
        begins, ends = self.span(event)
        if ends < begins:
            raise GoogleError(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
        event = self._stamped(event)
        self._events[event["id"]] = event
        return event

    def _stamped(self, event: Event) -> Event:
        self._revision += 1
        link = f"https://www.google.com/calendar/event?eid={event['id']}"
        return event | {"etag": f'"{self._revision}"', "updated": _now(), "htmlLink": link}

    def _time(self, body: Event, field: str) -> dict[str, str]:
        """Checked, and with the offset of the calendar's zone."""
        given = body.get(field)
        if not isinstance(given, dict) or ("date" in given) == ("dateTime" in given):
            raise GoogleError(400, "required", f"Missing {field} time.")
        try:
            if "date" in given:
                return {"date": date.fromisoformat(given["date"]).isoformat()}
            local = self._instant(given).astimezone(ZoneInfo(self.timezone))
        except (TypeError, ValueError, KeyError, OSError) as wrong:
            raise GoogleError(400, "invalid", f"Invalid value for: {field}") from wrong
        return {
            "dateTime": local.isoformat(timespec="seconds"),
            "timeZone": given.get("timeZone", self.timezone),
        }

    def _instant(self, moment: dict[str, str]) -> datetime:
        here = ZoneInfo(self.timezone)
        if "date" in moment:
            return datetime.combine(date.fromisoformat(moment["date"]), time(), here).astimezone(UTC)
        at = datetime.fromisoformat(moment["dateTime"])
        if at.tzinfo is None:
            if "timeZone" not in moment:
                raise ValueError("a time needs an offset or a zone")
            at = at.replace(tzinfo=ZoneInfo(moment["timeZone"]))
        return at.astimezone(UTC)


def _declined(event: Event) -> bool:
    guests = event.get("attendees", ())
    return any(guest.get("self") and guest["responseStatus"] == "declined" for guest in guests)


def whole_days(start: str, end: str, zone: str) -> tuple[dict[str, str], dict[str, str]]:
    """Dates, or instants taken as their dates in that zone; an end on the first day means that day alone."""
    first, after = _local_date(start, zone), _local_date(end, zone)
    return {"date": first.isoformat()}, {"date": max(after, first + timedelta(days=1)).isoformat()}


def _local_date(text: str, zone: str) -> date:
    at = datetime.fromisoformat(text)
    return at.date() if at.tzinfo is None else at.astimezone(ZoneInfo(zone)).date()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
