"""The calls that read: open times, promo codes, one's bookings, settings and health."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from shared import bootstrap
from shared.config import ConfigurationError
from shared.domain.promo import Promo
from shared.domain.time import Interval, isoformat
from shared.usecases.ports import PaymentGateway
from tests.builders import NOW, START
from tests.handlers.conftest import Stage
from tests.handlers.test_booking_a_free_session import book

LIST = "availability/two_days"


def listed(stage: Stage, client: str = "alex", **query: str) -> Any:
    wanted = {"start_date": "2026-11-24", "end_date": "2026-11-25", **query}
    return stage.call(LIST, client, query=wanted)


def starts(answer: Any) -> list[str]:
    return [slot["start"] for day in answer.json["days"] for slot in day["slots"]]


def test_the_sample_event_lists_two_days_in_the_zone_asked_for(stage: Stage) -> None:
    times = stage.call(LIST).json
    assert (times["service"], times["duration_minutes"]) == ("free", 30)
    assert (times["timezone"], times["coach_timezone"]) == ("America/Vancouver", "America/Toronto")
    assert [day["date"] for day in times["days"]] == ["2026-11-24", "2026-11-25"]
    assert [len(day["slots"]) for day in times["days"]] == [16, 16]
    assert times["days"][0]["slots"][0] == {
        "start": "2026-11-24T14:00:00Z",
        "end": "2026-11-24T14:30:00Z",
        "local_start": "2026-11-24T07:00:00-07:00",
        "local_end": "2026-11-24T07:30:00-07:00",
    }


def test_days_are_the_askers_own(stage: Stage) -> None:
    days = listed(stage, timezone="Pacific/Kiritimati").json["days"]
    assert days[0]["slots"][0]["local_start"] == "2026-11-24T07:00:00+14:00"
    assert days[0]["slots"][0]["start"] == "2026-11-23T17:00:00Z"


def test_without_a_zone_or_service_it_is_the_coachs_and_the_free_one(stage: Stage) -> None:
    times = listed(stage).json
    assert (times["timezone"], times["service"]) == ("America/Toronto", "free")
    assert listed(stage, service="single").json["duration_minutes"] == 60


def test_days_without_a_time_are_listed_empty(stage: Stage) -> None:
    days = listed(stage, start_date="2026-11-27", end_date="2026-11-30").json["days"]
    assert [len(day["slots"]) for day in days] == [16, 0, 0, 16]


def test_what_is_booked_or_busy_is_not_listed_and_all_else_can_be_booked(stage: Stage) -> None:
    book(stage, "alex")
    stage.calendar.others = [Interval(START + timedelta(hours=2), START + timedelta(hours=3))]
    open_now = starts(listed(stage, "blake"))
    assert isoformat(START) not in open_now
    assert isoformat(START + timedelta(hours=2, minutes=30)) not in open_now
    assert len(open_now) == 32 - 3
    assert book(stage, "blake", start=open_now[0]).status == 201


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"start_date": "2026-11-25", "end_date": "2026-11-24"}, "end_date"),
        ({"start_date": "2026-11-24", "end_date": "2027-01-25"}, "end_date"),
        ({"start_date": "2026-02-30"}, "start_date"),
        ({"start_date": "24.11.2026"}, "start_date"),
        ({"start_date": "20261124"}, "start_date"),
        ({"start_date": "2026-11-24T00:00:00"}, "start_date"),
        ({"start_date": "1700000000"}, "start_date"),
        ({"start_date": "0001-01-01", "end_date": "0001-01-02"}, "start_date"),
        ({"start_date": "9999-12-30", "end_date": "9999-12-31"}, "start_date"),
        ({"end_date": ""}, "end_date"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"timezone": "/etc/passwd"}, "timezone"),
    ],
)
def test_a_range_that_cannot_be_listed_is_refused(stage: Stage, query: dict[str, str], field: str) -> None:
    answer = listed(stage, **query)
    assert (answer.status, answer.json["code"]) == (422, "validation_failed")
    assert field in {error["field"] for error in answer.json["errors"]}


def test_sixty_two_days_are_listed(stage: Stage) -> None:
    answer = listed(stage, end_date="2027-01-24")
    assert len(answer.json["days"]) == 62
    assert answer.json["days"][-1]["slots"] == []


def test_dates_must_be_given(stage: Stage) -> None:
    answer = stage.call(LIST, query={})
    assert {error["field"] for error in answer.json["errors"]} == {"start_date", "end_date"}


def test_a_service_nobody_offers_is_not_found(stage: Stage) -> None:
    assert listed(stage, service="massage").status == 404


def test_when_google_fails_a_minute_old_answer_still_lists(stage: Stage) -> None:
    first = listed(stage)
    stage.calendar.failing = RuntimeError()
    stage.clock.at += timedelta(seconds=60)
    assert starts(listed(stage)) == starts(first)
    stage.clock.at += timedelta(seconds=1)
    answer = listed(stage)
    assert (answer.status, answer.json["code"]) == (503, "calendar_unavailable")
    assert "Retry-After" in answer.headers


def test_an_answer_about_other_days_does_not_stand_in(stage: Stage) -> None:
    listed(stage)
    stage.calendar.failing = RuntimeError()
    assert listed(stage, end_date="2026-12-05").status == 503


def test_busy_times_are_read_anew_for_every_listing(stage: Stage) -> None:
    listed(stage)
    stage.calendar.others = [Interval(START, START + timedelta(minutes=30))]
    assert isoformat(START) not in starts(listed(stage))


def test_a_promo_code_tells_its_remaining_uses(stage: Stage) -> None:
    answer = stage.call("promo/known")
    assert answer.json == {"code": "WIMD25", "valid": True, "remaining": 25, "reason": None}
    book(stage, "alex")
    assert stage.call("promo/known", "blake").json["remaining"] == 24


@pytest.mark.parametrize("code", ["wimd25", "%20Wimd%2025%20", "wImD25"])
def test_a_code_is_found_in_any_case_and_with_spaces(stage: Stage, code: str) -> None:
    assert stage.call("promo/known", path=f"/booking/promo/{code}").json["code"] == "WIMD25"


@pytest.mark.parametrize(
    ("promo", "reason", "remaining"),
    [
        (Promo(code="WIMD25", cap=25, used=25), "exhausted", 0),
        (Promo(code="WIMD25", cap=25, active=False), "inactive", 25),
        (Promo(code="WIMD25", cap=25, expires_at=NOW), "expired", 25),
    ],
)
def test_a_code_that_is_not_good_says_why(stage: Stage, promo: Promo, reason: str, remaining: int) -> None:
    stage.store.change_promo(promo)
    answer = stage.call("promo/known")
    assert answer.status == 200
    assert answer.json == {"code": "WIMD25", "valid": False, "remaining": remaining, "reason": reason}


def test_a_code_used_by_the_caller_says_so(stage: Stage) -> None:
    book(stage, "alex")
    assert stage.call("promo/known", "alex").json["reason"] == "already_used"


@pytest.mark.parametrize("code", ["NOPE", "X" * 300, "%00", "PROMO%23WIMD25"])
def test_an_unknown_code_is_not_found(stage: Stage, code: str) -> None:
    answer = stage.call("promo/unknown", path=f"/booking/promo/{code}")
    assert (answer.status, answer.json["code"]) == (404, "promo_not_found")


def test_ones_bookings_are_listed_and_nobody_elses(stage: Stage) -> None:
    booked = book(stage, "alex").json
    answer = stage.call("appointments/mine", "alex")
    assert answer.json == {"items": [booked], "next": None}
    assert stage.call("appointments/mine", "blake").json == {"items": [], "next": None}


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "zzz"}])
def test_a_list_that_cannot_be_paged_so_is_refused(stage: Stage, query: dict[str, str]) -> None:
    assert stage.call("appointments/mine", query=query).json["code"] == "validation_failed"


def test_one_booking_and_its_calendar_file(stage: Stage) -> None:
    booked = book(stage, "alex").json
    assert stage.call("appointments/one", "alex", path=f"/booking/{booked['id']}").json == booked
    file = stage.call("appointments/calendar_file", "alex", path=f"/booking/{booked['id']}/calendar.ics")
    assert file.headers["Content-Type"].startswith("text/calendar")
    (session,) = Calendar.from_ical(file.text).walk("VEVENT")
    assert session.decoded("DTSTART") == START
    assert "\r\n" in file.text


@pytest.mark.parametrize("end", ["", "/calendar.ics"])
def test_another_clients_booking_looks_like_none_at_all(stage: Stage, end: str) -> None:
    booked = book(stage, "alex").json["id"]
    event = "appointments/calendar_file" if end else "appointments/one"
    others = stage.call(event, "blake", path=f"/booking/{booked}{end}")
    missing = stage.call(event, "blake", path=f"/booking/{'f' * 32}{end}")
    assert others.status == missing.status == 404
    assert others.json == missing.json


def test_config_tells_the_widget_what_it_needs(stage: Stage) -> None:
    config = stage.call("config/config").json
    assert [service["id"] for service in config["services"]] == ["free", "single", "package"]
    assert config["services"][1]["prices"] == [
        {"amount": "150.00", "currency": "USD"},
        {"amount": "150.00", "currency": "CAD"},
    ]
    assert config["policy"] == {"notice_hours": 48, "fee_percent": 50, "free_reschedules": 1}
    assert config["coach_timezone"] == "America/Toronto"
    assert config["sign_in"] == {
        "issuer": "https://signin.example",
        "client_id": "site",
        "scope": "openid email profile",
    }
    assert "phone" not in str(config)


def test_config_follows_the_coachs_settings(stage: Stage) -> None:
    settings = stage.store.settings()
    stage.store.change_settings(
        replace(settings, schedule=replace(settings.schedule, timezone="Asia/Kathmandu"))
    )
    assert stage.call("config/config").json["coach_timezone"] == "Asia/Kathmandu"


def configured(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    config = replace(bootstrap.config(), **changes)
    monkeypatch.setattr(bootstrap, "config", lambda: config)


def test_without_paypal_only_what_is_free_can_be_booked(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(monkeypatch, paypal_client_id=None)
    config = stage.call("config/config").json
    assert (config["paypal"], config["bookable"]) == (None, ["free"])


def test_with_paypal_everything_can_be_booked_and_the_page_learns_how_to_pay(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(monkeypatch, paypal_client_id="AbC")
    config = stage.call("config/config").json
    assert config["bookable"] == ["free", "single", "package"]
    assert config["paypal"] == {
        "client_id": "AbC",
        "currencies": ["USD", "CAD"],
        "sdk_url": "https://www.paypal.com/sdk/js",
        "saves_method": False,
    }


def test_the_page_learns_whether_clients_are_texted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stage.call("config/config").json["sms"] is False
    configured(monkeypatch, twilio_sms_enabled=True)
    assert stage.call("config/config").json["sms"] is True


def test_a_stand_in_brings_its_own_script(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    base = "http://127.0.0.1:8004"
    configured(monkeypatch, paypal_client_id="MOCK", paypal_mock=True, paypal_api_base=base)
    assert stage.call("config/config").json["paypal"]["sdk_url"] == f"{base}/sdk/js"


def test_health_is_ok_when_every_part_works(stage: Stage) -> None:
    answer = stage.call("health/health")
    assert answer.status == 200
    assert answer.json == answer.json | {
        "ok": True,
        "stage": "local",
        "dynamodb": "ok",
        "google_calendar": "initialized",
        "email": "initialized",
    }


def test_health_is_503_when_a_part_fails_and_says_which(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.calendar, "check", lambda: "error: share the calendar with robot@example.com")
    monkeypatch.setattr(stage.store, "check", lambda: 1 / 0)
    answer = stage.call("health/health")
    assert answer.status == 503
    assert not answer.json["ok"]
    assert answer.json["dynamodb"] == "error: ZeroDivisionError"
    assert answer.json["google_calendar"].endswith("robot@example.com")


def test_health_names_the_paypal_setting_that_is_missing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gateway() -> PaymentGateway:
        raise ConfigurationError("PAYPAL_CLIENT_SECRET is not set")

    monkeypatch.setattr(bootstrap, "gateway", gateway)
    answer = stage.call("health/health")
    assert (answer.status, answer.json["paypal"]) == (503, "error: PAYPAL_CLIENT_SECRET is not set")


def test_an_address_that_does_not_exist_is_a_problem_too(stage: Stage) -> None:
    answer = stage.call("promo/known", path="/booking/nowhere/at/all")
    assert (answer.status, answer.json["code"]) == (404, "not_found")
