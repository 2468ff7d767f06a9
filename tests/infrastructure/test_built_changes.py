"""The built functions that change bookings, and their rights: moved, cancelled, a fee asked for and paid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.samples import booking, order, sample
from shared.domain.time import isoformat
from tests import invariants
from tests.concurrency.errands import working_off
from tests.infrastructure.built_functions import VALUES, Lambda, lambda_world, rights
from tests.infrastructure.conftest import Resource, Statements
from tests.infrastructure.test_built_money import Buyer, Event, make_payments_due, webhook

pytestmark = pytest.mark.slow

FREE_MOVE, SECOND_MOVE, THIRD_MOVE, FOURTH_MOVE, FIFTH_MOVE, CHARGED_MOVE = 20, 21, 22, 23, 24, 25
"""Days that no booking here begins on."""


@pytest.fixture(scope="module")
def lambdas(build: Path, dynamodb: str, functions: dict[str, Resource]) -> Iterator[Lambda]:
    with lambda_world(build, dynamodb, functions) as world:
        yield world


class Client(Buyer):
    """A new client who books, and thinks again."""

    booking_id = ""

    def buys(self) -> None:
        self.orders()
        self.approves()
        self.booking_id = self.pays("checkout/pay_session", 201)["id"]

    def books_free(self, day: int) -> None:
        self.booking_id = self.asks(booking(day), 201, "book_free")["id"]

    def books_from_package(self) -> None:
        self.orders(sample("checkout/order_package"))
        self.approves()
        bought = self.pays("checkout/pay_package", 201)
        self.booking_id = self.uses(bought["id"])["id"]

    def is_quoted(self, action: str) -> Any:
        event = self._about("cancel/quote", "quote")
        event["rawQueryString"] = f"action={action}"
        event["queryStringParameters"] = {"action": action}
        return self.asks(event, 200, "cancel")

    def cancels(self) -> Any:
        return self.asks(self._about("cancel/cancel", "cancel"), 200, "cancel")

    def moves(self, day: int, status: int = 200, **more: str) -> Any:
        event = self._about("reschedule/move", "reschedule")
        start = json.loads(order(day)["body"])["start"]
        event["body"] = json.dumps({"start": start, **more})
        answer = self.asks(event, status, "reschedule")
        if status == 402:
            self.order_id = answer["fee_order_id"]
        return answer

    def is_asked_a_fee_for(self, day: int, to: int) -> Any:
        """Of a session that was moved once, which is free."""
        self.buys()
        self.moves(day)
        return self.moves(to, 402)

    @property
    def session(self) -> Any:
        event = sample("appointments/one")
        event["rawPath"] = event["requestContext"]["http"]["path"] = f"/booking/{self.booking_id}"
        return self.asks(event, 200, "appointments")

    def _about(self, name: str, action: str) -> Event:
        event = sample(name)
        path = f"/booking/{self.booking_id}/{action}"
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        return event


def test_sessions_are_shown_with_the_rights_it_takes(lambdas: Lambda, granted: Statements) -> None:
    client = Client(lambdas, 4)
    client.buys()
    lambdas.meter.uses.clear()
    assert client.asks(sample("appointments/mine"), 200, "appointments")["items"] == [client.session]
    assert client.session["payment"]["status"] == "captured"
    assert lambdas.meter.uses == rights(granted["appointments"])


def test_cancelling_uses_the_rights_it_has_and_all_of_them(lambdas: Lambda, granted: Statements) -> None:
    free, paid, packaged = Client(lambdas, 0), Client(lambdas, 1), Client(lambdas, 2)
    free.books_free(0)
    paid.buys()
    packaged.books_from_package()
    lambdas.meter.uses.clear()
    assert paid.is_quoted("cancel")["refund"] == "150.00"
    for client in (free, paid, packaged):
        assert client.cancels()["status"] == "cancelled"
    assert lambdas.meter.uses == rights(granted["cancel"])
    assert paid.session["payment"]["status"] == "refund_due"
    assert [each["sessions_remaining"] for each in packaged.packages()] == [3]


def test_moving_uses_the_rights_it_has_and_all_of_them(lambdas: Lambda, granted: Statements) -> None:
    client = Client(lambdas, 3)
    client.buys()
    lambdas.meter.uses.clear()
    moved = client.moves(FREE_MOVE)
    assert (moved["sequence"], moved["reschedules_used"]) == (1, 1)
    assert client.moves(SECOND_MOVE, 402)["fee"] == "75.00"
    assert client.is_quoted("reschedule")["reason"] == "moved_before"
    client.approves()
    paid = client.moves(SECOND_MOVE, fee_order_id=client.order_id)
    assert (paid["sequence"], paid["payment"]["fee"]) == (2, "75.00")
    assert lambdas.meter.uses == rights(granted["reschedule"])


def test_a_webhook_moves_a_session_whose_fee_was_approved_with_the_rights_it_has(
    lambdas: Lambda, granted: Statements
) -> None:
    client = Client(lambdas, 4)
    client.is_asked_a_fee_for(5, 6)
    client.approves()
    lambdas.meter.uses.clear()
    webhook(lambdas)
    assert lambdas.meter.uses <= rights(granted["paypal_webhook"])
    assert client.session["sequence"] == 2


def test_the_sweeper_moves_a_session_whose_fee_was_approved_with_the_rights_it_has(
    lambdas: Lambda, granted: Statements
) -> None:
    client = Client(lambdas, 7)
    client.is_asked_a_fee_for(8, 9)
    client.approves()
    make_payments_due(lambdas)
    lambdas.meter.uses.clear()
    lambdas.call("sweeper", sample("sweeper/scheduled"))
    assert lambdas.meter.uses <= rights(granted["sweeper"])
    assert client.session["sequence"] == 2


def test_what_a_change_leaves_behind_is_paid_off_with_the_rights_there_are(
    lambdas: Lambda, granted: Statements
) -> None:
    client = Client(lambdas, 10)
    client.buys()
    lambdas.call("sweeper", sample("sweeper/scheduled"))
    client.moves(THIRD_MOVE)
    lambdas.meter.uses.clear()
    lambdas.call("sweeper", sample("sweeper/scheduled"))
    assert in_the_calendar(lambdas, client) == [client.session["start"]]
    client.cancels()
    lambdas.call("sweeper", sample("sweeper/scheduled"))
    assert lambdas.meter.uses <= rights(granted["sweeper"])
    assert in_the_calendar(lambdas, client) == []
    assert client.session["payment"]["refunded"] == "75.00", "its one free move was used"


@pytest.fixture
def saving(lambdas: Lambda, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """PayPal saves methods, and the functions whose template says so hear of it."""
    monkeypatch.setitem(VALUES, "PAYPAL_VAULT_ENABLED", "true")
    lambdas.paypal.set_vault(True)
    yield
    lambdas.paypal.set_vault(False)


@pytest.mark.usefixtures("saving")
def test_a_move_is_charged_to_the_saved_method_with_the_rights_it_has(
    lambdas: Lambda, granted: Statements
) -> None:
    client = Client(lambdas, 11)
    client.buys()
    client.moves(FOURTH_MOVE)
    lambdas.meter.uses.clear()
    assert client.moves(CHARGED_MOVE)["payment"]["fee"] == "75.00"
    assert lambdas.meter.uses <= rights(granted["reschedule"])


@pytest.mark.usefixtures("saving")
def test_a_fee_for_cancelling_is_charged_and_the_session_comes_back_with_the_rights_there_are(
    lambdas: Lambda, granted: Statements
) -> None:
    client = Client(lambdas, 12)
    client.books_from_package()
    client.moves(FIFTH_MOVE)
    lambdas.meter.uses.clear()
    assert client.is_quoted("cancel")["fee_charged"] is True
    assert client.cancels()["payment"]["status"] == "created"
    assert lambdas.meter.uses <= rights(granted["cancel"])
    lambdas.meter.uses.clear()
    fee = next(row for row in invariants.rows(*lambdas.where) if row.get("cancels") == client.booking_id)
    lambdas.call("effects", working_off(fee["id"], "charge-1"))
    assert lambdas.meter.uses <= rights(granted["effects"])
    assert client.session["payment"]["status"] == "captured"
    assert [each["sessions_remaining"] for each in client.packages()] == [3]


def in_the_calendar(lambdas: Lambda, client: Client) -> list[str]:
    coach = lambdas.google.coach
    events = (each for each in coach.standing() if client.booking_id in str(each["extendedProperties"]))
    return [isoformat(coach.span(event)[0]) for event in events]
