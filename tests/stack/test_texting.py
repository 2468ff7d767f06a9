"""Texts through the whole local stack, switched on: the real functions and Twilio's HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import Stack

MONDAY = "2026-11-23T13:00:00Z"
START = "2026-11-24T15:00:00Z"
PHONE = "+14165550123"


@pytest.fixture(scope="module")
def texting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("texting")
    with Stack(home, switches={"TWILIO_SMS_ENABLED": "true"}) as stack:
        yield stack


@pytest.fixture
def stack(texting: Stack) -> Stack:
    texting.control("PUT", "/reset")
    texting.control("PUT", "/clock", {"now": MONDAY})
    return texting


def book(stack: Stack, **said: Any) -> str:
    body = {"promo_code": "WIMD25", "start": START, "phone": PHONE, "timezone": "America/Toronto", **said}
    token = stack.token("alex@example.com")
    answer = stack.api("POST", "/booking/create-free", token=token, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def texts_in_log(stack: Stack, booking: str) -> list[dict[str, Any]]:
    log = stack.control("GET", f"/notifications?subject={booking}")
    return [message for message in log if message["channel"] == "sms"]


def test_the_page_is_told_to_ask(stack: Stack) -> None:
    assert stack.api("GET", "/booking/config").json()["sms"] is True


def test_who_agreed_is_texted_once_and_the_log_has_twilios_id(stack: Stack) -> None:
    booking = book(stack, sms_consent=True)
    stack.control("POST", "/settle")
    [text] = stack.control("GET", f"/texts?to=%2B{PHONE[1:]}")
    assert text["body"].startswith("Your coach: session booked for Tue, Nov 24, 10:00 AM, Toronto time.")
    [logged] = texts_in_log(stack, booking)
    assert (logged["kind"], logged["state"], logged["provider_id"]) == ("client_booked", "sent", text["id"])
    channels = {each["channel"] for each in stack.control("GET", f"/notifications?subject={booking}")}
    assert channels == {"email", "sms", "in_app"}


def test_who_did_not_agree_is_not(stack: Stack) -> None:
    booking = book(stack)
    stack.control("POST", "/settle")
    assert stack.control("GET", "/texts") == []
    assert texts_in_log(stack, booking) == []


@pytest.mark.parametrize("effect", ["drop_response", "refuse", "status"])
def test_bad_luck_at_twilio_loses_no_booking_and_no_text(stack: Stack, effect: str) -> None:
    stack.control(
        "POST",
        "/faults",
        {"target": "twilio", "match": "POST *", "effect": effect, "status_code": 503, "times": 1},
    )
    booking = book(stack, sms_consent=True)
    stack.control("POST", "/settle")
    stack.control("PUT", "/clock", {"advance_seconds": 60})
    stack.control("POST", "/run", {"schedule": "sweeper"})
    stack.control("POST", "/settle")
    [text] = stack.control("GET", "/texts")
    [logged] = texts_in_log(stack, booking)
    assert (logged["state"], logged["provider_id"]) == ("sent", text["id"])
    calls = [call["operation"] for call in stack.control("GET", "/calls") if call["target"] == "twilio"]
    assert calls[:2] == ["send_message", "find_messages"]


def test_a_process_that_dies_after_sending_has_sent_once(stack: Stack) -> None:
    stack.control("POST", "/crash", {"function": "effects", "after": "twilio.send_message"})
    booking = book(stack, sms_consent=True)
    stack.control("POST", "/settle")
    for _ in range(3):
        stack.control("PUT", "/clock", {"advance_seconds": 180})
        stack.control("POST", "/run", {"schedule": "sweeper"})
        stack.control("POST", "/settle")
    assert stack.control("GET", "/crash") == []
    assert len(stack.control("GET", "/texts")) == 1
    assert [each["state"] for each in texts_in_log(stack, booking)] == ["sent"]


@pytest.mark.parametrize(("code", "state"), [(21608, "dead"), (21610, "suppressed")])
def test_a_number_that_twilio_refuses_is_in_the_log_by_its_code(stack: Stack, code: int, state: str) -> None:
    stack.control("PUT", "/texts/refused", {"to": PHONE, "code": code})
    booking = book(stack, sms_consent=True)
    stack.control("POST", "/settle")
    [logged] = texts_in_log(stack, booking)
    assert logged["state"] == state
    assert logged["error"].startswith(f"Twilio {code}")
