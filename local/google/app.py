"""Google's token endpoint and the part of Calendar v3 that concerns one calendar, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.google.calendar import Event, EventCalendar
from local.google.errors import GoogleError, TokenError
from local.google.partial import only
from local.google.state import AUTH, SERVICE_ACCOUNT, GoogleState

LONGEST_FREEBUSY = timedelta(days=92)
LONGEST_PAGE = 2500
FREEBUSY_SCOPES = frozenset(
    AUTH + name for name in ("calendar", "calendar.readonly", "calendar.freebusy", "calendar.events.freebusy")
)
READ_SCOPES = frozenset(
    AUTH + name for name in ("calendar", "calendar.readonly", "calendar.events", "calendar.events.readonly")
)
WRITE_SCOPES = frozenset({AUTH + "calendar", AUTH + "calendar.events"})
CALENDARS_SCOPES = frozenset(
    AUTH + name for name in ("calendar", "calendar.readonly", "calendar.calendars.readonly")
)

Handler = Callable[[GoogleState, Request, dict[str, Any]], Response]


def create_app(state: GoogleState) -> Starlette:
    one = "/calendar/v3/calendars/{calendar}/events/{event}"
    many = "/calendar/v3/calendars/{calendar}/events"
    return Starlette(
        routes=[
            Route("/token", _token(state), methods=["POST"]),
            _route(state, "POST", "/calendar/v3/freeBusy", FREEBUSY_SCOPES, _free_busy),
            _route(state, "GET", "/calendar/v3/calendars/{calendar}", CALENDARS_SCOPES, _calendar),
            _route(state, "GET", many, READ_SCOPES, _list),
            _route(state, "POST", many, WRITE_SCOPES, _insert),
            _route(state, "GET", one, READ_SCOPES, _get),
            _route(state, "PUT", one, WRITE_SCOPES, _update),
            _route(state, "PATCH", one, WRITE_SCOPES, _patch),
            _route(state, "DELETE", one, WRITE_SCOPES, _delete),
        ]
    )


def _token(state: GoogleState) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        try:
            with state.lock:
                return JSONResponse(state.grant(form.get("grant_type", ""), form.get("assertion", "")))
        except TokenError as refused:
            return JSONResponse(refused.body, 400)

    return endpoint


def _route(state: GoogleState, method: str, path: str, scopes: frozenset[str], handler: Handler) -> Route:
    async def endpoint(request: Request) -> Response:
        content = await request.body()
        try:
            with state.lock:
                state.admit(request.headers.get("authorization", ""), scopes)
                return handler(state, request, _json_object(content))
        except GoogleError as refused:
            return JSONResponse(refused.body(), refused.status)

    return Route(path, endpoint, methods=[method])


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(content or b"{}")
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise GoogleError(400, "parseError", "Parse Error")
    return parsed


def _free_busy(state: GoogleState, _request: Request, query: dict[str, Any]) -> Response:
    start, end = _instant(query, "timeMin"), _instant(query, "timeMax")
    if end <= start:
        raise GoogleError(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
    if end - start > LONGEST_FREEBUSY:
        raise GoogleError(400, "timeRangeTooLong", "The requested time range is too long.", domain="calendar")
    zone = ZoneInfo(query.get("timeZone", "UTC"))
    ids = [item["id"] for item in query.get("items", [])]
    return JSONResponse(
        {
            "kind": "calendar#freeBusy",
            "timeMin": _shown(start, zone),
            "timeMax": _shown(end, zone),
            "calendars": {each: _busy(state, each, start, end, zone) for each in ids},
        }
    )


def _busy(
    state: GoogleState, calendar_id: str, start: datetime, end: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """A calendar that can't be read is an error beside an empty list, in a 200."""
    try:
        calendar, _ = state.calendar(calendar_id)
    except GoogleError:
        return {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
    if state.freebusy_error and calendar is state.coach:
        return {"errors": [{"domain": "global", "reason": state.freebusy_error}], "busy": []}
    return {
        "busy": [
            {"start": _shown(begins, zone), "end": _shown(ends, zone)}
            for begins, ends in calendar.busy(start, end)
        ]
    }


def _calendar(state: GoogleState, request: Request, _body: Event) -> Response:
    calendar, _ = state.calendar(request.path_params["calendar"])
    return JSONResponse(
        {
            "kind": "calendar#calendar",
            "id": calendar.id,
            "summary": calendar.id,
            "timeZone": calendar.timezone,
        }
    )


def _list(state: GoogleState, request: Request, _body: Event) -> Response:
    calendar, role = state.calendar(request.path_params["calendar"])
    asked = request.query_params
    if asked.get("orderBy") == "startTime" and asked.get("singleEvents") != "true":
        raise GoogleError(
            400, "badRequest", "The requested ordering is not available for the particular query."
        )
    events = calendar.all() if asked.get("showDeleted") == "true" else calendar.standing()
    matching = [event for event in events if _matches(calendar, event, request)]
    first = int(asked.get("pageToken", "0"))
    after = first + min(int(asked.get("maxResults", "250")), LONGEST_PAGE)
    page: dict[str, Any] = {
        "kind": "calendar#events",
        "summary": calendar.id,
        "timeZone": calendar.timezone,
        "accessRole": role,
        "items": [event if role != "freeBusyReader" else _veiled(event) for event in matching[first:after]],
    }
    if after < len(matching):
        page["nextPageToken"] = str(after)
    return JSONResponse(only(page, asked.get("fields")))


def _matches(calendar: EventCalendar, event: Event, request: Request) -> bool:
    asked = request.query_params
    begins, ends = calendar.span(event)
    private = event.get("extendedProperties", {}).get("private", {})
    wanted = (pair.split("=", 1) for pair in asked.getlist("privateExtendedProperty"))
    return (
        all(private.get(pair[0]) == pair[-1] for pair in wanted)
        and ("timeMin" not in asked or ends > _instant(asked, "timeMin"))
        and ("timeMax" not in asked or begins < _instant(asked, "timeMax"))
    )


def _veiled(event: Event) -> Event:
    """What someone who may see free and busy alone gets of an event."""
    return {name: event[name] for name in ("kind", "id", "etag", "status", "start", "end")}


def _insert(state: GoogleState, request: Request, body: Event) -> Response:
    return JSONResponse(_writable(state, request, body).insert(body, creator=SERVICE_ACCOUNT))


def _get(state: GoogleState, request: Request, _body: Event) -> Response:
    calendar, role = state.calendar(request.path_params["calendar"])
    event = calendar.get(request.path_params["event"])
    return JSONResponse(event if role != "freeBusyReader" else _veiled(event))


def _update(state: GoogleState, request: Request, body: Event) -> Response:
    return JSONResponse(
        _writable(state, request, body).update(request.path_params["event"], body, _if_match(request))
    )


def _patch(state: GoogleState, request: Request, body: Event) -> Response:
    return JSONResponse(
        _writable(state, request, body).patch(request.path_params["event"], body, _if_match(request))
    )


def _delete(state: GoogleState, request: Request, body: Event) -> Response:
    _writable(state, request, body).delete(request.path_params["event"], _if_match(request))
    return Response(status_code=204)


def _writable(state: GoogleState, request: Request, body: Event) -> EventCalendar:
    calendar, role = state.calendar(request.path_params["calendar"])
    if role not in {"owner", "writer"}:
        raise GoogleError(
            403, "requiredAccessLevel", "You need to have writer access to this calendar.", domain="calendar"
        )
    if body.get("attendees"):
        raise GoogleError(
            403,
            "forbiddenForServiceAccounts",
            "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority.",
            domain="calendar",
        )
    return calendar


def _if_match(request: Request) -> str | None:
    return request.headers.get("if-match")


def _instant(query: Any, name: str) -> datetime:
    if name not in query:
        raise GoogleError(400, "required", f"Missing required field: {name}", location=(name, "parameter"))
    try:
        at = datetime.fromisoformat(query[name])
    except (TypeError, ValueError) as wrong:
        raise GoogleError(400, "badRequest", "Bad Request", location=(name, "parameter")) from wrong
    if at.tzinfo is None:
        raise GoogleError(400, "badRequest", "Bad Request", location=(name, "parameter"))
    return at.astimezone(UTC)


def _shown(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="seconds").replace("+00:00", "Z")
