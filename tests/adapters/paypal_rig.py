"""PayPal's stand-in as outsiders meet it: by PayPal's own SDK, by plain HTTP, by its OpenAPI files, by webhook."""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.verification import PolicyBuilder, Store
from openapi_schema_validator import OAS30Validator
from paypalserversdk.exceptions.error_exception import ErrorException
from paypalserversdk.models.amount_with_breakdown import AmountWithBreakdown
from paypalserversdk.models.checkout_payment_intent import CheckoutPaymentIntent
from paypalserversdk.models.order_request import OrderRequest
from paypalserversdk.models.purchase_unit_request import PurchaseUnitRequest

from local.paypal.courier import Courier
from local.paypal.state import PayPalState
from local.paypal.webhooks import Tamper

SPECS = Path(__file__).parents[3] / "shared" / "specs" / "paypal"
FULL = "return=representation"
WALLET = {
    "experience_context": {
        "brand_name": "Coach & Co",
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
        "return_url": "http://127.0.0.1:1/done?kind=single",
        "cancel_url": "http://127.0.0.1:1/back",
    }
}
VAULT = {"attributes": {"vault": {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT"}}}


@functools.cache
def _validator(file: str, schema: str) -> OAS30Validator | None:
    """None where PayPal's OpenAPI files are not at hand: the tests' own assertions then stand alone."""
    path = SPECS / f"{file}.json"
    if not path.exists():
        return None
    components = json.loads(path.read_text())["components"]
    return OAS30Validator({"$ref": f"#/components/schemas/{schema}", "components": components})


def conforms(body: Any, file: str, schema: str) -> None:
    if validator := _validator(file, schema):
        validator.validate(body)


ORDERS, PAYMENTS = "checkout_orders_v2", "payments_payment_v2"


def order_request(**unit: Any) -> OrderRequest:
    unit = {"custom_id": "payment-1", **unit}
    currency, value = unit.pop("currency", "CAD"), unit.pop("value", "150.00")
    amount = AmountWithBreakdown(currency_code=currency, value=value)
    return OrderRequest(
        intent=CheckoutPaymentIntent.CAPTURE, purchase_units=[PurchaseUnitRequest(amount=amount, **unit)]
    )


def order_body(wallet: dict[str, Any] | None = None, **unit: Any) -> dict[str, Any]:
    amount = {"currency_code": unit.pop("currency", "CAD"), "value": unit.pop("value", "150.00")}
    body = {"intent": "CAPTURE", "purchase_units": [{"amount": amount, "custom_id": "payment-1", **unit}]}
    return body | ({} if wallet is None else {"payment_source": {"paypal": wallet}})


@dataclass
class Shop:
    """A merchant's server: PayPal's SDK in ``sdk``, and its calls in plain HTTP."""

    state: PayPalState
    sdk: Any
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        given = {"Authorization": f"Bearer {self.token()}", "Prefer": FULL}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.request(
            method, self.state.base_url + path, json=body, headers=given, timeout=10, allow_redirects=False
        )

    def token(self) -> str:
        credentials = (self.state.client_id, self.state.client_secret)
        return str(self.ask_token(credentials).json()["access_token"])

    def ask_token(self, credentials: tuple[str, str], grant: str = "client_credentials") -> requests.Response:
        url = f"{self.state.base_url}/v1/oauth2/token"
        return self.session.post(url, auth=credentials, data={"grant_type": grant}, timeout=10)

    def order(self, wallet: dict[str, Any] | None = None, **unit: Any) -> dict[str, Any]:
        made = self.call("POST", "/v2/checkout/orders", order_body(wallet, **unit))
        assert made.status_code == 201, made.text
        return made.json()

    def approved(self, outcome: Any = "approve", **unit: Any) -> str:
        order_id = self.order(**unit)["id"]
        self.state.approve(order_id, outcome)
        return str(order_id)

    def capture(self, order_id: str, **headers: str) -> requests.Response:
        return self.call("POST", f"/v2/checkout/orders/{order_id}/capture", {}, **headers)

    def captured(self, outcome: Any = "approve", **unit: Any) -> dict[str, Any]:
        """The capture of a new order."""
        answer = self.capture(self.approved(outcome, **unit))
        assert answer.status_code == 201, answer.text
        return answer.json()["purchase_units"][0]["payments"]["captures"][0]

    def refund(self, capture_id: str, body: Any = None, **headers: str) -> requests.Response:
        return self.call("POST", f"/v2/payments/captures/{capture_id}/refund", body or {}, **headers)


def issue_of(answer: requests.Response) -> tuple[int, str]:
    """Status and issue of a refusal, after a look at its envelope."""
    body = answer.json()
    assert body["debug_id"] == answer.headers["Paypal-Debug-Id"]
    assert body["message"] and body["name"]
    conforms(body, ORDERS, f"error_{answer.status_code}")
    [detail] = body["details"]
    assert body["links"][0]["href"].endswith(f"#error-{detail['issue']}")
    return answer.status_code, detail["issue"]


def sdk_issue(call: Any, **options: Any) -> tuple[int, str]:
    """The same as PayPal's own SDK reads it."""
    with pytest.raises(ErrorException) as refused:
        call(options)
    return refused.value.response_code, refused.value.details[0].issue


@dataclass
class Receiver:
    """An endpoint for webhooks. It answers with the next of ``answers``, the last one again and again."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.taken.append((headers, message["body"]))
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.taken]

    def types(self) -> list[str]:
        return [event["event_type"] for event in self.events()]


@contextmanager
def served(app: Any, listening: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join(10)


def loopback() -> tuple[socket.socket, str]:
    listening = socket.socket(proto=socket.IPPROTO_TCP)  # answers at once: see local/servers.py
    listening.bind(("127.0.0.1", 0))
    return listening, f"http://127.0.0.1:{listening.getsockname()[1]}"


def later(**delta: float) -> Any:
    return time_machine.travel(datetime.now(UTC) + timedelta(**delta), tick=True)


def send(shop: Shop, receiver: Receiver, times: int = 1, tamper: Tamper | None = None) -> list[int | None]:
    event_id = shop.state.webhook_log()[0]["id"]
    return asyncio.run(Courier(shop.state, receiver.url).send(event_id, times, tamper))


def verify_offline(shop: Shop, headers: dict[str, str], body: bytes) -> None:
    """As a stranger would verify: the chain up to the root, the name, and the signature over the bytes."""
    leaf, *chain = x509.load_pem_x509_certificates(
        requests.get(headers["paypal-cert-url"], timeout=10).content
    )
    root = x509.load_pem_x509_certificate(shop.state.root_certificate.encode())
    policy = PolicyBuilder().store(Store([root])).time(datetime.now(UTC))
    policy.build_server_verifier(x509.DNSName("messageverificationcerts.paypal.com")).verify(leaf, chain)
    parts = (headers["paypal-transmission-id"], headers["paypal-transmission-time"], shop.state.webhook_id)
    message = "|".join((*parts, str(zlib.crc32(body)))).encode()
    key = leaf.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(base64.b64decode(headers["paypal-transmission-sig"]), message, PKCS1v15(), SHA256())
