"""The time a client chose, checked by the very rule that lists times; a refusal names times nearby."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.appointment import Appointment
from shared.domain.caller import Party
from shared.domain.diary import Diary, intervals
from shared.domain.errors import InvalidInput, SlotNotOffered, SlotTaken
from shared.domain.local_time import zone
from shared.domain.open_times import check_open, nearby, open_starts
from shared.domain.time import GRID_MINUTES, Interval, common, minutes, without
from shared.usecases.busy_times import without_ours
from shared.usecases.ports import Calendar

GRID = minutes(GRID_MINUTES)
A_DAY = timedelta(days=1)
NEIGHBOURHOOD = timedelta(days=4)
"""How far around the wanted time to read: its own local day, and days to offer instead."""

FARTHEST = timedelta(days=3700)

DECISIONS = 5
"""How often to decide again when the coach's settings or a full day changed in between."""


def around(start: datetime) -> Interval:
    return Interval(start - NEIGHBOURHOOD, start + NEIGHBOURHOOD)


def check_wanted(start: datetime, backup_start: datetime | None, timezone: str, now: datetime) -> None:
    """What needs no reading to be refused. Raises ``InvalidInput`` and ``SlotNotOffered``."""
    zone(timezone)
    if abs(start - now) > FARTHEST:
        raise SlotNotOffered("That time is too far away.")
    if backup_start is not None:
        _check_second_choice(start, backup_start, now)


def check_backup(start: datetime, backup_start: datetime, now: datetime) -> None:
    """A second choice that comes later than the booking. Raises ``InvalidInput``."""
    _check_second_choice(start, backup_start, now)
    if backup_start <= now:
        raise InvalidInput("backup_start", "A second choice is a time to come.")


def _check_second_choice(start: datetime, backup_start: datetime, now: datetime) -> None:
    if abs(backup_start - now) > FARTHEST:
        raise InvalidInput("backup_start", "That time is too far away.")
    if backup_start == start:
        raise InvalidInput("backup_start", "A second choice is another time than the first.")


def refuse_times_past(start: datetime, backup_start: datetime | None, now: datetime) -> None:
    """Only of a new booking: a repeat hears its first answer, however late it comes."""
    if start <= now:
        raise SlotNotOffered("That time has passed.")
    if backup_start is not None and backup_start <= now:
        raise InvalidInput("backup_start", "A second choice is a time to come.")


def refuse_unless_open(
    calendar: Calendar,
    diary: Diary,
    duration_minutes: int,
    busy: list[Interval],
    caller: Party,
    now: datetime,
    start: datetime,
    ours: Iterable[Interval] = (),
) -> None:
    """``busy`` is the calendar's answer; ``ours`` are times of sessions of ours that the diary does not call freed.

    Raises ``SlotNotOffered``, ``SlotTaken`` with times nearby, or ``CalendarUnavailable``.
    """
    claims = diary.binding(caller.client_id, now)
    wanted = _claim(diary, duration_minutes, start)
    unclaimed = without([*diary.freed, *ours], intervals(claims))
    busy = without_ours(calendar, busy, common(unclaimed, [wanted]))
    try:
        check_open(
            diary.settings.schedule,
            duration_minutes,
            [*intervals(claims), *busy],
            [claim.session_start for claim in claims],
            now,
            start,
        )
    except SlotTaken as taken:
        raise with_alternatives(taken, diary, duration_minutes, busy, caller, now, start) from taken


def refuse_unless_unclaimed(
    diary: Diary, duration_minutes: int, caller: Party, now: datetime, start: datetime
) -> None:
    """Whatever the hours and the calendar say: two bookings never overlap. Raises ``SlotNotOffered`` for what can't
    be claimed at all, and ``SlotTaken``."""
    if start.second or start.microsecond or start.minute % GRID_MINUTES:
        raise SlotNotOffered(f"Sessions start at multiples of {GRID_MINUTES} minutes.")
    wanted = _claim(diary, duration_minutes, start)
    if any(claim.interval.overlaps(wanted) for claim in diary.binding(caller.client_id, now)):
        raise SlotTaken("Another booking has that time.")


def _claim(diary: Diary, duration_minutes: int, start: datetime) -> Interval:
    schedule = diary.settings.schedule
    return Interval(
        start - minutes(schedule.buffer_before_minutes),
        start + minutes(duration_minutes + schedule.buffer_after_minutes),
    )


def still_offered(diary: Diary, booking: Appointment, busy: list[Interval], now: datetime) -> bool:
    """Whether a time that was held once could be had again, by all rules but the notice and the grid it kept then."""
    schedule = replace(
        diary.settings.schedule,
        minimum_notice_minutes=0,
        step_minutes=GRID_MINUTES,
        buffer_before_minutes=booking.buffer_before_minutes,
        buffer_after_minutes=booking.buffer_after_minutes,
    )
    claims = diary.binding(booking.client.id, now)
    busy = [*intervals(claims), *busy]
    sessions = [claim.session_start for claim in claims]
    only_then = Interval(booking.start, booking.start + GRID)
    return bool(open_starts(schedule, booking.duration_minutes, busy, sessions, now, only_then))


def with_alternatives(
    taken: SlotTaken,
    diary: Diary,
    duration_minutes: int,
    busy: list[Interval],
    caller: Party,
    now: datetime,
    start: datetime,
) -> SlotTaken:
    """The same refusal, with what is open nearby."""
    claims = diary.binding(caller.client_id, now)
    # What was read covers a day more than is offered, so that the last day's limit and claims are known.
    offered = Interval(start - NEIGHBOURHOOD + A_DAY, start + NEIGHBOURHOOD - A_DAY)
    starts = open_starts(
        diary.settings.schedule,
        duration_minutes,
        [*intervals(claims), *busy],
        [claim.session_start for claim in claims],
        now,
        offered,
    )
    return SlotTaken(taken.detail, nearby((each for each in starts if each != start), start))
