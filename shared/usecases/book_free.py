"""A client books a free session with a promo code: the story of ``POST /booking/create-free``.

Three calls lie on the client's path: one read of all that decides, Google beside it, and one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from shared.domain.appointment import Appointment, AppointmentStatus, Client
from shared.domain.caller import Caller
from shared.domain.diary import Diary
from shared.domain.effects import owed_for_booking
from shared.domain.errors import SlotTaken, TooManyRequests
from shared.domain.promo import Promo, refusal
from shared.domain.service import FREE, Service
from shared.usecases.check_promo import known_promo, wanted_code
from shared.usecases.choose_time import (
    DECISIONS,
    around,
    check_wanted,
    refuse_times_past,
    refuse_unless_open,
    with_alternatives,
)
from shared.usecases.idempotency import booking_id, fingerprint, first_answer, unless_by_its_twin
from shared.usecases.ports import (
    AlreadyBooked,
    BookingStore,
    Calendar,
    DiaryChanged,
    PromoReading,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBooking:
    """What the client asks for. ``phone`` is E.164, instants are UTC."""

    promo_code: str
    start: datetime
    phone: str
    timezone: str
    backup_start: datetime | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    sms_consent: bool = False


def book_free(
    store: BookingStore,
    calendar: Calendar,
    now: datetime,
    *,
    caller: Caller,
    wanted: FreeBooking,
    idempotency_key: str | None,
) -> Appointment:
    """The confirmed appointment; the same one for a repeat of the request under the same key.

    Raises ``IdempotencyKeyReused``, ``InvalidInput``, the promo code's refusals, ``SlotNotOffered``, ``SlotTaken``
    with times nearby, ``CalendarUnavailable``, ``TooManyRequests`` and ``TemporarilyUnavailable``.
    """
    code = wanted_code(wanted.promo_code)
    check_wanted(wanted.start, wanted.backup_start, wanted.timezone, now)
    asked = fingerprint("create-free", wanted, promo_code=code)
    appointment_id = booking_id(caller.client_id, idempotency_key)
    span = around(wanted.start)
    look = partial(store.free_booking_facts, span, code, caller.client_id, appointment_id, now)

    with ThreadPoolExecutor(max_workers=1) as beside:
        reading = beside.submit(calendar.busy, span)
        for _ in range(DECISIONS):
            facts = look()
            if facts.earlier is not None:
                return first_answer(facts.earlier, asked)
            refuse_times_past(wanted.start, wanted.backup_start, now)
            promo = known_promo(store, facts.promo, caller.client_id, now)
            service = facts.diary.settings.service(FREE)
            length = service.duration_minutes
            try:
                with unless_by_its_twin(lambda: look().earlier):
                    _refuse_unless_usable(promo, facts.promo, now)
                    busy = reading.result()
                    refuse_unless_open(calendar, facts.diary, length, busy, caller, now, wanted.start)
            except AlreadyBooked:
                continue
            appointment = _appointment(appointment_id, caller, wanted, promo, service, facts.diary, now)
            try:
                store.book_free(appointment, asked, facts.diary, owed_for_booking(appointment, now))
            except (AlreadyBooked, DiaryChanged):
                continue
            except SlotTaken as lost:
                raise with_alternatives(
                    lost, store.diary(span), length, busy, caller, now, wanted.start
                ) from lost
            return appointment
    raise TooManyRequests("The coach's calendar is changing right now; please try again.")


def _refuse_unless_usable(promo: Promo, reading: PromoReading, now: datetime) -> None:
    problem = promo.problem(now, used_by_client=reading.used_by_client)
    if problem is not None:
        raise refusal(problem)


def _appointment(
    appointment_id: str,
    caller: Caller,
    wanted: FreeBooking,
    promo: Promo,
    service: Service,
    diary: Diary,
    now: datetime,
) -> Appointment:
    return Appointment(
        id=appointment_id,
        client=Client(id=caller.client_id, email=caller.email, name=caller.name or None),
        service=service.id,
        status=AppointmentStatus.CONFIRMED,
        start=wanted.start,
        duration_minutes=service.duration_minutes,
        buffer_before_minutes=diary.settings.schedule.buffer_before_minutes,
        buffer_after_minutes=diary.settings.schedule.buffer_after_minutes,
        timezone=wanted.timezone,
        phone=wanted.phone,
        backup_start=wanted.backup_start,
        answers=dict(wanted.answers),
        sms_consent_at=now if wanted.sms_consent else None,
        promo_code=promo.code,
        created_at=now,
        updated_at=now,
    )
