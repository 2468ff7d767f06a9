"""Cancelling and moving: each kind of session on both sides of 48 hours, and whatever may come in between."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from playwright.sync_api import Locator, expect

from tests.e2e.client import Client
from tests.e2e.conftest import NewClient
from tests.e2e.stack import Stack

AT_TEN = "2026-11-27T15:00:00Z"
"""The session: Friday at ten, in Toronto."""

IN_TIME, LATE = "2026-11-25T14:50:00Z", "2026-11-25T15:10:00Z"
"""Ten minutes before and after it is 48 hours away."""

MONDAY, AT_ELEVEN = "Monday, November 30", "2026-11-30T16:00:00Z"
COACH = "coach@example.com"
PENDING, DECLINED = "Bank account by eCheck", "Card ending in 0002"
WISHES = {"phone": "+14165550123", "timezone": "America/Toronto"}


class World:
    """What there is to agree: the sessions, PayPal's ledger, the credits, the calendar and the mailbox."""

    def __init__(self, stack: Stack, email: str = "robin@example.com") -> None:
        self.stack, self.email = stack, email

    def call(self, method: str, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.stack.token(self.email)}"}
        answer = requests.request(
            method, self.stack.api + path, json=body or None, headers=headers, timeout=60
        )
        answer.raise_for_status()
        return answer.json()

    def book(self, kind: str, start: str = AT_TEN) -> dict[str, Any]:
        if kind == "free":
            return self.call("POST", "/booking/create-free", promo_code="WIMD25", start=start, **WISHES)
        if kind == "single":
            order = self.call(
                "POST", "/booking/orders", service="single", currency="CAD", start=start, **WISHES
            )
            return self._pay("create-paid", order)
        package = self._pay(
            "create-paid-package", self.call("POST", "/booking/orders", service="package", currency="CAD")
        )
        return self.call(
            "POST", "/booking/use-package-session", package_id=package["id"], start=start, **WISHES
        )

    def _pay(self, path: str, order: dict[str, Any]) -> dict[str, Any]:
        self.stack.tell("POST", f"/paypal/orders/{order['order_id']}/approve", {})
        return dict(self.call("POST", f"/booking/{path}", paypal_order_id=order["order_id"]))

    @property
    def session(self) -> dict[str, Any]:
        [only] = self.stack.sessions_of(self.email)
        return only

    def settle(self) -> None:
        assert self.stack.tell("POST", "/settle")["owed"] == 0

    def amounts(self, of: str) -> list[str]:
        return [one["amount"]["value"] for one in self.stack.tell("GET", "/paypal/ledger")[of]]

    @property
    def credits_left(self) -> int | None:
        packages = self.call("GET", "/booking/my-packages")["items"]
        return packages[0]["sessions_remaining"] if packages else None

    @property
    def promo_uses_left(self) -> int:
        return int(self.call("GET", "/booking/promo/WIMD25")["remaining"])

    @property
    def calendar(self) -> list[str]:
        events = self.stack.tell("GET", "/calendar/events")
        return [_in_utc(one["start"]) for one in events if one.get("status") != "cancelled"]

    def mails(self, to: str) -> list[dict[str, Any]]:
        return list(self.stack.tell("GET", f"/mailbox?to={to}"))

    def invitation(self, to: str) -> str:
        """The latest that was mailed, unfolded."""
        return str([mail["ics"] for mail in self.mails(to) if mail["ics"]][-1]).replace("\r\n ", "")

    @property
    def link(self) -> str:
        """The newest mail's, on this stack's site."""
        text = self.mails(self.email)[-1]["text"]
        found = re.search(r"https?://\S+(/manage\.html#\S+)", text)
        assert found, text
        return found.group(1)


def _in_utc(when: dict[str, str]) -> str:
    return datetime.fromisoformat(when["dateTime"]).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def world(stack: Stack) -> World:
    return World(stack)


def booked(world: World, kind: str, now: str) -> dict[str, Any]:
    session = world.book(kind)
    world.settle()
    world.stack.tell("PUT", "/clock", {"now": now})
    return session


def open_sessions(client: Client) -> Locator:
    """My sessions, with the one card there is."""
    client.visit("/sessions.html")
    client.sign_in("Sign in", client.page.locator("coach-sessions"))
    return client.page.locator("coach-sessions .session[data-id]").first


def press(client: Client, name: str) -> None:
    client.dialog.get_by_role("button", name=name).click()


