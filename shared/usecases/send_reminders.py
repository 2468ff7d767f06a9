"""Every few minutes: whoever has a session soon is owed a reminder of it, once. The outbox sends what is owed.

Run twice it owes nothing more; run late, it owes what is still worth telling.
"""

from __future__ import annotations

from datetime import datetime

from shared.domain.reminders import EARLIEST, owed_reminders
from shared.domain.time import GRID_MINUTES, Interval, minutes
from shared.usecases.ports import BookingStore, EffectStore


def send_reminders(bookings: BookingStore, effects: EffectStore, now: datetime) -> int:
    """The number of reminders that became owed. Three reads, and a write for each of those."""
    soon = Interval(now, now + EARLIEST + minutes(GRID_MINUTES))
    ids = [claim.appointment_id for claim in bookings.diary(soon).claims]
    sessions = bookings.appointments(ids)
    return effects.owe([reminder for session in sessions for reminder in owed_reminders(session, now)])
