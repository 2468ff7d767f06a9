"""PayPal's webhook events: what wraps a resource, as bytes that are signed and sent as they are."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from local.paypal.marks import milliseconds, new_id

Json = dict[str, Any]

KINDS: dict[str, tuple[str, str, str]] = {
    "CHECKOUT.ORDER.APPROVED": ("checkout-order", "2.0", "An order has been approved by buyer"),
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED": (
        "checkout-order",
        "2.0",
        "A payment has been reversed after approval.",
    ),
    "PAYMENT.CAPTURE.COMPLETED": ("capture", "2.0", "Payment completed"),
    "PAYMENT.CAPTURE.PENDING": ("capture", "2.0", "Payment pending"),
    "PAYMENT.CAPTURE.DENIED": ("capture", "2.0", "Payment denied"),
    "PAYMENT.CAPTURE.DECLINED": ("capture", "2.0", "Payment declined"),
    "PAYMENT.CAPTURE.REFUNDED": ("refund", "2.0", "A capture payment was refunded"),
    "PAYMENT.CAPTURE.REVERSED": ("refund", "2.0", "A capture payment was reversed"),
    "CUSTOMER.DISPUTE.CREATED": ("dispute", "1.0", "A new dispute opened"),
    "CUSTOMER.DISPUTE.UPDATED": ("dispute", "1.0", "A dispute was updated"),
    "CUSTOMER.DISPUTE.RESOLVED": ("dispute", "1.0", "A dispute was resolved"),
    "VAULT.PAYMENT-TOKEN.CREATED": ("payment_token", "3.0", "A payment token has been created."),
    "VAULT.PAYMENT-TOKEN.DELETED": ("payment_token", "3.0", "A payment token has been deleted."),
    "VAULT.PAYMENT-TOKEN.DELETION-INITIATED": (
        "payment_token",
        "3.0",
        "The deletion of a payment token has been initiated.",
    ),
}


def event_of(kind: str, resource: Json, at: datetime, base_url: str) -> Json:
    resource_type, version, summary = KINDS[kind]
    event_id = f"WH-{new_id()}-{new_id()}"
    own = f"{base_url}/v1/notifications/webhooks-events/{event_id}"
    return {
        "id": event_id,
        "event_version": "1.0",
        "create_time": milliseconds(at),
        "resource_type": resource_type,
        "resource_version": version,
        "event_type": kind,
        "summary": summary,
        "resource": resource,
        "links": [
            {"href": own, "rel": "self", "method": "GET"},
            {"href": f"{own}/resend", "rel": "resend", "method": "POST"},
        ],
    }


def as_sent(event: Json) -> bytes:
    """Compact, with other alphabets as they are: another writer of JSON gives other bytes."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
