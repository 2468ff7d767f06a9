"""A buyer's complaint about a capture, from its opening to PayPal's word on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from local.paypal.account import MERCHANT
from local.paypal.errors import PayPalError
from local.paypal.marks import milliseconds, new_id, now
from local.paypal.payments import Capture, Payments

Json = dict[str, Any]
Winner = Literal["buyer", "seller"]


@dataclass(slots=True, kw_only=True)
class Dispute:
    id: str
    capture: Capture
    status: str
    stage: str
    created: datetime
    updated: datetime
    winner: Winner | None = None

    def view(self, base_url: str) -> Json:
        transaction = {
            "seller_transaction_id": self.capture.id,
            "create_time": milliseconds(self.capture.created),
            "transaction_status": "COMPLETED",
            "gross_amount": self.capture.amount.as_json(),
            "custom": self.capture.references.get("custom_id", ""),
            "seller": {"email": MERCHANT["email_address"], "merchant_id": MERCHANT["merchant_id"]},
        }
        return {
            "dispute_id": self.id,
            "create_time": milliseconds(self.created),
            "update_time": milliseconds(self.updated),
            "disputed_transactions": [transaction],
            "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
            "status": self.status,
            "dispute_amount": self.capture.amount.as_json(),
            **self._outcome(),
            "dispute_life_cycle_stage": self.stage,
            "dispute_channel": "INTERNAL",
            "links": [{"href": f"{base_url}/v1/customer/disputes/{self.id}", "rel": "self", "method": "GET"}],
        }

    def _outcome(self) -> Json:
        if self.winner is None:
            return {}
        outcome: Json = {"outcome_code": f"RESOLVED_{self.winner.upper()}_FAVOUR"}
        if self.winner == "buyer":
            outcome["amount_refunded"] = self.capture.amount.as_json()
        return {"dispute_outcome": outcome}


class Disputes:
    def __init__(self, base_url: str, payments: Payments, publish: Callable[[str, Json], None]) -> None:
        self._base_url = base_url
        self._payments = payments
        self._publish = publish
        self.all: dict[str, Dispute] = {}

    def open(self, capture_id: str) -> Json:
        capture = self._payments.find(capture_id)
        capture.dispute = "open"
        at = now()
        dispute = Dispute(
            id=f"PP-D-{new_id(length=9)}",
            capture=capture,
            status="OPEN",
            stage="INQUIRY",
            created=at,
            updated=at,
        )
        self.all[dispute.id] = dispute
        return self._tell("CREATED", dispute)

    def escalate(self, dispute_id: str) -> Json:
        dispute = self._find(dispute_id)
        dispute.status, dispute.stage, dispute.updated = "UNDER_REVIEW", "CHARGEBACK", now()
        return self._tell("UPDATED", dispute)

    def resolve(self, dispute_id: str, winner: Winner) -> Json:
        """The buyer's favour takes back what is left of the capture."""
        dispute = self._find(dispute_id)
        capture = dispute.capture
        dispute.status, dispute.winner, dispute.updated = "RESOLVED", winner, now()
        capture.dispute = "lost" if winner == "buyer" else None
        left = capture.amount - capture.refunded
        if winner == "buyer" and left.value:
            self._payments.give_back(capture, left, {}, reversal=True)
        return self._tell("RESOLVED", dispute)

    def _find(self, dispute_id: str) -> Dispute:
        if dispute_id not in self.all:
            raise PayPalError("INVALID_RESOURCE_ID", field="dispute_id", value=dispute_id, location="path")
        return self.all[dispute_id]

    def _tell(self, what: str, dispute: Dispute) -> Json:
        view = dispute.view(self._base_url)
        self._publish(f"CUSTOMER.DISPUTE.{what}", view)
        return view
