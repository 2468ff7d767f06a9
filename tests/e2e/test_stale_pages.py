"""A page left open: whatever happened meanwhile is told before anything is done."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.client import Client
from tests.e2e.world import AT_ELEVEN, AT_TEN, IN_TIME, LATE, World


def test_a_time_taken_meanwhile_gives_others_and_the_session_stays(client: Client, world: World) -> None:
    world.booked("single", IN_TIME)
    client.chooses_monday(client.open_sessions())
    assert world.stack.book("quick@example.com", AT_ELEVEN).status_code == 201
    client.press("Move session")
    client.sees("Someone else just took that time. Your session stays where it was, and nothing was charged.")
    assert world.session["start"] == AT_TEN
    client.dialog.get_by_role("button", name=re.compile("^Mon, Nov 30, 11:30")).click()
    client.press("Move session")
    client.sees_moved()
    assert world.session["start"] == "2026-11-30T16:30:00Z"


def test_48_hours_that_pass_before_a_cancellation_are_told_first(client: Client, world: World) -> None:
    world.booked("single", IN_TIME)
    client.wants_to_cancel(client.open_sessions())
    client.sees("All of it, $150.00\u00a0CAD, goes back to you.")
    world.stack.tell("PUT", "/clock", {"now": LATE})
    client.press("Cancel session")
    client.sees("What cancelling costs has just changed, so nothing was cancelled yet.")
    client.sees("$75.00\u00a0CAD goes back to you, $75.00\u00a0CAD is kept.")
    assert world.session["status"] == "confirmed"
    client.press("Cancel session")
    client.sees_cancelled()


def test_48_hours_that_pass_before_a_move_are_told_first(client: Client, world: World) -> None:
    world.booked("single", IN_TIME)
    client.chooses_monday(client.open_sessions())
    world.stack.tell("PUT", "/clock", {"now": LATE})
    client.press("Move session")
    client.sees("What moving costs has just changed. Nothing was moved and nothing was charged yet")
    assert world.session["start"] == AT_TEN
    client.press("Continue to payment")
    expect(client.paypal).to_be_visible()


@pytest.mark.parametrize(
    ("became", "words"),
    [
        ("cancelled", "This session is cancelled already. Nothing more was changed, and no money was moved."),
        ("begun", "This session has begun, so it can’t be changed here any more. Nothing was changed"),
    ],
)
@pytest.mark.parametrize("action", ["Move", "Cancel"])
def test_what_can_no_longer_be_changed_says_why(
    client: Client, world: World, action: str, became: str, words: str
) -> None:
    session = world.booked("single", IN_TIME)
    card = client.open_sessions()
    expect(card).to_be_visible()
    if became == "cancelled":
        world.call("PUT", f"/booking/{session['id']}/cancel", reason="from another device")
    else:
        world.stack.tell("PUT", "/clock", {"now": AT_TEN})
    card.get_by_role("button", name=action).click()
    client.sees(words)
    expect(client.dialog.get_by_role("link", name="Book another time")).to_be_visible()
    client.press("Show it now")
    expect(client.page.locator("coach-sessions")).to_contain_text(
        "Cancelled" if became == "cancelled" else "Confirmed"
    )
    expect(client.page.get_by_role("button", name="Move")).to_have_count(0)


@pytest.mark.parametrize("when", ["before the dialog opens", "while it is open"])
def test_a_session_moved_elsewhere_is_shown_where_it_is_before_it_is_cancelled(
    client: Client, world: World, when: str
) -> None:
    session = world.booked("free", IN_TIME)
    card = client.open_sessions()
    expect(card).to_contain_text("Friday, November 27")
    if when == "while it is open":
        client.wants_to_cancel(card)
        client.sees("Friday, November 27")
    world.call("PUT", f"/booking/{session['id']}/reschedule", start=AT_ELEVEN)
    client.press("Cancel session") if when == "while it is open" else client.wants_to_cancel(card)
    client.sees("This session has moved meanwhile: it is on Monday, November 30, 11:00\u00a0a.m. now.")
    expect(client.dialog.locator(".receipt")).to_contain_text("Monday, November 30")
    assert world.session["status"] == "confirmed"
    client.press("Cancel session")
    client.sees_cancelled()


def test_a_move_whose_answer_is_lost_is_made_once(client: Client, world: World) -> None:
    world.booked("single", IN_TIME)
    client.chooses_monday(client.open_sessions())
    lost: list[int] = []

    def lose(route: Any) -> None:
        if not lost and route.request.method == "PUT":
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    client.page.route("**/reschedule", lose)
    client.press("Move session")
    client.sees("No answer came, so we can’t tell yet whether it is done.")
    client.press("Move session")
    client.sees_moved()
    assert (lost, world.session["sequence"], world.amounts("captures")) == ([200], 1, ["150.00"])


def test_a_sign_in_that_ends_is_renewed_and_the_change_made(client: Client, world: World) -> None:
    world.booked("free", LATE)
    client.wants_to_cancel(client.open_sessions())
    client.sees("promo code can be used again")
    client.page.evaluate("sessionStorage.setItem('coach-booking.token', 'worn.out.token')")
    client.press("Cancel session")
    client.sees("Your sign-in has ended. Nothing was changed, and nothing was charged.")
    client.sign_in("Sign in again")
    client.press("Cancel session")
    client.sees_cancelled()
