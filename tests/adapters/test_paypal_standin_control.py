"""PayPal's part of the local stack's control address, and its faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from local.control import create_app as control_app
from local.faults import Fault, Faults, FaultyService
from local.paypal.app import create_app
from local.paypal.courier import Courier
from tests.adapters.paypal_rig import Receiver, Shop, conforms, loopback, served

Control = Callable[..., requests.Response]


async def _nothing() -> None:
    """No function writes anything here."""


@pytest.fixture
def control(shop: Shop, receiver: Receiver) -> Iterator[Control]:
    stack = SimpleNamespace(
        paypal=shop.state, courier=Courier(shop.state, receiver.url), stream=SimpleNamespace(drain=_nothing)
    )
    listening, url = loopback()

    def call(method: str, path: str, body: Any = None) -> requests.Response:
        return requests.request(method, f"{url}/paypal{path}", json=body, timeout=10)

    with served(control_app(stack), listening):  # type: ignore[arg-type]
        yield call


@pytest.mark.parametrize(
    ("body", "capture"),
    [({"outcome": "approve"}, "COMPLETED"), ({"outcome": "pending"}, "PENDING"), ({}, "COMPLETED")],
)
def test_the_buyer_acts_without_a_browser(shop: Shop, control: Control, body: Any, capture: str) -> None:
    order_id = shop.order()["id"]
    assert control("POST", f"/orders/{order_id}/approve", body).json()["status"] == "APPROVED"
    shop.capture(order_id)
    ledger = control("GET", "/ledger").json()
    assert [(each["status"], each["order_id"]) for each in ledger["captures"]] == [(capture, order_id)]


def test_a_pending_capture_is_settled_and_given_back(shop: Shop, control: Control) -> None:
    capture_id = shop.captured("pending")["id"]
    assert control("POST", f"/captures/{capture_id}/settle", {"outcome": "completed"}).ok
    assert control("POST", f"/captures/{capture_id}/settle", {"outcome": "denied"}).status_code == 422
    assert control("POST", f"/captures/{capture_id}/refund", {"amount": "50.00"}).ok
    assert control("POST", f"/captures/{capture_id}/refund").ok
    refunds = control("GET", "/ledger").json()["refunds"]
    assert [(each["amount"]["value"], each["capture_id"]) for each in refunds] == [
        ("50.00", capture_id),
        ("100.00", capture_id),
    ]
    assert control("POST", f"/captures/{capture_id}/refund").status_code == 422


def test_a_dispute_runs_its_course(shop: Shop, control: Control) -> None:
    dispute = control("POST", f"/captures/{shop.captured()['id']}/dispute").json()["dispute_id"]
    assert control("POST", f"/disputes/{dispute}/escalate").json()["status"] == "UNDER_REVIEW"
    resolved = control("POST", f"/disputes/{dispute}/resolve", {"winner": "buyer"}).json()
    assert resolved["dispute_outcome"]["outcome_code"] == "RESOLVED_BUYER_FAVOUR"


def test_webhooks_are_held_listed_and_sent(shop: Shop, control: Control, receiver: Receiver) -> None:
    assert control("PUT", "/webhooks", {"deliver": False}).json() == {"deliver": False}
    shop.approved()
    [listed] = control("GET", "/webhooks").json()
    assert (listed["state"], listed["event_type"]) == ("held", "CHECKOUT.ORDER.APPROVED")
    receiver.answers = [200, 400]
    sent = control("POST", f"/webhooks/{listed['id']}/send", {"times": 2}).json()["statuses"]
    assert sorted(sent) == [200, 400]
    assert control("POST", f"/webhooks/{listed['id']}/send", {"times": 1, "tamper": True}).ok
    assert receiver.taken[0][1] == receiver.taken[1][1] != receiver.taken[2][1]


def test_the_accounts_settings_are_changed_one_by_one(shop: Shop, control: Control) -> None:
    control("PUT", "/account", {"vault": True})
    account = control("PUT", "/account", {"late_vault": True}).json()
    assert (account["vault"], account["late_vault"], account["pending_refunds"]) == (True, True, False)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/orders/NOPE/approve", {}, 404),
        ("/orders/NOPE/approve", {"outcome": "perhaps"}, 422),
        ("/captures/NOPE/refund", {"amount": "-1"}, 422),
        ("/captures/NOPE/refund", {}, 404),
        ("/webhooks/NOPE/send", {}, 404),
        ("/webhooks/NOPE/send", {"tamper": "politely"}, 422),
        ("/disputes/NOPE/escalate", {}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(control: Control, path: str, body: Any, status: int) -> None:
    assert control("POST", path, body).status_code == status


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (401, "AUTHENTICATION_FAILURE"),
        (404, "RESOURCE_NOT_FOUND"),
        (422, "UNPROCESSABLE_ENTITY"),
        (429, "RATE_LIMIT_REACHED"),
        (500, "INTERNAL_SERVER_ERROR"),
        (503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_a_fault_fails_as_paypal_does(shop: Shop, status: int, name: str) -> None:
    faults = Faults()
    faults.add(Fault(target="paypal", effect="status", status_code=status, match="POST /v2/*/capture"))
    listening, url = loopback()
    with served(FaultyService(create_app(shop.state), "paypal", faults), listening):
        answer = requests.post(f"{url}/v2/checkout/orders/X/capture", json={}, timeout=10)
    assert (answer.status_code, answer.json()["name"]) == (status, name)
    assert answer.headers["Paypal-Debug-Id"] == answer.json()["debug_id"]
    if status not in {429, 503}:
        conforms(answer.json(), "checkout_orders_v2", f"error_{status}")


def test_a_lost_answer_is_lost_after_the_money_moved(shop: Shop) -> None:
    faults = Faults()
    faults.add(Fault(target="paypal", effect="drop_response", match="POST /v2/checkout/orders/*/capture"))
    order_id = shop.approved()
    listening, url = loopback()
    headers = {"Authorization": f"Bearer {shop.token()}", "PayPal-Request-Id": "capture-1"}
    with (
        served(FaultyService(create_app(shop.state), "paypal", faults), listening),
        pytest.raises(requests.ConnectionError),
    ):
        requests.post(f"{url}/v2/checkout/orders/{order_id}/capture", json={}, headers=headers, timeout=10)
    assert [capture["status"] for capture in shop.state.ledger()["captures"]] == ["COMPLETED"]
    assert shop.capture(order_id, PayPal_Request_Id="capture-1").status_code == 200
