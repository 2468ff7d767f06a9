"""Everyone can book: by keyboard alone, on a small phone, in the dark, and by axe's reading of WCAG 2.2 AA."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.client import Client
from tests.e2e.conftest import NewClient
from tests.e2e.world import IN_TIME, LATE, World


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_every_step_is_accessible(new_client: NewClient, width: int, scheme: str) -> None:
    client = new_client(width=width, height=740, color_scheme=scheme, reduced_motion="reduce")
    client.visit()
    client.assert_accessible()
    client.open()
    expect(client.dialog.get_by_role("button", name="Sign in to see times")).to_be_enabled()
    client.assert_accessible()
    client.sign_in()
    client.choose("9:00 a.m.")
    client.assert_accessible()
    client.dialog.get_by_role("button", name="Change time zone").click()
    client.assert_accessible()
    client.page.keyboard.press("Escape")
    client.go_on()
    client.book()
    client.sees("Enter the promo code you were given.")
    client.assert_accessible()
    client.fill_in()
    client.book()
    client.sees_booked()
    client.assert_accessible()
    client.dialog.get_by_role("link", name="My sessions").click()
    expect(client.page.get_by_text("Confirmed")).to_be_visible()
    client.assert_accessible()
    client.page.get_by_role("link", name="Details").click()
    expect(client.page.get_by_role("heading", name="Add to your calendar")).to_be_visible()
    client.assert_accessible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_every_step_of_a_change_is_accessible(
    new_client: NewClient, world: World, width: int, scheme: str
) -> None:
    client = new_client(width=width, height=740, color_scheme=scheme, reduced_motion="reduce")
    world.booked("single", LATE)
    page = client.open_link(world.link)
    expect(page).to_contain_text("Friday, November 27, 2026")
    client.assert_accessible()
    page.get_by_role("button", name="Move").click()
    expect(client.times.first).to_be_visible()
    client.assert_accessible()
    client.press("Close")
    client.chooses_monday(page)
    client.assert_accessible()
    client.press("Continue to payment")
    expect(client.paypal).to_be_visible()
    client.assert_accessible()
    assert_fits(client)
    client.pay()
    client.sees_moved()
    client.assert_accessible()
    client.press("Done")
    client.wants_to_cancel(page)
    client.sees("You have moved this session before.")
    client.assert_accessible()
    assert_fits(client)
    client.press("Cancel session")
    client.sees_cancelled()
    client.assert_accessible()
    client.press("Done")
    expect(page).to_contain_text("Book another time")
    client.assert_accessible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_sessions_packages_and_notices_are_accessible(
    new_client: NewClient, world: World, width: int, scheme: str
) -> None:
    client = new_client(width=width, height=740, color_scheme=scheme, reduced_motion="reduce")
    session = world.booked("package", IN_TIME)
    page = client.open_link(world.link.replace("#t=e", "#t=f"))
    expect(page).to_contain_text("has ended, or was replaced")
    client.assert_accessible()
    card = client.open_sessions()
    expect(client.page.locator("coach-sessions")).to_contain_text("2 of 3 sessions left")
    client.assert_accessible()
    too_wide = client.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert too_wide <= 0
    client.page.get_by_role("button", name="Notifications").click()
    expect(client.page.get_by_role("region", name="Notifications")).to_contain_text("Session booked")
    client.assert_accessible()
    client.page.keyboard.press("Escape")
    world.call("PUT", f"/booking/{session['id']}/cancel")
    card.get_by_role("button", name="Cancel").click()
    client.sees("This session is cancelled already.")
    client.assert_accessible()


@pytest.mark.parametrize("width", [320, 360])
def test_nothing_is_wider_than_a_small_phone(new_client: NewClient, width: int) -> None:
    client = new_client(width=width, height=640)
    client.arrive()
    assert_fits(client)
    client.choose("9:00 a.m.")
    client.go_on()
    assert_fits(client)


def assert_fits(client: Client) -> None:
    too_wide = client.dialog.locator(".body").evaluate("body => body.scrollWidth - body.clientWidth")
    assert too_wide == 0


def test_a_session_is_booked_by_keyboard_alone(client: Client) -> None:
    client.visit()
    press = client.page.keyboard.press
    client.page.get_by_role("button", name="Book a session").focus()
    press("Enter")
    expect(client.dialog.get_by_role("button", name="Sign in to see times")).to_be_enabled()
    tab_to(client, "Sign in to see times")
    with client.page.expect_popup() as popup:
        press("Enter")
    popup.value.get_by_label("Another email address").fill(client.email)
    popup.value.keyboard.press("Enter")
    expect(client.times.first).to_be_visible()
    expect(client.title).to_be_focused()

    tab_to(client, "Tuesday, November 24")
    press("ArrowRight")
    press("Enter")
    expect(client.dialog.get_by_role("heading", name="Wednesday, November 25")).to_be_visible()
    press("PageDown")
    expect(client.dialog.get_by_role("heading", name="December 2026")).to_be_visible()
    press("PageUp")
    tab_to(client, "9:00 a.m.")
    press("Space")
    press("ArrowRight")
    press("Enter")
    expect(client.title).to_have_text("Your details")
    tab_to(client, "Promo code")
    client.page.keyboard.type("WIMD25")
    tab_to(client, "Your phone number")
    client.page.keyboard.type("416 555 0123")
    press("Enter")
    client.sees_booked()
    expect(client.title).to_be_focused()
    press("Escape")
    expect(client.dialog).not_to_be_visible()
    expect(client.page.get_by_role("button", name="Book a session")).to_be_focused()


def test_a_session_is_cancelled_by_keyboard_alone(client: Client, world: World) -> None:
    world.booked("free", LATE)
    button = client.open_link(world.link).get_by_role("button", name="Cancel")
    button.focus()
    press = client.page.keyboard.press
    press("Enter")
    expect(client.title).to_be_focused()
    client.sees("promo code can be used again")
    press("Escape")
    expect(button).to_be_focused()
    press("Enter")
    client.sees("promo code can be used again")
    tab_to(client, "Why are you cancelling?")
    client.page.keyboard.type("Away that day")
    tab_to(client, "Cancel session")
    press("Enter")
    client.sees_cancelled()
    expect(client.title).to_be_focused()
    press("Escape")
    expect(client.page.locator("coach-session")).to_contain_text("Cancelled")


def test_a_session_is_moved_by_keyboard_alone(client: Client, world: World) -> None:
    world.booked("free", LATE)
    press = client.page.keyboard.press
    client.open_link(world.link).get_by_role("button", name="Move").focus()
    press("Enter")
    expect(client.times.first).to_be_visible()
    tab_to(client, "9:00 a.m.")
    press("Space")
    press("Enter")
    expect(client.title).to_be_focused()
    tab_to(client, "Move session")
    press("Enter")
    client.sees_moved()
    expect(client.title).to_be_focused()


def tab_to(client: Client, name: str) -> None:
    """Tab, until what has the focus is called that."""
    for _ in range(40):
        client.page.keyboard.press("Tab")
        if str(client.page.evaluate(FOCUSED)).startswith(name):
            return
    raise AssertionError(f"the Tab key never comes to {name!r}")


FOCUSED = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return (at?.ariaLabel ?? at?.labels?.[0]?.innerText ?? at?.innerText ?? "").trim().replaceAll("\u00a0", " ");
}"""
