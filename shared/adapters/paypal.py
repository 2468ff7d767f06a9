"""PayPal: orders made and captured on the server, refunds in full and in part.

Source: https://developer.paypal.com/api/orders/v2/, https://developer.paypal.com/api/payments/v2/ and
https://developer.paypal.com/docs/api/transaction-search/v1/
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from shared.adapters import paypal_answers as answers
from shared.adapters.paypal_api import PayPalApi, PayPalTrouble
from shared.domain.errors import OrderNotApproved, PaymentDeclined, PaymentProviderUnavailable
from shared.domain.money import Money
from shared.domain.payment import Payment
from shared.domain.settlement import CaptureState, OrderState, RefundState
from shared.domain.statements import LedgerEntry
from shared.domain.time import Interval, isoformat
from shared.usecases.ports import (
    AlreadyCaptured,
    AlreadyRefunded,
    CreatedOrder,
    LedgerClosed,
    OutcomeUnknown,
    RefundRefused,
    TryAgainLater,
    WillNeverWork,
)

LONGEST_DESCRIPTION = 127
LONGEST_NOTE = 255
LARGEST_PAGE = 500

PAYMENT_METHODS = "IMMEDIATE_PAYMENT_REQUIRED"
"""A transfer from a bank takes days, and a session may be hours away: PayPal then doesn't offer it. A payment may
still be pending (a review, a currency the coach has to accept), and is waited for."""

STORED_CREDENTIAL = {
    "payment_initiator": "MERCHANT",
    "usage": "SUBSEQUENT",
    "usage_pattern": "UNSCHEDULED_POSTPAID",
}
"""The buyer agreed to it when buying, and is not here now."""

CHARGED_BEFORE = "DUPLICATE_INVOICE_ID"
"""PayPal forgot the request, not the invoice: money was taken for it."""

ALREADY_CAPTURED = "ORDER_ALREADY_CAPTURED"
VAULT_REFUSED = "NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE"
UNKNOWN_RESOURCE = frozenset({"INVALID_RESOURCE_ID", "RESOURCE_NOT_FOUND"})
NOT_APPROVED = frozenset({"ORDER_NOT_APPROVED", "PAYER_ACTION_REQUIRED", "TOKEN_ID_NOT_FOUND"})
DECLINED = frozenset(
    {
        "AGREEMENT_ALREADY_CANCELLED",
        "BILLING_AGREEMENT_NOT_FOUND",
        "COMPLIANCE_VIOLATION",
        "DECLINED_DUE_TO_RELATED_TXN",
        "INSTRUMENT_DECLINED",
        "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED",
        "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
        "PAYER_ACCOUNT_RESTRICTED",
        "PAYER_CANNOT_PAY",
        "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
        "REFERENCED_CARD_EXPIRED",
        "TRANSACTION_BLOCKED_BY_PAYEE",
        "TRANSACTION_LIMIT_EXCEEDED",
        "TRANSACTION_REFUSED",
    }
)
IN_PROGRESS = frozenset({"PREVIOUS_REQUEST_IN_PROGRESS", "ORDER_COMPLETION_IN_PROGRESS"})
REFUNDED_BEFORE = frozenset({"CAPTURE_FULLY_REFUNDED", "DUPLICATE_INVOICE_ID"})
NOT_REFUNDABLE_NOW = frozenset({"PENDING_CAPTURE", "REFUND_AMOUNT_EXCEEDED"})
"""The capture still has to clear; somebody refunded a part at this very moment."""

TICK_TRANSACTION_SEARCH = (
    "PayPal refuses it. Tick 'Transaction search' among the features of the app in PayPal's developer dashboard; "
    "it may take nine hours to be granted."
)


class PayPalGateway:
    """Implements the port ``PaymentGateway``."""

    def __init__(self, api: PayPalApi, *, vault_enabled: bool = False, mock: bool = False) -> None:
        self._api = api
        self._vault_enabled = vault_enabled
        self._mock = mock

    def create_order(
        self,
        payment: Payment,
        *,
        description: str,
        return_url: str,
        cancel_url: str,
        request_id: str,
        vault: bool = False,
    ) -> CreatedOrder:
        body = _order_request(payment, description, return_url, cancel_url)
        try:
            if vault and self._vault_enabled:
                return self._create_saving_method(body, request_id)
            return self._create(body, request_id)
        except (PayPalTrouble, answers.MalformedAnswer) as trouble:
            raise _unavailable() from trouble

    def get_order(self, order_id: str) -> OrderState | None:
        answer = self._get("get_order", f"/v2/checkout/orders/{quote(order_id, safe='')}")
        return _read_or_unavailable(answers.order, answer)

    def capture(self, order_id: str, *, request_id: str) -> OrderState:
        path = f"/v2/checkout/orders/{quote(order_id, safe='')}/capture"
        try:
            order = answers.read(answers.order, self._api.post("capture", path, b"{}", request_id))
        except PayPalTrouble as trouble:
            raise _why_not_captured(trouble) from trouble
        except answers.MalformedAnswer as trouble:
            raise OutcomeUnknown("PayPal's answer to a capture can't be read") from trouble
        if not order.captures:
            raise OutcomeUnknown("PayPal's answer to a capture does not show it")
        return order

    def charge(self, payment: Payment, *, description: str, request_id: str) -> OrderState:
        wallet = {"vault_id": payment.charges, "stored_credential": STORED_CREDENTIAL}
        body = {
            "intent": "CAPTURE",
            "purchase_units": [_unit(payment, description)],
            "payment_source": {"paypal": wallet},
        }
        try:
            answer = self._api.post("charge", "/v2/checkout/orders", _json(body), request_id)
            return answers.read(answers.order, answer)
        except PayPalTrouble as trouble:
            raise _why_not_charged(trouble) from trouble
        except answers.MalformedAnswer as trouble:
            raise OutcomeUnknown("PayPal's answer to a charge can't be read") from trouble

    def get_capture(self, capture_id: str) -> CaptureState | None:
        answer = self._get("get_capture", f"/v2/payments/captures/{quote(capture_id, safe='')}")
        return _read_or_unavailable(answers.capture, answer)

    def refund(self, capture_id: str, amount: Money | None, *, request_id: str, note: str) -> RefundState:
        # As invoice id the request's id outlives PayPal's memory of it, 45 days, and marks the refund as ours.
        body: dict[str, Any] = {"invoice_id": request_id, "note_to_payer": note[:LONGEST_NOTE]}
        if amount is not None:
            body["amount"] = _money(amount)
        path = f"/v2/payments/captures/{quote(capture_id, safe='')}/refund"
        try:
            return answers.read(answers.refund, self._api.post("refund", path, _json(body), request_id))
        except PayPalTrouble as trouble:
            raise _why_not_refunded(trouble) from trouble
        except answers.MalformedAnswer as trouble:
            raise OutcomeUnknown("PayPal's answer to a refund can't be read") from trouble

    def ledger(self, span: Interval) -> list[LedgerEntry]:
        found: list[LedgerEntry] = []
        pages, page = 1, 0
        while page < pages:
            page += 1
            part = self._ledger_page(span, page)
            found += part.entries
            pages = part.pages
        return found

    def _ledger_page(self, span: Interval, page: int) -> answers.LedgerPage:
        asked = {
            "start_date": isoformat(span.start),
            "end_date": isoformat(span.end),
            "fields": "transaction_info",
            "page_size": LARGEST_PAGE,
            "page": page,
        }
        try:
            answer = self._api.get("ledger", f"/v1/reporting/transactions?{urlencode(asked)}")
            return answers.read(answers.ledger_page, answer)
        except PayPalTrouble as trouble:
            if trouble.status == HTTPStatus.FORBIDDEN:
                raise LedgerClosed(TICK_TRANSACTION_SEARCH) from trouble
            raise _unavailable() from trouble
        except answers.MalformedAnswer as trouble:
            raise _unavailable() from trouble

    def check(self) -> str:
        try:
            self._api.authenticate()
        except PayPalTrouble as trouble:
            if trouble.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
                return "error: PayPal refuses PAYPAL_CLIENT_ID and PAYPAL_CLIENT_SECRET (of another PAYPAL_MODE?)"
            return f"error: PayPal does not answer as it should ({trouble})"
        return "mock" if self._mock else "initialized"

    def _create(self, body: dict[str, Any], request_id: str) -> CreatedOrder:
        answer = self._api.post("create_order", "/v2/checkout/orders", _json(body), request_id)
        return answers.read(answers.created_order, answer)

    def _create_saving_method(self, body: dict[str, Any], request_id: str) -> CreatedOrder:
        """An account PayPal has not approved for saving methods can't make such an order: then without."""
        vault = {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT", "customer_type": "CONSUMER"}
        paypal = {**body["payment_source"]["paypal"], "attributes": {"vault": vault}}
        try:
            return self._create({**body, "payment_source": {"paypal": paypal}}, request_id)
        except PayPalTrouble as trouble:
            if trouble.issue != VAULT_REFUSED:
                raise
        return self._create(body, f"{request_id}-unsaved")

    def _get(self, operation: str, path: str) -> Any:
        try:
            return self._api.get(operation, path)
        except PayPalTrouble as trouble:
            if trouble.issue in UNKNOWN_RESOURCE:
                return None
            raise _unavailable() from trouble


def _order_request(payment: Payment, description: str, return_url: str, cancel_url: str) -> dict[str, Any]:
    return {
        "intent": "CAPTURE",
        "purchase_units": [_unit(payment, description)],
        "payment_source": {
            "paypal": {
                "experience_context": {
                    "shipping_preference": "NO_SHIPPING",
                    "user_action": "PAY_NOW",
                    "payment_method_preference": PAYMENT_METHODS,
                    "return_url": return_url,
                    "cancel_url": cancel_url,
                }
            }
        },
    }


def _unit(payment: Payment, description: str) -> dict[str, Any]:
    return {
        "custom_id": payment.id,
        "invoice_id": payment.id,
        "description": description[:LONGEST_DESCRIPTION],
        "amount": _money(payment.amount),
    }


def _money(money: Money) -> dict[str, str]:
    return {"currency_code": money.currency, "value": str(money)}


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _read_or_unavailable(into: Callable[[answers.Json], answers.State], answer: Any) -> answers.State | None:
    if answer is None:
        return None
    try:
        return answers.read(into, answer)
    except answers.MalformedAnswer as trouble:
        raise _unavailable() from trouble


def _why_not_captured(trouble: PayPalTrouble) -> Exception:
    if trouble.issue == ALREADY_CAPTURED:
        return AlreadyCaptured(trouble.issue)
    if trouble.issue in NOT_APPROVED | UNKNOWN_RESOURCE:
        return OrderNotApproved("The payment is not approved in PayPal, or was not completed in time.")
    if trouble.issue in DECLINED:
        return PaymentDeclined(
            "PayPal declined the payment. Nothing was charged; another way to pay may work."
        )
    if trouble.maybe_done or trouble.issue in IN_PROGRESS:
        return OutcomeUnknown(str(trouble))
    return WillNeverWork(trouble.issue) if trouble.lasting else _unavailable()


def _why_not_charged(trouble: PayPalTrouble) -> Exception:
    """Whatever PayPal refuses for good can't be charged; the buyer may still approve an order."""
    if trouble.maybe_done or trouble.issue in IN_PROGRESS | {CHARGED_BEFORE}:
        return OutcomeUnknown(str(trouble))
    if trouble.lasting:
        return PaymentDeclined("PayPal did not charge the saved payment method. Nothing was taken.")
    return _unavailable()


def _why_not_refunded(trouble: PayPalTrouble) -> Exception:
    if trouble.issue in REFUNDED_BEFORE:
        return AlreadyRefunded(trouble.issue)
    if trouble.maybe_done or trouble.issue in IN_PROGRESS:
        return OutcomeUnknown(str(trouble))
    if trouble.lasting and trouble.issue not in NOT_REFUNDABLE_NOW:
        return RefundRefused(trouble.issue)
    return TryAgainLater(str(trouble))


def _unavailable() -> PaymentProviderUnavailable:
    return PaymentProviderUnavailable(
        "PayPal does not answer as it should just now. Please try again in a minute."
    )
