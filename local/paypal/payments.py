"""Captures and refunds: what was taken, what was given back, and what may still be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from local.paypal import amounts
from local.paypal.account import MERCHANT, Account
from local.paypal.amounts import Money
from local.paypal.errors import PayPalError
from local.paypal.marks import new_id, now, stamp

Json = dict[str, Any]
Publish = Callable[[str, Json], None]

REFUND_WINDOW = timedelta(days=180)
MOST_REFUNDS = 10
REFUND_LENGTHS = {"invoice_id": 127, "custom_id": 127, "note_to_payer": 255}
PENDING_ENDS = {"completed": "COMPLETED", "denied": "DECLINED", "declined": "DECLINED"}


@dataclass(slots=True, kw_only=True)
class Refund:
    id: str
    capture: Capture
    amount: Money
    total: Money
    """Given back of this capture so far, this refund included."""

    status: str
    given: Json
    created: datetime
    updated: datetime
    reversal: bool = False
    """Taken back by PayPal, not given back."""

    def view(self, base_url: str) -> Json:
        pending = {"status_details": {"reason": "ECHECK"}} if self.status == "PENDING" else {}
        return {
            "id": self.id,
            "status": self.status,
            **pending,
            "amount": self.amount.as_json(),
            **self.given,
            "seller_payable_breakdown": {
                "gross_amount": self.amount.as_json(),
                "paypal_fee": self.amount.zero().as_json(),
                "net_amount": self.amount.as_json(),
                "total_refunded_amount": self.total.as_json(),
            },
            "create_time": stamp(self.created),
            "update_time": stamp(self.updated),
            "links": [
                _link(f"{base_url}/v2/payments/refunds/{self.id}", "self"),
                _link(f"{base_url}/v2/payments/captures/{self.capture.id}", "up"),
            ],
        }


@dataclass(slots=True, kw_only=True)
class Capture:
    id: str
    order_id: str
    amount: Money
    references: Json
    """The order's ``custom_id`` and ``invoice_id``."""

    status: str
    reason: str | None
    created: datetime
    updated: datetime
    refunds: list[Refund] = field(default_factory=list)
    dispute: Literal["open", "lost"] | None = None

    @property
    def refunded(self) -> Money:
        given = (refund.amount for refund in self.refunds if refund.status in {"COMPLETED", "PENDING"})
        return sum(given, self.amount.zero())

    def view(self, base_url: str) -> Json:
        own = f"{base_url}/v2/payments/captures/{self.id}"
        return {
            "id": self.id,
            "status": self.status,
            **({"status_details": {"reason": self.reason}} if self.reason else {}),
            "amount": self.amount.as_json(),
            "final_capture": True,
            **self.references,
            "seller_protection": {
                "status": "ELIGIBLE",
                "dispute_categories": ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"],
            },
            **self._receivable(),
            "payee": MERCHANT,
            "supplementary_data": {"related_ids": {"order_id": self.order_id}},
            "create_time": stamp(self.created),
            "update_time": stamp(self.updated),
            "links": [
                _link(own, "self"),
                _link(f"{own}/refund", "refund", "POST"),
                _link(f"{base_url}/v2/checkout/orders/{self.order_id}", "up"),
            ],
        }

    def _receivable(self) -> Json:
        """Not there while the money is not."""
        if self.status in {"PENDING", "DECLINED"}:
            return {}
        fee = self.amount.fee()
        parts = {"gross_amount": self.amount, "paypal_fee": fee, "net_amount": self.amount - fee}
        return {"seller_receivable_breakdown": {name: part.as_json() for name, part in parts.items()}}


