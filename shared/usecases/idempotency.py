"""Repeats of one request: a booking's id comes from its client and key, so the table itself recognises a repeat."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ID_DIGITS = 32


def booking_id(client_id: str, idempotency_key: str | None) -> str:
    """32 hex digits; the same for the same client and key, new ones without a key."""
    if idempotency_key is None:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{client_id}|{idempotency_key}".encode()).hexdigest()[:ID_DIGITS]


def fingerprint(operation: str, request: DataclassInstance, **normal: Any) -> str:
    """Tells two requests apart. ``normal`` are fields in their normal form: what means the same is the same."""
    fields = {**asdict(request), **normal}
    text = json.dumps([operation, fields], default=_plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no plain form")