def choose_monday(client: Client) -> None:
    expect(client.times.first).to_be_visible()
    client.choose_day(MONDAY)
    client.choose("11:00 a.m.")
    client.dialog.get_by_role("button", name=re.compile("^Continue with")).click()
    expect(client.title).to_have_text("Move this session?")


def ask_for_fee(client: Client, opener: Locator) -> None:
    opener.get_by_role("button", name="Move").click()
    choose_monday(client)
    press(client, "Continue to payment")
    expect(client.paypal).to_be_visible()


CANCELLED = [
    ("free", IN_TIME, "promo code can be used again", [], [], None, 25),
    ("free", LATE, "promo code can be used again", [], [], None, 25),
    ("single", IN_TIME, "All of it, $150.00 CAD, goes back", ["150.00"], ["150.00"], None, 25),
    ("single", LATE, "$75.00 CAD goes back to you, $75.00 CAD is kept", ["150.00"], ["75.00"], None, 25),
    ("package", IN_TIME, "goes back to your package", ["500.00"], [], 3, 25),
    ("package", LATE, "is used up. Nothing is charged", ["500.00"], [], 2, 25),
]


@pytest.mark.parametrize(
    ("kind", "now", "told", "taken", "given_back", "credit", "promo"),
    CANCELLED,
    ids=[f"{case[0]}-{'in-time' if case[1] == IN_TIME else 'late'}" for case in CANCELLED],
)
def test_a_session_is_cancelled(
    client: Client,
    world: World,
    kind: str,
    now: str,
    told: str,
    taken: list[str],
    given_back: list[str],
    credit: int | None,
    promo: int,
) -> None:
    booked(world, kind, now)
    card = open_sessions(client)
    card.get_by_role("button", name="Cancel").click()
    client.sees(told.replace(" CAD", "\u00a0CAD"))
    client.dialog.get_by_label("Why are you cancelling?").fill("Away that day")
    press(client, "Cancel session")
    expect(client.title).to_have_text("Session cancelled")
    world.settle()
    if given_back:
        client.sees("Sent back by PayPal")
    press(client, "Done")
    expect(client.page.locator("coach-sessions")).to_contain_text("Cancelled")

    assert world.session["status"] == "cancelled"
    assert (world.amounts("captures"), world.amounts("refunds")) == (taken, given_back)
    assert (world.credits_left, world.promo_uses_left) == (credit, promo)
    assert world.calendar == []
    for reader in (client.email, COACH):
        invitation = world.invitation(reader)
        assert "METHOD:CANCEL" in invitation
        assert "SEQUENCE:1" in invitation


MOVED = [
    ("free", IN_TIME, None, []),
    ("free", LATE, None, []),
    ("single", IN_TIME, None, ["150.00"]),
    ("single", LATE, "$75.00", ["150.00", "75.00"]),
    ("package", IN_TIME, None, ["500.00"]),
    ("package", LATE, "$83.33", ["500.00", "83.33"]),
]


@pytest.mark.parametrize(
    ("kind", "now", "fee", "taken"),
    MOVED,
    ids=[f"{case[0]}-{'in-time' if case[1] == IN_TIME else 'late'}" for case in MOVED],
)
def test_a_session_is_moved(
    client: Client, world: World, kind: str, now: str, fee: str | None, taken: list[str]
) -> None:
    booked(world, kind, now)
    card = open_sessions(client)
    card.get_by_role("button", name="Move").click()
    choose_monday(client)
    expect(client.dialog.locator(".total")).to_contain_text(f"{fee}\u00a0CAD" if fee else "Nothing")
    if fee:
        press(client, "Continue to payment")
        client.sees("15 minutes left")
        assert world.session["start"] == AT_TEN
        client.pay()
    else:
        press(client, "Move session")
    expect(client.title).to_have_text("Session moved")
    press(client, "Done")
    expect(card).to_contain_text("Monday, November 30, 2026")
    world.settle()

    assert (world.session["status"], world.session["start"]) == ("confirmed", AT_ELEVEN)
    assert (world.amounts("captures"), world.amounts("refunds")) == (taken, [])
    assert world.credits_left == (2 if kind == "package" else None)
    assert world.promo_uses_left == (24 if kind == "free" else 25)
    assert world.calendar == [AT_ELEVEN]
    for reader in (client.email, COACH):
        invitation = world.invitation(reader)
        assert "METHOD:REQUEST" in invitation
        assert "SEQUENCE:1" in invitation
    assert world.stack.book("quick@example.com", AT_TEN).status_code == 201


