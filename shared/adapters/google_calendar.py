"""The coach's calendar in Google, through a service account the coach shares it with.

Source: https://developers.google.com/workspace/calendar/api/v3/reference
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from http.client import HTTPException
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

import google_auth_httplib2
import httplib2
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from google.auth.crypt import RSASigner
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.auth.transport import DEFAULT_RETRYABLE_STATUS_CODES
from google.oauth2.service_account import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import Error as GoogleClientError
from googleapiclient.errors import HttpError

from shared.adapters.google_event import event_resource
from shared.domain.appointment import Appointment
from shared.domain.errors import CalendarUnavailable
from shared.domain.statements import CalendarEvent
from shared.domain.time import Interval, utc
from shared.observability import logger, outside_call
from shared.usecases.ports import TryAgainLater, WillNeverWork

SCOPES = (
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.freebusy",
)
TIMEOUT_SECONDS = 3
LONGEST_QUERY = timedelta(days=85)
"""Google answers free/busy for about three months at a time."""

LARGEST_PAGE = 2500
PAGE_FIELDS = "nextPageToken,timeZone"
TIME_FIELDS = "start,end,extendedProperties/private"
WRITER_ROLES = frozenset({"owner", "writer", "writerWithoutPrivateAccess"})
UNSHARED = frozenset({"notFound", "forbidden", "requiredAccessLevel"})
MALFORMED = "malformed answer"


class _GoogleError(Exception):
    """Google did not do it. ``reason`` is Google's word or the failure's type, never personal data."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class _TokenRequest(google_auth_httplib2.Request):  # type: ignore[misc]
    """Asks once: google-auth itself would sleep and ask again, while a client waits."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        response = super().__call__(*args, **kwargs)
        if response.status in DEFAULT_RETRYABLE_STATUS_CODES:
            raise TransportError(f"the token endpoint answered {response.status}")  # type: ignore[no-untyped-call]
        return response


class GoogleCalendar:
    """Implements the port ``Calendar``. ``api_base`` ends in ``/calendar/v3/``. Nothing is retried here."""

    def __init__(
        self, service_account: Mapping[str, str], calendar_id: str, api_base: str, mock: bool = False
    ) -> None:
        if calendar_id.casefold() == "primary":
            raise ValueError("'primary' is the service account's own calendar, not the coach's")
        self._calendar_id = calendar_id
        self._mock = mock
        self._credentials = _credentials(service_account)
        self._http = httplib2.Http(timeout=TIMEOUT_SECONDS)
        self._lock = Lock()
        self._api = build(
            "calendar",
            "v3",
            http=self._http,
            static_discovery=True,
            client_options={"api_endpoint": api_base},
        )

    def busy(self, span: Interval) -> list[Interval]:
        try:
            with self._connected():
                return [busy for part in _parts(span) for busy in self._free_busy(part)]
        except _GoogleError as trouble:
            raise _unavailable(trouble) from trouble

    def written(self, span: Interval) -> list[CalendarEvent]:
        """Of other events than ours, Google is asked for nothing but when they are."""
        fields = f"{PAGE_FIELDS},items({TIME_FIELDS})"
        try:
            with self._connected():
                return [event for page in self._pages(span, fields) for event in _ours(page)]
        except _GoogleError as trouble:
            raise _unavailable(trouble) from trouble

    def foreign(self, span: Interval) -> list[Interval]:
        """Of others' events, Google is asked for their times and whether they make busy, for nothing else."""
        fields = f"{PAGE_FIELDS},items(id,{TIME_FIELDS},status,transparency,attendees(self,responseStatus))"
        try:
            with self._connected():
                return [busy for page in self._pages(span, fields) for busy in self._others(page)]
        except _GoogleError as trouble:
            raise _unavailable(trouble) from trouble

    def put_event(self, appointment: Appointment) -> None:
        event_id = self._event_id(appointment.id)
        body = event_resource(appointment)
        try:
            with self._connected():
                self._insert_or_update(event_id, body)
        except _GoogleError as trouble:
            raise _as_owed(trouble) from trouble

    def remove_event(self, appointment_id: str) -> None:
        gone = self._events().delete(
            calendarId=self._calendar_id, eventId=self._event_id(appointment_id), sendUpdates="none"
        )
        try:
            with self._connected():
                self._call("delete_event", gone)
        except _GoogleError as trouble:
            if trouble.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                raise _as_owed(trouble) from trouble

    def check(self) -> str:
        now = datetime.now(UTC)
        try:
            with self._connected():
                self._free_busy(Interval(now, now + timedelta(hours=1)))
                role = self._access_role()
        except _GoogleError as trouble:
            return f"error: {self._advice(trouble)}"
        if role not in WRITER_ROLES:
            return f"error: {self._please_share}"
        return "mock" if self._mock else "initialized"

    def _event_id(self, appointment_id: str) -> str:
        return f"mock{appointment_id}" if self._mock else appointment_id

    def _events(self) -> Any:
        return self._api.events()

    def _free_busy(self, span: Interval) -> list[Interval]:
        query = {
            "timeMin": utc(span.start).isoformat(),
            "timeMax": utc(span.end).isoformat(),
            "items": [{"id": self._calendar_id}],
        }
        return _busy_times(self._call("freebusy", self._api.freebusy().query(body=query)), self._calendar_id)

    def _others(self, page: Any) -> list[Interval]:
        """A copy that the coach makes of our event carries its booking's id, too, but not its own."""
        try:
            return [
                _event_time(event, ZoneInfo(page["timeZone"]))
                for event in page.get("items", [])
                if _makes_busy(event) and event["id"] != self._event_id(_booking_id(event) or "")
            ]
        except (AttributeError, LookupError, TypeError, ValueError):
            raise _GoogleError(MALFORMED) from None

    def _pages(self, span: Interval, fields: str) -> Iterator[Any]:
        wanted = self._events().list(
            calendarId=self._calendar_id,
            timeMin=utc(span.start).isoformat(),
            timeMax=utc(span.end).isoformat(),
            singleEvents=True,
            maxResults=LARGEST_PAGE,
            fields=fields,
        )
        while wanted is not None:
            page = self._call("list_events", wanted)
            yield page
            wanted = self._events().list_next(wanted, page)

    def _insert_or_update(self, event_id: str, body: dict[str, Any]) -> None:
        """The id of a deleted event stays taken; updating it brings it back."""
        where = {"calendarId": self._calendar_id, "sendUpdates": "none"}
        try:
            self._call("insert_event", self._events().insert(**where, body={**body, "id": event_id}))
        except _GoogleError as trouble:
            if trouble.status != HTTPStatus.CONFLICT:
                raise
            self._call("update_event", self._events().update(**where, eventId=event_id, body=body))

    def _access_role(self) -> str:
        page = self._events().list(calendarId=self._calendar_id, maxResults=1, fields="accessRole")
        return str(self._call("list_events", page).get("accessRole"))

    def _call(self, operation: str, request: Any) -> Any:
        # Not through AuthorizedHttp: it asks again on a 401, and looks regions up in a thread of its own.
        try:
            if not self._credentials.valid:
                with outside_call("google", "token"):
                    self._credentials.refresh(_TokenRequest(self._http))
            self._credentials.apply(request.headers)
            with outside_call("google", operation):
                return request.execute()
        except HttpError as refused:
            if refused.status_code == HTTPStatus.UNAUTHORIZED:
                self._credentials.token = None
            raise _GoogleError(
                _reason(refused), refused.status_code
            ) from None  # its text holds the calendar's id
        except (
            GoogleClientError,
            GoogleAuthError,
            httplib2.HttpLib2Error,
            HTTPException,
            OSError,
            ValueError,
        ) as failure:
            raise _GoogleError(type(failure).__name__) from None

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """One operation at a time, as httplib2 needs. No connection outlives it.

        One that died while the function was frozen would cost the next client the whole timeout.
        """
        with self._lock:
            try:
                yield
            finally:
                self._http.close()

    @property
    def _please_share(self) -> str:
        return (
            "share the calendar named in COACH_GOOGLE_CALENDAR_ID with "
            f"{self._credentials.service_account_email}, permission 'Make changes to events'"
        )

    def _advice(self, trouble: _GoogleError) -> str:
        if trouble.reason in UNSHARED:
            return self._please_share
        if trouble.status == HTTPStatus.UNAUTHORIZED or trouble.reason == RefreshError.__name__:
            return f"Google refuses the key of {self._credentials.service_account_email}; make a new one"
        return f"Google Calendar does not answer as it should ({trouble.reason})"


