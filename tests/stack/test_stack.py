"""The whole stack as ``make run`` starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from local.stack import Stack

pytestmark = pytest.mark.slow

CLIENT = "alex@example.com"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    running.control("PUT", "/reset")
    return running


def open_starts(stack: Stack, token: str) -> list[str]:
    now = date.fromisoformat(stack.control("GET", "/clock")["now"][:10])
    span = {"start_date": str(now), "end_date": str(now + timedelta(days=7))}
    answer = stack.api("GET", "/booking/availability", token=token, params=span)
    assert answer.status_code == 200, answer.text
    return [slot["start"] for day in answer.json()["days"] for slot in day["slots"]]


def book(stack: Stack, token: str, start: str) -> requests.Response:
    request = {"promo_code": "WIMD25", "start": start, "phone": "+14165550123", "timezone": "America/Toronto"}
    return stack.api("POST", "/booking/create-free", token=token, json=request)


def test_a_free_session_from_the_open_times_to_the_mailbox_and_the_calendar(stack: Stack) -> None:
    token = stack.token(CLIENT)
    start = open_starts(stack, token)[3]
    assert book(stack, token, start).status_code == 201
    assert stack.control("POST", "/settle")["owed"] == 0
    (mail,) = stack.control("GET", f"/mailbox?to={CLIENT}")
    assert "BEGIN:VCALENDAR" in mail["ics"]
    (event,) = stack.control("GET", "/calendar/events")
    assert event["start"]["dateTime"].startswith(start.removesuffix("Z")[:10])
    assert start not in open_starts(stack, stack.token("other@example.com"))


def test_the_public_pages_need_no_token_and_health_says_mock(stack: Stack) -> None:
    health = stack.api("GET", "/health").json()
    assert (health["ok"], health["google_calendar"], health["email"]) == (True, "mock", "mock")
    assert stack.api("GET", "/booking/config").status_code == 200
    assert stack.api("GET", "/booking/my-appointments").json() == {"message": "Unauthorized"}


def test_a_crash_is_a_502_and_the_booking_that_was_written_is_found_by_its_key(stack: Stack) -> None:
    token = stack.token(CLIENT)
    start = open_starts(stack, token)[0]
    stack.control("POST", "/crash", {"function": "book_free", "after": "dynamodb.book_free"})
    assert book(stack, token, start).status_code == 502
    assert stack.control("POST", "/settle")["owed"] == 0
    assert len(stack.control("GET", "/calendar/events")) == 1


def test_what_google_refuses_stays_owed_and_is_done_when_time_passes(stack: Stack) -> None:
    token = stack.token(CLIENT)
    start = open_starts(stack, token)[0]
    stack.control(
        "POST",
        "/faults",
        {"target": "google", "match": "POST */events", "effect": "status", "status_code": 503},
    )
    assert book(stack, token, start).status_code == 201
    assert stack.control("POST", "/settle")["owed"] == 1
    assert stack.control("GET", "/calendar/events") == []
    stack.control("DELETE", "/faults")
    stack.control("PUT", "/clock", {"advance_seconds": 3_600})
    assert stack.control("POST", "/settle")["owed"] == 0
    assert len(stack.control("GET", "/calendar/events")) == 1


def test_the_coach_s_own_events_close_times(stack: Stack) -> None:
    token = stack.token(CLIENT)
    start = open_starts(stack, token)[0]
    day = start[:10]
    event = {"start": f"{day}T00:00:00Z", "end": f"{day}T23:59:00Z", "summary": "away"}
    made = stack.control("POST", "/calendar/events", event)
    answer = book(stack, token, start)
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    stack.control("DELETE", f"/calendar/events/{made['id']}")
    assert book(stack, token, start).status_code == 201


def test_a_token_ends_when_the_clock_passes_its_time(stack: Stack) -> None:
    token = stack.token(CLIENT)
    assert stack.api("GET", "/booking/my-appointments", token=token).status_code == 200
    stack.control("PUT", "/clock", {"advance_seconds": 400 * 86_400})
    assert stack.api("GET", "/booking/my-appointments", token=token).status_code == 401


def test_a_reset_brings_back_the_seeds_and_the_real_time(stack: Stack) -> None:
    stack.control("PUT", "/clock", {"now": "2027-03-01T12:10:00Z"})
    token = stack.token(CLIENT)
    assert book(stack, token, open_starts(stack, token)[0]).status_code == 201
    assert stack.control("PUT", "/reset")["real"] is True
    assert stack.control("GET", "/mailbox") == []
    assert stack.control("GET", "/calendar/events") == []
    assert stack.control("GET", "/calls") == []
    answer = stack.api("GET", "/booking/my-appointments", token=stack.token(CLIENT))
    assert answer.json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("POST", "/run", {"schedule": "nightly"}, 404),
        ("POST", "/crash", {"function": "nobody", "before": "google.freebusy"}, 404),
        ("POST", "/crash", {"function": "effects"}, 422),
        ("PUT", "/clock", {}, 422),
        ("PUT", "/clock", {"now": "2026-11-23T13:00:00"}, 422),
        ("POST", "/faults", {"target": "moon", "effect": "refuse"}, 422),
        ("POST", "/tokens", {"email": CLIENT, "role": "king"}, 422),
        ("DELETE", "/calendar/events/nosuch", None, 404),
    ],
)
def test_the_control_address_refuses_what_it_does_not_know(
    stack: Stack, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    answer = requests.request(method, stack.urls["control"] + path, json=body, timeout=10)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_the_site_learns_where_its_api_is(stack: Stack) -> None:
    answer = requests.get(stack.urls["site"] + "/config.json", timeout=10)
    assert answer.json() == {"api": stack.urls["api"]}


@pytest.mark.parametrize("days", [-7, 7])
def test_a_token_lasts_when_the_clock_is_moved(stack: Stack, days: int) -> None:
    token = stack.token(CLIENT)
    stack.control("PUT", "/clock", {"advance_seconds": days * 86_400})
    assert stack.api("GET", "/booking/my-appointments", token=token).status_code == 200


def test_a_taken_port_is_named_and_what_runs_there_is_left_alone(running: Stack) -> None:
    base = running.urls["api"].rpartition(":")[2]
    second = subprocess.run(
        [sys.executable, "-m", "local", "--home", str(running.home)],
        env={**os.environ, "PORT": base},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert "taken" in second.stderr
    assert running.api("GET", "/health").status_code == 200
    assert (running.home / "endpoints.json").exists()


def descendants(pid: int) -> set[int]:
    found: set[int] = set()
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found |= {int(child), *descendants(int(child))}
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads Linux's list of processes")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_stack(tmp_path: Path, end: signal.Signals) -> None:
    with Stack(tmp_path / "home") as stack:
        stack.api("GET", "/health")
        started = descendants(stack.pid)
        assert len(started) >= 3
        os.kill(stack.pid, end)
        deadline = time.monotonic() + 15
        while any(alive(pid) for pid in {*started, stack.pid}) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [pid for pid in {*started, stack.pid} if alive(pid)] == []


def test_kept_data_is_there_again(tmp_path: Path) -> None:
    with Stack(tmp_path / "home", data=tmp_path / "data") as stack:
        token = stack.token(CLIENT)
        start = open_starts(stack, token)[0]
        assert book(stack, token, start).status_code == 201
    with Stack(tmp_path / "home", data=tmp_path / "data") as stack:
        answer = stack.api("GET", "/booking/my-appointments", token=stack.token(CLIENT))
        assert [item["start"] for item in answer.json()["items"]] == [start]
    assert "JWT_SHARED_SECRET" in json.loads((tmp_path / "data" / "secrets.json").read_text())


def test_a_database_named_in_the_environment_is_used_and_none_is_started(
    tmp_path: Path, dynamodb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", dynamodb)
    with Stack(tmp_path) as stack:
        assert stack.urls["dynamodb"] == dynamodb
        assert stack.api("GET", "/health").json()["dynamodb"] == "ok"
        commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in descendants(stack.pid)]
        assert not any("DynamoDBLocal.jar" in command for command in commands)


def test_nothing_of_the_user_s_own_environment_reaches_the_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", "nonsense")
    monkeypatch.setenv("COACH_GOOGLE_CALENDAR_ID", "nobody@example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:9")
    with Stack(tmp_path) as stack:
        token = stack.token(CLIENT)
        assert book(stack, token, open_starts(stack, token)[0]).status_code == 201
        assert stack.control("POST", "/settle")["owed"] == 0
        assert len(stack.control("GET", "/mailbox")) == 2
