"""The stand-in keeps to what Google does, as Google's own client sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import google_auth_httplib2
import httplib2
import jwt
import pytest
import requests
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials as TokenCredentials
from google.oauth2.service_account import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

COACH = "coach@example.org"
CALENDAR = "https://www.googleapis.com/auth/calendar"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
START, END = "2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z"

Client = Callable[..., Any]


def token_for(google: Any, scope: str) -> str:
    credentials = Credentials.from_service_account_info(google.state.service_account(), scopes=[scope])
    credentials.refresh(google_auth_httplib2.Request(httplib2.Http(timeout=5)))
    return str(credentials.token)


def client_with(google: Any, token: str) -> Any:
    http = google_auth_httplib2.AuthorizedHttp(TokenCredentials(token), http=httplib2.Http(timeout=5))
    return build("calendar", "v3", http=http, client_options={"api_endpoint": google.api_base})


@pytest.fixture
def api(google: Any) -> Any:
    return client_with(google, token_for(google, CALENDAR))


def event(start: str = START, end: str = END, **more: Any) -> dict[str, Any]:
    return {"start": {"dateTime": start}, "end": {"dateTime": end}} | more


def insert(api: Any, body: dict[str, Any], calendar: str = COACH) -> Any:
    return api.events().insert(calendarId=calendar, body=body).execute()


def free_busy(
    api: Any,
    calendar: str = COACH,
    start: str = "2026-11-24T00:00:00Z",
    end: str = "2026-11-25T00:00:00Z",
    **more: str,
) -> Any:
    query = {"timeMin": start, "timeMax": end, "items": [{"id": calendar}]} | more
    return api.freebusy().query(body=query).execute()["calendars"][calendar]


def busy(api: Any, **asked: str) -> list[tuple[str, str]]:
    return [(each["start"], each["end"]) for each in free_busy(api, **asked)["busy"]]


def refused(request: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as error:
        request.execute()
    [detail] = error.value.error_details
    return error.value.status_code, detail["reason"]


# The token endpoint


def claims(google: Any, **changes: Any) -> dict[str, Any]:
    now = int(datetime.now(UTC).timestamp())
    account = google.state.service_account()
    return {
        "iss": account["client_email"],
        "aud": account["token_uri"],
        "scope": CALENDAR,
        "iat": now,
        "exp": now + 3600,
    } | changes


def ask_token(google: Any, assertion: str, grant_type: str = JWT_GRANT) -> requests.Response:
    form = {"grant_type": grant_type, "assertion": assertion}
    return requests.post(f"{google.base_url}/token", data=form, timeout=5)


def signed(google: Any, payload: dict[str, Any], key: Any = None, algorithm: str = "RS256") -> str:
    return jwt.encode(payload, key or google.state.service_account()["private_key"], algorithm)


@pytest.mark.parametrize("audience", [None, "https://oauth2.googleapis.com/token"])
def test_a_signed_grant_gets_a_token_for_an_hour(google: Any, audience: str | None) -> None:
    payload = claims(google, **({"aud": audience} if audience else {}))
    answer = ask_token(google, signed(google, payload))
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert 3500 < answer.json()["expires_in"] <= 3600


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "someone@else.iam.gserviceaccount.com"},
        {"aud": "https://elsewhere.example/token"},
        {"exp": 1},
        {"iat": 4102444800, "exp": 4102448400},
        {"exp": 4102444800},
        {"scope": None},
        {"iat": None},
    ],
    ids=["issuer", "audience", "expired", "from the future", "too long", "no scope", "no time"],
)
def test_a_wrong_grant_gets_none(google: Any, changes: dict[str, Any]) -> None:
    payload = {name: value for name, value in claims(google, **changes).items() if value is not None}
    answer = ask_token(google, signed(google, payload))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_grant_signed_by_another_key_gets_none(google: Any) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for assertion in (
        signed(google, claims(google), stranger),
        signed(google, claims(google), "a shared secret of at least 32 bytes", "HS256"),
        jwt.encode(claims(google), None, "none"),
        "rubbish",
        "",
    ):
        assert ask_token(google, assertion).json()["error"] == "invalid_grant"


def test_other_grants_and_scopes_get_none(google: Any) -> None:
    assert ask_token(google, "x", "password").json()["error"] == "unsupported_grant_type"
    unknown = signed(google, claims(google, scope="https://www.googleapis.com/auth/everything"))
    assert ask_token(google, unknown).json()["error"] == "invalid_scope"


def test_a_withdrawn_key_is_an_invalid_grant_to_googles_library(google: Any) -> None:
    google.state.key_valid = False
    with pytest.raises(RefreshError, match="invalid_grant"):
        token_for(google, CALENDAR)


@pytest.mark.parametrize("authorization", ["", "Bearer made-up", "Basic abc"])
def test_without_a_token_of_ours_nothing_is_answered(google: Any, authorization: str) -> None:
    answer = requests.get(
        f"{google.api_base}calendars/{COACH}/events", headers={"authorization": authorization}, timeout=5
    )
    assert answer.status_code == 401
    assert answer.json()["error"]["errors"][0]["reason"] == "authError"


def test_a_token_ends_after_an_hour(google: Any) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 12, tzinfo=UTC), tick=True) as clock:
        token = token_for(google, CALENDAR)
        url, headers = f"{google.api_base}calendars/{COACH}/events", {"authorization": f"Bearer {token}"}
        assert requests.get(url, headers=headers, timeout=5).status_code == 200
        clock.shift(timedelta(hours=1, seconds=1))
        assert requests.get(url, headers=headers, timeout=5).status_code == 401


def test_a_scope_opens_its_own_doors_alone(google: Any) -> None:
    reader = client_with(google, token_for(google, f"{CALENDAR}.freebusy"))
    assert busy(reader) == []
    assert refused(reader.events().list(calendarId=COACH)) == (403, "insufficientPermissions")
    writer = client_with(google, token_for(google, f"{CALENDAR}.events"))
    assert insert(writer, event())["status"] == "confirmed"
    assert refused(writer.calendars().get(calendarId=COACH)) == (403, "insufficientPermissions")


# Whose calendar


def test_primary_is_the_service_accounts_own_empty_calendar(google: Any, api: Any) -> None:
    google.state.add_event(START, END, "The coach is busy")
    assert busy(api, calendar="primary") == []
    insert(api, event(summary="Seen by no one"), calendar="primary")
    assert [each["summary"] for each in google.state.coach_events()] == ["The coach is busy"]
    assert api.calendars().get(calendarId="primary").execute()["id"].endswith("gserviceaccount.com")


def test_a_calendar_not_shared_is_not_found(google: Any, api: Any) -> None:
    google.state.sharing = "none"
    assert free_busy(api) == {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
    assert refused(api.calendars().get(calendarId=COACH)) == (404, "notFound")
    assert refused(api.events().list(calendarId=COACH)) == (404, "notFound")
    assert refused(api.events().insert(calendarId=COACH, body=event())) == (404, "notFound")
    assert refused(api.events().list(calendarId="other@example.org")) == (404, "notFound")


def test_shared_for_reading_alone_it_can_not_be_written(google: Any, api: Any) -> None:
    google.state.add_event(START, END, "Dentist")
    google.state.sharing = "freeBusyReader"
    assert len(busy(api)) == 1
    assert refused(api.events().insert(calendarId=COACH, body=event())) == (403, "requiredAccessLevel")
    page = api.events().list(calendarId=COACH).execute()
    assert page["accessRole"] == "freeBusyReader"
    assert "summary" not in page["items"][0]


# Free and busy


def test_overlapping_and_touching_events_come_out_as_one(google: Any, api: Any) -> None:
    for start, end in (("15:00", "16:00"), ("15:30", "17:00"), ("17:00", "17:30"), ("18:00", "19:00")):
        google.state.add_event(f"2026-11-24T{start}:00Z", f"2026-11-24T{end}:00Z", "Busy")
    assert busy(api) == [
        ("2026-11-24T15:00:00Z", "2026-11-24T17:30:00Z"),
        ("2026-11-24T18:00:00Z", "2026-11-24T19:00:00Z"),
    ]


def test_our_event_hides_a_foreign_one_inside_it(google: Any, api: Any) -> None:
    insert(api, event("2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z", id="abcde12345"))
    google.state.add_event("2026-11-24T15:15:00Z", "2026-11-24T15:45:00Z", "The coach's own")
    assert busy(api) == [(START, END)]


def test_busy_times_are_cut_to_what_was_asked(google: Any, api: Any) -> None:
    google.state.add_event("2026-11-23T22:00:00Z", "2026-11-24T02:00:00Z", "Over midnight")
    google.state.add_event("2026-11-24T23:00:00Z", "2026-11-25T03:00:00Z", "Over midnight")
    google.state.add_event("2026-11-25T00:00:00Z", "2026-11-25T01:00:00Z", "After it")
    assert busy(api) == [
        ("2026-11-24T00:00:00Z", "2026-11-24T02:00:00Z"),
        ("2026-11-24T23:00:00Z", "2026-11-25T00:00:00Z"),
    ]


def test_transparent_and_deleted_events_leave_the_coach_free(google: Any, api: Any) -> None:
    google.state.add_event(START, END, "Reminder", transparency="transparent")
    google.state.delete_event(google.state.add_event(START, END, "Called off")["id"])
    assert busy(api) == []


def test_a_declined_invitation_leaves_the_coach_free_and_any_other_does_not(google: Any, api: Any) -> None:
    google.state.add_event(START, END, "Meeting", invited="declined")
    assert busy(api) == []
    google.state.add_event(START, END, "Meeting", invited="needsAction")
    assert busy(api) == [(START, END)]


def test_a_tentative_event_makes_busy(api: Any) -> None:
    insert(api, event(status="tentative"))
    assert busy(api) == [(START, END)]


@pytest.mark.parametrize(
    ("day", "next_day", "start", "end"),
    [
        ("2026-11-24", "2026-11-25", "2026-11-24T05:00:00Z", "2026-11-25T05:00:00Z"),
        ("2026-11-01", "2026-11-02", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
        ("2027-03-14", "2027-03-15", "2027-03-14T05:00:00Z", "2027-03-15T04:00:00Z"),
    ],
    ids=["24 hours", "25 hours", "23 hours"],
)
def test_an_all_day_event_takes_the_coachs_own_day(
    google: Any, api: Any, day: str, next_day: str, start: str, end: str
) -> None:
    google.state.add_event(day, next_day, "Holiday", all_day=True)
    first = datetime.fromisoformat(start)
    around = {
        "start": (first - timedelta(days=3)).isoformat(),
        "end": (first + timedelta(days=3)).isoformat(),
    }
    assert busy(api, **around) == [(start, end)]
    google.state.reset()
    google.state.add_event(day, next_day, "Free all day", transparency="transparent", all_day=True)
    assert busy(api, **around) == []


def test_an_all_day_event_may_be_given_by_one_date_or_by_instants(google: Any) -> None:
    one = google.state.add_event("2026-11-24", "2026-11-24", "That day", all_day=True)
    assert (one["start"], one["end"]) == ({"date": "2026-11-24"}, {"date": "2026-11-25"})
    late = google.state.add_event("2026-11-25T03:00:00Z", "2026-11-26T05:00:00Z", "Instants", all_day=True)
    assert (late["start"], late["end"]) == ({"date": "2026-11-24"}, {"date": "2026-11-26"})


def test_busy_times_come_in_the_zone_asked_for(google: Any, api: Any) -> None:
    google.state.add_event(START, END, "Busy")
    assert busy(api, timeZone="America/Vancouver")[0][0] == "2026-11-24T08:00:00-07:00"


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        ("2026-11-24T00:00:00Z", "2026-11-24T00:00:00Z", "timeRangeEmpty"),
        ("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z", "timeRangeTooLong"),
        ("2026-11-24T00:00:00", "2026-11-25T00:00:00Z", "badRequest"),
    ],
)
def test_ranges_google_does_not_answer_are_refused(api: Any, start: str, end: str, reason: str) -> None:
    query = {"timeMin": start, "timeMax": end, "items": [{"id": COACH}]}
    assert refused(api.freebusy().query(body=query)) == (400, reason)


# Events


def test_an_event_comes_back_as_google_shows_it(api: Any) -> None:
    made = insert(api, event(id="abcde12345", summary="Session"))
    assert made == api.events().get(calendarId=COACH, eventId="abcde12345").execute()
    assert made["start"] == {"dateTime": "2026-11-24T10:00:00-05:00", "timeZone": "America/Toronto"}
    assert (made["kind"], made["status"]) == ("calendar#event", "confirmed")
    assert made["iCalUID"] == "abcde12345@google.com"
    assert {"etag", "htmlLink", "created", "updated", "creator", "organizer", "sequence"} <= made.keys()


@pytest.mark.parametrize(
    "body",
    [
        event(id="abcd"),
        event(id="ABCDE12345"),
        event(id="abcdewxyz"),
        event(id="a" * 1025),
        event(id="abcde12345", iCalUID="x@y"),
        {"summary": "No time"},
        {"start": {"dateTime": START}},
        event(start="2026-11-24T15:00:00"),
        event(start="soon"),
        event(start=END, end=START),
        {"start": {"date": "2026-11-24"}, "end": {"dateTime": END}},
    ],
)
def test_what_is_no_event_is_refused(api: Any, body: dict[str, Any]) -> None:
    assert refused(api.events().insert(calendarId=COACH, body=body))[0] == 400


def test_a_service_account_may_not_invite(google: Any, api: Any) -> None:
    body = event(attendees=[{"email": "ana@example.org"}])
    forbidden = (403, "forbiddenForServiceAccounts")
    assert refused(api.events().insert(calendarId=COACH, body=body)) == forbidden
    known = insert(api, event())["id"]
    assert refused(api.events().patch(calendarId=COACH, eventId=known, body=body)) == forbidden
    assert refused(api.events().update(calendarId=COACH, eventId=known, body=body)) == forbidden
    assert len(google.state.coach_events()) == 1


def test_an_id_is_taken_for_ever_and_an_update_brings_it_back(google: Any, api: Any) -> None:
    again = api.events().insert(calendarId=COACH, body=event(id="abcde12345"))
    again.execute()
    assert refused(again) == (409, "duplicate")
    delete = api.events().delete(calendarId=COACH, eventId="abcde12345")
    delete.execute()
    assert refused(delete) == (410, "deleted")
    assert refused(again) == (409, "duplicate")
    get = api.events().get(calendarId=COACH, eventId="abcde12345")
    assert get.execute()["status"] == "cancelled"
    api.events().update(calendarId=COACH, eventId="abcde12345", body=event(status="confirmed")).execute()
    assert get.execute()["status"] == "confirmed"
    assert len(google.state.coach_events()) == 1


def test_what_never_was_is_not_found(api: Any) -> None:
    gone = {"calendarId": COACH, "eventId": "abcde12345"}
    for request in (
        api.events().get(**gone),
        api.events().delete(**gone),
        api.events().update(**gone, body=event()),
        api.events().patch(**gone, body={"summary": "x"}),
    ):
        assert refused(request) == (404, "notFound")


def test_update_clears_what_it_leaves_out_and_patch_keeps_it(api: Any) -> None:
    made = insert(api, event(summary="One", description="Two", location="Three"))
    known = {"calendarId": COACH, "eventId": made["id"]}
    patched = api.events().patch(**known, body={"summary": "New", "location": None}).execute()
    assert (patched["summary"], patched["description"], patched.get("location")) == ("New", "Two", None)
    updated = api.events().update(**known, body=event(summary="Newer")).execute()
    assert (updated["summary"], "description" in updated) == ("Newer", False)
    assert updated["created"] == made["created"]
    assert updated["etag"] != made["etag"]


@pytest.mark.parametrize("verb", ["update", "patch", "delete"])
def test_a_change_on_an_old_etag_is_refused(api: Any, verb: str) -> None:
    made = insert(api, event())
    known = {"calendarId": COACH, "eventId": made["id"]}
    api.events().patch(**known, body={"summary": "By the coach"}).execute()
    body = {} if verb == "delete" else {"body": event()}
    request = getattr(api.events(), verb)(**known, **body)
    request.headers["If-Match"] = made["etag"]
    assert refused(request) == (412, "conditionNotMet")
    request.headers["If-Match"] = api.events().get(**known).execute()["etag"]
    request.execute()


def test_events_are_listed_by_property_and_time(google: Any, api: Any) -> None:
    ours = {"extendedProperties": {"private": {"bookingId": "b1"}}}
    insert(api, event("2026-11-25T15:00:00Z", "2026-11-25T16:00:00Z", summary="Ours", **ours))
    google.state.add_event(START, END, "Foreign")

    def listed(**asked: Any) -> list[str]:
        page = api.events().list(calendarId=COACH, singleEvents=True, orderBy="startTime", **asked)
        return [each["summary"] for each in page.execute()["items"]]

    assert listed() == ["Foreign", "Ours"]
    assert listed(privateExtendedProperty="bookingId=b1") == ["Ours"]
    assert listed(privateExtendedProperty="bookingId=b2") == []
    assert listed(timeMin=END) == ["Ours"]
    assert listed(timeMax="2026-11-25T15:00:00Z") == ["Foreign"]
    assert listed(timeMin=START, timeMax=END) == ["Foreign"]


def test_a_list_comes_in_pages_without_the_deleted(google: Any, api: Any) -> None:
    for number in range(5):
        google.state.add_event(f"2026-11-24T1{number}:00:00Z", f"2026-11-24T1{number}:30:00Z", str(number))
    google.state.delete_event(google.state.coach_events()[0]["id"])
    pages, request = [], api.events().list(calendarId=COACH, maxResults=2)
    while request is not None:
        page = request.execute()
        pages.append([each["summary"] for each in page["items"]])
        request = api.events().list_next(request, page)
    assert pages == [["1", "2"], ["3", "4"]]
    everything = api.events().list(calendarId=COACH, showDeleted=True).execute()["items"]
    assert len(everything) == 5


def test_a_list_has_the_fields_that_were_asked_for(google: Any, api: Any) -> None:
    ours = {"extendedProperties": {"private": {"bookingId": "b1"}, "shared": {"x": "y"}}}
    insert(api, event(summary="Ours", **ours))
    google.state.add_event(END, "2026-11-24T17:00:00Z", "Foreign")

    def listed(fields: str) -> Any:
        return api.events().list(calendarId=COACH, fields=fields).execute()

    assert listed("timeZone,items(summary,extendedProperties/private)") == {
        "timeZone": "America/Toronto",
        "items": [
            {"summary": "Ours", "extendedProperties": {"private": {"bookingId": "b1"}}},
            {"summary": "Foreign"},
        ],
    }
    assert listed("items/summary,nextPageToken") == {"items": [{"summary": "Ours"}, {"summary": "Foreign"}]}
    assert listed("*").keys() == api.events().list(calendarId=COACH).execute().keys()


@pytest.mark.parametrize(
    "fields", ["", "items(", "items)", "items(start,)", "a b", "items/", ",", "items(id)x"]
)
def test_fields_that_are_no_selection_are_refused(google: Any, fields: str) -> None:
    token = token_for(google, CALENDAR)
    answer = requests.get(
        f"{google.api_base}calendars/{COACH}/events",
        params={"fields": fields},
        headers={"authorization": f"Bearer {token}"},
        timeout=5,
    )
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (400, "invalidParameter")


@pytest.mark.parametrize("refusal", [(403, "quotaExceeded"), (429, "rateLimitExceeded")])
def test_limits_are_refused_as_google_does(google: Any, api: Any, refusal: tuple[int, str]) -> None:
    google.state.refusal = refusal
    assert refused(api.events().list(calendarId=COACH)) == refusal


def test_a_reset_leaves_an_empty_calendar_and_clients_signed_in(google: Any, api: Any) -> None:
    google.state.add_event(START, END, "Busy")
    google.state.reset()
    assert google.state.coach_events() == []
    assert busy(api) == []
