"""What time and repetition do to orders at the stand-in: request ids, and three hours to pay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.adapters.paypal_rig import Shop, issue_of, later, order_body

CREATE = "/v2/checkout/orders"


# Request ids


def test_the_same_request_id_is_the_same_order_in_its_latest_status(shop: Shop) -> None:
    first = shop.call("POST", CREATE, order_body(), PayPal_Request_Id="order-1")
    shop.state.approve(first.json()["id"])
    second = shop.call("POST", CREATE, order_body(), PayPal_Request_Id="order-1")
    assert (first.status_code, second.status_code) == (201, 200)
    assert (second.json()["id"], second.json()["status"]) == (first.json()["id"], "APPROVED")
    assert shop.call("POST", CREATE, order_body(), PayPal_Request_Id="order-2").status_code == 201


def test_a_repeated_capture_shows_what_became_of_the_first(shop: Shop) -> None:
    order_id = shop.approved("pending")
    [unit] = shop.capture(order_id, PayPal_Request_Id="c").json()["purchase_units"]
    shop.state.settle_capture(unit["payments"]["captures"][0]["id"], "completed")
    again = shop.capture(order_id, PayPal_Request_Id="c")
    assert again.status_code == 200
    assert again.json()["purchase_units"][0]["payments"]["captures"][0]["status"] == "COMPLETED"


def test_a_request_id_of_orders_is_forgotten_after_six_hours(shop: Shop) -> None:
    made = shop.call("POST", CREATE, order_body(), PayPal_Request_Id="k").json()["id"]
    with later(hours=5, minutes=59):
        assert shop.call("POST", CREATE, order_body(), PayPal_Request_Id="k").json()["id"] == made
    with later(hours=6, minutes=1):
        assert shop.call("POST", CREATE, order_body(), PayPal_Request_Id="k").json()["id"] != made


def test_after_six_hours_a_capture_is_known_by_its_order_alone(shop: Shop) -> None:
    order_id = shop.approved()
    shop.capture(order_id, PayPal_Request_Id="c")
    with later(hours=7):
        assert issue_of(shop.capture(order_id, PayPal_Request_Id="c")) == (422, "ORDER_ALREADY_CAPTURED")


def test_of_two_captures_at_once_with_one_key_the_second_fails(shop: Shop) -> None:
    order_id = shop.approved()
    shop.state.processing_seconds = 0.5
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(shop.capture, order_id, PayPal_Request_Id="c") for _ in range(8)]
    statuses = sorted(call.result().status_code for call in calls)
    assert statuses == [201] + [409] * 7
    assert len(shop.state.ledger()["captures"]) == 1


def test_captures_at_once_with_different_keys_take_the_money_once(shop: Shop) -> None:
    order_id = shop.approved()
    shop.state.processing_seconds = 0.1
    with ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(shop.capture, order_id, PayPal_Request_Id=f"c{n}") for n in range(6)]
    assert sorted(call.result().status_code for call in calls) == [201] + [422] * 5
    assert len(shop.state.ledger()["captures"]) == 1


def test_a_request_id_may_be_108_characters_long(shop: Shop) -> None:
    assert shop.call("POST", CREATE, order_body(), PayPal_Request_Id="k" * 108).status_code == 201
    answer = shop.call("POST", CREATE, order_body(), PayPal_Request_Id="k" * 109)
    assert issue_of(answer) == (400, "INVALID_STRING_LENGTH")


# Three hours


def test_an_order_nobody_approved_is_gone_after_three_hours(shop: Shop) -> None:
    order_id = shop.order()["id"]
    with later(hours=2, minutes=59):
        assert shop.call("GET", f"{CREATE}/{order_id}").status_code == 200
    with later(hours=3, minutes=1):
        assert issue_of(shop.call("GET", f"{CREATE}/{order_id}")) == (404, "INVALID_RESOURCE_ID")


def test_a_buyer_who_came_late_has_three_hours_of_their_own(shop: Shop) -> None:
    order_id = shop.order()["id"]
    page = f"{shop.state.base_url}/checkoutnow?token={order_id}"
    with later(hours=2, minutes=30):
        assert requests.get(page, timeout=10).status_code == 200
    with later(hours=5):
        shop.state.approve(order_id)
        assert shop.capture(order_id).status_code == 201


def test_an_approval_nobody_captured_is_reversed(shop: Shop) -> None:
    order_id = shop.approved()
    with later(hours=3, minutes=1):
        assert shop.call("GET", f"{CREATE}/{order_id}").json()["status"] == "VOIDED"
        assert issue_of(shop.capture(order_id)) == (422, "ORDER_NOT_APPROVED")
        with pytest.raises(ValueError, match="VOIDED"):
            shop.state.approve(order_id)


def test_a_captured_order_stays(shop: Shop) -> None:
    order_id = shop.approved()
    shop.capture(order_id)
    with later(days=400):
        assert shop.call("GET", f"{CREATE}/{order_id}").json()["status"] == "COMPLETED"
