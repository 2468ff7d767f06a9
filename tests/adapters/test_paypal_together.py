"""Our client and the stand-in of PayPal: the money's whole way, and every webhook told apart from a forged one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, get_args

import pytest

from local.paypal.courier import Courier
from local.paypal.webhooks import Tamper
from shared.adapters.paypal import PayPalGateway
from shared.adapters.paypal_api import PayPalApi
from shared.adapters.paypal_signature import AskingPayPal, CheckingCertificates
from shared.domain.errors import OrderNotApproved, PaymentDeclined, PaymentProviderUnavailable
from shared.domain.money import Money
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.paypal_events import EventKind, PayPalEvent, read_event
from shared.domain.settlement import (
    Judgement,
    OrderState,
    RefundStatus,
    Verdict,
    given_back,
    judge,
    order_of,
)
from shared.usecases.ports import (
    AlreadyCaptured,
    AlreadyRefunded,
    RefundRefused,
    TryAgainLater,
    WebhookVerifier,
    WillNeverWork,
)
from tests.adapters.paypal_rig import Receiver, Shop, later
from tests.certificates import SANDBOX_NAME
from tests.paypal_script import NOW, PAYMENT, create


@pytest.fixture
def gateway(shop: Shop) -> PayPalGateway:
    return PayPalGateway(api(shop))


def api(shop: Shop) -> PayPalApi:
    state = shop.state
    return PayPalApi(api_base=state.base_url, client_id=state.client_id, client_secret=state.client_secret)


@pytest.fixture
def payment(gateway: PayPalGateway) -> Payment:
    made = create(gateway)
    return replace(
        PAYMENT, order_id=made.order_id, approve_url=made.approve_url, status=PaymentStatus.ORDERED
    )


def ask(gateway: PayPalGateway, payment: Payment) -> Judgement:
    return judge(payment, gateway.get_order(str(payment.order_id)))


def capture(gateway: PayPalGateway, payment: Payment) -> Judgement:
    order = gateway.capture(str(payment.order_id), request_id=payment.capture_request_id)
    return judge(payment, order)


@pytest.fixture
def paid(shop: Shop, gateway: PayPalGateway, payment: Payment) -> Payment:
    shop.state.approve(str(payment.order_id))
    taken = capture(gateway, payment).capture
    assert taken is not None
    return replace(payment, capture_id=taken.id, status=PaymentStatus.CAPTURED)


def back(gateway: PayPalGateway, payment: Payment, amount: str | None, number: int) -> Any:
    wanted = Money.of(amount, "CAD") if amount else None
    return gateway.refund(
        str(payment.capture_id),
        wanted,
        request_id=replace(payment, refunds_made=number).refund_request_id,
        note="Cancelled",
    )


# The money's way


def test_an_order_is_approved_captured_and_given_back(
    shop: Shop, gateway: PayPalGateway, payment: Payment
) -> None:
    assert str(payment.approve_url).startswith(shop.state.base_url)
    assert ask(gateway, payment).verdict is Verdict.NOT_APPROVED
    shop.state.approve(str(payment.order_id))
    assert ask(gateway, payment).verdict is Verdict.APPROVED
    taken = capture(gateway, payment)
    assert taken.verdict is Verdict.CAPTURED
    assert taken.capture is not None
    assert taken.capture.fee is not None
    assert ask(gateway, payment).verdict is Verdict.CAPTURED
    paid = replace(payment, capture_id=taken.capture.id)
    assert back(gateway, paid, "75.00", 1).status is RefundStatus.COMPLETED
    assert ask(gateway, payment).verdict is Verdict.CAPTURED
    assert back(gateway, paid, None, 2).amount == Money.of("75.00", "CAD")
    assert ask(gateway, payment).verdict is Verdict.REFUNDED


def test_an_order_asked_for_again_is_the_same(gateway: PayPalGateway) -> None:
    assert create(gateway) == create(gateway)


def test_a_capture_asked_for_again_is_the_same(gateway: PayPalGateway, paid: Payment, shop: Shop) -> None:
    again = capture(gateway, paid)
    assert again.capture is not None
    assert (again.verdict, again.capture.id) == (Verdict.CAPTURED, paid.capture_id)
    assert len(shop.state.ledger()["captures"]) == 1


def test_once_paypal_forgot_the_request_the_capture_is_found_in_the_order(
    gateway: PayPalGateway, paid: Payment
) -> None:
    with later(hours=7):
        with pytest.raises(AlreadyCaptured):
            capture(gateway, paid)
        found = ask(gateway, paid)
        assert found.capture is not None
        assert (found.verdict, found.capture.id) == (Verdict.CAPTURED, paid.capture_id)


def test_what_is_not_approved_is_not_captured(gateway: PayPalGateway, payment: Payment) -> None:
    with pytest.raises(OrderNotApproved):
        capture(gateway, payment)
    assert ask(gateway, payment).verdict is Verdict.NOT_APPROVED


def test_an_order_nobody_approved_in_time_can_not_be_paid(gateway: PayPalGateway, payment: Payment) -> None:
    with later(hours=4):
        assert ask(gateway, payment).verdict is Verdict.VOIDED
        with pytest.raises(OrderNotApproved):
            capture(gateway, payment)


def test_a_declined_payment_may_be_tried_again(shop: Shop, gateway: PayPalGateway, payment: Payment) -> None:
    shop.state.approve(str(payment.order_id), "decline")
    with pytest.raises(PaymentDeclined):
        capture(gateway, payment)
    assert ask(gateway, payment).capture is None
    shop.state.approve(str(payment.order_id), "approve")
    assert capture(gateway, replace(payment, declines=1)).verdict is Verdict.CAPTURED


@pytest.mark.parametrize(
    ("outcome", "verdict"), [("completed", Verdict.CAPTURED), ("denied", Verdict.DENIED)]
)
def test_a_pending_payment_ends_one_way_or_the_other(
    shop: Shop, gateway: PayPalGateway, payment: Payment, outcome: Any, verdict: Verdict
) -> None:
    shop.state.approve(str(payment.order_id), "pending")
    waiting = capture(gateway, payment)
    assert waiting.verdict is Verdict.PENDING
    assert waiting.capture is not None
    assert waiting.capture.reason
    pending = replace(payment, status=PaymentStatus.PENDING, capture_id=waiting.capture.id)
    assert ask(gateway, pending).verdict is Verdict.PENDING
    with pytest.raises(TryAgainLater):
        back(gateway, pending, None, 1)
    shop.state.settle_capture(waiting.capture.id, outcome)
    assert ask(gateway, pending).verdict is verdict


def test_one_payment_is_not_captured_by_two_orders(
    shop: Shop, gateway: PayPalGateway, payment: Payment
) -> None:
    second = create(gateway, request_id="another").order_id
    for order_id in (str(payment.order_id), second):
        shop.state.approve(order_id)
    capture(gateway, payment)
    with pytest.raises(WillNeverWork):
        gateway.capture(second, request_id="another-capture")
    with pytest.raises(PaymentProviderUnavailable):
        create(gateway, request_id="a-third")
    assert len(shop.state.ledger()["captures"]) == 1


def test_an_amount_altered_before_the_capture_is_seen(
    shop: Shop, gateway: PayPalGateway, payment: Payment
) -> None:
    path = f"/v2/checkout/orders/{payment.order_id}"
    where = "/purchase_units/@reference_id=='default'/amount"
    change = {"op": "replace", "path": where, "value": {"currency_code": "CAD", "value": "1.00"}}
    assert shop.call("PATCH", path, [change]).status_code == 204
    shop.state.approve(str(payment.order_id))
    assert (ask(gateway, payment).verdict, ask(gateway, payment).reason) == (Verdict.MISMATCH, "amount")


@pytest.mark.parametrize("approved", [False, True])
def test_orders_can_be_made_whether_or_not_paypal_lets_methods_be_saved(shop: Shop, approved: bool) -> None:
    shop.state.set_vault(approved)
    gateway = PayPalGateway(api(shop), vault_enabled=True)
    made = create(gateway, vault=True)
    assert create(gateway, vault=True) == made
    shop.state.approve(made.order_id)
    assert gateway.capture(made.order_id, request_id="capture-1").captures
    assert len(shop.state.ledger()["payment_tokens"]) == approved


@pytest.fixture
def saved(shop: Shop) -> Payment:
    """To be charged to a method that its owner saved with an earlier order."""
    shop.state.set_vault(True)
    gateway = PayPalGateway(api(shop), vault_enabled=True)
    made = create(gateway, vault=True)
    shop.state.approve(made.order_id)
    order = gateway.capture(made.order_id, request_id="capture-1")
    assert order.saved_method == shop.state.ledger()["payment_tokens"][0]["id"]
    return Payment(
        id="f" * 32,
        client_id="alex",
        service="single",
        amount=Money.of("75.00", "CAD"),
        status=PaymentStatus.CAPTURING,
        charges=order.saved_method,
        created_at=NOW,
        updated_at=NOW,
    )


def take(gateway: PayPalGateway, payment: Payment) -> OrderState:
    return gateway.charge(payment, description="Fee", request_id=payment.charge_request_id)


def test_a_saved_method_is_charged_once_however_often_it_is_asked(
    shop: Shop, gateway: PayPalGateway, saved: Payment
) -> None:
    order = take(gateway, saved)
    assert judge(saved, order).verdict is Verdict.CAPTURED
    (capture,) = order.captures
    assert (capture.order_id, capture.amount, capture.custom_id) == (order.id, saved.amount, saved.id)
    assert take(gateway, saved) == order
    again = gateway.get_order(order.id)
    assert again is not None
    assert again.captures[0].id == capture.id
    assert len(shop.state.ledger()["captures"]) == 2


def test_a_saved_method_that_declines_or_was_taken_back_takes_nothing(
    shop: Shop, gateway: PayPalGateway, saved: Payment
) -> None:
    shop.state.account.saved_method_declines = True
    with pytest.raises(PaymentDeclined):
        take(gateway, saved)
    with pytest.raises(PaymentDeclined):
        take(gateway, replace(saved, id="e" * 32, charges="mockunknown"))
    shop.state.account.saved_method_declines = False
    shop.state.revoke_token(str(saved.charges))
    with pytest.raises(PaymentDeclined):
        take(gateway, replace(saved, id="d" * 32))
    assert len(shop.state.ledger()["captures"]) == 1


def test_a_charge_is_in_the_ledger_under_our_id(gateway: PayPalGateway, saved: Payment) -> None:
    (capture,) = take(gateway, saved).captures
    found = gateway.get_capture(capture.id)
    assert found is not None
    assert judge(saved, order_of(saved, found)).verdict is Verdict.CAPTURED


def test_a_method_that_is_saved_late_is_not_known_yet(shop: Shop) -> None:
    shop.state.set_vault(True)
    shop.state.account.late_vault = True
    gateway = PayPalGateway(api(shop), vault_enabled=True)
    made = create(gateway, vault=True)
    shop.state.approve(made.order_id)
    assert gateway.capture(made.order_id, request_id="capture-1").saved_method is None


def test_a_capture_is_found_by_its_id(gateway: PayPalGateway, paid: Payment) -> None:
    found = gateway.get_capture(str(paid.capture_id))
    assert found is not None
    assert (found.order_id, found.custom_id, found.amount) == (paid.order_id, paid.id, paid.amount)
    assert gateway.get_capture("8NG04632GJ9325216") is None
    assert gateway.get_order("8NG04632GJ9325216") is None


# Refunds


def test_a_refund_asked_for_again_is_made_once_even_after_paypal_forgot_the_request(
    shop: Shop, gateway: PayPalGateway, paid: Payment
) -> None:
    first = back(gateway, paid, "50.00", 1)
    assert back(gateway, paid, "50.00", 1) == first
    with later(days=46), pytest.raises(AlreadyRefunded):
        back(gateway, paid, "50.00", 1)
    assert len(shop.state.ledger()["refunds"]) == 1


def test_refunds_never_add_up_to_more_than_was_captured(gateway: PayPalGateway, paid: Payment) -> None:
    back(gateway, paid, "100.00", 1)
    with pytest.raises(TryAgainLater):
        back(gateway, paid, "100.00", 2)
    back(gateway, paid, None, 3)
    with pytest.raises(AlreadyRefunded):
        back(gateway, paid, None, 4)
    with pytest.raises(RefundRefused):
        gateway.refund("8NG04632GJ9325216", None, request_id="refund-x", note="Cancelled")


def test_a_refund_made_by_hand_is_seen_beside_ours(shop: Shop, gateway: PayPalGateway, paid: Payment) -> None:
    back(gateway, paid, "50.00", 1)
    shop.state.refund_by_hand(str(paid.capture_id), Decimal("25.00"))
    order = gateway.get_order(str(paid.order_id))
    assert order is not None
    assert given_back(order).done == Decimal("75.00")
    assert sorted(refund.request_id or "" for refund in order.refunds) == [
        "",
        replace(paid, refunds_made=1).refund_request_id,
    ]
    assert {refund.capture_id for refund in order.refunds} == {paid.capture_id}


def test_a_refund_may_be_on_its_way_for_days(shop: Shop, gateway: PayPalGateway, paid: Payment) -> None:
    shop.state.account.pending_refunds = True
    refund = back(gateway, paid, None, 1)
    assert refund.status is RefundStatus.PENDING
    order = gateway.get_order(str(paid.order_id))
    assert order is not None
    assert (given_back(order).done, given_back(order).on_its_way) == (Decimal(0), Decimal("150.00"))
    shop.state.settle_refund(refund.id, "completed")
    assert ask(gateway, paid).verdict is Verdict.REFUNDED


# Credentials


def test_health_tells_wrong_credentials_from_right_ones(shop: Shop, gateway: PayPalGateway) -> None:
    assert gateway.check() == "initialized"
    stranger = PayPalGateway(PayPalApi(api_base=shop.state.base_url, client_id="x", client_secret="y"))
    assert stranger.check().startswith("error: PayPal refuses")
    with pytest.raises(PaymentProviderUnavailable):
        create(stranger)


def test_a_token_that_ran_out_at_paypal_is_renewed(
    gateway: PayPalGateway, payment: Payment, shop: Shop
) -> None:
    with later(hours=1):
        assert ask(gateway, payment).verdict is Verdict.NOT_APPROVED
    shop.state.tokens.__init__(shop.state.client_id, shop.state.client_secret)  # type: ignore[misc]
    assert ask(gateway, payment).verdict is Verdict.NOT_APPROVED


# Webhooks

Verifier = Callable[[Shop], WebhookVerifier]
VERIFIERS: dict[str, Verifier] = {
    "asking": lambda shop: AskingPayPal(api(shop), shop.state.webhook_id),
    "offline": lambda shop: CheckingCertificates(
        shop.state.webhook_id,
        origins={shop.state.base_url: SANDBOX_NAME},
        roots=shop.state.root_certificate.encode(),
    ),
}


def deliver(shop: Shop, receiver: Receiver) -> list[tuple[dict[str, str], bytes]]:
    """Everything PayPal has to tell, once each."""
    for event in shop.state.webhook_log():
        asyncio.run(Courier(shop.state, receiver.url).send(event["id"]))
    return receiver.taken


@pytest.mark.parametrize("how", VERIFIERS)
def test_every_event_of_a_payment_is_paypals_own_and_names_it(
    shop: Shop, receiver: Receiver, gateway: PayPalGateway, paid: Payment, how: str
) -> None:
    back(gateway, paid, "50.00", 1)
    shop.state.open_dispute(str(paid.capture_id))
    verifier = VERIFIERS[how](shop)
    events: dict[EventKind, PayPalEvent] = {}
    for headers, body in deliver(shop, receiver):
        assert verifier.verify(headers, body)
        event = read_event(body)
        events[event.kind] = event
        assert event.sent_at is not None
    assert events[EventKind.ORDER_APPROVED].order_id == paid.order_id
    assert events[EventKind.ORDER_APPROVED].custom_id == paid.id
    assert events[EventKind.CAPTURE_COMPLETED].capture_id == paid.capture_id
    assert events[EventKind.CAPTURE_COMPLETED].order_id == paid.order_id
    assert events[EventKind.CAPTURE_REFUNDED].capture_id == paid.capture_id
    assert events[EventKind.CAPTURE_REFUNDED].refund_id == shop.state.ledger()["refunds"][0]["id"]
    assert events[EventKind.DISPUTE_CREATED].capture_id == paid.capture_id


@pytest.mark.parametrize("how", VERIFIERS)
@pytest.mark.parametrize("tamper", [way for way in get_args(Tamper) if way != "replay"])
def test_no_forged_event_is_taken(
    shop: Shop, receiver: Receiver, paid: Payment, how: str, tamper: Tamper
) -> None:
    event_id = shop.state.webhook_log()[0]["id"]
    asyncio.run(Courier(shop.state, receiver.url).send(event_id, 1, tamper))
    [(headers, body)] = receiver.taken
    assert not VERIFIERS[how](shop).verify(headers, body)


@pytest.mark.parametrize("how", VERIFIERS)
def test_another_webhooks_events_are_not_ours(
    shop: Shop, receiver: Receiver, paid: Payment, how: str
) -> None:
    verifier = VERIFIERS[how](shop)
    verifier._webhook_id = "0EH40505U7160970P"  # type: ignore[attr-defined]
    for headers, body in deliver(shop, receiver):
        assert not verifier.verify(headers, body)