def test_one_move_is_free_and_the_next_change_costs(client: Client, world: World) -> None:
    booked(world, "single", IN_TIME)
    card = open_sessions(client)
    card.get_by_role("button", name="Move").click()
    choose_monday(client)
    expect(client.dialog.locator(".terms")).to_contain_text("Changing it again will cost 50% of the price.")
    press(client, "Move session")
    press(client, "Done")
    card.get_by_role("button", name="Cancel").click()
    client.sees("You have moved this session before.")
    press(client, "Cancel session")
    expect(client.title).to_have_text("Session cancelled")
    world.settle()
    assert world.amounts("refunds") == ["75.00"]


# The link in a mail


def test_a_mails_link_opens_its_session_without_a_sign_in(client: Client, world: World) -> None:
    session = booked(world, "single", IN_TIME)
    client.visit(world.link)
    page = client.page.locator("coach-session")
    expect(page).to_contain_text("Friday, November 27, 2026")
    expect(page).to_contain_text("All of it, $150.00\u00a0CAD, goes back to you.")
    expect(page).to_contain_text("Moving it costs nothing.")
    assert client.page.url == f"{world.stack.site}/manage.html?id={session['id']}"
    assert world.session["sequence"] == 0
    client.page.reload()
    page.get_by_role("button", name="Cancel").click()
    press(client, "Cancel session")
    expect(client.title).to_have_text("Session cancelled")
    press(client, "Done")
    expect(page).to_contain_text("Cancelled")
    assert world.session["status"] == "cancelled"


def test_a_fee_is_paid_by_link(client: Client, world: World) -> None:
    booked(world, "single", LATE)
    client.visit(world.link)
    ask_for_fee(client, client.page.locator("coach-session"))
    client.pay()
    expect(client.title).to_have_text("Session moved")
    press(client, "Done")
    expect(client.page.locator("coach-session")).to_contain_text("Monday, November 30, 2026")
    assert world.amounts("captures") == ["150.00", "75.00"]


@pytest.mark.parametrize("spoilt", ["ended", "altered"])
def test_a_link_that_is_no_longer_good_says_what_to_do(client: Client, world: World, spoilt: str) -> None:
    booked(world, "single", "2026-11-29T15:00:00Z" if spoilt == "ended" else LATE)
    link = world.link
    client.visit(link if spoilt == "ended" else link.replace("#t=e", "#t=f"))
    page = client.page.locator("coach-session")
    expect(page).to_contain_text("The link from your mail has ended, or was replaced. Your session is safe.")
    client.sign_in("Sign in", page)
    expect(page).to_contain_text("Friday, November 27, 2026")


# What may come in between


@pytest.mark.parametrize("way", ["Close", "Choose another time", "Back"])
def test_who_does_not_pay_the_fee_frees_the_new_time(client: Client, world: World, way: str) -> None:
    booked(world, "single", LATE)
    client.visit(world.link)
    ask_for_fee(client, client.page.locator("coach-session"))
    assert world.stack.book("quick@example.com", AT_ELEVEN).status_code == 409
    with client.page.expect_response(
        lambda answer: answer.request.method == "DELETE" and answer.status == 204
    ):
        press(client, way)
    assert world.stack.book("quick@example.com", AT_ELEVEN).status_code == 201
    assert world.session["start"] == AT_TEN


def test_a_declined_fee_can_be_paid_otherwise(client: Client, world: World) -> None:
    booked(world, "single", LATE)
    ask_for_fee(client, open_sessions(client))
    with client.page.expect_popup() as first:
        client.paypal.click()
    with client.page.expect_popup() as again:
        client.agree(first.value, DECLINED)
    client.sees("PayPal could not take the fee: your bank or card said no. Nothing was charged")
    client.agree(again.value)
    expect(client.title).to_have_text("Session moved")
    assert world.session["start"] == AT_ELEVEN


def test_who_leaves_paypal_can_pay_the_fee_after_all_even_on_a_page_loaded_again(
    client: Client, world: World
) -> None:
    booked(world, "single", LATE)
    card = open_sessions(client)
    ask_for_fee(client, card)
    with client.page.expect_popup() as popup:
        client.paypal.click()
    popup.value.get_by_role("button", name=re.compile("^Cancel")).click()
    client.sees("Nothing was charged, your session stays where it was, and the new time is still held")
    client.page.reload()
    card.get_by_role("button", name="Move").click()
    expect(client.title).to_have_text("Move this session?")
    client.pay()
    expect(client.title).to_have_text("Session moved")
    assert world.amounts("captures") == ["150.00", "75.00"]


