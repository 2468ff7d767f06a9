"""PayPal's client on a real socket, against a server told how to answer."""

from __future__ import annotations

import base64
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from shared import observability
from shared.adapters import paypal_api
from shared.adapters.paypal import PayPalGateway
from shared.adapters.paypal_api import PayPalApi
from shared.domain.errors import DomainError, OrderNotApproved, PaymentDeclined, PaymentProviderUnavailable
from shared.domain.money import Money
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.settlement import CaptureStatus, OrderStatus, RefundStatus, Verdict, given_back, judge
from shared.usecases.ports import (
    AlreadyCaptured,
    AlreadyRefunded,
    CreatedOrder,
    OutcomeUnknown,
    RefundRefused,
    TryAgainLater,
    WillNeverWork,
)
from tests.paypal_specs import assert_conforms
from tests.scripted_server import Answer, Request, ScriptedServer, scripted_server

NOW = datetime(2026, 11, 23, 13, tzinfo=UTC)
PAYMENT = Payment(
    id="9f1c0a7e5b2d4c6f8a3e1d0b7c5f2a94",
    client_id="client",
    service="single",
    appointment_id="appointment",
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


@pytest.fixture(scope="module")
def running() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def server(running: ScriptedServer) -> ScriptedServer:
    running.requests.clear()
    running.script.clear()
    running.on(TOKEN, token())
    return running


@pytest.fixture
def gateway(server: ScriptedServer) -> PayPalGateway:
    return connect(server.url)


def connect(url: str, *, vault_enabled: bool = False, mock: bool = False) -> PayPalGateway:
    api = PayPalApi(api_base=url, client_id="client-id", client_secret="client-secret")
    return PayPalGateway(api, vault_enabled=vault_enabled, mock=mock)


def create(gateway: PayPalGateway, **changes: Any) -> CreatedOrder:
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


# Orders


def test_an_order_is_made_at_our_price_and_names_the_payment(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    server.on(CREATE_ORDER, created())
    assert create(gateway) == CreatedOrder(ORDER, f"https://www.paypal.com/checkoutnow?token={ORDER}")
    sent = only(server.asked(CREATE_ORDER))
    unit = only(sent.json["purchase_units"])  # type: ignore[arg-type]
    assert unit["amount"] == money("150.00")  # type: ignore[index]
    assert unit["custom_id"] == unit["invoice_id"] == PAYMENT.id  # type: ignore[index]
    assert sent.json["intent"] == "CAPTURE"
    context = sent.json["payment_source"]["paypal"]["experience_context"]
    assert (context["shipping_preference"], context["user_action"]) == ("NO_SHIPPING", "PAY_NOW")
    assert sent.headers["PayPal-Request-Id"] == f"order-{PAYMENT.id}"
    assert sent.headers["Prefer"] == "return=representation"
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["Authorization"] == "Bearer TOKEN"


def test_what_we_send_is_what_paypal_documents(server: ScriptedServer) -> None:
    server.on(CREATE_ORDER, created())
    server.on(CAPTURE_ORDER, order("COMPLETED", {"captures": [captured()]}))
    server.on(REFUND_CAPTURE, Answer(201, refunded()))
    gateway = connect(server.url, vault_enabled=True)
    create(gateway)
    create(gateway, vault=True, description="é" * 500)
    gateway.capture(ORDER, request_id="capture-1")
    refund(gateway)
    refund(gateway, None)
    for sent in server.asked(CREATE_ORDER):
        assert_conforms("checkout_orders_v2.json", "order_request", sent.json)
    assert_conforms(
        "checkout_orders_v2.json", "order_capture_request", only(server.asked(CAPTURE_ORDER)).json
    )
    for sent in server.asked(REFUND_CAPTURE):
        assert_conforms("payments_payment_v2.json", "refund_request", sent.json)


@pytest.mark.parametrize("rel", ["approve", "payer-action"])
def test_the_link_for_the_buyer_has_either_name(
    server: ScriptedServer, gateway: PayPalGateway, rel: str
) -> None:
    server.on(CREATE_ORDER, created(rel))
    assert create(gateway).approve_url.endswith(ORDER)


def test_a_repeated_order_answered_with_200_is_the_same_order(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    server.on(CREATE_ORDER, created(), replace(created(), status=200))
    assert create(gateway) == create(gateway)


VAULT = {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT", "customer_type": "CONSUMER"}


def test_saving_the_method_is_asked_for_where_it_is_enabled(server: ScriptedServer) -> None:
    server.on(CREATE_ORDER, created())
    create(connect(server.url, vault_enabled=True), vault=True)
    assert only(server.asked(CREATE_ORDER)).json["payment_source"]["paypal"]["attributes"] == {"vault": VAULT}


@pytest.mark.parametrize(("enabled", "asked"), [(False, True), (True, False), (False, False)])
def test_saving_the_method_is_not_asked_for_otherwise(
    server: ScriptedServer, enabled: bool, asked: bool
) -> None:
    server.on(CREATE_ORDER, created())
    create(connect(server.url, vault_enabled=enabled), vault=asked)
    assert b"vault" not in only(server.asked(CREATE_ORDER)).body


def test_an_account_that_may_not_save_methods_still_takes_orders(server: ScriptedServer) -> None:
    server.on(CREATE_ORDER, refusal("NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE"), created())
    assert create(connect(server.url, vault_enabled=True), vault=True).order_id == ORDER
    first, second = server.asked(CREATE_ORDER)
    assert b"vault" in first.body
    assert b"vault" not in second.body
    assert first.headers["PayPal-Request-Id"] != second.headers["PayPal-Request-Id"]


def test_a_repeat_after_such_a_refusal_asks_the_same_again(server: ScriptedServer) -> None:
    server.on(CREATE_ORDER, refusal("NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE"), created())
    create(connect(server.url, vault_enabled=True), vault=True)
    server.on(CREATE_ORDER, refusal("NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE"), created())
    create(connect(server.url, vault_enabled=True), vault=True)
    sent = [(each.headers["PayPal-Request-Id"], each.body) for each in server.asked(CREATE_ORDER)]
    assert sent[:2] == sent[2:]


@pytest.mark.parametrize(
    "answer",
    [
        refusal("PAYEE_ACCOUNT_RESTRICTED"),
        refusal("PERMISSION_DENIED", 403),
        refusal("RATE_LIMIT_REACHED", 429),
        DOWN,
        LOST,
        Answer(302, headers={"Location": "/elsewhere"}),
        Answer(201, b"<html>"),
        Answer(201, []),
        Answer(201, {"id": ORDER, "links": []}),
    ],
)
def test_an_order_that_can_not_be_made_is_said_so(
    server: ScriptedServer, gateway: PayPalGateway, answer: Answer
) -> None:
    server.on(CREATE_ORDER, answer)
    with pytest.raises(PaymentProviderUnavailable):
        create(gateway)


def test_an_order_is_read_with_its_captures_and_refunds(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    pending = captured("PENDING", id="OTHER", status_details={"reason": "ECHECK"})
    del pending["seller_receivable_breakdown"]
    payments = {"captures": [pending, captured("PARTIALLY_REFUNDED")], "refunds": [refunded()]}
    server.on(GET_ORDER, order("COMPLETED", payments))
    found = gateway.get_order(ORDER)
    assert found is not None
    assert (found.id, found.status) == (ORDER, OrderStatus.COMPLETED)
    assert (found.amount, found.custom_id) == (PAYMENT.amount, PAYMENT.id)
    first, second = found.captures
    assert (first.status, first.reason, first.fee) == (CaptureStatus.PENDING, "ECHECK", None)
    assert (second.status, second.fee) == (CaptureStatus.PARTIALLY_REFUNDED, Money.of("4.65", "CAD"))
    back = found.refunds[0]
    assert (back.id, back.status, back.amount) == (REFUND, RefundStatus.COMPLETED, Money.of("75.00", "CAD"))
    assert (back.capture_id, back.request_id) == (CAPTURE, "refund-1")
    assert given_back(found).done == Decimal("75.00")


@pytest.mark.parametrize("written", ["150.00", "150.0", "150", "0150.00"])
def test_amounts_are_read_as_numbers_however_written(
    server: ScriptedServer, gateway: PayPalGateway, written: str
) -> None:
    server.on(GET_ORDER, order("COMPLETED", {"captures": [captured(amount=money(written))]}))
    assert judge(PAYMENT, gateway.get_order(ORDER)).verdict is Verdict.CAPTURED


@pytest.mark.parametrize("written", ["150.001", "NaN", "Infinity", "", "much", None, [], {}])
def test_an_amount_that_is_none_is_not_guessed(
    server: ScriptedServer, gateway: PayPalGateway, written: Any
) -> None:
    server.on(GET_ORDER, order("COMPLETED", {"captures": [captured(amount=money(written))]}))
    with pytest.raises(PaymentProviderUnavailable):
        gateway.get_order(ORDER)


def test_an_order_for_two_things_is_not_the_one_we_made(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    unit = {"amount": money("150.00"), "custom_id": PAYMENT.id}
    server.on(GET_ORDER, order("APPROVED", purchase_units=[unit, unit]))
    assert judge(PAYMENT, gateway.get_order(ORDER)).verdict is Verdict.MISMATCH


def test_an_order_paypal_does_not_know_is_none(server: ScriptedServer, gateway: PayPalGateway) -> None:
    server.on(GET_ORDER, refusal("INVALID_RESOURCE_ID", 404))
    assert gateway.get_order(ORDER) is None


@pytest.mark.parametrize(
    "answer", [Answer(404, b"<html>no such page"), Answer(404, {}), DOWN, LOST, Answer(200, b"")]
)
def test_only_paypals_own_word_makes_an_order_unknown(
    server: ScriptedServer, gateway: PayPalGateway, answer: Answer
) -> None:
    server.on(GET_ORDER, answer)
    with pytest.raises(PaymentProviderUnavailable):
        gateway.get_order(ORDER)


def test_a_token_endpoint_that_is_not_there_says_nothing_of_an_order(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    server.on(TOKEN, refusal("RESOURCE_NOT_FOUND", 404))
    with pytest.raises(PaymentProviderUnavailable):
        gateway.get_order(ORDER)
    with pytest.raises(PaymentProviderUnavailable):
        gateway.capture(ORDER, request_id="capture-1")


def test_an_id_from_outside_stays_one_part_of_the_path(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    with pytest.raises(PaymentProviderUnavailable):
        gateway.get_order("../../v1/x?y#z")
    assert server.lines()[-1] == "GET /v2/checkout/orders/..%2F..%2Fv1%2Fx%3Fy%23z"


# Captures


@pytest.mark.parametrize("status", [200, 201])
def test_a_capture_is_judged_by_its_own_status(
    server: ScriptedServer, gateway: PayPalGateway, status: int
) -> None:
    server.on(CAPTURE_ORDER, replace(order("COMPLETED", {"captures": [captured("PENDING")]}), status=status))
    found = gateway.capture(ORDER, request_id="capture-1")
    assert judge(PAYMENT, found).verdict is Verdict.PENDING
    sent = only(server.asked(CAPTURE_ORDER))
    assert (sent.body, sent.headers["PayPal-Request-Id"]) == (b"{}", "capture-1")
    assert sent.headers["Prefer"] == "return=representation"


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (refusal("ORDER_NOT_APPROVED"), OrderNotApproved),
        (refusal("PAYER_ACTION_REQUIRED"), OrderNotApproved),
        (refusal("INVALID_RESOURCE_ID", 404), OrderNotApproved),
        (refusal("TOKEN_ID_NOT_FOUND"), OrderNotApproved),
        (refusal("ORDER_ALREADY_CAPTURED"), AlreadyCaptured),
        (refusal("INSTRUMENT_DECLINED"), PaymentDeclined),
        (refusal("TRANSACTION_REFUSED"), PaymentDeclined),
        (refusal("PAYER_CANNOT_PAY"), PaymentDeclined),
        (refusal("COMPLIANCE_VIOLATION"), PaymentDeclined),
        (refusal("MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED"), PaymentDeclined),
        (refusal("DUPLICATE_INVOICE_ID"), WillNeverWork),
        (refusal("OF_TOMORROW"), WillNeverWork),
        (refusal("INVALID_PARAMETER_VALUE", 400), WillNeverWork),
        (refusal("PREVIOUS_REQUEST_IN_PROGRESS", 409), OutcomeUnknown),
        (refusal("ORDER_COMPLETION_IN_PROGRESS"), OutcomeUnknown),
        (refusal("PERMISSION_DENIED", 403), PaymentProviderUnavailable),
        (refusal("RATE_LIMIT_REACHED", 429), PaymentProviderUnavailable),
        (DOWN, OutcomeUnknown),
        (LOST, OutcomeUnknown),
        (Answer(201, b"{"), OutcomeUnknown),
        (Answer(201, {"id": ORDER, "status": "COMPLETED"}), OutcomeUnknown),
        (Answer(201, {"status": "COMPLETED"}), OutcomeUnknown),
    ],
)
def test_each_refusal_of_a_capture_has_its_meaning(
    server: ScriptedServer, gateway: PayPalGateway, answer: Answer, refused: type[Exception]
) -> None:
    server.on(CAPTURE_ORDER, answer)
    with pytest.raises(refused) as caught:
        gateway.capture(ORDER, request_id="capture-1")
    assert type(caught.value) is refused


def test_refusals_are_told_apart_by_their_issue_whatever_the_words(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    misleading = {
        "name": "ORDER_NOT_APPROVED",
        "message": "ORDER_ALREADY_CAPTURED",
        "details": [{"issue": "INSTRUMENT_DECLINED", "description": "Order already captured."}],
    }
    server.on(CAPTURE_ORDER, Answer(422, misleading))
    with pytest.raises(PaymentDeclined):
        gateway.capture(ORDER, request_id="capture-1")


def test_a_capture_is_read_by_its_id(server: ScriptedServer, gateway: PayPalGateway) -> None:
    related = {"related_ids": {"order_id": ORDER}}
    server.on(GET_CAPTURE, Answer(200, captured("DECLINED", supplementary_data=related)))
    found = gateway.get_capture(CAPTURE)
    assert found is not None
    assert (found.status, found.order_id, found.custom_id) == (CaptureStatus.DECLINED, ORDER, PAYMENT.id)
    server.on(GET_CAPTURE, refusal("INVALID_RESOURCE_ID", 404))
    assert gateway.get_capture(CAPTURE) is None


# Refunds


def test_a_part_goes_back_in_the_captured_currency(server: ScriptedServer, gateway: PayPalGateway) -> None:
    server.on(REFUND_CAPTURE, Answer(201, refunded()))
    back = refund(gateway)
    assert (back.id, back.amount, back.status) == (REFUND, Money.of("75.00", "CAD"), RefundStatus.COMPLETED)
    sent = only(server.asked(REFUND_CAPTURE))
    assert sent.json["amount"] == money("75.00")
    assert sent.json["note_to_payer"] == "Cancelled with less notice"
    assert sent.headers["PayPal-Request-Id"] == sent.json["invoice_id"] == "refund-1"


def test_all_that_is_left_goes_back_without_naming_it(server: ScriptedServer, gateway: PayPalGateway) -> None:
    server.on(REFUND_CAPTURE, Answer(201, refunded("150.00", status="PENDING")))
    assert refund(gateway, None).status is RefundStatus.PENDING
    assert "amount" not in only(server.asked(REFUND_CAPTURE)).json


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (refusal("CAPTURE_FULLY_REFUNDED"), AlreadyRefunded),
        (refusal("DUPLICATE_INVOICE_ID"), AlreadyRefunded),
        (refusal("REFUND_FAILED_INSUFFICIENT_FUNDS"), RefundRefused),
        (refusal("REFUND_TIME_LIMIT_EXCEEDED"), RefundRefused),
        (refusal("TRANSACTION_DISPUTED"), RefundRefused),
        (refusal("REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK"), RefundRefused),
        (refusal("PARTIAL_REFUND_NOT_ALLOWED"), RefundRefused),
        (refusal("MAX_NUMBER_OF_REFUNDS_EXCEEDED"), RefundRefused),
        (refusal("REFUND_CAPTURE_CURRENCY_MISMATCH"), RefundRefused),
        (refusal("INVALID_RESOURCE_ID", 404), RefundRefused),
        (refusal("OF_TOMORROW"), RefundRefused),
        (refusal("PENDING_CAPTURE"), TryAgainLater),
        (refusal("REFUND_AMOUNT_EXCEEDED"), TryAgainLater),
        (refusal("PERMISSION_DENIED", 403), TryAgainLater),
        (refusal("RATE_LIMIT_REACHED", 429), TryAgainLater),
        (refusal("PREVIOUS_REQUEST_IN_PROGRESS", 409), OutcomeUnknown),
        (DOWN, OutcomeUnknown),
        (LOST, OutcomeUnknown),
        (Answer(201, {"id": REFUND}), OutcomeUnknown),
    ],
)
def test_each_refusal_of_a_refund_has_its_meaning(
    server: ScriptedServer, gateway: PayPalGateway, answer: Answer, refused: type[Exception]
) -> None:
    server.on(REFUND_CAPTURE, answer)
    with pytest.raises(refused) as caught:
        refund(gateway)
    assert type(caught.value) is refused


# Lost answers, slowness, refusals on the way

CALLS: dict[str, tuple[str, Answer, Callable[[PayPalGateway], Any]]] = {
    "create_order": (CREATE_ORDER, created(), create),
    "get_order": (GET_ORDER, order("APPROVED"), lambda gateway: gateway.get_order(ORDER)),
    "capture": (
        CAPTURE_ORDER,
        order("COMPLETED", {"captures": [captured()]}),
        lambda gateway: gateway.capture(ORDER, request_id="capture-1"),
    ),
    "get_capture": (GET_CAPTURE, Answer(200, captured()), lambda gateway: gateway.get_capture(CAPTURE)),
    "refund": (REFUND_CAPTURE, Answer(201, refunded()), refund),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("trouble", [DOWN, LOST, Answer(500, b""), Answer(201, {}, delay=0.6)])
def test_a_lost_answer_is_asked_for_once_more_under_the_same_name(
    server: ScriptedServer,
    gateway: PayPalGateway,
    call: str,
    trouble: Answer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paypal_api, "READ_SECONDS", 0.3)
    line, good, ask = CALLS[call]
    server.on(line, trouble, good)
    ask(gateway)
    first, second = server.asked(line)
    assert first.body == second.body
    assert first.headers.get("PayPal-Request-Id") == second.headers.get("PayPal-Request-Id")
    assert first.method == "GET" or first.headers["PayPal-Request-Id"]


@pytest.mark.parametrize("call", CALLS)
def test_paypal_is_never_asked_a_third_time(
    server: ScriptedServer, gateway: PayPalGateway, call: str
) -> None:
    line, good, ask = CALLS[call]
    server.on(line, DOWN, LOST, good)
    with pytest.raises((DomainError, TryAgainLater)):
        ask(gateway)
    assert len(server.asked(line)) == 2


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [400, 403, 409, 422, 429])
def test_a_refusal_is_not_tried_again(
    server: ScriptedServer, gateway: PayPalGateway, call: str, status: int
) -> None:
    line, good, ask = CALLS[call]
    server.on(line, refusal("OF_TOMORROW", status), good)
    with pytest.raises((DomainError, TryAgainLater, WillNeverWork)):
        ask(gateway)
    assert len(server.asked(line)) == 1


@pytest.mark.parametrize("after", [refusal("RATE_LIMIT_REACHED", 429), refusal("PERMISSION_DENIED", 403)])
def test_a_doubt_is_not_ended_by_an_answer_to_another_question(
    server: ScriptedServer, gateway: PayPalGateway, after: Answer
) -> None:
    server.on(CAPTURE_ORDER, LOST, after)
    with pytest.raises(OutcomeUnknown):
        gateway.capture(ORDER, request_id="capture-1")
    server.on(REFUND_CAPTURE, LOST, after)
    with pytest.raises(OutcomeUnknown):
        refund(gateway)


def test_a_doubt_ends_with_a_plain_answer(server: ScriptedServer, gateway: PayPalGateway) -> None:
    server.on(CAPTURE_ORDER, LOST, refusal("INSTRUMENT_DECLINED"))
    with pytest.raises(PaymentDeclined):
        gateway.capture(ORDER, request_id="capture-1")
    server.on(CAPTURE_ORDER, LOST, refusal("ORDER_ALREADY_CAPTURED"))
    with pytest.raises(AlreadyCaptured):
        gateway.capture(ORDER, request_id="capture-1")


def test_what_never_left_was_not_done() -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        gateway = connect(f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(PaymentProviderUnavailable):
            gateway.capture(ORDER, request_id="capture-1")
        with pytest.raises(TryAgainLater) as caught:
            refund(gateway)
        assert type(caught.value) is TryAgainLater


@pytest.mark.parametrize("trouble", [DOWN, LOST, refusal("RATE_LIMIT_REACHED", 429), Answer(200, {})])
def test_without_a_token_nothing_was_asked(
    server: ScriptedServer, gateway: PayPalGateway, trouble: Answer
) -> None:
    server.on(TOKEN, trouble)
    with pytest.raises(PaymentProviderUnavailable):
        gateway.capture(ORDER, request_id="capture-1")
    with pytest.raises(TryAgainLater) as caught:
        refund(gateway)
    assert type(caught.value) is TryAgainLater
    assert set(server.lines()) == {TOKEN}


def test_a_capture_lost_before_its_token_ran_out_stays_in_doubt(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    server.on(TOKEN, token(expires_in=0), DOWN)
    server.on(CAPTURE_ORDER, LOST)
    with pytest.raises(OutcomeUnknown):
        gateway.capture(ORDER, request_id="capture-1")


def test_nobody_waits_longer_than_the_timeouts(
    server: ScriptedServer, gateway: PayPalGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paypal_api, "READ_SECONDS", 0.2)
    server.on(CAPTURE_ORDER, Answer(201, {}, delay=1.5))
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        gateway.capture(ORDER, request_id="capture-1")
    assert time.monotonic() - started < 1.4


# The token


def test_the_token_is_asked_for_with_the_credentials(server: ScriptedServer, gateway: PayPalGateway) -> None:
    server.on(GET_ORDER, order("APPROVED"))
    gateway.get_order(ORDER)
    sent = only(server.asked(TOKEN))
    credentials = base64.b64encode(b"client-id:client-secret").decode()
    assert sent.headers["Authorization"] == f"Basic {credentials}"
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent.body == b"grant_type=client_credentials"


def test_the_token_is_kept_until_shortly_before_it_ends(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    server.on(GET_ORDER, order("APPROVED"))
    server.on(TOKEN, token("FIRST"), token("SECOND"))
    with time_machine.travel(NOW, tick=True) as clock:
        gateway.get_order(ORDER)
        clock.shift(timedelta(hours=8, minutes=50))
        gateway.get_order(ORDER)
        clock.shift(timedelta(minutes=9))
        gateway.get_order(ORDER)
    used = [request.headers["Authorization"] for request in server.asked(GET_ORDER)]
    assert used == ["Bearer FIRST", "Bearer FIRST", "Bearer SECOND"]


@pytest.mark.parametrize("call", CALLS)
def test_a_token_paypal_no_longer_takes_is_renewed_once(
    server: ScriptedServer, gateway: PayPalGateway, call: str
) -> None:
    line, good, ask = CALLS[call]
    server.on(TOKEN, token("FIRST"), token("SECOND"))
    server.on(line, Answer(401, {"error": "invalid_token"}), good)
    ask(gateway)
    assert [sent.headers["Authorization"] for sent in server.asked(line)] == ["Bearer FIRST", "Bearer SECOND"]
    server.on(line, Answer(401, {"error": "invalid_token"}))
    with pytest.raises((DomainError, TryAgainLater)):
        ask(gateway)
    assert len(server.asked(line)) == 4


def test_the_machines_own_logins_and_proxies_are_not_used(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    server.on(GET_ORDER, order("APPROVED"))
    connect(server.url).get_order(ORDER)
    assert only(server.asked(GET_ORDER)).headers["Authorization"] == "Bearer TOKEN"


# The health page


def test_the_health_page_says_initialized_once_paypal_takes_the_credentials(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    assert gateway.check() == "initialized"
    assert connect(server.url, mock=True).check() == "mock"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(401, {"error": "invalid_client"}), "error: PayPal refuses PAYPAL_CLIENT_ID"),
        (DOWN, "error: PayPal does not answer as it should (503 SERVICE_UNAVAILABLE)"),
        (Answer(200, b"<html>"), "error: PayPal does not answer as it should"),
    ],
)
def test_the_health_page_says_what_is_wrong(
    server: ScriptedServer, gateway: PayPalGateway, answer: Answer, says: str
) -> None:
    server.on(TOKEN, answer)
    assert gateway.check().startswith(says)
    assert connect(server.url, mock=True).check().startswith(says)


# What is told and logged


class Listener:
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def before(self, target: str, operation: str) -> None: ...

    def after(self, target: str, operation: str, seconds: float, outcome: str) -> None:
        self.told.append((f"{target}.{operation}", outcome))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    listener = Listener()
    monkeypatch.setattr(observability, "_listeners", [listener])
    return listener.told


@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_told_to_who_listens(
    server: ScriptedServer, gateway: PayPalGateway, call: str, told: list[tuple[str, str]]
) -> None:
    line, good, ask = CALLS[call]
    server.on(line, DOWN, good)
    ask(gateway)
    assert told == [("paypal.token", "ok"), (f"paypal.{call}", "PayPalTrouble"), (f"paypal.{call}", "ok")]


def test_a_refusal_is_logged_with_paypals_word_for_it_and_nothing_else(
    server: ScriptedServer, gateway: PayPalGateway, caplog: pytest.LogCaptureFixture, capsys: Any
) -> None:
    secret = refusal("INSTRUMENT_DECLINED")
    secret.body["details"][0]["value"] = "alex@example.com"
    secret.body["links"] = [{"href": "alex@example.com"}]
    server.on(CAPTURE_ORDER, replace(secret, headers={"Paypal-Debug-Id": "f00d"}))
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(json.dumps(record.__dict__, default=str))  # type: ignore[method-assign]
    observability.logger.addHandler(handler)
    try:
        with pytest.raises(PaymentDeclined):
            gateway.capture(ORDER, request_id="capture-1")
    finally:
        observability.logger.removeHandler(handler)
    written = "\n".join(lines)
    assert "INSTRUMENT_DECLINED" in written
    assert "f00d" in written
    for hidden in ("alex@example.com", "TOKEN", "client-secret", "Words that PayPal"):
        assert hidden not in written
