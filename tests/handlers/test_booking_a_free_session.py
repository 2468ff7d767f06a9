"""POST /booking/create-free, from API Gateway's event to the answer."""

from __future__ import annotations

import base64
import gzip
import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.promo import MISSES_ALLOWED, Promo
from shared.domain.schedule import Window
from shared.domain.time import Interval, isoformat
from tests.builders import NOW, START
from tests.handlers.conftest import Answer, Stage

BOOK = "book_free/book"


def body(**changes: Any) -> dict[str, Any]:
    plain = {
        "promo_code": "WIMD25",
        "start": isoformat(START),
        "phone": "+14165550123",
        "timezone": "America/Toronto",
    }
    return {name: value for name, value in (plain | changes).items() if value is not ...}


def book(stage: Stage, client: str = "alex", key: str | None = None, **changes: Any) -> Answer:
    headers = {"idempotency-key": key or f"{client}-{sorted(changes.items(), key=str)}"}
    return stage.call(BOOK, client, body=body(**changes), headers=headers)


def unchanged(stage: Stage) -> bool:
    reading = stage.store.promo("WIMD25", "alex", NOW)
    nothing_claimed = not stage.store.diary(Interval(NOW, NOW + timedelta(days=90))).claims
    return (
        nothing_claimed and reading.promo == Promo(code="WIMD25", cap=25) and not stage.store.due_effects(NOW)
    )


def test_the_sample_event_books(stage: Stage) -> None:
    answer = stage.call(BOOK)
    assert answer.status == 201
    assert answer.headers["Cache-Control"] == "no-store"
    booked = answer.json
    assert booked == booked | {
        "service": "free",
        "status": "confirmed",
        "start": "2026-11-24T15:00:00Z",
        "end": "2026-11-24T15:30:00Z",
        "local_start": "2026-11-24T08:00:00-07:00",  # Vancouver no longer changes its clocks
        "timezone": "America/Vancouver",
        "duration_minutes": 30,
        "phone": "+14165550123",
        "backup_start": "2026-11-25T15:00:00Z",
        "answers": {"What would you like to talk about?": "Finding a new job"},
        "payment": None,
        "package_id": None,
        "promo_code": "WIMD25",
        "reschedules_used": 0,
        "sequence": 0,
        "calendar": {"status": "owed", "conflict": False},
        "manage_url": f"https://coach.example/manage.html?id={booked['id']}",
        "created_at": "2026-11-23T13:00:00Z",
        "updated_at": "2026-11-23T13:00:00Z",
    }
    assert len(booked["id"]) == 32
    assert len(stage.store.due_effects(NOW)) == 3


def test_a_repeat_under_the_same_key_gives_the_same_answer(stage: Stage) -> None:
    first = book(stage, key="k")
    stage.invoke("sweeper", stage.event("sweeper/scheduled"))
    again = book(stage, key="k")
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    reading = stage.store.promo("WIMD25", "alex", NOW)
    assert reading.promo is not None
    assert reading.promo.used == 1


def test_a_repeat_is_answered_while_google_is_down(stage: Stage) -> None:
    first = book(stage, key="k")
    stage.calendar.failing = RuntimeError()
    assert book(stage, key="k").json == first.json


def test_a_repeat_is_answered_after_the_session_began(stage: Stage) -> None:
    first = book(stage, key="k", backup_start="2026-11-24T18:00:00Z")
    stage.clock.at = START + timedelta(days=2)
    assert book(stage, key="k", backup_start="2026-11-24T18:00:00Z").json == first.json
    assert book(stage, key="other").json["code"] == "slot_not_offered"


def test_what_means_the_same_is_the_same_request(stage: Stage) -> None:
    first = book(stage, key="k")
    again = book(
        stage, key="k", promo_code=" wimd 25", phone="(416) 555-0123", start="2026-11-24T10:00:00-05:00"
    )
    assert again.json == first.json


def test_the_key_with_another_body_is_refused(stage: Stage) -> None:
    book(stage, key="k")
    other = book(stage, key="k", phone="+14165550124")
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")


def test_two_clients_may_use_the_same_key(stage: Stage) -> None:
    assert book(stage, "alex", key="k").status == 201
    assert book(stage, "blake", key="k", start=isoformat(START + timedelta(hours=1))).status == 201


def test_a_taken_time_is_refused_with_five_times_nearby(stage: Stage) -> None:
    book(stage, "alex")
    answer = book(stage, "blake")
    assert (answer.status, answer.json["code"]) == (409, "slot_taken")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["alternatives"] == [
        isoformat(START + timedelta(minutes=minutes)) for minutes in (-60, -30, 30, 60, 90)
    ]
    assert book(stage, "blake", start=answer.json["alternatives"][0]).status == 201