def test_a_fee_from_a_bank_account_moves_the_session_when_it_arrives(client: Client, world: World) -> None:
    booked(world, "single", LATE)
    card = open_sessions(client)
    ask_for_fee(client, card)
    client.pay(PENDING)
    expect(client.title).to_have_text("Your fee is on its way", timeout=30_000)
    client.sees("Until then your session stays where it was: Friday, November 27")
    press(client, "Done")
    assert world.session["start"] == AT_TEN
    capture = world.stack.tell("GET", "/paypal/ledger")["captures"][-1]
    world.stack.tell("POST", f"/paypal/captures/{capture['id']}/settle", {"outcome": "completed"})
    world.settle()
    client.page.reload()
    expect(card).to_contain_text("Monday, November 30, 2026")


def test_a_lost_answer_about_the_fee_is_asked_for_again_and_charged_once(
    client: Client, world: World
) -> None:
    booked(world, "single", LATE)
    ask_for_fee(client, open_sessions(client))
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
    press(client, "Check again")
    expect(client.title).to_have_text("Session moved")
    assert world.amounts("captures") == ["150.00", "75.00"]


def test_paypals_own_page_leads_back_to_the_session(client: Client, world: World) -> None:
    client.page.route("**/sdk/js*", lambda route: route.abort())
    booked(world, "single", LATE)
    open_sessions(client).get_by_role("button", name="Move").click()
    choose_monday(client)
    press(client, "Continue to payment")
    press(client, "Pay on PayPal’s page")
    client.agree(client.page)
    expect(client.title).to_have_text("Session moved")
    assert client.page.url.startswith(f"{world.stack.site}/manage.html?id=")
    assert world.session["start"] == AT_ELEVEN


def test_a_time_taken_meanwhile_gives_others_and_the_session_stays(client: Client, world: World) -> None:
    booked(world, "single", IN_TIME)
    open_sessions(client).get_by_role("button", name="Move").click()
    choose_monday(client)
    assert world.stack.book("quick@example.com", AT_ELEVEN).status_code == 201
    press(client, "Move session")
    client.sees("Someone else just took that time. Your session stays where it was, and nothing was charged.")
    assert world.session["start"] == AT_TEN
    client.dialog.get_by_role("button", name=re.compile("^Mon, Nov 30, 11:30")).click()
    press(client, "Move session")
    expect(client.title).to_have_text("Session moved")
    assert world.session["start"] == "2026-11-30T16:30:00Z"


def test_48_hours_that_pass_while_the_page_is_open_are_told_before_anything_is_done(
    client: Client, world: World
) -> None:
    booked(world, "single", IN_TIME)
    open_sessions(client).get_by_role("button", name="Cancel").click()
    client.sees("All of it, $150.00\u00a0CAD, goes back to you.")
    world.stack.tell("PUT", "/clock", {"now": LATE})
    press(client, "Cancel session")
    client.sees("What cancelling costs has just changed, so nothing was cancelled yet.")
    client.sees("$75.00\u00a0CAD goes back to you, $75.00\u00a0CAD is kept.")
    assert world.session["status"] == "confirmed"
    press(client, "Cancel session")
    expect(client.title).to_have_text("Session cancelled")


def test_a_move_that_came_to_cost_a_fee_asks_first(client: Client, world: World) -> None:
    booked(world, "single", IN_TIME)
    open_sessions(client).get_by_role("button", name="Move").click()
    choose_monday(client)
    world.stack.tell("PUT", "/clock", {"now": LATE})
    press(client, "Move session")
    client.sees("Moving has just come to cost a fee. Nothing was moved and nothing was charged yet")
    expect(client.paypal).to_be_visible()
    assert world.session["start"] == AT_TEN


def test_a_stale_page_tells_what_it_can_no_longer_do(client: Client, world: World) -> None:
    session = booked(world, "single", IN_TIME)
    card = open_sessions(client)
    expect(card).to_be_visible()
    world.call("PUT", f"/booking/{session['id']}/cancel", reason="from another device")
    card.get_by_role("button", name="Move").click()
    client.sees("This session has begun, or was changed meanwhile. Nothing was changed here")
    press(client, "Show it as it is now")
    expect(client.page.locator("coach-sessions")).to_contain_text("Cancelled")


