"""What all changes of a standing booking have in common: whose it is, and whether the request was heard before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.appointment import Actor, Appointment
from shared.domain.caller import LinkHolder, Party, Role
from shared.domain.changes import BookingChange, Case, quoted
from shared.domain.errors import IdempotencyKeyReused, NotFound
from shared.domain.policy import Action, Quote
from shared.usecases.idempotency import ID_DIGITS
from shared.usecases.ports import Booked, ChangeStore, Request
from shared.usecases.show_appointments import own

ATTEMPTS = 6
"""How often to read and decide again when somebody else changed the booking in between."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The booking as it stands, and whether this very request was heard before.

    ``answer`` is what it was told then; a request that waited for a payment is told what became of that.
    """

    case: Case
    before: bool
    answer: Booked | None


def read_case(
    changes: ChangeStore, caller: Party, appointment_id: str, now: datetime, request: Request | None = None
) -> Heard:
    """Raises ``NotFound``, ``Unauthenticated`` and ``IdempotencyKeyReused``."""
    if len(appointment_id) != ID_DIGITS:
        raise NotFound("There is no such booking.")
    reading = changes.case(appointment_id, request.id if request else None)
    if reading.case is None:
        raise NotFound("There is no such booking.")
    own(reading.case.appointment, caller, now)
    if request is not None and reading.earlier_request not in {None, request.fingerprint}:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
    return Heard(reading.case, reading.earlier_request is not None, reading.earlier_answer)


def answer_to(case: Case, change: BookingChange) -> Booked:
    """The booking after the change, with the fee that is charged for it, or else what was paid for it."""
    fee = change.charge.payment if change.charge else None
    return Booked(change.after, fee or change.payment or case.payment)


def answered(request: Request | None, answer: Booked) -> Request | None:
    """A repeat of the request hears the same, whatever happens to the booking."""
    return None if request is None else replace(request, answer=answer)


def acting(appointment: Appointment, caller: Party) -> Actor:
    """The coach's own bookings, made to try things, are a client's."""
    if isinstance(caller, LinkHolder) or caller.client_id == appointment.client.id:
        return Actor.CLIENT
    return Actor.COACH if caller.role is Role.COACH else Actor.CLIENT


def quote_change(
    changes: ChangeStore, now: datetime, *, caller: Party, appointment_id: str, action: Action
) -> tuple[Case, Quote]:
    """What it would cost now, and why. Raises ``NotFound``, ``NotCancellable`` and ``NotReschedulable``."""
    case = read_case(changes, caller, appointment_id, now).case
    return case, quoted(case, action, acting(case.appointment, caller), now)
