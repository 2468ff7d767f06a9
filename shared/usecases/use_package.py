"""A client books sessions from a package: ``POST /booking/use-package-session``, ``GET /booking/my-packages``.

Three calls lie on the path of a booking: one read of all that decides, Google beside it, and one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from shared.domain.appointment import Appointment, AppointmentStatus
from shared.domain.caller import Caller
from shared.domain.diary import Diary
from shared.domain.effects import owed_for_booking
from shared.domain.errors import NotFound, PackageExhausted, SlotTaken, TooManyRequests
from shared.domain.package import SOLD, Package
from shared.usecases.choose_time import (
    DECISIONS,
    around,
    check_wanted,
    refuse_times_past,
    refuse_unless_open,
    with_alternatives,
)
from shared.usecases.idempotency import booking_id, fingerprint, first_answer, unless_by_its_twin
from shared.usecases.ports import AlreadyBooked, Calendar, DiaryChanged, PackagePage, PackageStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageBooking:
    """What the client asks for. ``phone`` is E.164, instants are UTC."""

    package_id: str
    start: datetime
    phone: str
    timezone: str
    backup_start: datetime | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    sms_consent: bool = False


def my_packages(store: PackageStore, *, caller: Caller, cursor: str | None, limit: int) -> PackagePage:
    return store.packages_of(caller.client_id, cursor, limit)


def use_package(
    store: PackageStore,
    calendar: Calendar,
    now: datetime,
    *,
    caller: Caller,
    wanted: PackageBooking,
    idempotency_key: str | None,
) -> Appointment:
    """The confirmed appointment; the same one for a repeat of the request under the same key.

    Raises ``IdempotencyKeyReused``, ``InvalidInput``, ``NotFound``, ``PackageExhausted``, ``SlotNotOffered``,
    ``SlotTaken`` with times nearby, ``CalendarUnavailable``, ``TooManyRequests`` and ``TemporarilyUnavailable``.
    """
    check_wanted(wanted.start, wanted.backup_start, wanted.timezone, now)
    asked = fingerprint("use-package-session", wanted)
    appointment_id = booking_id(caller.client_id, idempotency_key)
    span = around(wanted.start)
    look = partial(store.package_facts, span, wanted.package_id, appointment_id)

    with ThreadPoolExecutor(max_workers=1) as beside:
        reading = beside.submit(calendar.busy, span)
        for _ in range(DECISIONS):
            facts = look()
            if facts.earlier is not None:
                return first_answer(facts.earlier, asked)
            refuse_times_past(wanted.start, wanted.backup_start, now)
            try:
                with unless_by_its_twin(lambda: look().earlier):
                    package = _usable(facts.package, caller)
                    length = package.duration_minutes
                    busy = reading.result()
                    refuse_unless_open(calendar, facts.diary, length, busy, caller, now, wanted.start)
            except AlreadyBooked:
                continue
            appointment = _appointment(appointment_id, package, wanted, facts.diary, now)
            try:
                store.book_from_package(appointment, asked, facts.diary, owed_for_booking(appointment, now))
            except (AlreadyBooked, DiaryChanged):
                continue
            except SlotTaken as lost:
                raise with_alternatives(lost, look().diary, length, busy, caller, now, wanted.start) from lost
            return appointment
    raise TooManyRequests("The coach's calendar is changing right now; please try again.")


def _usable(package: Package | None, caller: Caller) -> Package:
    """Another client's looks just like one that does not exist, and so does one that is not paid."""
    if package is None or package.client.id != caller.client_id or package.status not in SOLD:
        raise NotFound("There is no such package.")
    if package.sessions_remaining < 1:
        raise PackageExhausted("No session of this package is left to book.")
    return package


def _appointment(
    appointment_id: str, package: Package, wanted: PackageBooking, diary: Diary, now: datetime
) -> Appointment:
    return Appointment(
        id=appointment_id,
        client=package.client,
        service=package.service,
        status=AppointmentStatus.CONFIRMED,
        start=wanted.start,
        duration_minutes=package.duration_minutes,
        buffer_before_minutes=diary.settings.schedule.buffer_before_minutes,
        buffer_after_minutes=diary.settings.schedule.buffer_after_minutes,
        timezone=wanted.timezone,
        phone=wanted.phone,
        backup_start=wanted.backup_start,
        answers=dict(wanted.answers),
        sms_consent_at=now if wanted.sms_consent else None,
        package_id=package.id,
        created_at=now,
        updated_at=now,
    )
