"""One order: its status, its three hours, and how PayPal shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from local.paypal.account import MERCHANT, PAYER, WALLET
from local.paypal.marks import now, stamp
from local.paypal.order_request import OrderRequest
from local.paypal.payments import Capture

Json = dict[str, Any]
Outcome = Literal["approve", "decline", "pending"]

LIFETIME = timedelta(hours=3)
"""From creation until the buyer is sent to PayPal, and from there until approval and capture."""

WAITING = frozenset({"CREATED", "PAYER_ACTION_REQUIRED"})


@dataclass(slots=True, kw_only=True)
class Order:
    id: str
    request: OrderRequest
    status: str
    created: datetime
    updated: datetime
    redirected: datetime | None = None
    outcome: Outcome = "approve"
    """What the buyer's choice of funding will do to the capture."""

    attempts: int = 0
    capture: Capture | None = None

    @property
    def is_past(self) -> bool:
        """Neither captured nor to be captured any more."""
        return self.status != "COMPLETED" and now() >= (self.redirected or self.created) + LIFETIME

    @property
    def needs_payer_action(self) -> bool:
        """Whether it was made with a payment source: that decides the status and the link it begins with."""
        return self.request.source is not None

    @property
    def references(self) -> Json:
        unit = self.request.unit
        return {name: unit[name] for name in ("custom_id", "invoice_id") if name in unit}

    def set_status(self, status: str) -> None:
        self.status, self.updated = status, now()

    def approval_link(self, base_url: str) -> str:
        return f"{base_url}/checkoutnow?token={self.id}"

    def minimal(self, base_url: str) -> Json:
        return {"id": self.id, "status": self.status, "links": self._links(base_url)}

    def view(self, base_url: str, attributes: Json) -> Json:
        return {
            "id": self.id,
            "intent": "CAPTURE",
            "status": self.status,
            **self._people(attributes),
            "purchase_units": [self._unit(base_url)],
            "create_time": stamp(self.created),
            "update_time": stamp(self.updated),
            "links": self._links(base_url),
        }

    def _people(self, attributes: Json) -> Json:
        """The buyer is known once they approved."""
        if self.status in {"APPROVED", "COMPLETED"}:
            return {"payment_source": {"paypal": WALLET | attributes}, "payer": PAYER}
        return {"payment_source": {"paypal": {}}} if self.needs_payer_action else {}

    def _unit(self, base_url: str) -> Json:
        unit = {**self.request.unit, "amount": self.request.amount.as_json(), "payee": MERCHANT}
        if self.capture is None:
            return unit
        refunds = [refund.view(base_url) for refund in self.capture.refunds]
        payments = {"captures": [self.capture.view(base_url)], **({"refunds": refunds} if refunds else {})}
        return unit | {"payments": payments}

    def _links(self, base_url: str) -> list[Json]:
        own = f"{base_url}/v2/checkout/orders/{self.id}"
        links = [{"href": own, "rel": "self", "method": "GET"}]
        if self.status in WAITING | {"APPROVED"}:
            rel = "payer-action" if self.needs_payer_action else "approve"
            links.append({"href": self.approval_link(base_url), "rel": rel, "method": "GET"})
            links.append({"href": own, "rel": "update", "method": "PATCH"})
            links.append({"href": f"{own}/capture", "rel": "capture", "method": "POST"})
        return links
