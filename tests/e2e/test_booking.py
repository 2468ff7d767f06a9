"""From the landing page to the invitation and the coach's calendar."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.e2e.client import Client
from tests.e2e.conftest import NewClient
from tests.e2e.stack import Stack


def test_a_client_books_a_free_session_and_everyone_hears_of_it(client: Client, stack: Stack) -> None:
    client.arrive()
    client.choose_zone("pacif vanc", "Vancouver")
    client.choose_day("Wednesday, November 25")
    client.choose("7:30 a.m.")  # British Columbia no longer changes its clocks in November
    client.go_on()
    expect(client.dialog.get_by_role("checkbox")).to_have_count(0)  # texts are off: nobody is asked
    client.fill_in(promo="wimd25 ")
    client.sees("The code is good: 25 free sessions left.")
    client.dialog.get_by_label("What would you like to talk about?").fill("A new job, <b>maybe</b>")
    client.dialog.get_by_label("Day", exact=True).select_option("2026-11-26")
    client.book()

    client.sees_booked()
    expect(client.dialog.locator(".done .date")).to_have_text("Wednesday, November 257:30 a.m.")
    client.sees("+1 416 555 0123")
    client.sees("An invitation is on its way to robin@example.com.")
    [session] = stack.sessions_of("robin@example.com")
    assert session["start"] == "2026-11-25T14:30:00Z"
    assert session["timezone"] == "America/Vancouver"
    assert session["backup_start"] == "2026-11-26T14:00:00Z"
    assert session["answers"] == {"What would you like to talk about?": "A new job, <b>maybe</b>"}

    stack.tell("POST", "/settle")
    [mail] = stack.tell("GET", "/mailbox?to=robin@example.com")
    assert "METHOD:REQUEST" in mail["ics"]
    [event] = stack.tell("GET", "/calendar/events")
    assert event["id"].endswith(session["id"])


def test_the_booking_is_found_again_on_the_sessions_pages(client: Client) -> None:
    client.arrive()
    client.choose("9:00 a.m.")
    client.go_on()
    client.fill_in()
    client.book()
    client.sees_booked()
    with client.page.expect_download() as download:
        client.dialog.get_by_role("button", name="Calendar file").click()
    assert "BEGIN:VCALENDAR" in download.value.path().read_text()

    client.dialog.get_by_role("link", name="My sessions").click()
    card = client.page.locator("coach-sessions .session")
    expect(card).to_contain_text("Tuesday, November 24, 2026")
    expect(card).to_contain_text("Confirmed")
    card.get_by_role("link", name="Details").click()
    expect(client.page.locator("coach-session article")).to_contain_text("9:00 a.m.")


def test_a_client_without_sessions_is_told_what_to_do_next(client: Client) -> None:
    client.visit("/sessions.html")
    client.sign_in("Sign in", client.page.locator("coach-sessions"))
    expect(client.page.get_by_text("No sessions yet")).to_be_visible()
    client.open()
    client.see_times()


def test_another_clients_session_looks_like_none(client: Client, stack: Stack) -> None:
    booked = stack.book("someone@example.com", "2026-11-24T14:00:00Z").json()
    client.visit(f"/manage.html?id={booked['id']}")
    client.sign_in("Sign in", client.page.locator("coach-session"))
    expect(
        client.page.get_by_text("There is no such session, or it belongs to someone else.")
    ).to_be_visible()


def test_a_time_that_is_gone_is_not_offered_to_the_next_client(client: Client, stack: Stack) -> None:
    stack.book("someone@example.com", "2026-11-24T14:00:00Z")
    client.arrive()
    expect(client.dialog.locator(".slots").first).to_contain_text("9:30 a.m.")
    expect(client.dialog.locator(".slots").first).not_to_contain_text("9:00 a.m.")


def test_a_page_that_signs_its_users_in_hands_over_its_own_token(client: Client, stack: Stack) -> None:
    client.visit()
    token = stack.token(client.email)
    client.page.evaluate("token => document.querySelector('coach-booking').token = token", token)
    client.open()
    client.see_times()
    client.choose("9:00 a.m.")
    client.go_on()
    client.fill_in()
    client.book()
    client.sees_booked()


def test_a_page_may_put_its_own_words_on_the_button_or_its_own_button(client: Client) -> None:
    client.visit()
    client.page.evaluate("document.querySelector('coach-booking').textContent = 'Talk to me'")
    client.open("Talk to me")
    client.page.keyboard.press("Escape")
    client.page.evaluate(
        "document.querySelector('coach-booking').innerHTML = '<button slot=trigger>Call me</button>'"
    )
    client.open("Call me")


def test_times_are_shown_as_the_api_rendered_them_not_as_the_browser_would(client: Client) -> None:
    def an_hour_later(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("T09:00:00-05:00", "T03:07:00-11:00"))

    client.page.route("**/booking/availability*", an_hour_later)
    client.arrive()
    client.choose("3:07 a.m.")
    expect(client.dialog.get_by_role("button", name="Change time zone")).to_contain_text("UTC\u221211:00")


def test_a_viewer_on_another_date_sees_their_own_date(new_client: NewClient) -> None:
    client = new_client(timezone_id="Pacific/Kiritimati")
    client.arrive()
    # Tuesday 10:00 in Toronto is Wednesday 05:00 on Kiritimati.
    expect(client.dialog.get_by_role("heading", name="Wednesday, November 25")).to_be_visible()
    client.choose("5:00 a.m.")
    client.go_on()
    client.fill_in()
    client.book()
    expect(client.dialog.locator(".done .date")).to_have_text("Wednesday, November 255:00 a.m.")


def test_a_client_may_read_it_all_in_french(new_client: NewClient) -> None:
    client = new_client(locale="fr-CA")
    client.arrive(lang="fr-CA")
    expect(client.title).to_have_text("Choisissez une heure")
    client.choose("9 h 00")
    client.dialog.get_by_role("button", name="Continuer avec").click()
    client.dialog.get_by_label("Code promo").fill("WIMD25")
    client.dialog.get_by_label("Votre numéro de téléphone").fill("514 555 0123")
    client.dialog.get_by_role("button", name="Réserver cette heure").click()
    expect(client.title).to_have_text("C’est réservé")
    client.dialog.get_by_role("link", name="Mes séances").click()
    expect(client.page.get_by_text("Confirmée")).to_be_visible()
