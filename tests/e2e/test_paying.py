"""Paying with PayPal: in both currencies, and whatever a payment may end in."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.client import Client
from tests.e2e.conftest import NewClient
from tests.e2e.stack import ROOT, Stack

THURSDAY = "Thursday, November 26"
AT_NINE = "2026-11-26T14:00:00Z"
PENDING = "Bank account by eCheck"
DECLINED = "Card ending in 0002"

AMERICAN = {"timezone_id": "America/New_York", "locale": "en-US"}
CANADIAN = {"timezone_id": "America/Toronto", "locale": "en-CA"}


def at_the_till(client: Client) -> None:
    """A single session is chosen, and its time is held."""
    client.wants("Single session")
    client.sign_in()
    hold(client)


def hold(client: Client, time: str = "9:00 a.m.") -> None:
    client.choose_day(THURSDAY)
    client.choose(time)
    client.go_on()
    client.dialog.get_by_label("Your phone number").fill("416 555 0123")
    client.dialog.get_by_role("button", name="Continue to payment").click()
    expect(client.title).to_have_text("Review and pay")
    expect(client.paypal).to_be_visible()


def buy_package(client: Client) -> None:
    client.wants("Package of 3 sessions")
    client.sign_in("Sign in to buy the package")
    client.pay()
    sees_package(client)


def sees_package(client: Client) -> None:
    expect(client.title).to_have_text("The package is yours")


def captures(stack: Stack) -> list[dict[str, Any]]:
    return list(stack.tell("GET", "/paypal/ledger")["captures"])


def amounts(stack: Stack) -> list[str]:
    return [f"{one['amount']['value']} {one['amount']['currency_code']}" for one in captures(stack)]


@pytest.mark.parametrize(
    ("reader", "time", "price"),
    [(CANADIAN, "9:00 a.m.", "150.00 CAD"), (AMERICAN, "9:00 AM", "150.00 USD")],
    ids=["cad", "usd"],
)
def test_a_single_session_is_paid_in_the_readers_own_dollars(
    new_client: NewClient, stack: Stack, reader: dict[str, str], time: str, price: str
) -> None:
    client = new_client(**reader)
    client.wants("Single session")
    expect(client.dialog.locator("label", has_text="Single session")).to_contain_text(f"${price}")
    client.sign_in()
    hold(client, time)
    expect(client.dialog.locator(".total")).to_contain_text(f"${price}")
    client.sees(f"comes back. Later, or once you have moved the session, it is $75.00 {price[-3:]}.")
    client.sees("15 minutes left")
    client.pay()
    client.sees_booked()
    client.sees("+1 416 555 0123")
    expect(client.dialog.locator(".ticket")).to_contain_text(f"${price}")
    assert amounts(stack) == [price]
    [session] = stack.sessions_of(client.email)
    assert (session["start"], session["status"], session["payment"]["status"]) == (
        AT_NINE,
        "confirmed",
        "captured",
    )


@pytest.mark.parametrize("currency", ["CAD", "USD"])
def test_a_package_is_bought_in_either_currency_and_booked_from(
    client: Client, stack: Stack, currency: str
) -> None:
    client.wants("Package of 3 sessions")
    client.dialog.get_by_role("radio", name=currency, exact=True).check()
    client.sign_in("Sign in to buy the package")
    expect(client.dialog.locator(".total")).to_contain_text(f"$500.00 {currency}")
    client.pay()
    sees_package(client)
    assert amounts(stack) == [f"500.00 {currency}"]
    client.dialog.get_by_role("button", name="Book your first session").click()
    client.choose_day(THURSDAY)
    client.choose("9:00 a.m.")
    client.go_on()
    client.dialog.get_by_label("Your phone number").fill("416 555 0123")
    client.book()
    client.sees_booked()

    client.dialog.get_by_role("link", name="My sessions").click()
    package = client.page.locator("coach-sessions li", has_text="Package of 3 sessions")
    expect(package).to_contain_text("2 of 3 sessions left")
    expect(package).to_contain_text(f"$500.00 {currency} paid")
    package.get_by_role("button", name="Book from this package").click()
    expect(client.times.first).to_be_visible()
    client.page.keyboard.press("Escape")
    client.page.reload()
    client.open()
    client.dialog.get_by_role("button", name="Back").click()
    expect(client.dialog.get_by_role("radio", name=re.compile("^From your package"))).to_be_checked()


def test_the_currency_can_still_be_changed_at_the_till(client: Client, stack: Stack) -> None:
    at_the_till(client)
    client.dialog.get_by_role("radio", name="USD", exact=True).check()
    expect(client.dialog.locator(".total")).to_contain_text("$150.00 USD")
    expect(client.paypal).to_be_visible()
    client.pay()
    client.sees_booked()
    assert amounts(stack) == ["150.00 USD"]
    assert client.page.evaluate("localStorage.getItem('coach-booking.currency')") == "USD"


def test_a_payment_from_a_bank_account_holds_the_time_until_it_arrives(client: Client, stack: Stack) -> None:
    at_the_till(client)
    client.pay(PENDING)
    expect(client.title).to_have_text("Your payment is on its way")
    client.sees("Your time is held for you until the payment arrives.")
    client.sees("As soon as it arrives you get a mail")
    client.dialog.get_by_role("link", name="My sessions").click()
    card = client.page.locator("coach-sessions .session")
    expect(card).to_contain_text("Awaiting payment")

    [capture] = captures(stack)
    stack.tell("POST", f"/paypal/captures/{capture['id']}/settle", {"outcome": "completed"})
    stack.tell("POST", "/settle")
    client.page.reload()
    expect(card).to_contain_text("Confirmed")
    expect(card).to_contain_text("paid")


def test_a_declined_card_can_be_replaced_and_the_time_stays(client: Client, stack: Stack) -> None:
    at_the_till(client)
    with client.page.expect_popup() as first:
        client.paypal.click()
    with client.page.expect_popup() as again:
        client.agree(first.value, DECLINED)
    client.sees("PayPal could not take the payment: your bank or card said no. Nothing was charged")
    client.agree(again.value)
    client.sees_booked()
    assert [one["start"] for one in stack.sessions_of(client.email)] == [AT_NINE]
    ledger = stack.tell("GET", "/paypal/ledger")
    assert len(ledger["orders"]) == 1
    assert [one["status"] for one in ledger["captures"]].count("COMPLETED") == 1


def test_who_leaves_paypal_keeps_the_time_and_can_pay_after_all(client: Client, stack: Stack) -> None:
    at_the_till(client)
    with client.page.expect_popup() as popup:
        client.paypal.click()
    popup.value.get_by_role("button", name=re.compile("^Cancel")).click()
    client.sees("You left PayPal without paying. Nothing was charged, and your time is still held for you.")
    assert stack.book("quick@example.com", AT_NINE).status_code == 409
    client.pay()
    client.sees_booked()
    assert len(stack.tell("GET", "/paypal/ledger")["orders"]) == 1


def test_a_time_that_could_not_be_kept_gives_others_nearby(client: Client, stack: Stack) -> None:
    at_the_till(client)
    with client.page.expect_popup() as popup:
        client.paypal.click()
    popup.value.get_by_role("button", name="Pay now").wait_for()
    stack.tell("PUT", "/clock", {"advance_seconds": 20 * 60})
    assert stack.book("quick@example.com", AT_NINE).status_code == 201
    client.agree(popup.value)
    client.sees("We could not keep your time. Nothing was booked, and nothing was charged.")
    assert captures(stack) == []
    client.assert_accessible()
    client.dialog.get_by_role("button", name=re.compile("^Thu, Nov 26, 9:30")).click()
    expect(client.dialog.get_by_label("Your phone number")).to_have_value("416 555 0123")
    client.dialog.get_by_role("button", name="Continue to payment").click()
    client.pay()
    client.sees_booked()
    assert amounts(stack) == ["150.00 CAD"]


def test_a_time_taken_before_it_was_held_gives_others_nearby(client: Client, stack: Stack) -> None:
    client.wants("Single session")
    client.sign_in()
    client.choose_day(THURSDAY)
    client.choose("9:00 a.m.")
    client.go_on()
    client.dialog.get_by_label("Your phone number").fill("416 555 0123")
    assert stack.book("quick@example.com", AT_NINE).status_code == 201
    client.dialog.get_by_role("button", name="Continue to payment").click()
    client.sees("Someone else just took that time. Nothing was booked, and what you typed is kept.")
    client.dialog.get_by_role("button", name=re.compile("^Thu, Nov 26, 9:30")).click()
    client.dialog.get_by_role("button", name="Continue to payment").click()
    client.pay()
    client.sees_booked()


@pytest.mark.parametrize("way", ["another time", "closing"])
def test_who_gives_up_frees_the_time_at_once(client: Client, stack: Stack, way: str) -> None:
    at_the_till(client)
    assert stack.book("quick@example.com", AT_NINE).status_code == 409
    name = "Choose another time" if way == "another time" else "Close"
    with client.page.expect_response(
        lambda answer: answer.request.method == "DELETE" and answer.status == 204
    ):
        client.dialog.get_by_role("button", name=name).click()
    assert stack.book("quick@example.com", AT_NINE).status_code == 201


def test_a_page_loaded_again_keeps_the_held_time(client: Client, stack: Stack) -> None:
    at_the_till(client)
    client.page.reload()
    client.open()
    expect(client.title).to_have_text("Review and pay")
    client.sees("Held until")
    client.pay()
    client.sees_booked()
    assert len(stack.tell("GET", "/paypal/ledger")["orders"]) == 1


def lose_answers(client: Client, times: int = 1) -> None:
    """The work is done, and nobody hears of it."""
    lost: list[int] = []

    def lose(route: Any) -> None:
        if len(lost) < times and route.request.method == "POST":
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    client.page.route("**/booking/create-paid", lose)


def test_an_answer_that_is_lost_is_asked_for_again_and_charged_once(client: Client, stack: Stack) -> None:
    at_the_till(client)
    lose_answers(client)
    client.pay()
    client.sees("No answer came, so we can’t tell yet whether the payment went through.")
    client.dialog.get_by_role("button", name="Check again").click()
    client.sees_booked()
    assert amounts(stack) == ["150.00 CAD"]


def test_a_page_loaded_again_after_the_buyer_agreed_finishes_the_payment(
    client: Client, stack: Stack
) -> None:
    at_the_till(client)
    lose_answers(client)
    client.pay()
    client.sees("No answer came, so we can’t tell yet whether the payment went through.")
    client.page.reload()
    client.open()
    client.sees_booked()
    assert amounts(stack) == ["150.00 CAD"]


def test_a_sign_in_that_ends_at_the_till_is_renewed_and_the_payment_finished(
    client: Client, stack: Stack
) -> None:
    at_the_till(client)
    client.page.evaluate("sessionStorage.setItem('coach-booking.token', 'worn.out.token')")
    client.pay()
    client.sees("Your sign-in has ended before the payment was confirmed.")
    client.sign_in("Sign in again")
    client.sees_booked()
    assert amounts(stack) == ["150.00 CAD"]


def test_paypal_out_of_order_charges_nothing_twice(client: Client, stack: Stack) -> None:
    at_the_till(client)
    fault = {"target": "paypal", "effect": "status", "match": "POST /v2/checkout/orders/*/capture"}
    stack.tell("POST", "/faults", fault)
    client.pay()
    expect(client.dialog.get_by_text("can’t be charged twice")).to_be_visible(timeout=30_000)
    stack.tell("DELETE", "/faults")
    stack.tell("PUT", "/clock", {"advance_seconds": 5 * 60})
    client.dialog.get_by_role("button", name="Check again").click()
    client.sees_booked()
    assert amounts(stack) == ["150.00 CAD"]


def test_without_paypal_no_time_is_held_and_the_client_is_told(client: Client, stack: Stack) -> None:
    client.wants("Single session")
    client.sign_in()
    client.choose_day(THURSDAY)
    client.choose("9:00 a.m.")
    client.go_on()
    client.dialog.get_by_label("Your phone number").fill("416 555 0123")
    stack.tell("POST", "/faults", {"target": "paypal", "effect": "refuse"})
    client.dialog.get_by_role("button", name="Continue to payment").click()
    expect(
        client.dialog.get_by_text(
            "PayPal does not answer just now. Nothing was booked and nothing was charged."
        )
    ).to_be_visible(timeout=30_000)
    stack.tell("DELETE", "/faults")
    client.dialog.get_by_role("button", name="Continue to payment").click()
    expect(client.title).to_have_text("Review and pay")


def test_where_popups_are_blocked_paypal_opens_within_the_page_above_ours(client: Client) -> None:
    at_the_till(client)
    client.page.evaluate("window.open = () => null")
    client.paypal.click()
    expect(client.page.locator("coach-booking dialog:modal")).to_have_count(0)
    client.agree(client.page.frame_locator("iframe[title=PayPal]"))
    client.sees_booked()
    expect(client.page.locator("coach-booking dialog:modal")).to_have_count(1)


def test_where_paypals_script_cannot_be_had_its_own_page_can(client: Client, stack: Stack) -> None:
    client.page.route("**/sdk/js*", lambda route: route.abort())
    client.wants("Single session")
    client.sign_in()
    client.choose_day(THURSDAY)
    client.choose("9:00 a.m.")
    client.go_on()
    client.dialog.get_by_label("Your phone number").fill("416 555 0123")
    client.dialog.get_by_role("button", name="Continue to payment").click()
    client.sees("PayPal could not be loaded. Nothing was charged.")
    client.dialog.get_by_role("button", name="Pay on PayPal’s page").click()
    client.agree(client.page)
    client.sees_booked()
    expect(client.page).to_have_url(stack.site + "/sessions.html")
    assert amounts(stack) == ["150.00 CAD"]
    client.dialog.get_by_role("button", name="Done").click()
    expect(client.page.locator("coach-sessions .session")).to_contain_text("Confirmed")


def pay_page(client: Client, stack: Stack) -> str:
    """Where PayPal's own page would lead back to, once the buyer has agreed."""
    [order] = stack.tell("GET", "/paypal/ledger")["orders"]
    stack.tell("POST", f"/paypal/orders/{order['id']}/approve", {})
    return f"/sessions.html?paid=1&token={order['id']}&PayerID=BUYER"


