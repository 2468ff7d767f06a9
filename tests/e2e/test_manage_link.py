"""The link in every mail: one session, without a sign-in, and nothing else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Request, expect

from tests.e2e.client import Client
from tests.e2e.world import IN_TIME, LATE, World


def test_a_mails_link_opens_its_session_without_a_sign_in(client: Client, world: World) -> None:
    session = world.booked("single", IN_TIME)
    page = client.open_link(world.link)
    expect(page).to_contain_text("Friday, November 27, 2026")
    expect(page).to_contain_text("All of it, $150.00\u00a0CAD, goes back to you.")
    expect(page).to_contain_text("Moving it costs nothing.")
    assert (world.session["sequence"], world.session["status"]) == (0, "confirmed")
    assert client.page.url == f"{world.stack.site}/manage.html?id={session['id']}"
    client.page.reload()
    client.wants_to_cancel(page)
    client.press("Cancel session")
    client.sees_cancelled()
    client.press("Done")
    expect(page).to_contain_text("Cancelled")
    expect(page.get_by_role("link", name="Book another time")).to_be_visible()
    assert world.session["status"] == "cancelled"


def test_the_links_token_is_in_no_address_and_no_referrer(client: Client, world: World) -> None:
    world.booked("single", IN_TIME)
    link = world.link
    token = link.partition("#t=")[2].partition("&")[0]
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    client.page.on("request", note)
    page = client.open_link(link)
    expect(page).to_contain_text("Friday, November 27, 2026")
    page.get_by_role("button", name="Cancel").wait_for()
    client.page.get_by_role("link", name="My sessions").click()
    expect(client.page).to_have_url(f"{world.stack.site}/sessions.html")
    assert len(token) > 20
    assert any(token in (one.headers.get("authorization") or "") for one in asked)
    for one in asked[
        1:
    ]:  # the first is the address that was typed: a browser keeps what is behind # to itself
        assert token not in one.url
        assert token not in (one.headers.get("referer") or "")
    client.page.go_back()
    assert token not in client.page.url


def test_a_fee_is_paid_by_link(client: Client, world: World) -> None:
    world.booked("single", LATE)
    page = client.open_link(world.link)
    client.is_asked_for_fee(page)
    client.pay()
    client.sees_moved()
    client.press("Done")
    expect(page).to_contain_text("Monday, November 30, 2026")
    assert world.amounts("captures") == ["150.00", "75.00"]


@pytest.mark.parametrize("spoilt", ["ended", "altered"])
def test_a_link_that_is_no_longer_good_says_what_to_do(client: Client, world: World, spoilt: str) -> None:
    world.booked("single", "2026-11-29T15:00:00Z" if spoilt == "ended" else LATE)
    link = world.link
    page = client.open_link(link if spoilt == "ended" else link.replace("#t=e", "#t=f"))
    expect(page).to_contain_text("The link from your mail has ended, or was replaced. Your session is safe.")
    client.sign_in("Sign in", page)
    expect(page).to_contain_text("Friday, November 27, 2026")


def test_a_link_that_ends_while_its_page_is_open_changes_nothing(client: Client, world: World) -> None:
    world.booked("free", LATE)
    page = client.open_link(world.link)
    client.wants_to_cancel(page)
    world.stack.tell("PUT", "/clock", {"now": "2026-11-29T15:00:00Z"})
    client.press("Cancel session")
    client.sees("This link is no longer good. Nothing was changed, and nothing was charged.")
    client.press("Sign in again")
    expect(page).to_contain_text("The link from your mail has ended, or was replaced.")
