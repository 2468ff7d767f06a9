"""A new booking: its item, the steps of the transaction that makes it, and what a repeat finds of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.adapters.dynamodb import claims, items, keys, writes
from shared.adapters.dynamodb.table import Found
from shared.adapters.dynamodb.transaction import Step
from shared.domain.appointment import TRANSITIONS, Appointment, AppointmentStatus
from shared.domain.diary import Diary
from shared.domain.effects import Effect
from shared.domain.payment import NoSuchTransition
from shared.usecases.ports import AlreadyBooked, EarlierBooking


def record(booking: Appointment, fingerprint: str) -> items.Item:
    """``fingerprint`` is that of the request that made it."""
    return {
        **keys.appointment(booking.id),
        "kind": "APPOINTMENT",
        **items.appointment_record(booking),
        "fingerprint": fingerprint,
        **_listing(booking, listed=booking.moves is None),
    }


def change(table: str, before: Appointment, after: Appointment, refusal: Callable[[], Exception]) -> Step:
    """It stays listed among its client's bookings unless it was but a hold, and that ended.

    Raises ``NoSuchTransition``.
    """
    if after.status is not before.status and after.status not in TRANSITIONS[before.status]:
        raise NoSuchTransition(f"{before.status} to {after.status}")
    was_hold = before.status is AppointmentStatus.HELD and after.status is AppointmentStatus.CANCELLED
    ended = was_hold or after.status is AppointmentStatus.EXPIRED
    return writes.change(
        table,
        keys.appointment(before.id),
        items.appointment_record(before),
        items.appointment_record(after) | _listing(after, listed=not ended and after.moves is None),
        refusal,
        status=before.status.value,
        sequence=before.sequence,
    )


def _listing(booking: Appointment, *, listed: bool) -> items.Item:
    return {
        "GSI1PK": keys.by_client(booking.client.id) if listed else None,
        "GSI1SK": keys.by_time(booking.start, booking.id) if listed else None,
    }


def book(
    table: str,
    booking: Appointment,
    fingerprint: str,
    relied_on: Diary,
    effects: Sequence[Effect],
    *paid_with: Step,
) -> list[Step]:
    """A confirmed booking with its time and what it owes; ``paid_with`` uses up what it is booked from."""
    now = booking.created_at
    return [
        _create(table, booking, fingerprint),
        *paid_with,
        *claims.claim(table, booking, now),
        claims.relied_on_settings(table, relied_on),
        *claims.enter_in_week(table, booking, relied_on),
        writes.audit(table, booking, now, "booked"),
        *(writes.owe(table, effect) for effect in effects),
    ]


def earlier(found: Found, appointment_id: str) -> EarlierBooking | None:
    item = found.get(keys.pair(keys.appointment(appointment_id)))
    if item is None:
        return None
    made = items.load(item)
    as_booked = made.get("as_booked", made)  # a paid one answers from its payment
    return EarlierBooking(as_booked=items.appointment(as_booked), fingerprint=made["fingerprint"])


def _create(table: str, booking: Appointment, fingerprint: str) -> Step:
    """``as_booked`` keeps the first answer, so that a repeat hears the same whatever happened since."""
    as_booked = items.present(items.appointment_record(booking))
    return writes.put_new(table, {**record(booking, fingerprint), "as_booked": as_booked}, AlreadyBooked)