def test_a_sign_in_that_ends_is_renewed_and_the_change_made(client: Client, world: World) -> None:
    booked(world, "free", LATE)
    open_sessions(client).get_by_role("button", name="Cancel").click()
    client.sees("promo code can be used again")
    client.page.evaluate("sessionStorage.setItem('coach-booking.token', 'worn.out.token')")
    press(client, "Cancel session")
    client.sees("Your sign-in has ended. Nothing was changed, and nothing was charged.")
    client.sign_in("Sign in again")
    press(client, "Cancel session")
    expect(client.title).to_have_text("Session cancelled")


# Told in the app


def test_what_happened_is_told_in_the_app_and_marked_as_read(client: Client, world: World) -> None:
    booked(world, "single", IN_TIME)
    card = open_sessions(client)
    bell = client.page.get_by_role("button", name="Notifications")
    expect(bell).to_have_accessible_name("Notifications, 1 unread")
    card.get_by_role("button", name="Cancel").click()
    press(client, "Cancel session")
    expect(client.title).to_have_text("Session cancelled")
    world.settle()
    press(client, "Done")
    client.page.reload()
    expect(bell).to_have_accessible_name("Notifications, 3 unread")
    bell.click()
    panel = client.page.get_by_role("region", name="Notifications")
    for words in ("Session booked", "Session cancelled", "Money went back to you"):
        expect(panel).to_contain_text(words)
    client.assert_accessible()
    with client.page.expect_response(lambda answer: answer.url.endswith("/read") and answer.ok):
        panel.get_by_role("button", name="Mark all as read").click()
    expect(bell).to_have_accessible_name("Notifications")
    client.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


# For everyone


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_every_step_of_a_change_is_accessible(
    new_client: NewClient, world: World, width: int, scheme: str
) -> None:
    client = new_client(width=width, height=740, color_scheme=scheme, reduced_motion="reduce")
    booked(world, "single", LATE)
    client.visit(world.link)
    page = client.page.locator("coach-session")
    page.get_by_role("button", name="Move").click()
    expect(client.times.first).to_be_visible()
    client.assert_accessible()
    choose_monday(client)
    client.assert_accessible()
    press(client, "Continue to payment")
    expect(client.paypal).to_be_visible()
    client.assert_accessible()
    client.pay()
    expect(client.title).to_have_text("Session moved")
    client.assert_accessible()
    press(client, "Done")
    client.assert_accessible()
    page.get_by_role("button", name="Cancel").click()
    client.sees("You have moved this session before.")
    client.assert_accessible()
    too_wide = client.dialog.locator(".body").evaluate("body => body.scrollWidth - body.clientWidth")
    assert too_wide == 0
    press(client, "Cancel session")
    expect(client.title).to_have_text("Session cancelled")
    client.assert_accessible()


def test_a_session_is_cancelled_by_keyboard_alone(client: Client, world: World) -> None:
    booked(world, "free", LATE)
    client.visit(world.link)
    button = client.page.locator("coach-session").get_by_role("button", name="Cancel")
    button.focus()
    keys = client.page.keyboard
    keys.press("Enter")
    expect(client.title).to_be_focused()
    client.sees("promo code can be used again")
    keys.press("Escape")
    expect(button).to_be_focused()
    keys.press("Enter")
    client.sees("promo code can be used again")
    for _ in range(4):  # close, why, keep, cancel
        keys.press("Tab")
    expect(client.dialog.get_by_role("button", name="Cancel session")).to_be_focused()
    keys.press("Enter")
    expect(client.title).to_have_text("Session cancelled")
    expect(client.title).to_be_focused()


def test_it_all_speaks_french(new_client: NewClient, world: World) -> None:
    client = new_client(locale="fr-CA")
    booked(world, "single", LATE)
    client.visit(world.link)
    page = client.page.locator("coach-session")
    expect(page).to_contain_text("La déplacer coûte 75,00\u00a0$\u00a0CAD.")
    page.get_by_role("button", name="Annuler").click()
    client.sees("75,00\u00a0$\u00a0CAD vous sont remboursés, 75,00\u00a0$\u00a0CAD sont retenus.")
    press(client, "Annuler la séance")
    expect(client.title).to_have_text("Séance annulée")
