"""A free, a single and a package session are each cancelled and moved on both sides of 48 hours, and all agrees."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import expect

from tests.e2e.client import Client
from tests.e2e.conftest import NewClient
from tests.e2e.world import AT_ELEVEN, AT_TEN, IN_TIME, LATE, World

COACH = "coach@example.com"
BOUGHT = {"free": [], "single": ["150.00"], "package": ["500.00"]}


@dataclass(frozen=True)
class Cancelled:
    """What the client is told, what goes back, and what can be used again."""

    kind: str
    now: str
    told: str
    refunds: list[str] = field(default_factory=list)
    credit: int | None = None


CANCELLED = [
    Cancelled("free", IN_TIME, "promo code can be used again"),
    Cancelled("free", LATE, "promo code can be used again"),
    Cancelled("single", IN_TIME, "All of it, $150.00\u00a0CAD, goes back", ["150.00"]),
    Cancelled("single", LATE, "$75.00\u00a0CAD goes back to you, $75.00\u00a0CAD is kept", ["75.00"]),
    Cancelled("package", IN_TIME, "goes back to your package", credit=3),
    Cancelled("package", LATE, "is used up. Nothing is charged", credit=2),
]


def told(kind: str, change: str, refunds: int = 0) -> tuple[Counter[str], Counter[str]]:
    """What the client, and what the coach was told in all."""
    both = Counter(["booked", change, *(["package"] if kind == "package" else [])])
    return both + Counter({"refunded": refunds}), both


def names(case: Cancelled | Moved) -> str:
    return f"{case.kind}-{'in-time' if case.now == IN_TIME else 'late'}"


@pytest.mark.parametrize("case", CANCELLED, ids=names)
def test_a_session_is_cancelled(client: Client, world: World, case: Cancelled) -> None:
    world.booked(case.kind, case.now)
    client.wants_to_cancel(client.open_sessions())
    client.sees(case.told)
    client.dialog.get_by_label("Why are you cancelling?").fill("Away that day")
    client.press("Cancel session")
    client.sees_cancelled()
    world.settle()
    if case.refunds:
        client.sees("Sent back by PayPal")
    client.press("Done")
    expect(client.page.locator("coach-sessions")).to_contain_text("Cancelled")

    assert world.session["status"] == "cancelled"
    assert (world.amounts("captures"), world.amounts("refunds")) == (BOUGHT[case.kind], case.refunds)
    assert (world.credits_left, world.promo_uses_left) == (case.credit, 25)
    assert world.calendar == []
    assert_invited(world, "CANCEL")
    world.assert_money_and_bookings_agree()
    world.assert_told(*told(case.kind, "cancelled", len(case.refunds)))


def assert_invited(world: World, method: str) -> None:
    for reader in (world.email, COACH):
        invitation = world.invitation(reader)
        assert f"METHOD:{method}" in invitation
        assert "SEQUENCE:1" in invitation


@dataclass(frozen=True)
class Moved:
    kind: str
    now: str
    fee: str | None = None


MOVED = [
    Moved("free", IN_TIME),
    Moved("free", LATE),
    Moved("single", IN_TIME),
    Moved("single", LATE, "75.00"),
    Moved("package", IN_TIME),
    Moved("package", LATE, "83.33"),
]


@pytest.mark.parametrize("case", MOVED, ids=names)
def test_a_session_is_moved(client: Client, world: World, case: Moved) -> None:
    world.booked(case.kind, case.now)
    card = client.open_sessions()
    client.chooses_monday(card)
    cost = f"${case.fee}\u00a0CAD" if case.fee else "Nothing"
    expect(client.dialog.locator(".total")).to_contain_text(cost)
    if case.fee:
        client.press("Continue to payment")
        client.sees("15 minutes left")
        assert world.session["start"] == AT_TEN
        client.pay()
    else:
        client.press("Move session")
    client.sees_moved()
    client.press("Done")
    expect(card).to_contain_text("Monday, November 30, 2026")
    world.settle()

    assert (world.session["status"], world.session["start"]) == ("confirmed", AT_ELEVEN)
    taken = BOUGHT[case.kind] + ([case.fee] if case.fee else [])
    assert (world.amounts("captures"), world.amounts("refunds")) == (taken, [])
    assert world.credits_left == (2 if case.kind == "package" else None)
    assert world.promo_uses_left == (24 if case.kind == "free" else 25)
    assert world.calendar == [AT_ELEVEN]
    assert_invited(world, "REQUEST")
    world.assert_money_and_bookings_agree()
    world.assert_told(*told(case.kind, "moved"))
    assert world.stack.book("quick@example.com", AT_TEN).status_code == 201


def test_one_move_is_free_and_the_next_change_costs(client: Client, world: World) -> None:
    world.booked("single", IN_TIME)
    card = client.open_sessions()
    client.chooses_monday(card)
    expect(client.dialog.locator(".terms")).to_contain_text("Changing it again will cost 50% of the price.")
    client.press("Move session")
    client.press("Done")
    expect(card).to_contain_text("Monday, November 30")
    client.wants_to_cancel(card)
    client.sees("You have moved this session before.")
    client.press("Cancel session")
    client.sees_cancelled()
    world.settle()
    assert world.amounts("refunds") == ["75.00"]


def test_what_happened_is_told_in_the_app_and_marked_as_read(client: Client, world: World) -> None:
    session = world.booked("single", IN_TIME)
    world.call("PUT", f"/booking/{session['id']}/cancel")
    world.settle()
    client.open_sessions()
    bell = client.page.get_by_role("button", name="Notifications")
    expect(bell).to_have_accessible_name("Notifications, 3 unread")
    bell.click()
    panel = client.page.get_by_role("region", name="Notifications")
    for words in ("Session booked", "Session cancelled", "Money went back to you"):
        expect(panel).to_contain_text(words)
    with client.page.expect_request("**/read"):
        panel.get_by_role("link", name="Session cancelled").click()
    expect(client.page.locator("coach-session")).to_contain_text("refunded")
    client.visit("/sessions.html")
    bell.click()
    panel.get_by_role("button", name="Mark all as read").click()
    client.page.wait_for_load_state("networkidle")
    expect(bell).to_have_accessible_name("Notifications")
    client.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    client.page.reload()
    expect(bell).to_have_accessible_name("Notifications")


def test_a_change_speaks_french(new_client: NewClient, world: World) -> None:
    client = new_client(locale="fr-CA")
    world.booked("single", LATE)
    page = client.open_link(world.link)
    expect(page).to_contain_text("La déplacer coûte 75,00\u00a0$\u00a0CAD.")
    page.get_by_role("button", name="Annuler").click()
    client.sees("75,00\u00a0$\u00a0CAD vous sont remboursés, 75,00\u00a0$\u00a0CAD sont retenus.")
    client.press("Annuler la séance")
    expect(client.title).to_have_text("Séance annulée")
