"""What a manage link opens: its own booking, as long as it is good, and nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local import template
from shared.adapters.manage_links import ManageLinks
from shared.domain.caller import Caller, LinkHolder, Role
from shared.domain.errors import NotFound, Unauthenticated
from shared.domain.time import isoformat
from shared.http.auth import authorizer_context
from shared.usecases.show_appointments import own
from tests.builders import NOW, START, appointment, caller
from tests.handlers.conftest import Answer, Stage
from tests.handlers.test_booking_a_free_session import book
from tests.handlers.test_changing import NEXT_WEEK, buy, move
from tests.handlers.test_paying import order

ROOT = Path(__file__).parents[2]

OPEN_TO_LINKS = {
    "DELETE /booking/orders/{order_id}",
    "GET /booking/availability",
    "GET /booking/{id}",
    "GET /booking/{id}/calendar.ics",
    "GET /booking/{id}/quote",
    "PUT /booking/{id}/cancel",
    "PUT /booking/{id}/reschedule",
}


def _asked_of_people() -> Iterator[tuple[str, str]]:
    """Each good sample event that comes through the authorizer, with its route."""
    for path in sorted((ROOT / "events").glob("*/*.json")):
        event = json.loads(path.read_text())
        if event.get("requestContext", {}).get("authorizer") and path.stem != "invalid":
            yield f"{path.parent.name}/{path.stem}", event["routeKey"]


ASKED_OF_PEOPLE = list(_asked_of_people())
ABOUT_ONE_BOOKING = [name for name, route in ASKED_OF_PEOPLE if route in OPEN_TO_LINKS and "{id}" in route]


def link(stage: Stage, appointment_id: str, **changes: Any) -> LinkHolder:
    """As the authorizer reads it from the token of a mail written now."""
    booking = stage.store.appointment(appointment_id)
    assert booking is not None
    holder = LinkHolder(
        appointment_id=booking.id,
        client_id=booking.client.id,
        manage_key=booking.manage_key,
        until=booking.manage_until,
    )
    return replace(holder, **changes)


def ask(stage: Stage, name: str, holder: LinkHolder, appointment_id: str | None = None) -> Answer:
    """Sends ``events/<name>.json`` as the link's holder; about another booking where one is named."""
    event = stage.event(name)
    event["requestContext"]["authorizer"]["lambda"] = authorizer_context(holder)
    about = event.get("pathParameters", {}).get("id")
    if about:
        text = json.dumps(event).replace(about, appointment_id or holder.appointment_id)
        event = json.loads(text)
    answer = stage.invoke(name.partition("/")[0], event)
    return Answer(answer["statusCode"], answer["headers"], answer["body"])


@pytest.fixture
def booked(stage: Stage) -> str:
    return str(book(stage, "alex").json["id"])


def test_it_shows_its_booking_just_as_its_client_sees_it(stage: Stage, booked: str) -> None:
    shown = ask(stage, "appointments/one", link(stage, booked))
    assert shown.status == 200
    assert shown.json == stage.call("appointments/one", "alex", path=f"/booking/{booked}").json


def test_it_gives_the_calendar_file_and_the_open_times(stage: Stage, booked: str) -> None:
    holder = link(stage, booked)
    assert "BEGIN:VEVENT" in ask(stage, "appointments/calendar_file", holder).text
    times = ask(stage, "availability/two_days", holder)
    assert (times.status, times.json) == (200, stage.call("availability/two_days", "alex").json)


def test_looking_changes_nothing(stage: Stage, booked: str) -> None:
    holder = link(stage, booked)
    before = stage.store.appointment(booked), list(stage.store.audit), stage.store.due_effects(NOW)
    for name in ("appointments/one", "appointments/calendar_file", "availability/two_days"):
        assert ask(stage, name, holder).status == 200
    assert (stage.store.appointment(booked), stage.store.audit, stage.store.due_effects(NOW)) == before


def test_the_address_it_shows_holds_no_token(stage: Stage, booked: str) -> None:
    shown = ask(stage, "appointments/one", link(stage, booked)).json
    assert shown["manage_url"] == f"https://coach.example/manage.html?id={booked}"


@pytest.mark.parametrize("name", ABOUT_ONE_BOOKING)
def test_another_booking_looks_like_none_even_if_it_is_the_same_clients(stage: Stage, name: str) -> None:
    mine = book(stage, "alex").json["id"]
    theirs = book(stage, "blake", start=_later(60)).json["id"]
    same_clients = replace(link(stage, theirs), client_id="alex")
    none = ask(stage, name, link(stage, mine), "f" * 32)
    for holder in (link(stage, theirs), same_clients):
        other = ask(stage, name, holder, mine)
        assert (other.status, other.json["code"]) == (404, "not_found")
        assert other.json == none.json


