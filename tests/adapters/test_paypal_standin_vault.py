"""Saved payment methods at the stand-in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.paypal_rig import ORDERS, VAULT, WALLET, Shop, conforms, issue_of, later, order_body

CREATE = "/v2/checkout/orders"
TOKENS = "vault_payment_tokens_v3"


def captured(shop: Shop, wallet: dict[str, Any] | None = None) -> dict[str, Any]:
    """A captured order that asked for its payment method to be saved."""
    order_id = shop.order(WALLET | VAULT | (wallet or {}))["id"]
    shop.state.approve(order_id)
    order: dict[str, Any] = shop.capture(order_id).json()
    conforms(order, ORDERS, "order")
    return order


def vault_of(order: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = order["payment_source"]["paypal"]["attributes"]["vault"]
    return found


@pytest.fixture
def saved(shop: Shop) -> str:
    shop.state.set_vault(True)
    return str(vault_of(captured(shop))["id"])


def charge(shop: Shop, vault_id: str, **headers: str) -> Any:
    stored = {"payment_initiator": "MERCHANT", "usage": "SUBSEQUENT", "usage_pattern": "UNSCHEDULED_POSTPAID"}
    wallet = {"vault_id": vault_id, "stored_credential": stored}
    return shop.call("POST", CREATE, order_body(wallet, value="75.00"), **headers)


def test_without_paypals_approval_an_order_that_asks_to_save_fails_altogether(shop: Shop) -> None:
    answer = shop.call("POST", CREATE, order_body(WALLET | VAULT))
    assert issue_of(answer) == (422, "NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE")
    assert not shop.state.ledger()["orders"]
    assert shop.call("POST", CREATE, order_body(WALLET)).status_code == 201


def test_the_tokens_scope_tells_whether_saving_is_approved(shop: Shop) -> None:
    credentials = (shop.state.client_id, shop.state.client_secret)
    scopes = [shop.ask_token(credentials).json()["scope"]]
    shop.state.set_vault(True)
    scopes.append(shop.ask_token(credentials).json()["scope"])
    assert ["vault/payment-tokens/readwrite" in scope for scope in scopes] == [False, True]


def test_a_method_is_saved_with_the_capture(shop: Shop) -> None:
    shop.state.set_vault(True)
    customer = {"attributes": VAULT["attributes"] | {"customer": {"id": "client-1"}}}
    vault = vault_of(captured(shop, customer))
    assert (vault["status"], vault["customer"]) == ("VAULTED", {"id": "client-1"})
    token = shop.sdk.vault.get_payment_token(vault["id"])
    assert (token.body.id, token.body.customer.id) == (vault["id"], "client-1")
    [listed] = shop.state.ledger()["payment_tokens"]
    conforms(listed, TOKENS, "payment_token_response")


def test_a_slow_vault_approves_first_and_saves_later(shop: Shop) -> None:
    shop.state.set_vault(True)
    shop.state.account.late_vault = True
    order = captured(shop)
    assert vault_of(order) == {"status": "APPROVED"}
    assert not shop.state.ledger()["payment_tokens"]
    with later(minutes=2):
        now_saved = shop.call("GET", f"{CREATE}/{order['id']}").json()
        assert vault_of(now_saved)["status"] == "VAULTED"
        assert len(shop.state.ledger()["payment_tokens"]) == 1


def test_nothing_is_saved_of_a_declined_payment(shop: Shop) -> None:
    shop.state.set_vault(True)
    order_id = shop.order(WALLET | VAULT)["id"]
    shop.state.approve(order_id, "decline")
    shop.capture(order_id)
    assert not shop.state.ledger()["payment_tokens"]


def test_a_saved_method_is_charged_without_the_buyer(shop: Shop, saved: str) -> None:
    answer = charge(shop, saved, PayPal_Request_Id="fee-1")
    assert (answer.status_code, answer.json()["status"]) == (201, "COMPLETED")
    conforms(answer.json(), ORDERS, "order")
    [capture] = answer.json()["purchase_units"][0]["payments"]["captures"]
    assert (capture["status"], capture["amount"]["value"]) == ("COMPLETED", "75.00")
    again = charge(shop, saved, PayPal_Request_Id="fee-1")
    assert (again.status_code, again.json()["id"]) == (200, answer.json()["id"])
    assert len(shop.state.ledger()["captures"]) == 2


def test_a_saved_method_is_not_charged_without_a_request_id(shop: Shop, saved: str) -> None:
    assert issue_of(charge(shop, saved)) == (400, "PAYPAL_REQUEST_ID_REQUIRED")


def test_a_saved_method_may_decline(shop: Shop, saved: str) -> None:
    shop.state.account.saved_method_declines = True
    assert issue_of(charge(shop, saved, PayPal_Request_Id="fee-1")) == (422, "INSTRUMENT_DECLINED")
    assert len(shop.state.ledger()["orders"]) == 1


def test_a_method_the_buyer_withdrew_is_not_charged(shop: Shop, saved: str) -> None:
    shop.state.revoke_token(saved)
    assert issue_of(charge(shop, saved, PayPal_Request_Id="f")) == (422, "AGREEMENT_ALREADY_CANCELLED")
    assert issue_of(charge(shop, "mockunknown", PayPal_Request_Id="g")) == (422, "TOKEN_ID_NOT_FOUND")


def test_a_deleted_token_is_gone(shop: Shop, saved: str) -> None:
    assert shop.sdk.vault.delete_payment_token(saved).status_code == 204
    answer = shop.call("GET", f"/v3/vault/payment-tokens/{saved}")
    assert issue_of(answer) == (404, "INVALID_RESOURCE_ID")
    types = [event["event_type"] for event in shop.state.webhook_log()][-2:]
    assert types == ["VAULT.PAYMENT-TOKEN.DELETION-INITIATED", "VAULT.PAYMENT-TOKEN.DELETED"]
