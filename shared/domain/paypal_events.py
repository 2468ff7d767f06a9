"""PayPal's webhooks as what they are to us: a name, and the ids to look things up by. Amounts are never read.

Source: https://developer.paypal.com/api/rest/webhooks/event-names/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from shared.domain.time import utc


class EventKind(StrEnum):
    ORDER_APPROVED = "CHECKOUT.ORDER.APPROVED"
    APPROVAL_REVERSED = "CHECKOUT.PAYMENT-APPROVAL.REVERSED"
    CAPTURE_COMPLETED = "PAYMENT.CAPTURE.COMPLETED"
    CAPTURE_PENDING = "PAYMENT.CAPTURE.PENDING"
    CAPTURE_DENIED = "PAYMENT.CAPTURE.DENIED"
    CAPTURE_DECLINED = "PAYMENT.CAPTURE.DECLINED"
    CAPTURE_REFUNDED = "PAYMENT.CAPTURE.REFUNDED"
    CAPTURE_REVERSED = "PAYMENT.CAPTURE.REVERSED"
    DISPUTE_CREATED = "CUSTOMER.DISPUTE.CREATED"
    DISPUTE_UPDATED = "CUSTOMER.DISPUTE.UPDATED"
    DISPUTE_RESOLVED = "CUSTOMER.DISPUTE.RESOLVED"
    METHOD_SAVED = "VAULT.PAYMENT-TOKEN.CREATED"
    METHOD_DELETED = "VAULT.PAYMENT-TOKEN.DELETED"
    METHOD_DELETION_BEGUN = "VAULT.PAYMENT-TOKEN.DELETION-INITIATED"
    OTHER = "OTHER"
    """Nothing we asked PayPal to tell."""


DISPUTES = frozenset({EventKind.DISPUTE_CREATED, EventKind.DISPUTE_UPDATED, EventKind.DISPUTE_RESOLVED})
METHODS = frozenset({EventKind.METHOD_SAVED, EventKind.METHOD_DELETED, EventKind.METHOD_DELETION_BEGUN})

LONGEST_ID = 255
_OUR_ID = re.compile(r"[0-9a-f]{32}")


class NotAnEvent(Exception):
    """Not even the envelope is PayPal's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPalEvent:
    """``custom_id`` is our payment's id. Any of the ids may be missing; ``sent_at`` too, when it can't be read."""

    id: str
    kind: EventKind
    type: str
    sent_at: datetime | None = None
    order_id: str | None = None
    capture_id: str | None = None
    refund_id: str | None = None
    dispute_id: str | None = None
    vault_id: str | None = None
    custom_id: str | None = None

    @property
    def payment_id(self) -> str | None:
        """The payment it names itself, whether or not there is one."""
        return self.custom_id if self.custom_id and _OUR_ID.fullmatch(self.custom_id) else None

    @property
    def concerns_us(self) -> bool:
        """False for what we did not ask to be told, and for what another system sells through the same account."""
        return self.kind is not EventKind.OTHER and (self.custom_id is None or self.payment_id is not None)


_ORDERS = frozenset({EventKind.ORDER_APPROVED, EventKind.APPROVAL_REVERSED})
_REFUNDS = frozenset({EventKind.CAPTURE_REFUNDED, EventKind.CAPTURE_REVERSED})
_CAPTURES = frozenset(
    {
        EventKind.CAPTURE_COMPLETED,
        EventKind.CAPTURE_PENDING,
        EventKind.CAPTURE_DENIED,
        EventKind.CAPTURE_DECLINED,
    }
)


def read_event(body: bytes) -> PayPalEvent:
    """Raises ``NotAnEvent``; a resource that lacks parts only leaves out their ids."""
    try:
        envelope = _mapping(json.loads(body))
    except (ValueError, RecursionError):
        raise NotAnEvent("no JSON") from None
    event_id, type_ = _id(envelope.get("id")), _text(envelope.get("event_type"))
    if event_id is None or type_ is None:
        raise NotAnEvent("no id, or no type")
    kind = EventKind(type_) if type_ in _NAMES else EventKind.OTHER
    return PayPalEvent(
        id=event_id,
        kind=kind,
        type=type_,
        sent_at=_instant(envelope.get("create_time")),
        **_ids(kind, _mapping(envelope.get("resource"))),
    )


_NAMES = frozenset(kind.value for kind in EventKind)


def _ids(kind: EventKind, resource: Mapping[str, Any]) -> dict[str, str | None]:
    own = _id(resource.get("id"))
    if kind in _ORDERS:
        unit = _first(resource.get("purchase_units"))
        return {
            "order_id": _id(resource.get("order_id")) or own,
            "custom_id": _id(unit.get("custom_id")),
        }
    if kind in _CAPTURES:
        return {
            "capture_id": own,
            "order_id": _order_of(resource),
            "custom_id": _id(resource.get("custom_id")),
        }
    if kind in _REFUNDS:
        return {
            "refund_id": own,
            "capture_id": _above(resource, "captures"),
            "custom_id": _id(resource.get("custom_id")),
        }
    if kind in DISPUTES:
        transaction = _first(resource.get("disputed_transactions"))
        return {
            "dispute_id": _id(resource.get("dispute_id")),
            "capture_id": _id(transaction.get("seller_transaction_id")),
            "custom_id": _id(transaction.get("custom")),
        }
    if kind in METHODS:
        metadata = _mapping(resource.get("metadata"))
        return {"vault_id": own, "order_id": _id(metadata.get("order_id"))}
    return {}


def _order_of(resource: Mapping[str, Any]) -> str | None:
    """Older events name it in the link alone."""
    related = _mapping(_mapping(resource.get("supplementary_data")).get("related_ids"))
    return _id(related.get("order_id")) or _above(resource, "orders")


def _above(resource: Mapping[str, Any], collection: str) -> str | None:
    """The id at the end of the link ``up``, where that leads to one of ``collection``."""
    links = resource.get("links")
    for link in map(_mapping, links if isinstance(links, list) else ()):
        segments = (_text(link.get("href")) or "").rstrip("/").split("/")
        if link.get("rel") == "up" and segments[-2:-1] == [collection]:
            return _id(segments[-1])
    return None


def _instant(value: Any) -> datetime | None:
    """PayPal writes ``…Z``, offsets, and in some events a zone's letters."""
    text = _text(value) or ""
    for letters, offset in (("PDT", "-07:00"), ("PST", "-08:00")):
        text = text.replace(letters, offset)
    try:
        found = datetime.fromisoformat(text)
        return utc(found) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(value: Any) -> Mapping[str, Any]:
    return _mapping(value[0]) if isinstance(value, list) and value else {}


def _id(value: Any) -> str | None:
    """What is longer is no id of anybody's, and too long for a key."""
    text = _text(value)
    return text if text is not None and len(text) <= LONGEST_ID else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
