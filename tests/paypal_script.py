"""What PayPal answers, for a server told how to answer; and the client connected to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shared.adapters.paypal import PayPalGateway
from shared.adapters.paypal_api import PayPalApi
from shared.domain.money import Money
from shared.domain.payment import Payment, PaymentStatus
from shared.usecases.ports import CreatedOrder, PaymentGateway
from tests.scripted_server import Answer, Request

NOW = datetime(2026, 11, 23, 13, tzinfo=UTC)
PAYMENT = Payment(
    id="9f1c0a7e5b2d4c6f8a3e1d0b7c5f2a94",
    client_id="client",
    service="single",
    amount=Money.of("150.00", "CAD"),
    status=PaymentStatus.CREATED,
    created_at=NOW,
    updated_at=NOW,
)
ORDER, CAPTURE, REFUND = "5O190127TN364715T", "3C679366HH908993F", "1JU08902781691411"

TOKEN = "POST /v1/oauth2/token"
CREATE_ORDER = "POST /v2/checkout/orders"
GET_ORDER = f"GET /v2/checkout/orders/{ORDER}"
CAPTURE_ORDER = f"POST /v2/checkout/orders/{ORDER}/capture"
GET_CAPTURE = f"GET /v2/payments/captures/{CAPTURE}"
REFUND_CAPTURE = f"POST /v2/payments/captures/{CAPTURE}/refund"

LOST = Answer(201, {"id": "?"}, drops=True)
DOWN = Answer(503, {"name": "SERVICE_UNAVAILABLE", "debug_id": "d0wn"})


def money(value: str, currency: str = "CAD") -> dict[str, str]:
    return {"currency_code": currency, "value": value}


def token(name: str = "TOKEN", expires_in: int = 32_400) -> Answer:
    return Answer(200, {"access_token": name, "token_type": "Bearer", "expires_in": expires_in})


def created(rel: str = "payer-action") -> Answer:
    links = [
        {"rel": "self", "href": f"https://api.paypal.com/v2/checkout/orders/{ORDER}"},
        {"rel": rel, "href": f"https://www.paypal.com/checkoutnow?token={ORDER}"},
    ]
    return Answer(201, {"id": ORDER, "status": "PAYER_ACTION_REQUIRED", "links": links})


def captured(status: str = "COMPLETED", **changes: Any) -> dict[str, Any]:
    fee = {"paypal_fee": money("4.65"), "gross_amount": money("150.00"), "net_amount": money("145.35")}
    return {
        "id": CAPTURE,
        "status": status,
        "amount": money("150.00"),
        "custom_id": PAYMENT.id,
        "seller_receivable_breakdown": fee,
        **changes,
    }


def refunded(value: str = "75.00", **changes: Any) -> dict[str, Any]:
    up = f"https://api.paypal.com/v2/payments/captures/{CAPTURE}"
    return {
        "id": REFUND,
        "status": "COMPLETED",
        "amount": money(value),
        "invoice_id": "refund-1",
        "links": [{"rel": "self", "href": "https://api.paypal.com/"}, {"rel": "up", "href": up}],
        **changes,
    }


def order(status: str, payments: dict[str, Any] | None = None, **changes: Any) -> Answer:
    unit = {"reference_id": "default", "amount": money("150.00"), "custom_id": PAYMENT.id}
    if payments is not None:
        unit["payments"] = payments
    return Answer(201, {"id": ORDER, "status": status, "purchase_units": [unit], **changes})


def refusal(issue: str, status: int = 422) -> Answer:
    body = {
        "name": "UNPROCESSABLE_ENTITY",
        "details": [{"issue": issue, "description": "Words that PayPal changes at will."}],
        "message": "The requested action could not be performed.",
        "debug_id": "90957fca61718",
    }
    return Answer(status, body)


def connect(url: str, *, vault_enabled: bool = False, mock: bool = False) -> PayPalGateway:
    api = PayPalApi(api_base=url, client_id="client-id", client_secret="client-secret")
    return PayPalGateway(api, vault_enabled=vault_enabled, mock=mock)


def create(gateway: PaymentGateway, **changes: Any) -> CreatedOrder:
    wanted: dict[str, Any] = {
        "description": "Single session, 60 minutes",
        "return_url": "https://coach.example/booking?paid",
        "cancel_url": "https://coach.example/booking?cancelled",
        "request_id": PAYMENT.order_request_id,
    }
    return gateway.create_order(PAYMENT, **(wanted | changes))


def refund(gateway: PayPalGateway, amount: str | None = "75.00") -> Any:
    wanted = Money.of(amount, "CAD") if amount else None
    return gateway.refund(CAPTURE, wanted, request_id="refund-1", note="Cancelled with less notice")


def only(requests: list[Request]) -> Request:
    assert len(requests) == 1
    return requests[0]
