"""What is off by default: payment methods that PayPal saves, for fees to be charged to, and text messages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.client import Client
from tests.e2e.stack import Stack, running
from tests.e2e.world import AT_ELEVEN, AT_TEN, IN_TIME, LATE, World

SAVED = "charged to the PayPal account you saved."


@pytest.fixture(scope="module")
def switched_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    switches = {"PAYPAL_VAULT_ENABLED": "true", "TWILIO_SMS_ENABLED": "true"}
    with running(tmp_path_factory.mktemp("switched-on"), **switches) as stack:
        yield stack


@pytest.fixture
def stack(switched_on: Stack) -> Stack:
    switched_on.reset()
    switched_on.tell("PUT", "/paypal/account", {"vault": True})
    return switched_on


def test_the_till_says_that_the_method_is_saved_and_what_for(client: Client) -> None:
    client.wants("Package of 3 sessions")
    client.sign_in("Sign in to buy the package")
    client.sees(
        "PayPal saves this payment method. If you agree to a late change, its fee (50% of a session’s price)"
    )


def test_a_fee_is_charged_to_the_saved_method_and_the_session_moves_at_once(
    client: Client, world: World
) -> None:
    world.booked("single", LATE)
    card = client.open_sessions()
    client.chooses_monday(card)
    client.sees(f"Moving it costs $75.00\u00a0CAD, {SAVED}")
    assert world.amounts("captures") == ["150.00"]
    client.press("Pay $75.00\u00a0CAD and move")
    client.sees_moved()
    assert (world.session["start"], world.amounts("captures")) == (AT_ELEVEN, ["150.00", "75.00"])
    world.settle()
    world.assert_money_and_bookings_agree()


def test_a_fee_that_came_to_be_charged_is_never_charged_unseen(client: Client, world: World) -> None:
    world.booked("single", IN_TIME)
    client.chooses_monday(client.open_sessions())
    client.sees("Moving it costs nothing.")
    world.stack.tell("PUT", "/clock", {"now": LATE})
    client.press("Move session")
    client.sees("What moving costs has just changed. Nothing was moved and nothing was charged yet")
    client.sees(SAVED)
    assert (world.session["start"], world.amounts("captures")) == (AT_TEN, ["150.00"])


def test_a_saved_method_that_is_declined_can_be_paid_for_otherwise(client: Client, world: World) -> None:
    world.booked("single", LATE)
    client.chooses_monday(client.open_sessions())
    client.sees(SAVED)
    world.stack.tell("PUT", "/paypal/account", {"saved_method_declines": True})
    client.press("Pay $75.00\u00a0CAD and move")
    client.sees("PayPal could not charge the account you saved. Nothing was charged, and your session stays")
    assert world.session["start"] == AT_TEN
    client.pay()
    client.sees_moved()
    assert world.session["start"] == AT_ELEVEN


@pytest.mark.parametrize(
    ("declines", "told", "taken", "credit"),
    [
        (False, "83.33\u00a0CAD was charged, and the session is back", ["500.00", "83.33"], 3),
        (True, "could not be charged, so nothing was charged. The session of your package", ["500.00"], 2),
    ],
    ids=["charged", "declined"],
)
def test_a_late_package_session_costs_the_fee_or_is_used_up(
    client: Client, world: World, declines: bool, told: str, taken: list[str], credit: int
) -> None:
    world.booked("package", LATE)
    world.stack.tell("PUT", "/paypal/account", {"saved_method_declines": declines})
    client.wants_to_cancel(client.open_sessions())
    client.sees(
        "The fee of $83.33\u00a0CAD is charged to the PayPal account you saved, and the session goes back"
    )
    client.sees("If it can’t be charged, the session is used up and nothing is charged.")
    expect(client.dialog.locator(".receipt")).to_contain_text("$83.33\u00a0CAD")
    client.press("Cancel session")
    client.sees_cancelled()
    world.settle()
    client.sees(told)
    client.press("Done")
    expect(client.page.locator("coach-sessions")).to_contain_text("Cancelled")
    taken_now = [one["amount"]["value"] for one in world.ledger["captures"] if one["status"] == "COMPLETED"]
    assert (taken_now, world.credits_left, world.calendar) == (taken, credit, [])
    world.assert_money_and_bookings_agree()


@pytest.mark.parametrize("agrees", [True, False])
def test_who_agrees_is_texted_and_nobody_else(client: Client, stack: Stack, agrees: bool) -> None:
    client.arrive()
    client.choose("9:00 a.m.")
    client.go_on()
    client.fill_in()
    consent = client.dialog.get_by_role("checkbox", name="Text me about this session")
    expect(consent).not_to_be_checked()
    expect(consent).to_have_accessible_name(re.compile("Replying STOP ends it."))
    if agrees:
        consent.check()
    client.assert_accessible()
    client.book()
    client.sees_booked()
    assert stack.tell("POST", "/settle")["owed"] == 0
    assert bool(stack.tell("GET", "/texts")) == agrees
