"""The fee for a late move, approved at PayPal: declined, given up, on its way for days, or its time gone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.client import Client
from tests.e2e.world import AT_ELEVEN, AT_TEN, LATE, World

PENDING, DECLINED = "Bank account by eCheck", "Card ending in 0002"


@pytest.mark.parametrize("way", ["Close", "Choose another time", "Back"])
def test_who_does_not_pay_the_fee_frees_the_new_time(client: Client, world: World, way: str) -> None:
    world.booked("single", LATE)
    client.is_asked_for_fee(client.open_link(world.link))
    assert world.stack.book("quick@example.com", AT_ELEVEN).status_code == 409
    with client.page.expect_response(
        lambda answer: answer.request.method == "DELETE" and answer.status == 204
    ):
        client.press(way)
    assert world.stack.book("quick@example.com", AT_ELEVEN).status_code == 201
    assert world.session["start"] == AT_TEN


def test_a_declined_fee_can_be_paid_otherwise(client: Client, world: World) -> None:
    world.booked("single", LATE)
    client.is_asked_for_fee(client.open_sessions())
    with client.page.expect_popup() as first:
        client.paypal.click()
    with client.page.expect_popup() as again:
        client.agree(first.value, DECLINED)
    client.sees("PayPal could not take the fee: your bank or card said no. Nothing was charged")
    assert world.session["start"] == AT_TEN
    client.agree(again.value)
    client.sees_moved()
    assert world.session["start"] == AT_ELEVEN


def test_who_leaves_paypal_can_pay_the_fee_after_all_even_on_a_page_loaded_again(
    client: Client, world: World
) -> None:
    world.booked("single", LATE)
    card = client.open_sessions()
    client.is_asked_for_fee(card)
    with client.page.expect_popup() as popup:
        client.paypal.click()
    popup.value.get_by_role("button", name=re.compile("^Cancel")).click()
    client.sees("Nothing was charged, your session stays where it was, and the new time is still held")
    client.page.reload()
    card.get_by_role("button", name="Move").click()
    expect(client.title).to_have_text("Move this session?")
    client.pay()
    client.sees_moved()
    assert world.amounts("captures") == ["150.00", "75.00"]


def test_a_fee_from_a_bank_account_moves_the_session_when_it_arrives(client: Client, world: World) -> None:
    world.booked("single", LATE)
    card = client.open_sessions()
    client.is_asked_for_fee(card)
    client.pay(PENDING)
    expect(client.title).to_have_text("Your fee is on its way", timeout=30_000)
    client.sees("Until then your session stays where it was (Friday, November 27")
    client.press("Done")
    on_its_way = "Moves to Monday, November 30, 11:00\u00a0a.m. when your fee arrives."
    expect(card).to_contain_text(on_its_way)
    assert world.session["start"] == AT_TEN
    card.get_by_role("button", name="Move").click()
    expect(client.title).to_have_text("Your fee is on its way")
    client.press("Done")
    capture = world.ledger["captures"][-1]
    world.stack.tell("POST", f"/paypal/captures/{capture['id']}/settle", {"outcome": "completed"})
    world.settle()
    client.page.reload()
    expect(card).to_contain_text("Monday, November 30, 2026")
    expect(card).not_to_contain_text("when your fee arrives")


def test_a_new_time_that_could_not_be_kept_gives_others_and_charges_nothing(
    client: Client, world: World
) -> None:
    world.booked("single", LATE)
    client.is_asked_for_fee(client.open_sessions())
    with client.page.expect_popup() as popup:
        client.paypal.click()
    popup.value.get_by_role("button", name="Pay now").wait_for()
    world.stack.tell("PUT", "/clock", {"advance_seconds": 20 * 60})
    assert world.stack.book("quick@example.com", AT_ELEVEN).status_code == 201
    client.agree(popup.value)
    client.sees("We could not keep the new time. Your session stays where it was.")
    assert (world.session["start"], world.amounts("captures")) == (AT_TEN, ["150.00"])
    client.dialog.get_by_role("button", name=re.compile("^Mon, Nov 30, 11:30")).click()
    client.press("Continue to payment")
    client.pay()
    client.sees_moved()
    assert world.session["start"] == "2026-11-30T16:30:00Z"


def test_a_lost_answer_about_the_fee_is_asked_for_again_and_charged_once(
    client: Client, world: World
) -> None:
    world.booked("single", LATE)
    client.is_asked_for_fee(client.open_sessions())
    lost: list[int] = []

    def lose(route: Any) -> None:
        if not lost and route.request.method == "PUT":
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    client.page.route("**/reschedule", lose)
    client.pay()
    client.sees("No answer came, so we can’t tell yet whether the payment went through.")
    client.press("Check again")
    client.sees_moved()
    assert world.amounts("captures") == ["150.00", "75.00"]


def test_paypals_own_page_leads_back_to_the_session(client: Client, world: World) -> None:
    client.page.route("**/sdk/js*", lambda route: route.abort())
    world.booked("single", LATE)
    client.chooses_monday(client.open_sessions())
    client.press("Continue to payment")
    client.press("Pay on PayPal’s page")
    client.agree(client.page)
    client.sees_moved()
    assert client.page.url.startswith(f"{world.stack.site}/manage.html?id=")
    assert world.session["start"] == AT_ELEVEN
