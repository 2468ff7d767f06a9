"""Orders at the stand-in, as PayPal's own SDK and PayPal's OpenAPI files see them."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.adapters.paypal_rig import (
    FULL,
    ORDERS,
    WALLET,
    Shop,
    conforms,
    issue_of,
    later,
    order_body,
    order_request,
    sdk_issue,
)

CREATE = "/v2/checkout/orders"


# Tokens


def test_a_token_is_granted_for_the_clients_credentials(shop: Shop) -> None:
    granted = shop.ask_token((shop.state.client_id, shop.state.client_secret)).json()
    assert granted["token_type"] == "Bearer"
    assert granted["expires_in"] == 32_400


@pytest.mark.parametrize(
    ("secret", "grant", "status", "error"),
    [
        ("wrong", "client_credentials", 401, "invalid_client"),
        (None, "password", 400, "unsupported_grant_type"),
    ],
)
def test_a_token_is_refused(shop: Shop, secret: str | None, grant: str, status: int, error: str) -> None:
    answer = shop.ask_token((shop.state.client_id, secret or shop.state.client_secret), grant)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("path", [CREATE, "/v1/notifications/verify-webhook-signature"])
def test_without_a_token_nothing_is_done(shop: Shop, path: str) -> None:
    answer = requests.post(shop.state.base_url + path, json=order_body(), timeout=10)
    assert (answer.status_code, answer.json()["name"]) == (401, "AUTHENTICATION_FAILURE")
    assert not shop.state.ledger()["orders"]


def test_a_token_ends_with_its_nine_hours(shop: Shop) -> None:
    authorization = f"Bearer {shop.token()}"
    with later(hours=8, minutes=59):
        assert shop.call("GET", f"{CREATE}/X", Authorization=authorization).status_code == 404
    with later(hours=9, minutes=1):
        assert shop.call("GET", f"{CREATE}/X", Authorization=authorization).status_code == 401


# Orders


def test_an_order_is_made_approved_and_captured_through_paypals_own_sdk(shop: Shop) -> None:
    orders = shop.sdk.orders
    made = orders.create_order(
        {"body": order_request(invoice_id="INV-1"), "paypal_request_id": "order-1", "prefer": FULL}
    )
    assert (made.status_code, made.body.status) == (201, "CREATED")
    assert [link.rel for link in made.body.links] == ["self", "approve", "update", "capture"]

    shop.state.approve(made.body.id)
    assert orders.get_order({"id": made.body.id}).body.status == "APPROVED"

    taken = orders.capture_order({"id": made.body.id, "paypal_request_id": "capture-1", "prefer": FULL})
    [capture] = taken.body.purchase_units[0].payments.captures
    assert (taken.status_code, taken.body.status, capture.status) == (201, "COMPLETED", "COMPLETED")
    assert (capture.amount.currency_code, capture.amount.value) == ("CAD", "150.00")
    assert (capture.custom_id, capture.invoice_id) == ("payment-1", "INV-1")
    assert capture.seller_receivable_breakdown.paypal_fee.value == "5.73"
    assert capture.seller_receivable_breakdown.net_amount.value == "144.27"

    again = shop.sdk.payments.get_captured_payment({"capture_id": capture.id})
    assert (again.body.id, again.body.status) == (capture.id, "COMPLETED")
    assert again.body.supplementary_data.related_ids.order_id == made.body.id


def test_an_order_with_a_payment_source_waits_for_the_payer(shop: Shop) -> None:
    order = shop.order(WALLET)
    assert order["status"] == "PAYER_ACTION_REQUIRED"
    link = next(link for link in order["links"] if link["rel"] == "payer-action")
    assert link["href"] == f"{shop.state.base_url}/checkoutnow?token={order['id']}"
    assert not [link for link in order["links"] if link["rel"] == "approve"]


def test_ids_are_seen_to_be_mock_and_are_in_paypals_alphabet(shop: Shop) -> None:
    capture = shop.captured()
    order_id = capture["supplementary_data"]["related_ids"]["order_id"]
    for made in (order_id, capture["id"], shop.refund(capture["id"]).json()["id"]):
        assert made.startswith("MOCK") and len(made) == 17 and made.isalnum() and made.upper() == made


@pytest.mark.parametrize("wallet", [None, WALLET])
@pytest.mark.parametrize("outcome", ["approve", "pending"])
def test_orders_conform_to_paypals_openapi_at_every_step(shop: Shop, wallet: Any, outcome: Any) -> None:
    body = order_body(wallet, invoice_id="I", description="Coaching")
    conforms(body, ORDERS, "order_request")
    made = shop.call("POST", CREATE, body).json()
    shop.state.approve(made["id"], outcome)
    approved = shop.call("GET", f"{CREATE}/{made['id']}").json()
    taken = shop.capture(made["id"]).json()
    for order in (made, approved, taken):
        conforms(order, ORDERS, "order")
        assert order["purchase_units"][0]["reference_id"] == "default"
    assert "payer" not in made
    assert approved["payer"]["payer_id"] == taken["payment_source"]["paypal"]["account_id"]


def test_a_minimal_answer_has_nothing_but_id_status_and_links(shop: Shop) -> None:
    made = shop.call("POST", CREATE, order_body(), Prefer="return=minimal").json()
    assert set(made) == {"id", "status", "links"}
    shop.state.approve(made["id"])
    assert set(shop.capture(made["id"], Prefer="").json()) == {"id", "status", "links"}


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ({"value": "150.001"}, (422, "DECIMAL_PRECISION")),
        ({"value": "1.5", "currency": "JPY"}, (422, "DECIMAL_PRECISION")),
        ({"value": "0.00"}, (422, "CANNOT_BE_ZERO_OR_NEGATIVE")),
        ({"value": "-1"}, (422, "CANNOT_BE_ZERO_OR_NEGATIVE")),
        ({"currency": "XYZ"}, (422, "INVALID_CURRENCY_CODE")),
        ({"value": "1,50"}, (400, "INVALID_PARAMETER_SYNTAX")),
        ({"value": 150}, (400, "INVALID_PARAMETER_SYNTAX")),
        ({"custom_id": "x" * 128}, (400, "INVALID_STRING_LENGTH")),
        ({"invoice_id": ""}, (400, "INVALID_STRING_LENGTH")),
        ({"amount": None}, (400, "MISSING_REQUIRED_PARAMETER")),
        ({"amount": {"currency_code": "CAD", "value": "9.00", "breakdown": {"item_total": {"value": "8"}}}},
         (422, "AMOUNT_MISMATCH")),
        ({"amount": {"currency_code": "CAD", "value": "9.00", "breakdown": {"item_total": 8}}},
         (400, "INVALID_PARAMETER_SYNTAX")),
    ],
)  # fmt: skip
def test_an_order_is_refused_for_what_is_wrong_with_it(
    shop: Shop, unit: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert issue_of(shop.call("POST", CREATE, order_body(**unit))) == expected


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        ({"intent": "AUTHORIZE"}, "INVALID_PARAMETER_VALUE"),
        ({"purchase_units": []}, "INVALID_ARRAY_MIN_ITEMS"),
        ({"purchase_units": "one"}, "INVALID_PARAMETER_SYNTAX"),
        ({"payment_source": {"card": {}}}, "INVALID_PARAMETER_VALUE"),
        ({"payment_source": {"paypal": {"experience_context": {"return_url": "javascript:1"}}}},
         "INVALID_PARAMETER_SYNTAX"),
        ({"payment_source": {"paypal": {"experience_context": {"user_action": "BUY"}}}},
         "INVALID_PARAMETER_VALUE"),
    ],
)  # fmt: skip
def test_a_request_out_of_shape_is_refused(shop: Shop, change: dict[str, Any], issue: str) -> None:
    assert issue_of(shop.call("POST", CREATE, order_body() | change)) == (400, issue)


def test_what_is_no_json_is_refused(shop: Shop) -> None:
    headers = {"Authorization": f"Bearer {shop.token()}"}
    answer = requests.post(shop.state.base_url + CREATE, data="{", headers=headers, timeout=10)
    assert issue_of(answer) == (400, "MALFORMED_REQUEST_JSON")


def test_an_order_nobody_made_is_not_found(shop: Shop) -> None:
    assert sdk_issue(shop.sdk.orders.get_order, id="MOCK0000000000000") == (404, "INVALID_RESOURCE_ID")
    assert issue_of(shop.capture("MOCK0000000000000")) == (404, "INVALID_RESOURCE_ID")


def test_an_order_can_be_changed_until_it_is_captured(shop: Shop) -> None:
    order_id = shop.order()["id"]
    path = "/purchase_units/@reference_id=='default'/"
    amount = {"op": "replace", "path": f"{path}amount", "value": {"currency_code": "CAD", "value": "75.00"}}
    assert shop.call("PATCH", f"{CREATE}/{order_id}", [amount]).status_code == 204
    payee = {"op": "replace", "path": f"{path}payee", "value": {}}
    assert issue_of(shop.call("PATCH", f"{CREATE}/{order_id}", [payee])) == (400, "FIELD_NOT_PATCHABLE")
    shop.state.approve(order_id)
    [unit] = shop.capture(order_id).json()["purchase_units"]
    assert unit["payments"]["captures"][0]["amount"]["value"] == "75.00"
    assert issue_of(shop.call("PATCH", f"{CREATE}/{order_id}", [amount])) == (422, "ORDER_ALREADY_COMPLETED")


# Captures


def test_an_order_is_not_captured_before_its_approval(shop: Shop) -> None:
    order_id = shop.order()["id"]
    assert sdk_issue(shop.sdk.orders.capture_order, id=order_id) == (422, "ORDER_NOT_APPROVED")


def test_an_order_is_captured_once(shop: Shop) -> None:
    order_id = shop.approved()
    assert shop.capture(order_id, PayPal_Request_Id="one").status_code == 201
    again = shop.capture(order_id, PayPal_Request_Id="two")
    assert issue_of(again) == (422, "ORDER_ALREADY_CAPTURED")
    assert len(shop.state.ledger()["captures"]) == 1


def test_a_declined_buyer_is_sent_back_and_may_choose_again(shop: Shop) -> None:
    order_id = shop.approved("decline")
    declined = shop.capture(order_id, PayPal_Request_Id="same")
    assert issue_of(declined) == (422, "INSTRUMENT_DECLINED")
    assert declined.json()["links"][-1]["rel"] == "redirect"
    assert not shop.state.ledger()["captures"]
    shop.state.approve(order_id)
    assert shop.capture(order_id, PayPal_Request_Id="same").status_code == 201


def test_a_card_is_not_tried_for_ever(shop: Shop) -> None:
    order_id = shop.approved("decline")
    issues = [issue_of(shop.capture(order_id))[1] for _ in range(11)]
    assert issues == ["INSTRUMENT_DECLINED"] * 10 + ["MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED"]


def test_an_echeck_completes_the_order_but_not_the_capture(shop: Shop) -> None:
    order = shop.capture(shop.approved("pending")).json()
    [capture] = order["purchase_units"][0]["payments"]["captures"]
    assert (order["status"], capture["status"]) == ("COMPLETED", "PENDING")
    assert capture["status_details"] == {"reason": "ECHECK"}
    assert "seller_receivable_breakdown" not in capture


@pytest.mark.parametrize(("outcome", "status"), [("completed", "COMPLETED"), ("denied", "DECLINED")])
def test_a_pending_capture_ends_one_way_or_the_other(shop: Shop, outcome: Any, status: str) -> None:
    capture_id = shop.captured("pending")["id"]
    shop.state.settle_capture(capture_id, outcome)
    capture = shop.call("GET", f"/v2/payments/captures/{capture_id}").json()
    assert capture["status"] == status
    assert ("seller_receivable_breakdown" in capture) is (outcome == "completed")
    conforms(capture, "payments_payment_v2", "capture-2")
    with pytest.raises(ValueError, match="not PENDING"):
        shop.state.settle_capture(capture_id, outcome)


def test_an_invoice_is_paid_once(shop: Shop) -> None:
    open_order = shop.approved(invoice_id="INV-7")
    shop.captured(invoice_id="INV-7")
    assert issue_of(shop.capture(open_order)) == (422, "DUPLICATE_INVOICE_ID")
    made = shop.call("POST", CREATE, order_body(invoice_id="INV-7"))
    assert issue_of(made) == (422, "DUPLICATE_INVOICE_ID")


# Negative testing

CREATE_ISSUES = {
    "PAYPAL_REQUEST_ID_REQUIRED": 400, "MISSING_REQUIRED_PARAMETER": 400, "INVALID_PARAMETER_VALUE": 400,
    "INVALID_STRING_LENGTH": 400, "DUPLICATE_INVOICE_ID": 422, "DECIMAL_PRECISION": 422, "AMOUNT_MISMATCH": 422,
    "INVALID_CURRENCY_CODE": 422, "CANNOT_BE_ZERO_OR_NEGATIVE": 422, "PAYEE_ACCOUNT_RESTRICTED": 422,
    "NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE": 422, "TOKEN_EXPIRED": 422,
}  # fmt: skip
CAPTURE_ISSUES = {
    "ORDER_NOT_APPROVED": 422, "ORDER_ALREADY_CAPTURED": 422, "INSTRUMENT_DECLINED": 422,
    "PAYER_ACTION_REQUIRED": 422, "DUPLICATE_INVOICE_ID": 422, "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED": 422,
    "TRANSACTION_REFUSED": 422, "COMPLIANCE_VIOLATION": 422, "PAYER_CANNOT_PAY": 422, "TOKEN_ID_NOT_FOUND": 422,
    "PERMISSION_DENIED": 403, "INVALID_RESOURCE_ID": 404,
}  # fmt: skip


@pytest.mark.parametrize("issue", CREATE_ISSUES)
def test_a_header_asks_for_a_refused_order(shop: Shop, issue: str) -> None:
    mock = f'{{"mock_application_codes":"{issue}"}}'
    refusal = sdk_issue(shop.sdk.orders.create_order, body=order_request(), paypal_mock_response=mock)
    assert refusal == (CREATE_ISSUES[issue], issue)
    answer = shop.call("POST", CREATE, order_body(), PayPal_Mock_Response=mock)
    issue_of(answer)
    conforms(answer.json(), ORDERS, str(answer.status_code))
    assert not shop.state.ledger()["orders"]


@pytest.mark.parametrize("issue", CAPTURE_ISSUES)
def test_a_header_asks_for_a_refused_capture(shop: Shop, issue: str) -> None:
    order_id = shop.approved()
    mock = f'{{"mock_application_codes":"{issue}"}}'
    refusal = sdk_issue(shop.sdk.orders.capture_order, id=order_id, paypal_mock_response=mock)
    assert refusal == (CAPTURE_ISSUES[issue], issue)
    answer = shop.capture(order_id, PayPal_Mock_Response=mock)
    schema = "orders.capture-422" if answer.status_code == 422 else str(answer.status_code)
    conforms(answer.json(), ORDERS, schema)
    assert shop.capture(order_id).status_code == 201
