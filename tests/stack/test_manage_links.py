"""A manage link on the whole stack: out of the mailbox, through the authorizer, to its booking."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from local import engine
from local.environment import TABLE
from local.stack import Stack
from tests.revoking import revoke

pytestmark = pytest.mark.slow

CLIENT = "alex@example.com"
A_DAY = 86_400


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    running.control("PUT", "/reset")
    return running


def book(stack: Stack, email: str = CLIENT) -> str:
    """The id of a free session, whose mails are sent."""
    token = stack.token(email)
    today = date.fromisoformat(stack.control("GET", "/clock")["now"][:10])
    span = {"start_date": str(today), "end_date": str(today + timedelta(days=7))}
    days = stack.api("GET", "/booking/availability", token=token, params=span).json()["days"]
    start = [slot["start"] for day in days for slot in day["slots"]][3]
    wanted = {"promo_code": "WIMD25", "start": start, "phone": "+14165550123", "timezone": "America/Toronto"}
    booked = stack.api("POST", "/booking/create-free", token=token, json=wanted)
    assert booked.status_code == 201, booked.text
    assert stack.control("POST", "/settle")["owed"] == 0
    return str(booked.json()["id"])


def mailed_token(stack: Stack, appointment_id: str, email: str = CLIENT) -> str:
    """What is behind the ``#`` of the link, the same in the mail's text and its HTML."""
    mail = stack.control("GET", f"/mailbox?to={email}")[0]
    pattern = re.escape(stack.urls["site"]) + r"/manage\.html[^\s\"<>]*"
    links = {found for body in ("text", "html") for found in re.findall(pattern, html.unescape(mail[body]))}
    assert len(links) == 1
    address = urlsplit(links.pop())
    assert address.query == ""
    behind = parse_qs(address.fragment)
    assert behind["id"] == [appointment_id]
    (token,) = behind["t"]
    return token


def get(stack: Stack, appointment_id: str, token: str) -> requests.Response:
    return stack.api("GET", f"/booking/{appointment_id}", token=token)


def test_the_link_in_a_mail_opens_its_booking_and_nothing_else(stack: Stack) -> None:
    booked, others = book(stack), book(stack, "blake@example.com")
    token = mailed_token(stack, booked)
    shown = get(stack, booked, token)
    assert (shown.status_code, shown.json()["status"]) == (200, "confirmed")
    assert shown.json() == get(stack, booked, stack.token(CLIENT)).json()
    assert get(stack, others, token).status_code == 404
    everything = stack.api("GET", "/booking/my-appointments", token=token)
    assert (everything.status_code, everything.json()["code"]) == (403, "forbidden")


def test_the_coachs_copy_has_no_such_link(stack: Stack) -> None:
    token = mailed_token(stack, book(stack))
    coachs = [each for each in stack.control("GET", "/mailbox") if CLIENT not in each["to"]]
    assert coachs
    assert token not in str(coachs)
    assert "manage.html" not in str(coachs)


def test_an_altered_token_is_no_token(stack: Stack) -> None:
    booked = book(stack)
    token = mailed_token(stack, booked)
    head, body, signature = token.split(".")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    for altered in (f"{head}.{body}.{flipped}", f"{head}.{body}.", f"{head}.{body}", token[1:]):
        answer = get(stack, booked, altered)
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_a_revoked_link_is_refused_at_once_though_the_gateway_remembers_it(stack: Stack) -> None:
    booked = book(stack)
    token = mailed_token(stack, booked)
    assert get(stack, booked, token).status_code == 200
    revoke(engine.client("dynamodb", stack.urls["dynamodb"]), TABLE, booked)
    answer = get(stack, booked, token)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert get(stack, booked, stack.token(CLIENT)).status_code == 200


def test_a_link_ends_after_the_session(stack: Stack) -> None:
    booked = book(stack)
    token = mailed_token(stack, booked)
    assert get(stack, booked, token).status_code == 200
    stack.control("PUT", "/clock", {"advance_seconds": 9 * A_DAY})
    assert get(stack, booked, token).status_code == 401


def test_no_log_has_a_token(stack: Stack) -> None:
    booked = book(stack)
    token = mailed_token(stack, booked)
    get(stack, booked, token)
    get(stack, booked, token[:-4])
    revoke(engine.client("dynamodb", stack.urls["dynamodb"]), TABLE, booked)
    get(stack, booked, token)
    logs = [path for path in stack.home.rglob("*") if path.is_file() and path.suffix != ".json"]
    written = "".join(path.read_text(errors="replace") for path in logs)
    assert "token refused" in written
    assert [part for part in token.split(".")[1:] if part[:40] in written] == []
    assert token not in str(stack.control("GET", "/calls"))
