"""The coach moves a session: no fee, no notice. ``PUT /booking/admin/{id}/reschedule``."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain import changes as steps
from shared.domain.appointment import Actor
from shared.domain.caller import Caller
from shared.domain.changes import Case, quoted
from shared.domain.diary import Diary
from shared.domain.errors import CalendarUnavailable, InvalidInput, SlotTaken, TooManyRequests
from shared.domain.policy import Action
from shared.usecases.change_booking import ATTEMPTS, answer_to, answered, read_case
from shared.usecases.choose_time import (
    around,
    check_wanted,
    refuse_times_past,
    refuse_unless_open,
    refuse_unless_unclaimed,
    with_alternatives,
)
from shared.usecases.idempotency import fingerprint, request_of
from shared.usecases.ports import (
    AlreadyBooked,
    Booked,
    BookingMoved,
    BookingStore,
    Calendar,
    ChangeStore,
    DiaryChanged,
)


@dataclass(frozen=True, slots=True)
class CoachMove:
    """``override`` allows what the rules refuse, never an overlap with another booking; the audit trail says so."""

    appointment_id: str
    start: datetime
    override: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """All that moving without a fee touches."""

    changes: ChangeStore
    bookings: BookingStore
    calendar: Calendar


def move_by_coach(
    desk: Desk, now: datetime, *, caller: Caller, wanted: CoachMove, idempotency_key: str | None
) -> Booked:
    """Raises ``NotFound``, ``NotReschedulable``, ``InvalidInput``, ``SlotNotOffered``, ``SlotTaken``,
    ``CalendarUnavailable``, ``IdempotencyKeyReused``, ``TooManyRequests`` and ``TemporarilyUnavailable``.
    """
    request = request_of(caller.client_id, idempotency_key, fingerprint("move by coach", wanted))
    for _ in range(ATTEMPTS):
        heard = read_case(desk.changes, caller, wanted.appointment_id, now, request)
        if heard.answer is not None:
            return heard.answer
        case = heard.case
        quoted(case, Action.RESCHEDULE, Actor.COACH, now)
        diary = desk.bookings.diary(around(wanted.start)).without(case.appointment.id)
        change = steps.move(case, wanted.start, diary.settings.schedule, Actor.COACH, now)
        if wanted.override:
            change = replace(change, detail="override")
        answer = answer_to(case, change)
        try:
            _refuse_unless_allowed(desk.calendar, diary, case, caller, wanted, now)
            desk.changes.change_booking(
                case, change, actor=caller.client_id, relied_on=diary, request=answered(request, answer)
            )
        except (AlreadyBooked, BookingMoved, DiaryChanged):
            continue
        except SlotTaken as lost:
            raise _nearby(desk, lost, case, caller, wanted, now) from lost
        return answer
    raise TooManyRequests("This booking is being changed right now; please try again.")


def _refuse_unless_allowed(
    calendar: Calendar, diary: Diary, case: Case, caller: Caller, wanted: CoachMove, now: datetime
) -> None:
    appointment, start = case.appointment, wanted.start
    if start == appointment.start:
        raise InvalidInput("start", "The session is at that time already.")
    check_wanted(start, None, appointment.timezone, now)
    refuse_times_past(start, None, now)
    if wanted.override:
        refuse_unless_unclaimed(diary, appointment.duration_minutes, caller, now, start)
        return
    busy, ours = calendar.busy(around(start)), [appointment.session]
    refuse_unless_open(
        calendar, _without_notice(diary), appointment.duration_minutes, busy, caller, now, start, ours
    )


def _nearby(
    desk: Desk, lost: SlotTaken, case: Case, caller: Caller, wanted: CoachMove, now: datetime
) -> SlotTaken:
    """Without Google nothing is called open."""
    if lost.alternatives:
        return lost
    span, length = around(wanted.start), case.appointment.duration_minutes
    diary = _without_notice(desk.bookings.diary(span).without(case.appointment.id))
    with suppress(CalendarUnavailable):
        return with_alternatives(lost, diary, length, desk.calendar.busy(span), caller, now, wanted.start)
    return lost


def _without_notice(diary: Diary) -> Diary:
    schedule = replace(diary.settings.schedule, minimum_notice_minutes=0)
    return replace(diary, settings=replace(diary.settings, schedule=schedule))
