"""PayPal's orders, captures and refunds on a real socket, against a server told how to answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shared.adapters.paypal import PayPalGateway
from shared.domain.errors import OrderNotApproved, PaymentDeclined, PaymentProviderUnavailable
from shared.domain.money import Money
from shared.domain.settlement import (
    CaptureStatus,
    OrderState,
    OrderStatus,
    RefundStatus,
    Verdict,
    given_back,
    judge,
)
from shared.usecases.ports import (
    AlreadyCaptured,
    AlreadyRefunded,
    CreatedOrder,
    OutcomeUnknown,
    RefundRefused,
    TryAgainLater,
    WillNeverWork,
)
from tests.paypal_script import (
    CAPTURE,
    CAPTURE_ORDER,
    CREATE_ORDER,
    DOWN,
    GET_CAPTURE,
    GET_ORDER,
    LOST,
    ORDER,
    PAYMENT,
    REFUND,
    REFUND_CAPTURE,
    TOKEN,
    captured,
    connect,
    create,
    created,
    money,
    only,
    order,
    refund,
    refunded,
    refusal,
    token,
)
from tests.paypal_specs import assert_conforms
from tests.scripted_server import Answer, ScriptedServer, scripted_server


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
    assert sent.headers["PayPal-Request-Id"] == f"order-{PAYMENT.id}-150.00CAD"
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


def test_texts_are_cut_to_what_paypal_takes(server: ScriptedServer, gateway: PayPalGateway) -> None:
    server.on(CREATE_ORDER, created())
    server.on(REFUND_CAPTURE, Answer(201, refunded()))
    create(gateway, description="é" * 500)
    gateway.refund(CAPTURE, None, request_id="refund-1", note="é" * 500)
    assert only(server.asked(CREATE_ORDER)).json["purchase_units"][0]["description"] == "é" * 127
    assert only(server.asked(REFUND_CAPTURE)).json["note_to_payer"] == "é" * 255


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


# Charges


CHARGED = replace(PAYMENT, charges="8kk8451t")


def charge(gateway: PayPalGateway) -> OrderState:
    return gateway.charge(CHARGED, description="é" * 500, request_id=CHARGED.charge_request_id)


def test_a_charge_names_the_saved_method_and_that_the_buyer_is_not_here(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    server.on(CREATE_ORDER, order("COMPLETED", {"captures": [captured()]}))
    assert [each.order_id for each in charge(gateway).captures] == [ORDER]
    sent = only(server.asked(CREATE_ORDER))
    assert sent.headers["PayPal-Request-Id"] == f"charge-{PAYMENT.id}"
    assert sent.json["payment_source"] == {
        "paypal": {
            "vault_id": "8kk8451t",
            "stored_credential": {
                "payment_initiator": "MERCHANT",
                "usage": "SUBSEQUENT",
                "usage_pattern": "UNSCHEDULED_POSTPAID",
            },
        }
    }
    assert_conforms("checkout_orders_v2.json", "order_request", sent.json)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([refusal("INSTRUMENT_DECLINED")], PaymentDeclined),
        ([refusal("AGREEMENT_ALREADY_CANCELLED")], PaymentDeclined),
        ([refusal("TOKEN_ID_NOT_FOUND")], PaymentDeclined),
        ([refusal("A_WORD_NOT_KNOWN_YET")], PaymentDeclined),
        ([refusal("NOT_AUTHORIZED", 403)], PaymentProviderUnavailable),
        ([refusal("RATE_LIMIT_REACHED", 429)], PaymentProviderUnavailable),
        ([refusal("DUPLICATE_INVOICE_ID")], OutcomeUnknown),
        ([refusal("PREVIOUS_REQUEST_IN_PROGRESS", 409)], OutcomeUnknown),
        ([DOWN, DOWN], OutcomeUnknown),
        ([LOST, LOST], OutcomeUnknown),
        ([LOST, refusal("RATE_LIMIT_REACHED", 429)], OutcomeUnknown),
        ([Answer(201, {"id": "?"})], OutcomeUnknown),
    ],
)
def test_a_charge_that_may_have_been_made_is_in_doubt(
    server: ScriptedServer, gateway: PayPalGateway, answers: list[Answer], error: type[Exception]
) -> None:
    server.on(CREATE_ORDER, *answers)
    with pytest.raises(error):
        charge(gateway)


VAULTED = {"id": "8kk8451t", "status": "VAULTED"}


@pytest.mark.parametrize(
    ("source", "method"),
    [
        ({"paypal": {"attributes": {"vault": VAULTED}}}, "8kk8451t"),
        ({"paypal": {"attributes": {"vault": {"status": "APPROVED"}}}}, None),
        ({"paypal": {}}, None),
        ({"card": {}}, None),
    ],
)
def test_a_method_is_known_once_it_is_saved(
    server: ScriptedServer, gateway: PayPalGateway, source: dict[str, Any], method: str | None
) -> None:
    server.on(CAPTURE_ORDER, order("COMPLETED", {"captures": [captured()]}, payment_source=source))
    assert gateway.capture(ORDER, request_id="capture-1").saved_method == method


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