class Payments:
    def __init__(self, base_url: str, account: Account, publish: Publish) -> None:
        self._base_url = base_url
        self._account = account
        self._publish = publish
        self.captures: dict[str, Capture] = {}
        self.refunds: dict[str, Refund] = {}

    def capture(self, order_id: str, amount: Money, references: Json, *, pending: bool) -> Capture:
        at = now()
        capture = Capture(
            id=new_id(),
            order_id=order_id,
            amount=amount,
            references=references,
            status="PENDING" if pending else "COMPLETED",
            reason="ECHECK" if pending else None,
            created=at,
            updated=at,
        )
        self.captures[capture.id] = capture
        self._tell(capture, capture.status)
        return capture

    def settle(self, capture_id: str, outcome: str) -> Capture:
        """Ends a pending capture. Raises ``ValueError`` for one that is not."""
        capture = self.find(capture_id)
        if capture.status != "PENDING":
            raise ValueError(f"capture {capture_id} is {capture.status}, not PENDING")
        capture.status, capture.updated = PENDING_ENDS[outcome], now()
        if outcome == "completed":
            capture.reason = None
        self._tell(capture, outcome.upper())
        return capture

    def find(self, capture_id: str) -> Capture:
        if capture_id not in self.captures:
            raise PayPalError("INVALID_RESOURCE_ID", field="capture_id", value=capture_id, location="path")
        return self.captures[capture_id]

    def find_refund(self, refund_id: str) -> Refund:
        if refund_id not in self.refunds:
            raise PayPalError("INVALID_RESOURCE_ID", field="refund_id", value=refund_id, location="path")
        return self.refunds[refund_id]

    def was_paid(self, invoice_id: str) -> bool:
        return any(
            capture.references.get("invoice_id") == invoice_id and capture.status != "DECLINED"
            for capture in self.captures.values()
        )

    def refund(self, capture_id: str, body: Json) -> Refund:
        capture = self.find(capture_id)
        given = _bounded(body)
        left = capture.amount - capture.refunded
        amount = amounts.read(body["amount"], "/amount") if body.get("amount") else left
        self._check_refundable(capture, amount, left)
        if (invoice := given.get("invoice_id")) and self._was_refunded(invoice):
            raise PayPalError("DUPLICATE_INVOICE_ID", field="/invoice_id", value=invoice)
        return self.give_back(capture, amount, given, pending=self._account.pending_refunds)

    def give_back(
        self, capture: Capture, amount: Money, given: Json, *, pending: bool = False, reversal: bool = False
    ) -> Refund:
        at = now()
        refund = Refund(
            id=new_id(),
            capture=capture,
            amount=amount,
            total=capture.refunded + amount,
            status="PENDING" if pending else "COMPLETED",
            given=given,
            created=at,
            updated=at,
            reversal=reversal,
        )
        self.refunds[refund.id] = refund
        capture.refunds.append(refund)
        _follow_refunds(capture)
        if not pending:
            event = "PAYMENT.CAPTURE.REVERSED" if reversal else "PAYMENT.CAPTURE.REFUNDED"
            self._publish(event, refund.view(self._base_url))
        return refund

    def settle_refund(self, refund_id: str, outcome: Literal["completed", "failed"]) -> Refund:
        """Ends a pending refund. Raises ``ValueError`` for one that is not."""
        refund = self.find_refund(refund_id)
        if refund.status != "PENDING":
            raise ValueError(f"refund {refund_id} is {refund.status}, not PENDING")
        refund.status, refund.updated = outcome.upper(), now()
        _follow_refunds(refund.capture)
        if outcome == "completed":
            self._publish("PAYMENT.CAPTURE.REFUNDED", refund.view(self._base_url))
        return refund

    def _check_refundable(self, capture: Capture, amount: Money, left: Money) -> None:
        if capture.status == "PENDING":
            raise PayPalError("PENDING_CAPTURE")
        if capture.status == "DECLINED":
            raise PayPalError("REFUND_NOT_ALLOWED")
        if capture.dispute == "lost":
            raise PayPalError("REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK")
        if left.value == 0:
            raise PayPalError("CAPTURE_FULLY_REFUNDED")
        if now() - capture.created > REFUND_WINDOW:
            raise PayPalError("REFUND_TIME_LIMIT_EXCEEDED")
        if amount.currency != capture.amount.currency:
            raise PayPalError("REFUND_CAPTURE_CURRENCY_MISMATCH", field="/amount/currency_code")
        if amount.value > left.value:
            raise PayPalError("REFUND_AMOUNT_EXCEEDED", field="/amount/value")
        if capture.dispute == "open" and amount != capture.amount:
            raise PayPalError("TRANSACTION_DISPUTED")
        if len(capture.refunds) >= MOST_REFUNDS:
            raise PayPalError("MAX_NUMBER_OF_REFUNDS_EXCEEDED")

    def _was_refunded(self, invoice_id: str) -> bool:
        return any(refund.given.get("invoice_id") == invoice_id for refund in self.refunds.values())

    def _tell(self, capture: Capture, what: str) -> None:
        self._publish(f"PAYMENT.CAPTURE.{what}", capture.view(self._base_url))


def _follow_refunds(capture: Capture) -> None:
    if capture.refunded == capture.amount:
        capture.status = "REFUNDED"
    else:
        capture.status = "PARTIALLY_REFUNDED" if capture.refunded.value else "COMPLETED"
    capture.updated = now()


def _bounded(body: Json) -> Json:
    for name, longest in REFUND_LENGTHS.items():
        if name in body and not (isinstance(body[name], str) and 1 <= len(body[name]) <= longest):
            raise PayPalError("INVALID_STRING_LENGTH", field=f"/{name}", location="body")
    return {name: body[name] for name in REFUND_LENGTHS if name in body}


def _link(href: str, rel: str, method: str = "GET") -> Json:
    return {"href": href, "rel": rel, "method": method}
