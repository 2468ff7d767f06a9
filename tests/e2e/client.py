"""A client at a browser: what they see and press, in their words."""

from __future__ import annotations

import re
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, FrameLocator, Locator, Page, expect

from tests.e2e.stack import Stack

SIGNED_IN = """sessionStorage.getItem("coach-booking.token")
  ?? sessionStorage.setItem("coach-booking.token", "TOKEN")"""

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class Client:
    def __init__(self, context: BrowserContext, stack: Stack, email: str) -> None:
        self.context, self.stack, self.email = context, stack, email
        self.complaints: list[str] = []
        context.on("console", self._note)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = context.new_page()

    def _note(self, message: ConsoleMessage) -> None:
        """Answers of 4xx are told by the page in words; the browser's own line about them says nothing more."""
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def title(self) -> Locator:
        return self.dialog.get_by_role("heading", level=2)

    def visit(self, path: str = "/", lang: str | None = None) -> None:
        self.page.goto(self.stack.site + path)
        if lang:
            self.page.evaluate("lang => document.querySelector('coach-booking').lang = lang", lang)

    def open(self, name: str = "Book a session") -> None:
        self.page.get_by_role("button", name=name).click()
        expect(self.dialog).to_be_visible()

    def sign_in(self, name: str = "Sign in to see times", scope: Locator | None = None) -> None:
        with self.page.expect_popup() as popup:
            (scope or self.dialog).get_by_role("button", name=name).click()
        self.say_who(popup.value)

    def say_who(self, page: Page) -> None:
        page.get_by_label("Another email address").fill(self.email)
        page.get_by_role("button", name="Sign in", exact=True).click()

    def arrive(self, lang: str | None = None) -> None:
        """Signed in, with the open times on show."""
        self.visit(lang=lang)
        self.open(*(["Réserver une séance"] if lang else []))
        self.sign_in(*(["Voir les heures libres"] if lang else []))
        expect(self.times.first).to_be_visible()

    def wants(self, kind: str, lang: str | None = None) -> None:
        """Opens the booking and says what for."""
        self.visit(lang=lang)
        self.open(*(["Réserver une séance"] if lang else []))
        self.dialog.get_by_role("radio", name=re.compile(f"^{kind}")).check()

    @property
    def times(self) -> Locator:
        return self.dialog.locator(".slots").get_by_role("radio")

    def choose(self, time: str) -> None:
        """A space in a time does not break, so it is not a plain one."""
        name = r"\s".join(re.escape(word) for word in time.split())
        self.dialog.get_by_role("radio", name=re.compile(f"^{name}")).click()

    def choose_day(self, name: str) -> None:
        self.dialog.get_by_role("button", name=re.compile(f"^{name}")).click()

    def choose_zone(self, words: str, city: str) -> None:
        self.dialog.get_by_role("button", name="Change time zone").click()
        self.dialog.get_by_role("combobox").fill(words)
        self.dialog.get_by_role("option", name=re.compile(f"^{city}")).click()
        expect(self.dialog.get_by_role("button", name="Change time zone")).to_contain_text(f"{city} time")

    def go_on(self) -> None:
        self.dialog.get_by_role("button", name=re.compile("^Continue with")).click()
        expect(self.title).to_have_text("Your details")

    def fill_in(self, promo: str = "WIMD25", phone: str = "416 555 0123") -> None:
        self.dialog.get_by_label("Promo code").fill(promo)
        self.dialog.get_by_label("Your phone number").fill(phone)

    def book(self) -> None:
        self.dialog.get_by_role("button", name="Book this time").click()

    def see_times(self) -> None:
        self.dialog.get_by_role("button", name="See times").click()
        expect(self.times.first).to_be_visible()

    @property
    def paypal(self) -> Locator:
        return self.page.get_by_role("button", name="Pay with PayPal")

    def pay(self, funding: str = "PayPal balance") -> None:
        with self.page.expect_popup() as popup:
            self.paypal.click()
        self.agree(popup.value, funding)

    def agree(self, window: Page | FrameLocator, funding: str = "PayPal balance") -> None:
        """In PayPal's window."""
        window.get_by_role("radio", name=re.compile(f"^{funding}")).check()
        window.get_by_role("button", name="Pay now").click()

    # Changing a session

    def open_sessions(self) -> Locator:
        """My sessions, for who has signed in before; the first of them."""
        self.page.add_init_script(SIGNED_IN.replace("TOKEN", self.stack.token(self.email)))
        self.visit("/sessions.html")
        return self.page.locator("coach-sessions .session[data-id]").first

    def open_link(self, link: str) -> Locator:
        self.visit(link)
        return self.page.locator("coach-session")

    def press(self, name: str) -> None:
        self.dialog.get_by_role("button", name=name).click()

    def wants_to_cancel(self, shown: Locator) -> None:
        shown.get_by_role("button", name="Cancel").click()
        expect(self.dialog.get_by_role("button", name="Cancel session")).to_be_enabled()

    def chooses_monday(self, shown: Locator) -> None:
        """The new time: Monday at eleven."""
        shown.get_by_role("button", name="Move").click()
        expect(self.times.first).to_be_visible()
        self.choose_day("Monday, November 30")
        self.choose("11:00 a.m.")
        self.dialog.get_by_role("button", name=re.compile("^Continue with")).click()
        expect(self.title).to_have_text("Move this session?")

    def is_asked_for_fee(self, shown: Locator) -> None:
        self.chooses_monday(shown)
        self.press("Continue to payment")
        expect(self.paypal).to_be_visible()

    def sees_moved(self) -> None:
        expect(self.title).to_have_text("Session moved")

    def sees_cancelled(self) -> None:
        expect(self.title).to_have_text("Session cancelled")

    def sees_booked(self) -> None:
        expect(self.title).to_have_text("You are booked")

    def sees(self, words: str) -> None:
        expect(self.dialog.get_by_text(words)).to_be_visible()

    def assert_accessible(self) -> None:
        found: dict[str, Any] = Axe().run(self.page, options=WCAG).response
        assert not found["violations"], [
            (each["id"], node["target"], node["failureSummary"])
            for each in found["violations"]
            for node in each["nodes"]
        ]