def test_a_time_that_google_calls_busy_is_taken(stage: Stage) -> None:
    stage.calendar.others = [Interval(START + timedelta(minutes=29), START + timedelta(hours=1))]
    assert book(stage).json["code"] == "slot_taken"
    assert unchanged(stage)


@pytest.mark.parametrize("client", ["alex", "blake"])
def test_google_is_asked_at_every_booking(stage: Stage, client: str) -> None:
    stage.call("availability/two_days")
    asked = stage.calendar.asked
    book(stage, client)
    assert stage.calendar.asked == asked + 1


def test_without_google_nothing_is_booked(stage: Stage) -> None:
    stage.call("availability/two_days")
    stage.calendar.failing = RuntimeError()
    answer = book(stage)
    assert (answer.status, answer.json["code"]) == (503, "calendar_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert unchanged(stage)


@pytest.mark.parametrize(
    "start",
    [
        "2026-11-24T15:07:00Z",  # off the grid
        "2026-11-24T15:00:01Z",
        "2026-11-24T15:15:00Z",
        "2026-11-24T22:00:00Z",  # 17:00 in Toronto
        "2026-11-24T21:45:00Z",  # would end after hours
        "2026-11-28T15:00:00Z",  # a Saturday
        "2026-11-23T15:00:00Z",  # inside the notice
        "2026-11-23T12:00:00Z",  # past
        "2016-11-23T12:00:00Z",
        "2027-01-25T15:00:00Z",  # the window ends on the 22nd
        "2027-06-21T15:00:00Z",
        "9999-12-31T23:59:00Z",
    ],
)
def test_a_time_that_is_not_offered_is_refused(stage: Stage, start: str) -> None:
    answer = book(stage, start=start)
    assert (answer.status, answer.json["code"]) == (422, "slot_not_offered")
    assert unchanged(stage)


def test_blocks_and_overrides_decide_at_booking_too(stage: Stage) -> None:
    schedule = stage.store.settings().schedule
    saturday = (START + timedelta(days=4)).date()
    changed = replace(
        schedule,
        overrides={saturday: (Window.of("10:00", "11:00"),)},
        blocked_dates=frozenset({START.date()}),
    )
    stage.store.change_settings(replace(stage.store.settings(), schedule=changed))
    assert book(stage).json["code"] == "slot_not_offered"
    assert book(stage, start=isoformat(START + timedelta(days=4))).status == 201


def test_a_full_day_is_taken(stage: Stage) -> None:
    settings = stage.store.settings()
    stage.store.change_settings(replace(settings, schedule=replace(settings.schedule, daily_limit=1)))
    assert book(stage, "alex").status == 201
    answer = book(stage, "blake", start=isoformat(START + timedelta(hours=3)))
    assert answer.json["code"] == "slot_taken"
    assert all(not start.startswith("2026-11-24") for start in answer.json["alternatives"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("start", "2026-11-24T10:00:00"),  # naive
        ("start", "2026-11-24"),
        ("start", "2026-02-30T10:00:00Z"),  # no such day
        ("start", "2026-11-24T25:00:00Z"),
        ("start", "2026-11-24T15:00:00+14:60"),
        ("start", "0001-01-01T00:00:00+14:00"),
        ("start", 1795528800),
        ("start", "1795528800"),
        ("start", None),
        ("start", ...),
        ("phone", "12"),
        ("phone", "not a phone"),
        ("phone", "+1416555012345678"),
        ("phone", "+14165550123 ext. 9"),
        ("phone", "+1" + "4" * 100_000),
        ("phone", ...),
        ("timezone", "Mars/Base"),
        ("timezone", "../../etc/passwd"),
        ("timezone", ""),
        ("timezone", ...),
        ("promo_code", ""),
        ("promo_code", 25),
        ("promo_code", "X" * 100_000),
        ("backup_start", "2026-11-22T15:00:00Z"),  # past
        ("backup_start", "2026-11-24T15:00:00Z"),  # the very same time
        ("backup_start", "soon"),
        ("answers", "text"),
        ("answers", ["text"]),
        ("answers", {"Topic?": "x" * 100_000}),
        ("answers", {"q" * 101: "x"}),
        ("answers", {f"q{n}": "x" for n in range(11)}),
        ("answers", {"Topic?\r\nBcc: all@example.com": "x"}),
        ("answers", {"Topic?": "pay\u202eeroc"}),
        ("answers", {"Topic?": "bell\u0007"}),
        ("answers", {"Topic?": 5}),
        ("answers", {" ": "a question of no letters"}),
        ("price", "0.00"),
        ("status", "confirmed"),
        ("duration_minutes", 5),
        ("client_id", "blake"),
    ],
)
def test_what_cannot_be_used_is_refused_by_field_and_changes_nothing(
    stage: Stage, field: str, value: Any
) -> None:
    answer = book(stage, **{field: value})
    assert (answer.status, answer.json["code"]) == (422, "validation_failed")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert field in {error["field"].split(".")[0] for error in answer.json["errors"]}
    assert answer.json["request_id"] == "JKJaXmPLvHcESHA="
    assert unchanged(stage)


def test_every_bad_field_is_named_at_once(stage: Stage) -> None:
    answer = stage.call("book_free/invalid")
    assert answer.status == 422
    assert {error["field"] for error in answer.json["errors"]} == {
        "promo_code", "start", "phone", "timezone", "price"
    }  # fmt: skip
    assert unchanged(stage)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"WIMD25"', "[1]", "\x00", "[" * 100_000, "1" * 5_000]
)
def test_a_body_that_is_no_object_is_refused(stage: Stage, text: str) -> None:
    answer = stage.call(BOOK, body=text)
    assert (answer.status, answer.json["code"]) == (422, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == ["body"]
    assert unchanged(stage)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded", "x"]
)
def test_a_body_that_says_it_is_no_json_is_refused(stage: Stage, content_type: str) -> None:
    answer = stage.call(BOOK, headers={"content-type": content_type})
    assert (answer.status, answer.json["code"]) == (422, "validation_failed")
    assert unchanged(stage)


