"""Repeats of one request: a booking's id comes from its client and key, so the table itself recognises a repeat."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.domain.appointment import Appointment
from shared.domain.errors import (
    IdempotencyKeyReused,
    PackageExhausted,
    PromoAlreadyUsed,
    PromoExhausted,
    SlotTaken,
    TooManyRequests,
)
from shared.usecases.ports import AlreadyBooked, EarlierBooking, Request

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ID_DIGITS = 32

TAKEN = (PackageExhausted, PromoAlreadyUsed, PromoExhausted, SlotTaken, TooManyRequests)
"""What a request would hear of that which its own twin took."""


def booking_id(client_id: str, idempotency_key: str | None) -> str:
    """32 hex digits; the same for the same client and key, new ones without a key."""
    if idempotency_key is None:
        return uuid.uuid4().hex
    return _digits(f"{client_id}|{idempotency_key}")


def package_id(client_id: str, idempotency_key: str | None) -> str:
    """As a booking's, and never one of those."""
    return booking_id(client_id, None if idempotency_key is None else f"package|{idempotency_key}")


def request_of(client_id: str, idempotency_key: str | None, asked: str) -> Request | None:
    """The mark that keeps a key from being used for another request; ``asked`` is the request's fingerprint."""
    if idempotency_key is None:
        return None
    return Request(_digits(f"request|{client_id}|{idempotency_key}"), asked)


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]


def first_answer(earlier: EarlierBooking, asked: str) -> Appointment:
    """What a repeat hears. Raises ``IdempotencyKeyReused``."""
    if earlier.fingerprint != asked:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
    return earlier.as_booked


@contextmanager
def unless_by_its_twin(look_again: Callable[[], object | None]) -> Iterator[None]:
    """Lets a refusal stand only if there is no booking of this very request.

    What decides is read item by item: the time may be seen taken, and the booking that took it, by the same request
    sent twice at one moment, not yet. Raises ``AlreadyBooked`` then.
    """
    try:
        yield
    except TAKEN as refused:
        if look_again() is None:
            raise
        raise AlreadyBooked from refused


def fingerprint(operation: str, request: DataclassInstance, **normal: Any) -> str:
    """Tells two requests apart. ``normal`` are fields in their normal form: what means the same is the same."""
    fields = {**asdict(request), **normal}
    text = json.dumps([operation, fields], default=_plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no plain form")