@pytest.mark.parametrize("name", ABOUT_ONE_BOOKING)
def test_once_revoked_it_opens_nothing_and_the_next_mails_does(stage: Stage, booked: str, name: str) -> None:
    old = link(stage, booked)
    stage.store.revoke_links(booked)
    refused = ask(stage, name, old)
    assert (refused.status, refused.json["code"]) == (401, "unauthenticated")
    assert ask(stage, name, link(stage, booked)).status == 200


def test_it_ends_a_day_after_the_session_whatever_the_gateway_remembers(stage: Stage, booked: str) -> None:
    holder = link(stage, booked)
    stage.clock.at = START + timedelta(days=1, minutes=30, seconds=-1)
    assert ask(stage, "appointments/one", holder).status == 200
    stage.clock.at += timedelta(seconds=1)
    refused = ask(stage, "appointments/one", holder)
    assert (refused.status, refused.json["code"]) == (401, "unauthenticated")


def test_it_gives_up_the_fee_of_its_own_move_and_no_other_order(stage: Stage, booked: str) -> None:
    late = buy(stage, START + timedelta(hours=1))
    fee = move(stage, late, NEXT_WEEK).json["fee_order_id"]
    other = order(stage, "alex", start=isoformat(NEXT_WEEK + timedelta(hours=2))).json["order_id"]
    giving_up = stage.event("checkout/give_up")

    def give_up(holder: LinkHolder, order_id: str) -> int:
        event = json.loads(json.dumps(giving_up).replace(giving_up["pathParameters"]["order_id"], order_id))
        event["requestContext"]["authorizer"]["lambda"] = authorizer_context(holder)
        return int(stage.invoke("checkout", event)["statusCode"])

    assert give_up(link(stage, late), other) == 404
    assert give_up(link(stage, booked), fee) == 404
    revoked = link(stage, late)
    stage.store.revoke_links(late)
    assert give_up(revoked, fee) == 401
    assert give_up(link(stage, late), fee) == 204
    assert order(stage, "blake", start=isoformat(NEXT_WEEK)).status == 201


@pytest.mark.parametrize(("name", "route"), ASKED_OF_PEOPLE)
def test_every_route_that_does_not_ask_for_links_refuses_them(
    stage: Stage, booked: str, name: str, route: str
) -> None:
    answer = ask(stage, name, link(stage, booked))
    if route in OPEN_TO_LINKS:
        assert answer.status not in {401, 403}
    else:
        assert (answer.status, answer.json["code"]) == (403, "forbidden")


def test_no_route_was_left_out_above() -> None:
    behind_the_authorizer = {
        f"{route.method} {route.path}"
        for route in template.read(ROOT / "infra" / "template.yaml").routes
        if route.authorizer
    }
    assert {route for _, route in ASKED_OF_PEOPLE} >= behind_the_authorizer


def test_nothing_of_it_is_logged(stage: Stage, booked: str, logged: io.StringIO) -> None:
    booking = stage.store.appointment(booked)
    assert booking is not None
    token = ManageLinks("of-this-application").token(booking)
    for name, _ in ASKED_OF_PEOPLE:
        event = stage.event(name)
        event["headers"]["authorization"] = f"Bearer {token}"
        event["requestContext"]["authorizer"]["lambda"] = authorizer_context(link(stage, booked))
        stage.invoke(name.partition("/")[0], event)
    assert [part for part in token.split(".") if part in logged.getvalue()] == []


@pytest.mark.parametrize(
    ("who", "passes"),
    [
        (caller("alex"), True),
        (caller("blake"), False),
        (caller("coach", Role.COACH), True),
        (caller("alex", Role.COACH), True),
    ],
)
def test_a_booking_is_its_clients_and_the_coachs(who: Caller, passes: bool) -> None:
    if passes:
        own(appointment("alex"), who, NOW)
        return
    with pytest.raises(NotFound):
        own(appointment("alex"), who, NOW)


def test_a_time_that_is_only_kept_for_a_move_is_no_booking_of_anyones() -> None:
    for who in (caller("alex"), caller("coach", Role.COACH)):
        with pytest.raises(NotFound):
            own(appointment("alex", moves="f" * 32), who, NOW)


def test_a_session_moved_ahead_takes_the_end_of_its_links_with_it() -> None:
    booking = appointment("alex")
    holder = LinkHolder(
        appointment_id=booking.id,
        client_id="alex",
        manage_key=0,
        until=booking.manage_until + timedelta(days=7),
    )
    own(booking, holder, booking.manage_until - timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        own(booking, holder, booking.manage_until)


def test_the_link_of_an_old_mail_ends_when_it_said_wherever_the_session_went() -> None:
    booking = appointment("alex")
    moved = replace(booking, start=booking.start + timedelta(days=7))
    holder = LinkHolder(appointment_id=booking.id, client_id="alex", manage_key=0, until=booking.manage_until)
    own(moved, holder, booking.manage_until - timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        own(moved, holder, booking.manage_until)


def _later(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()