def elsewhere(client: Client, path: str) -> Page:
    """Another tab, which knows nothing of what this one did."""
    client.page = client.context.new_page()
    client.visit(path)
    client.sign_in("Sign in", client.page.locator("coach-sessions"))
    return client.page


def test_a_session_paid_on_paypals_own_page_is_finished_in_any_tab(client: Client, stack: Stack) -> None:
    at_the_till(client)
    elsewhere(client, pay_page(client, stack))
    client.sees_booked()
    assert amounts(stack) == ["150.00 CAD"]


def test_a_package_paid_on_paypals_own_page_is_finished_in_any_tab(client: Client, stack: Stack) -> None:
    client.wants("Package of 3 sessions")
    client.sign_in("Sign in to buy the package")
    with client.page.expect_popup() as popup:
        client.paypal.click()
    popup.value.get_by_role("button", name="Pay now").wait_for()
    elsewhere(client, pay_page(client, stack))
    sees_package(client)
    assert amounts(stack) == ["500.00 CAD"]


def test_who_comes_back_from_paypals_own_page_without_paying_can_pay_still(
    client: Client, stack: Stack
) -> None:
    at_the_till(client)
    [order] = stack.tell("GET", "/paypal/ledger")["orders"]
    client.visit(f"/sessions.html?paid=0&token={order['id']}")
    client.sees("You left PayPal without paying. Nothing was charged, and your time is still held for you.")
    client.pay()
    client.sees_booked()


