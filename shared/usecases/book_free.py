"""A client books a free session with a promo code: the story of ``POST /booking/create-free``.

Three calls lie on the client's path: one read of all that decides, Google beside it, and one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.appointment import Appointment, AppointmentStatus, Client
from shared.domain.caller import Caller
from shared.domain.diary import Diary, intervals
from shared.domain.effects import owed_for_booking
from shared.domain.errors import (
    IdempotencyKeyReused,
    InvalidInput,
    SlotNotOffered,
    SlotTaken,
    TooManyRequests,
)
from shared.domain.local_time import zone
from shared.domain.open_times import check_open, nearby, open_starts
from shared.domain.promo import Promo, refusal
from shared.domain.service import FREE, Service
from shared.domain.time import Interval
from shared.usecases.check_promo import known_promo, wanted_code
from shared.usecases.idempotency import booking_id, fingerprint
from shared.usecases.ports import (
    AlreadyBooked,
    BookingStore,
    Calendar,
    DiaryChanged,
    EarlierBooking,
    FreeBookingFacts,
)

NEIGHBOURHOOD = timedelta(days=4)
"""How far around the wanted time to read: its own local day, and days to offer instead."""

FARTHEST = timedelta(days=3700)
DECISIONS = 5
"""How often to decide again when the coach's settings or a full day changed in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBooking:
    """What the client asks for. ``phone`` is E.164, instants are UTC."""

    promo_code: str
    start: datetime
    phone: str
    timezone: str
    backup_start: datetime | None = None
    answers: Mapping[str, str] = field(default_factory=dict)


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
    _check(wanted, now)
    asked = fingerprint("create-free", wanted, promo_code=code)
    appointment_id = booking_id(caller.client_id, idempotency_key)
    around = Interval(wanted.start - NEIGHBOURHOOD, wanted.start + NEIGHBOURHOOD)

    with ThreadPoolExecutor(max_workers=1) as beside:
        reading = beside.submit(calendar.busy, around)
        for _ in range(DECISIONS):
            facts = store.free_booking_facts(around, code, caller.client_id, appointment_id, now)
            if facts.earlier is not None:
                return _repeated(facts.earlier, asked)
            _refuse_times_past(wanted, now)
            promo = _usable_promo(store, facts, caller, now)
            service = facts.diary.settings.service(FREE)
            _refuse_unless_open(facts.diary, service, reading.result(), caller, now, wanted.start)
            appointment = _appointment(appointment_id, caller, wanted, promo, service, facts.diary, now)
            try:
                store.book_free(appointment, asked, facts.diary, owed_for_booking(appointment.id, now))
            except AlreadyBooked:
                continue
            except DiaryChanged:
                continue
            except SlotTaken as lost:
                diary = store.diary(around)
                raise _taken(lost, diary, service, reading.result(), caller, now, wanted.start) from lost
            return appointment
    raise TooManyRequests("The coach's calendar is changing right now; please try again.")


def _check(wanted: FreeBooking, now: datetime) -> None:
    zone(wanted.timezone)
    if abs(wanted.start - now) > FARTHEST:
        raise SlotNotOffered("That time is too far away.")
    if wanted.backup_start is not None and abs(wanted.backup_start - now) > FARTHEST:
        raise InvalidInput("backup_start", "That time is too far away.")
    if wanted.backup_start == wanted.start:
        raise InvalidInput("backup_start", "A second choice is another time than the first.")


def _refuse_times_past(wanted: FreeBooking, now: datetime) -> None:
    """Only of a new booking: a repeat hears its first answer, however late it comes."""
    if wanted.start <= now:
        raise SlotNotOffered("That time has passed.")
    if wanted.backup_start is not None and wanted.backup_start <= now:
        raise InvalidInput("backup_start", "A second choice is a time to come.")


def _repeated(earlier: EarlierBooking, asked: str) -> Appointment:
    if earlier.fingerprint != asked:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
    return earlier.as_booked


def _usable_promo(store: BookingStore, facts: FreeBookingFacts, caller: Caller, now: datetime) -> Promo:
    promo = known_promo(store, facts.promo, caller.client_id, now)
    problem = promo.problem(now, used_by_client=facts.promo.used_by_client)
    if problem is not None:
        raise refusal(problem)
    return promo


def _refuse_unless_open(
    diary: Diary, service: Service, busy: list[Interval], caller: Caller, now: datetime, start: datetime
) -> None:
    claims = diary.binding(caller.client_id, now)
    try:
        check_open(
            diary.settings.schedule,
            service.duration_minutes,
            [*intervals(claims), *busy],
            [claim.session_start for claim in claims],
            now,
            start,
        )
    except SlotTaken as taken:
        raise _taken(taken, diary, service, busy, caller, now, start) from taken


def _taken(
    taken: SlotTaken,
    diary: Diary,
    service: Service,
    busy: list[Interval],
    caller: Caller,
    now: datetime,
    start: datetime,
) -> SlotTaken:
    """The same refusal, with what is open nearby."""
    claims = diary.binding(caller.client_id, now)
    # What was read covers a day more than is offered, so that the last day's limit and claims are known.
    offered = Interval(start - NEIGHBOURHOOD + timedelta(days=1), start + NEIGHBOURHOOD - timedelta(days=1))
    starts = open_starts(
        diary.settings.schedule,
        service.duration_minutes,
        [*intervals(claims), *busy],
        [claim.session_start for claim in claims],
        now,
        offered,
    )
    return SlotTaken(taken.detail, nearby((each for each in starts if each != start), start))


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
        promo_code=promo.code,
        created_at=now,
        updated_at=now,
    )
