"""The built functions that move money, and their rights: bought, given up, denied, refunded."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.samples import booking, order, sample
from shared.domain.time import isoformat
from tests.infrastructure.built_functions import Lambda, lambda_world, rights
from tests.infrastructure.conftest import Resource, Statements

pytestmark = pytest.mark.slow

Event = dict[str, Any]


@pytest.fixture(scope="module")
def lambdas(build: Path, dynamodb: str, functions: dict[str, Resource]) -> Iterator[Lambda]:
    with lambda_world(build, dynamodb, functions) as world:
        yield world


class Buyer:
    """A new client; each has a day of their own."""

    def __init__(self, lambdas: Lambda, day: int) -> None:
        self._lambdas = lambdas
        self._order = order(day)
        self.order_id = ""

    def asks(self, event: Event, status: int, function: str = "checkout") -> Any:
        event["requestContext"]["authorizer"] = self._order["requestContext"]["authorizer"]
        event["headers"]["idempotency-key"] = uuid.uuid4().hex
        answer = self._lambdas.call(function, event)
        assert answer["statusCode"] == status, answer
        return json.loads(answer["body"] or "null")

    def orders(self, event: Event | None = None) -> None:
        self.order_id = self.asks(event or self._order, 201)["order_id"]

    def approves(self, outcome: Any = "approve") -> None:
        self._lambdas.paypal.approve(self.order_id, outcome)

    def pays(self, name: str, status: int) -> Any:
        return self.asks(sample(name) | {"body": json.dumps({"paypal_order_id": self.order_id})}, status)

    def packages(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.asks(sample("packages/mine"), 200, "packages")["items"]
        return listed

    def uses(self, package_id: str) -> Any:
        wanted = json.loads(self._order["body"])
        body = {name: wanted[name] for name in ("start", "phone", "timezone")} | {"package_id": package_id}
        return self.asks(sample("packages/use_session") | {"body": json.dumps(body)}, 201, "packages")

    def gives_up(self) -> None:
        event = sample("checkout/give_up")
        event["rawPath"] = event["requestContext"]["http"]["path"] = f"/booking/orders/{self.order_id}"
        self.asks(event, 204)

    @property
    def capture_id(self) -> str:
        captures = self._lambdas.paypal.ledger()["captures"]
        return next(str(each["id"]) for each in captures if each["order_id"] == self.order_id)


def newest_webhook(lambdas: Lambda) -> Event:
    """As API Gateway hands it over."""
    lambdas.paypal.catch_up()
    message = lambdas.paypal.webhooks.sign(lambdas.paypal.webhooks.deliveries[-1].body)
    event = sample("book_free/book")
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/webhooks/paypal"
    del event["requestContext"]["authorizer"]
    event["headers"] = {name.lower(): value for name, value in message.headers.items()}
    event["body"] = message.body.decode()
    return event


def webhook(lambdas: Lambda) -> None:
    answer = lambdas.call("paypal_webhook", newest_webhook(lambdas))
    assert answer["statusCode"] == 200, answer


def test_a_checkout_uses_the_rights_it_has_and_all_of_them(lambdas: Lambda, granted: Statements) -> None:
    lambdas.meter.uses.clear()
    paying, leaving = Buyer(lambdas, 0), Buyer(lambdas, 1)
    paying.orders()
    paying.approves()
    paying.pays("checkout/pay_session", 201)
    leaving.orders()
    leaving.gives_up()
    assert lambdas.meter.uses == rights(granted["checkout"])


def test_a_package_is_bought_and_used_with_all_of_the_rights_to_use_it(
    lambdas: Lambda, granted: Statements
) -> None:
    buyer = Buyer(lambdas, 2)
    buyer.orders(sample("checkout/order_package"))
    buyer.approves()
    buyer.pays("checkout/pay_package", 201)
    lambdas.meter.uses.clear()
    (bought,) = buyer.packages()
    buyer.uses(bought["id"])
    assert lambdas.meter.uses == rights(granted["packages"])
    assert [each["sessions_remaining"] for each in buyer.packages()] == [2]


def test_webhooks_use_the_rights_they_have_and_all_of_them(lambdas: Lambda, granted: Statements) -> None:
    buyer = Buyer(lambdas, 3)
    buyer.orders()
    buyer.approves("pending")
    lambdas.meter.uses.clear()
    webhook(lambdas)
    lambdas.paypal.settle_capture(buyer.capture_id, "denied")
    webhook(lambdas)
    assert lambdas.meter.uses == rights(granted["paypal_webhook"])


def test_an_unsigned_webhook_is_refused_before_the_table_is_touched(lambdas: Lambda) -> None:
    buyer = Buyer(lambdas, 4)
    buyer.orders()
    buyer.approves()
    event = newest_webhook(lambdas)
    event["body"] = event["body"].replace("APPROVED", "VOIDED")
    lambdas.meter.uses.clear()
    assert lambdas.call("paypal_webhook", event)["statusCode"] == 400
    assert lambdas.meter.uses == set()


def test_what_is_owed_after_a_booking_is_paid_off_refunds_included(
    lambdas: Lambda, granted: Statements
) -> None:
    """The buyer gives up, and PayPal takes the money all the same: it goes back."""
    buyer = Buyer(lambdas, 5)
    buyer.orders()
    buyer.approves()
    lambdas.paypal.orders.capture(buyer.order_id)
    buyer.gives_up()
    webhook(lambdas)
    assert lambdas.call("book_free", booking(6))["statusCode"] == 201
    lambdas.meter.uses.clear()
    assert lambdas.call("effects", new_effects(lambdas))["taken_up"] > 1
    assert lambdas.meter.uses == rights(granted["effects"])
    refunds = lambdas.paypal.ledger()["refunds"]
    assert buyer.capture_id in {refund["capture_id"] for refund in refunds}


def new_effects(lambdas: Lambda) -> Event:
    """What the stream says of the outbox rows in the table."""
    return {
        "Records": [
            {"dynamodb": {"Keys": {"PK": row["PK"], "SK": row["SK"]}}} for row in rows(lambdas, "EFFECT")
        ]
    }


def test_the_sweeper_settles_what_is_due_and_uses_all_of_its_rights(
    lambdas: Lambda, granted: Statements
) -> None:
    buyer = Buyer(lambdas, 7)
    buyer.orders()
    buyer.approves("pending")
    buyer.pays("checkout/pay_session", 202)
    lambdas.paypal.settle_capture(buyer.capture_id, "denied")
    make_payments_due(lambdas)
    assert lambdas.call("book_free", booking(8))["statusCode"] == 201
    lambdas.meter.uses.clear()
    assert lambdas.call("sweeper", sample("sweeper/scheduled"))["taken_up"] > 1
    assert lambdas.meter.uses == rights(granted["sweeper"])


def make_payments_due(lambdas: Lambda) -> None:
    """As if the time to look again had come."""
    for row in rows(lambdas, "PAYMENT"):
        if "GSI1SK" in row:
            lambdas.table.update_item(
                TableName=lambdas.table_name,
                Key={"PK": row["PK"], "SK": row["SK"]},
                UpdateExpression="SET GSI1SK = :past, check_at = :past",
                ExpressionAttributeValues={":past": {"S": "2000-01-01T00:00:00Z"}},
            )


def test_the_daily_comparison_uses_the_rights_it_has_and_all_of_them(
    lambdas: Lambda, granted: Statements
) -> None:
    """Money was taken an hour ago, and nothing stands for it."""
    buyer = Buyer(lambdas, 9)
    buyer.orders()
    buyer.approves()
    lambdas.paypal.orders.capture(buyer.order_id)
    let_an_hour_pass(lambdas)
    lambdas.meter.uses.clear()
    report = lambdas.call("reconcile", sample("reconcile/scheduled"))
    assert "captured_not_confirmed" in {each["kind"] for each in report["differences"]}
    assert lambdas.meter.uses == rights(granted["reconcile"])


def let_an_hour_pass(lambdas: Lambda) -> None:
    """Since each payment moved, and each booking."""
    before = datetime.now(UTC) - timedelta(hours=1)
    for row in (*rows(lambdas, "PAYMENT"), *rows(lambdas, "APPOINTMENT")):
        lambdas.table.update_item(
            TableName=lambdas.table_name,
            Key={"PK": row["PK"], "SK": row["SK"]},
            UpdateExpression="SET updated_at = :before",
            ExpressionAttributeValues={":before": {"S": isoformat(before)}},
        )


def rows(lambdas: Lambda, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lambdas.table.scan(TableName=lambdas.table_name)["Items"]
    return [row for row in found if row.get("kind") == {"S": kind}]
