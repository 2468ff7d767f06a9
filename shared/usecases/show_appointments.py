"""A client looks at their own bookings; another client's id looks just like one that does not exist."""

from __future__ import annotations

from datetime import datetime

from shared.domain.appointment import Appointment
from shared.domain.caller import Caller, LinkHolder, Party, Role
from shared.domain.errors import NotFound, Unauthenticated
from shared.usecases.idempotency import ID_DIGITS
from shared.usecases.ports import Booked, BookingStore, Page


def my_appointments(
    store: BookingStore, now: datetime, *, caller: Caller, cursor: str | None, limit: int
) -> Page:
    return store.appointments_of(caller.client_id, now, cursor, limit)


def my_appointment(store: BookingStore, now: datetime, *, caller: Party, appointment_id: str) -> Booked:
    """Raises ``NotFound``, and ``Unauthenticated`` as ``own`` does."""
    booked = store.booked(appointment_id) if len(appointment_id) == ID_DIGITS else None
    if booked is None:
        raise NotFound("There is no such booking.")
    own(booked.appointment, caller, now)
    return booked


def own(appointment: Appointment, caller: Party, now: datetime) -> None:
    """Passes when the caller may see and change the booking.

    Raises ``NotFound`` for another's, which looks just like none, and ``Unauthenticated`` when the manage link was
    revoked or has ended. Every request asks anew: API Gateway remembers for minutes that a token was good.
    """
    if appointment.moves is not None or not _concerns(appointment, caller):
        raise NotFound("There is no such booking.")
    if isinstance(caller, LinkHolder) and not _still_good(caller, appointment, now):
        raise Unauthenticated("This link is no longer good. Sign in to see your booking.")


def _concerns(appointment: Appointment, caller: Party) -> bool:
    if isinstance(caller, LinkHolder):
        return caller.appointment_id == appointment.id
    return caller.role is Role.COACH or caller.client_id == appointment.client.id


def _still_good(link: LinkHolder, appointment: Appointment, now: datetime) -> bool:
    """A session that was moved ahead takes the end of its links with it."""
    return link.manage_key == appointment.manage_key and now < min(link.until, appointment.manage_until)