def _credentials(key: Mapping[str, str]) -> Any:
    """Raises ``ValueError`` for what is no service account's key.

    OpenSSL's own check of the numbers in it is left out: the key is ours, and that takes 30 ms of every cold start.
    """
    if missing := {"client_email", "private_key", "token_uri"} - key.keys():
        raise ValueError(f"the service account's key lacks {', '.join(sorted(missing))}")
    private_key = load_pem_private_key(
        key["private_key"].encode(), password=None, unsafe_skip_rsa_key_validation=True
    )
    signer = RSASigner(private_key, key.get("private_key_id"))  # type: ignore[no-untyped-call]
    return Credentials(signer, key["client_email"], key["token_uri"], scopes=SCOPES)  # type: ignore[no-untyped-call]


def _parts(span: Interval) -> Iterator[Interval]:
    start = span.start
    while start < span.end:
        end = min(start + LONGEST_QUERY, span.end)
        yield Interval(start, end)
        start = end


def _busy_times(answer: Any, calendar_id: str) -> list[Interval]:
    """Google reports a calendar it can't read inside a 200, beside an empty list: that is not free."""
    try:
        calendar = answer["calendars"][calendar_id]
        if errors := calendar.get("errors"):
            raise _GoogleError(str(errors[0]["reason"]))
        return [_interval(busy) for busy in calendar["busy"]]
    except (AttributeError, LookupError, TypeError, ValueError):
        raise _GoogleError(MALFORMED) from None


