"""The stand-in's buttons in a browser: what PayPal's v5 SDK promises a page."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.adapters.paypal_rig import WALLET, Shop, loopback, served

PAGE = """<!doctype html><title>Shop</title><div id="here"></div><ol id="log"></ol>
<script src="{sdk}"></script>
<script>
  window.told = [];
  const tell = (name) => (data) => {{ told.push([name, data?.orderID ?? data?.message ?? data]); }};
  window.buttons = paypal.Buttons({{
    createOrder: async () => window.orderID,
    onApprove: async (data, actions) => {{
      tell("approve")(data);
      if (window.declined) {{ window.declined = false; await actions.restart(); }}
    }},
    onCancel: tell("cancel"), onError: tell("error"), onInit: (data, actions) => {{ window.actions = actions; }},
    onClick: (data, actions) => {{
      tell("click")(data.fundingSource);
      return window.unready ? actions.reject() : actions.resolve();
    }},
  }});
  buttons.render("#here");
</script>"""

ShopPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, shop: Shop) -> Iterator[ShopPage]:
    """A shop's page on another origin than PayPal's, with an order of its own."""
    context = browser.new_context()
    context.set_default_timeout(10_000)

    async def page(request: Request) -> Response:
        currency = request.query_params["currency"]
        sdk = f"{shop.state.base_url}/sdk/js?client-id={shop.state.client_id}&currency={currency}"
        return HTMLResponse(PAGE.format(sdk=sdk))

    listening, url = loopback()

    def open_page(currency: str = "CAD", **settings: Any) -> Page:
        tab = context.new_page()
        tab.goto(f"{url}/?currency={currency}")
        for name, value in {"orderID": shop.order(WALLET)["id"], **settings}.items():
            tab.evaluate("([name, value]) => { window[name] = value; }", [name, value])
        return tab

    with served(Starlette(routes=[Route("/", page)]), listening):
        yield open_page
        context.close()


def click(tab: Page) -> Page:
    """The popup that the button opens."""
    with tab.expect_popup() as opened:
        tab.get_by_role("button", name="Pay with PayPal").click()
    return opened.value


def told(tab: Page, *names: str) -> list[Any]:
    """What the page was told, once it was told all of these."""
    tab.wait_for_function("names => window.told.length === names", arg=len(names))
    calls: list[Any] = tab.evaluate("() => window.told")
    assert [name for name, _ in calls] == list(names)
    return calls


def test_a_buyer_approves_in_a_popup_and_the_page_gets_the_order(visit: ShopPage, shop: Shop) -> None:
    tab = visit()
    popup = click(tab)
    expect(popup.get_by_role("heading", name="Pay Coach & Co")).to_be_visible()
    popup.get_by_role("button", name="Pay now").click()
    [_, (_, order_id)] = told(tab, "click", "approve")
    assert order_id == tab.evaluate("() => orderID")
    assert shop.capture(order_id).json()["status"] == "COMPLETED"
    assert popup.is_closed()


@pytest.mark.parametrize(("choice", "status"), [("eCheck", "PENDING"), ("Card ending", None)])
def test_a_buyer_chooses_how_to_pay(visit: ShopPage, shop: Shop, choice: str, status: str | None) -> None:
    tab = visit()
    popup = click(tab)
    popup.get_by_text(choice).click()
    popup.get_by_role("button", name="Pay now").click()
    told(tab, "click", "approve")
    shop.capture(tab.evaluate("() => orderID"))
    assert [capture["status"] for capture in shop.state.ledger()["captures"]] == ([status] if status else [])


def test_a_buyer_cancels(visit: ShopPage) -> None:
    tab = visit()
    click(tab).get_by_role("button", name="Cancel").click()
    told(tab, "click", "cancel")


def test_a_popup_that_is_closed_is_a_cancel(visit: ShopPage) -> None:
    tab = visit()
    popup = click(tab)
    popup.get_by_role("button", name="Pay now").wait_for()
    popup.close()
    told(tab, "click", "cancel")


def test_after_a_decline_the_page_starts_again_with_the_same_order(visit: ShopPage) -> None:
    tab = visit(declined=True)
    popup = click(tab)
    with tab.expect_popup() as again:
        popup.get_by_role("button", name="Pay now").click()
    again.value.get_by_role("button", name="Pay now").click()
    calls = told(tab, "click", "approve", "approve")
    assert calls[1] == calls[2]


def test_where_popups_are_blocked_the_page_is_laid_over_the_shop(visit: ShopPage) -> None:
    tab = visit()
    tab.evaluate("() => { window.open = () => null; }")
    tab.get_by_role("button", name="Pay with PayPal").click()
    frame = tab.frame_locator("iframe[title=PayPal]")
    frame.get_by_role("button", name="Pay now").click()
    told(tab, "click", "approve")
    expect(tab.locator("dialog")).to_have_count(0)


def test_a_script_for_another_currency_than_the_orders_is_an_error(visit: ShopPage) -> None:
    tab = visit("USD")
    click(tab)
    [_, (_, message)] = told(tab, "click", "error")
    assert "to be USD, got CAD" in message


def test_an_order_that_could_not_be_made_is_an_error(visit: ShopPage) -> None:
    tab = visit(orderID="")
    click(tab)
    told(tab, "click", "error")


def test_a_page_that_is_not_ready_opens_nothing(visit: ShopPage) -> None:
    tab = visit(unready=True)
    tab.get_by_role("button", name="Pay with PayPal").click()
    told(tab, "click")
    tab.evaluate("() => { window.unready = false; }")
    click(tab)
    assert len(tab.context.pages) == 2


def test_the_button_can_be_disabled_and_taken_away(visit: ShopPage) -> None:
    tab = visit()
    button = tab.get_by_role("button", name="Pay with PayPal")
    tab.evaluate("() => actions.disable()")
    expect(button).to_be_disabled()
    tab.evaluate("() => actions.enable()")
    expect(button).to_be_enabled()
    tab.evaluate("() => buttons.close()")
    expect(button).to_have_count(0)
