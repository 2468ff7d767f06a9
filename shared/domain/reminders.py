"""Reminders: how long before a session there is one, and which of them is due."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.appointment import Appointment, AppointmentStatus
from shared.domain.effects import Effect, EffectKind, with_texts

REMINDERS = (timedelta(hours=24), timedelta(hours=1))
"""Elapsed time before the start, whatever the clocks do meanwhile."""

EARLIEST = max(REMINDERS)


def due(appointment: Appointment, now: datetime) -> timedelta | None:
    """The reminder whose moment was the last to come: a late one is sent until the next one's moment, or the start.

    None for a moment that had come already when the session was booked for this time.
    """
    if appointment.status is not AppointmentStatus.CONFIRMED or appointment.start <= now:
        return None
    last = min((each for each in REMINDERS if appointment.start - each <= now), default=None)
    timed_at = appointment.timed_at or appointment.created_at
    return None if last is None or appointment.start - last <= timed_at else last


def worth_sending(reminder: Effect, appointment: Appointment, now: datetime) -> bool:
    """Whatever held it up: the session stands, and neither it nor the next reminder's moment has come."""
    before = timedelta(minutes=reminder.minutes_before or 0)
    following = max((each for each in REMINDERS if each < before), default=timedelta())
    return appointment.status is AppointmentStatus.CONFIRMED and now < appointment.start - following


def owed_reminders(appointment: Appointment, now: datetime) -> tuple[Effect, ...]:
    """What is owed to the client now; the same for the same reminder of the same time, whenever it is asked for."""
    before = due(appointment, now)
    if before is None:
        return ()
    return tuple(
        Effect(
            subject_id=appointment.id,
            kind=kind,
            sequence=appointment.sequence,
            owed_at=now,
            due_at=now,
            minutes_before=before // timedelta(minutes=1),
        )
        for kind in with_texts(appointment, EffectKind.CLIENT_REMINDER_MAIL)
    )