def _ours(page: Any) -> list[CalendarEvent]:
    """Those that carry a booking's id."""
    try:
        return [
            CalendarEvent(session_id=booking_id, time=_event_time(event, ZoneInfo(page["timeZone"])))
            for event in page.get("items", [])
            if (booking_id := _booking_id(event)) is not None
        ]
    except (AttributeError, LookupError, TypeError, ValueError):
        raise _GoogleError(MALFORMED) from None


def _booking_id(event: Mapping[str, Any]) -> str | None:
    private = event.get("extendedProperties", {}).get("private", {})
    return str(private["bookingId"]) if "bookingId" in private else None


def _makes_busy(event: Mapping[str, Any]) -> bool:
    """Whatever is not plainly free counts: an invitation nobody answered, too."""
    declined = any(
        guest.get("self") and guest.get("responseStatus") == "declined"
        for guest in event.get("attendees", [])
    )
    return event.get("status") != "cancelled" and event.get("transparency") != "transparent" and not declined


def _event_time(event: Mapping[str, Any], here: ZoneInfo) -> Interval:
    """A whole day lasts from midnight to midnight in the calendar's own zone, ``here``."""
    return Interval(_moment(event["start"], here), _moment(event["end"], here))


def _moment(given: Mapping[str, str], here: ZoneInfo) -> datetime:
    if "dateTime" in given:
        return utc(datetime.fromisoformat(given["dateTime"]))
    return utc(datetime.combine(date.fromisoformat(given["date"]), time(), here))


def _interval(busy: Mapping[str, str]) -> Interval:
    found = Interval(utc(datetime.fromisoformat(busy["start"])), utc(datetime.fromisoformat(busy["end"])))
    if found.end < found.start:
        raise ValueError("an interval that ends before it starts")
    return found


def _reason(refused: HttpError) -> str:
    try:
        return str(json.loads(refused.content)["error"]["errors"][0]["reason"])
    except (LookupError, TypeError, ValueError):
        return f"HTTP {refused.status_code}"


def _unavailable(trouble: _GoogleError) -> CalendarUnavailable:
    logger.warning("calendar unavailable", reason=trouble.reason)
    return CalendarUnavailable("The coach's calendar can't be read just now. Please try again in a minute.")


def _as_owed(trouble: _GoogleError) -> TryAgainLater | WillNeverWork:
    """Only a malformed request stays wrong; sharing, keys, quotas and outages can be mended in time."""
    if trouble.status == HTTPStatus.BAD_REQUEST:
        return WillNeverWork(trouble.reason)
    return TryAgainLater(trouble.reason)