def test_a_body_that_is_no_text_at_all_is_refused(stage: Stage) -> None:
    event = stage.event(BOOK)
    del event["headers"]["content-type"]
    event |= {"isBase64Encoded": True, "body": base64.b64encode(gzip.compress(b"{}")).decode()}
    answer = stage.invoke("book_free", event)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (422, "validation_failed")
    assert unchanged(stage)


def test_text_with_html_and_line_ends_is_kept_as_it_is(stage: Stage) -> None:
    answers = {"Topic?": "<script>alert(1)</script>\r\n=1+1\nשלום \u200f"}
    answer = book(stage, answers=answers)
    assert answer.status == 201
    assert answer.json["answers"]["Topic?"].startswith("<script>alert(1)</script>\r\n=1+1\nשלום")


@pytest.mark.parametrize("code", ["wimd25", " WIMD25 ", "Wimd 25", "\twimd25\n"])
def test_case_and_spaces_of_a_code_do_not_matter(stage: Stage, code: str) -> None:
    assert book(stage, promo_code=code).json["promo_code"] == "WIMD25"


def test_an_unknown_code_is_refused(stage: Stage) -> None:
    answer = book(stage, promo_code="WIMD26")
    assert (answer.status, answer.json["code"]) == (404, "promo_not_found")
    assert unchanged(stage)


@pytest.mark.parametrize(
    ("promo", "code"),
    [
        (Promo(code="WIMD25", cap=25, used=25), "promo_exhausted"),
        (Promo(code="WIMD25", cap=25, active=False), "promo_expired"),
        (Promo(code="WIMD25", cap=25, expires_at=NOW), "promo_expired"),
    ],
)
def test_a_code_that_is_no_longer_good_is_refused(stage: Stage, promo: Promo, code: str) -> None:
    stage.store.change_promo(promo)
    answer = book(stage)
    assert (answer.status, answer.json["code"]) == (409, code)


def test_each_client_uses_a_code_once(stage: Stage) -> None:
    book(stage)
    answer = book(stage, start=isoformat(START + timedelta(hours=1)))
    assert (answer.status, answer.json["code"]) == (409, "promo_already_used")


def test_whoever_tries_codes_is_stopped_at_both_doors(stage: Stage) -> None:
    for number in range(MISSES_ALLOWED // 2):
        assert book(stage, promo_code=f"GUESS{number}").status == 404
        assert stage.call("promo/unknown", "alex", path=f"/booking/promo/GUESS{number}").status == 404
    assert book(stage).json["code"] == "too_many_requests"
    refused = stage.call("promo/known", "alex")
    assert refused.status == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 600
    assert book(stage, "blake").status == 201
    stage.clock.at += timedelta(minutes=10)
    assert book(stage, start=isoformat(START + timedelta(hours=1))).status == 201


def test_a_fault_of_ours_tells_nothing_and_is_a_problem_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    monkeypatch.setattr(stage.store, "free_booking_facts", lambda *_: 1 / 0)
    answer = book(stage)
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert "division" not in answer.text
    log = logged.getvalue()
    assert "ZeroDivisionError" in log
    assert "alex@example.com" not in log
    assert "4165550123" not in log