def test_the_last_session_of_a_package_cannot_be_booked_twice(client: Client, stack: Stack) -> None:
    buy_package(client)
    client.dialog.get_by_role("button", name="Book your first session").click()
    client.choose_day(THURSDAY)
    client.choose("9:00 a.m.")
    client.go_on()
    client.dialog.get_by_label("Your phone number").fill("416 555 0123")
    used_up = {
        "status": 409,
        "content_type": "application/problem+json",
        "json": {"code": "package_exhausted", "detail": "No session is left.", "request_id": "r"},
        "headers": {"Access-Control-Allow-Origin": "*"},
    }
    client.page.route(
        "**/booking/use-package-session",
        lambda route: route.fulfill(**used_up) if route.request.method == "POST" else route.continue_(),
    )
    client.book()
    client.sees("No session is left in that package. Nothing was booked.")
    assert stack.sessions_of(client.email) == []


def test_it_can_all_be_paid_in_french(new_client: NewClient, stack: Stack) -> None:
    client = new_client(locale="fr-CA")
    client.wants("Séance individuelle", lang="fr-CA")
    expect(client.dialog.locator("label", has_text="individuelle")).to_contain_text("150,00 $ CAD")
    client.sign_in("Voir les heures libres")
    client.choose("9 h 00")
    client.dialog.get_by_role("button", name="Continuer avec").click()
    client.dialog.get_by_label("Votre numéro de téléphone").fill("514 555 0123")
    client.dialog.get_by_role("button", name="Passer au paiement").click()
    expect(client.title).to_have_text("Vérifiez et payez")
    client.pay()
    expect(client.title).to_have_text("C’est réservé")
    assert amounts(stack) == ["150.00 CAD"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_every_step_of_paying_is_accessible(new_client: NewClient, width: int, scheme: str) -> None:
    client = new_client(width=width, height=740, color_scheme=scheme, reduced_motion="reduce")
    at_the_till(client)
    client.assert_accessible()
    with client.page.expect_popup() as popup:
        client.paypal.click()
    client.sees("Continue in PayPal’s window.")
    client.assert_accessible()
    popup.value.get_by_role("button", name=re.compile("^Cancel")).click()
    client.sees("You left PayPal without paying.")
    client.assert_accessible()
    client.pay(PENDING)
    expect(client.title).to_have_text("Your payment is on its way")
    client.assert_accessible()
    client.dialog.get_by_role("button", name="Done").click()
    client.wants("Package of 3 sessions")
    client.dialog.get_by_role("button", name="Continue to payment").click()
    client.assert_accessible()
    client.pay()
    sees_package(client)
    client.assert_accessible()
    client.visit("/sessions.html")
    expect(client.page.get_by_text("Book from this package")).to_be_visible()
    client.assert_accessible()
    client.open()
    expect(client.dialog.get_by_role("radio", name=re.compile("^From your package"))).to_be_checked()
    client.assert_accessible()


def test_a_session_is_paid_by_keyboard_alone(client: Client) -> None:
    at_the_till(client)
    client.paypal.focus()
    with client.page.expect_popup() as popup:
        client.page.keyboard.press("Enter")
    popup.value.get_by_role("button", name="Pay now").press("Enter")
    client.sees_booked()
    expect(client.title).to_be_focused()


GUARD = """policy => new MutationObserver((_, observer) => {
  if (!document.head) return;
  observer.disconnect();
  document.head.prepend(Object.assign(document.createElement("meta"), {
    httpEquiv: "Content-Security-Policy", content: policy }));
}).observe(document, { childList: true, subtree: true })"""
"""The policy stands before any script of the page runs."""


def test_the_policy_in_the_handbook_lets_a_page_sell(client: Client, stack: Stack) -> None:
    handbook = (ROOT / "docs/site.md").read_text()
    policy = " ".join(re.findall(r"^[a-z]+-src .*;$", handbook, re.MULTILINE))
    for known, ours in {
        "https://coach.example": stack.site,
        "https://api.coach.example": stack.api,
        "https://signin.example": stack.signin,
        "https://*.paypal.com": stack.paypal,
    }.items():
        policy = policy.replace(known, ours)
    client.page.add_init_script(f"({GUARD})({json.dumps(policy)})")
    at_the_till(client)
    client.pay()
    client.sees_booked()
