"""Whatever goes wrong: the client is told what happened to the booking, and nothing typed is lost."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.e2e.client import Client
from tests.e2e.conftest import NewClient
from tests.e2e.stack import Stack


def at_details(client: Client) -> None:
    client.arrive()
    client.choose("9:00 a.m.")
    client.go_on()
    client.fill_in()
    client.dialog.get_by_label("What would you like to talk about?").fill("Kept")


def test_a_time_just_taken_gives_others_nearby_and_keeps_what_was_typed(client: Client, stack: Stack) -> None:
    at_details(client)
    assert stack.book("quick@example.com", "2026-11-24T14:00:00Z").status_code == 201
    client.book()
    client.sees("Someone else just took that time. Nothing was booked, and what you typed is kept.")
    client.dialog.get_by_role("button", name=re.compile("^Tue, Nov 24, 9:30")).click()
    expect(client.dialog.get_by_label("What would you like to talk about?")).to_have_value("Kept")
    expect(client.dialog.get_by_label("Your phone number")).to_have_value("416 555 0123")
    client.book()
    client.sees_booked()
    assert [one["start"] for one in stack.sessions_of(client.email)] == ["2026-11-24T14:30:00Z"]


def test_an_answer_that_is_lost_is_asked_for_again_and_books_once(client: Client, stack: Stack) -> None:
    at_details(client)
    lost: list[Any] = []

    def lose_the_first(route: Any) -> None:
        if lost or route.request.method != "POST":
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    client.page.route("**/booking/create-free", lose_the_first)
    client.book()
    client.sees("No answer came, so we can’t tell yet whether the booking went through.")
    client.book()
    client.sees_booked()
    assert lost == [201]
    assert len(stack.sessions_of(client.email)) == 1


def test_a_lost_booking_is_found_even_when_the_form_was_changed_meanwhile(
    client: Client, stack: Stack
) -> None:
    at_details(client)

    def lose(route: Any) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    client.page.route("**/booking/create-free", lose)
    client.book()
    client.sees("No answer came, so we can’t tell yet whether the booking went through.")
    client.dialog.get_by_label("What would you like to talk about?").fill("Something else")
    client.book()
    client.sees_booked()
    assert len(stack.sessions_of(client.email)) == 1


def test_an_ended_sign_in_is_renewed_without_losing_anything(client: Client, stack: Stack) -> None:
    at_details(client)
    client.page.evaluate("sessionStorage.setItem('coach-booking.token', 'worn.out.token')")
    client.book()
    client.sees("Your sign-in has ended. Nothing was booked yet, and what you typed is kept.")
    client.sign_in("Sign in again")
    client.sees_booked()
    assert stack.sessions_of(client.email)[0]["answers"] == {"What would you like to talk about?": "Kept"}


def test_where_popups_are_blocked_the_page_itself_goes_and_comes_back(client: Client) -> None:
    at_details(client)
    client.page.evaluate("sessionStorage.removeItem('coach-booking.token'); window.open = () => null")
    client.book()
    client.dialog.get_by_role("button", name="Sign in again").click()
    client.page.get_by_label("Another email address").wait_for()
    client.say_who(client.page)
    expect(client.title).to_have_text("Your details")
    expect(client.dialog.get_by_label("What would you like to talk about?")).to_have_value("Kept")
    client.book()
    client.sees_booked()


def test_a_sign_in_that_is_given_up_can_be_tried_again(client: Client) -> None:
    client.visit()
    client.open()
    with client.page.expect_popup() as popup:
        client.dialog.get_by_role("button", name="Sign in to see times").click()
    popup.value.close()
    client.sees("The sign-in window was closed before it was finished. Nothing is lost; try again.")
    client.sign_in()
    expect(client.times.first).to_be_visible()


def test_a_calendar_that_cannot_be_read_books_nothing_and_says_so(client: Client, stack: Stack) -> None:
    at_details(client)
    stack.tell("POST", "/faults", {"target": "google", "effect": "refuse"})
    client.book()
    client.sees(
        "The coach’s calendar can’t be read just now, so no time can be promised. Nothing was booked."
    )
    stack.tell("DELETE", "/faults")
    client.book()
    client.sees_booked()


def test_times_that_cannot_be_listed_can_be_asked_for_again(client: Client) -> None:
    client.page.route("**/booking/availability*", lambda route: route.abort())
    client.visit()
    client.open()
    client.sign_in()
    client.sees("The times could not be loaded. Check your connection and try again.")
    client.page.unroute("**/booking/availability*")
    client.dialog.get_by_role("button", name="Try again").click()
    expect(client.times.first).to_be_visible()


def test_promo_codes_are_refused_in_words(client: Client, stack: Stack) -> None:
    stack.book(client.email, "2026-11-25T14:00:00Z")
    client.arrive()
    client.choose("9:00 a.m.")
    client.go_on()
    client.dialog.get_by_label("Promo code").fill("NO-SUCH-CODE")
    client.dialog.get_by_role("button", name="Check").click()
    client.sees("There is no such code. Check the spelling.")
    client.fill_in()
    client.sees("You have used this code already. It is good for one session each.")
    client.book()
    client.sees("You have used this code already. It is good for one session each.")
    assert len(stack.sessions_of(client.email)) == 1


def test_a_number_nobody_can_call_is_marked_where_it_was_typed(new_client: NewClient, stack: Stack) -> None:
    client = new_client(width=360, height=740)
    client.arrive()
    client.choose("9:00 a.m.")
    client.go_on()
    client.fill_in(phone="+1 234 567")
    client.book()
    client.sees("Nothing is booked yet. Please look at the marked fields.")
    phone = client.dialog.get_by_label("Your phone number")
    expect(phone).to_be_focused()
    expect(phone).to_have_attribute("aria-invalid", "true")
    phone.fill("514 555 0188")
    client.book()
    client.sees_booked()
    assert stack.sessions_of(client.email)[0]["phone"] == "+15145550188"
