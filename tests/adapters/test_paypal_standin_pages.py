"""What a buyer sees of the stand-in, without a browser: the approval page, and the buttons' script."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from tests.adapters.paypal_rig import VAULT, WALLET, Shop, issue_of


def page_of(shop: Shop, order_id: str, **more: str) -> requests.Response:
    query = {"token": order_id, **more}
    return requests.get(f"{shop.state.base_url}/checkoutnow", params=query, timeout=10)


def choose(shop: Shop, order_id: str, choice: dict[str, str], **more: str) -> requests.Response:
    """Sends the page's form as a browser would, from the address in the page itself."""
    action = re.search(r'<form method="post" action="([^"]+)"', page_of(shop, order_id, **more).text)
    assert action
    url = f"{shop.state.base_url}/checkoutnow{action[1].replace('&amp;', '&')}"
    return requests.post(url, data=choice, timeout=10, allow_redirects=False)


def pay(shop: Shop, order_id: str, funding: str, **more: str) -> requests.Response:
    return choose(shop, order_id, {"funding": funding, "action": "pay"}, **more)


def test_the_page_says_who_is_paid_how_much_and_for_what(shop: Shop) -> None:
    order = shop.order(WALLET, description="Session <60> min", invoice_id="INV-9")
    link = next(link["href"] for link in order["links"] if link["rel"] == "payer-action")
    page = requests.get(link, timeout=10)
    assert page.status_code == 200
    for words in (
        "Coach &amp; Co",
        "150.00&nbsp;CAD",
        "Session &lt;60&gt; min",
        "INV-9",
        "Pay now",
        "eCheck",
    ):
        assert words in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert requests.get(f"{shop.state.base_url}/checkoutnow/static/checkout.css", timeout=10).ok


@pytest.mark.parametrize(
    ("funding", "capture"), [("approve", "COMPLETED"), ("pending", "PENDING"), ("decline", None)]
)
def test_a_buyer_pays_and_comes_back_to_the_shop(shop: Shop, funding: str, capture: str | None) -> None:
    order_id = shop.order(WALLET)["id"]
    left = pay(shop, order_id, funding)
    assert left.status_code == 303
    expected = f"http://127.0.0.1:1/done?kind=single&token={order_id}&PayerID=QYR5Z8XDVJNXQ"
    assert left.headers["location"] == expected
    assert shop.state.webhook_log()[-1]["event_type"] == "CHECKOUT.ORDER.APPROVED"
    answer = shop.capture(order_id)
    if capture is None:
        assert issue_of(answer) == (422, "INSTRUMENT_DECLINED")
    else:
        [unit] = answer.json()["purchase_units"]
        assert unit["payments"]["captures"][0]["status"] == capture


def test_a_buyer_who_cancels_has_approved_nothing(shop: Shop) -> None:
    order_id = shop.order(WALLET)["id"]
    left = choose(shop, order_id, {"funding": "approve", "action": "cancel"})
    assert (left.status_code, left.headers["location"]) == (303, f"http://127.0.0.1:1/back?token={order_id}")
    assert shop.state.ledger()["orders"][0]["status"] == "PAYER_ACTION_REQUIRED"
    assert shop.state.webhook_log() == []


def test_a_declined_buyer_may_pay_in_another_way(shop: Shop) -> None:
    order_id = shop.order(WALLET)["id"]
    pay(shop, order_id, "decline")
    shop.capture(order_id)
    pay(shop, order_id, "approve")
    assert shop.capture(order_id).status_code == 201


def test_a_buyer_without_a_way_back_is_told_that_it_is_done(shop: Shop) -> None:
    answer = pay(shop, shop.order()["id"], "approve")
    assert (answer.status_code, "The payment is approved" in answer.text) == (200, True)


@pytest.mark.parametrize(("action", "kind"), [("pay", "approve"), ("cancel", "cancel")])
def test_in_a_popup_the_page_tells_the_one_that_opened_it(shop: Shop, action: str, kind: str) -> None:
    order_id = shop.order(WALLET)["id"]
    origin = "http://127.0.0.1:8001"
    answer = choose(shop, order_id, {"funding": "approve", "action": action}, origin=origin, currency="CAD")
    [script] = re.findall(r"<script nonce=\"[^\"]+\">(.*?)</script>", answer.text, re.DOTALL)
    assert f'"type": "{kind}"' in script and order_id in script and f'"{origin}")' in script


def test_a_script_loaded_for_another_currency_is_told_so(shop: Shop) -> None:
    order_id = shop.order(WALLET)["id"]
    answer = page_of(shop, order_id, origin="http://127.0.0.1:8001", currency="USD")
    assert '"type": "error"' in answer.text and "to be USD, got CAD" in answer.text


def test_what_was_paid_or_is_unknown_can_not_be_paid(shop: Shop) -> None:
    order_id = shop.approved()
    shop.capture(order_id)
    assert page_of(shop, order_id).status_code == 409
    form: dict[str, Any] = {"funding": "approve", "action": "pay"}
    url = f"{shop.state.base_url}/checkoutnow?token="
    assert requests.post(url + order_id, data=form, timeout=10).status_code == 409
    assert requests.post(url + "NOPE", data=form, timeout=10).status_code == 404
    assert page_of(shop, "NOPE").status_code == 404


def test_the_page_says_when_the_method_will_be_saved(shop: Shop) -> None:
    shop.state.set_vault(True)
    assert "may charge" in page_of(shop, shop.order(WALLET | VAULT)["id"]).text
    assert "may charge" not in page_of(shop, shop.order(WALLET)["id"]).text


def test_the_buttons_script_is_given_for_our_client_and_a_known_currency(shop: Shop) -> None:
    def script(**query: str) -> requests.Response:
        return requests.get(f"{shop.state.base_url}/sdk/js", params=query, timeout=10)

    given = script(**{"client-id": shop.state.client_id, "currency": "CAD"})
    assert given.status_code == 200
    assert given.headers["content-type"].startswith("text/javascript")
    assert "Buttons" in given.text
    assert script(**{"client-id": "someone-else"}).status_code == 400
    assert script(**{"client-id": shop.state.client_id, "currency": "DOLLAR"}).status_code == 400
