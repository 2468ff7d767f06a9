"""Every five minutes: whoever has a session soon is owed a reminder of it."""

from __future__ import annotations

from typing import Any

from shared import bootstrap
from shared.usecases.send_reminders import send_reminders

bookings, effects = bootstrap.bookings(), bootstrap.effects()


def handler(_event: dict[str, Any], _context: object) -> dict[str, int]:
    return {"owed": send_reminders(bookings, effects, bootstrap.clock.now())}
