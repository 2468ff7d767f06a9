"""A client looks at their own bookings; another client's id looks just like one that does not exist."""

from __future__ import annotations

from datetime import datetime

from shared.domain.caller import Caller
from shared.domain.errors import NotFound
from shared.usecases.idempotency import ID_DIGITS
from shared.usecases.ports import Booked, BookingStore, Page


def my_appointments(
    store: BookingStore, now: datetime, *, caller: Caller, cursor: str | None, limit: int
) -> Page:
    return store.appointments_of(caller.client_id, now, cursor, limit)


def my_appointment(store: BookingStore, *, caller: Caller, appointment_id: str) -> Booked:
    """Raises ``NotFound``."""
    booked = store.booked(appointment_id) if len(appointment_id) == ID_DIGITS else None
    if booked is None or booked.appointment.client.id != caller.client_id:
        raise NotFound("There is no such booking.")
    return booked
