"""Letters for the tests of mails and invitations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from shared.domain.appointment import Appointment, AppointmentStatus, Client
from shared.usecases.ports import Letter, LetterKind

JANE = Client(id="c" * 32, email="jane@client.example", name="Jane Doe")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def appointment(**changes: Any) -> Appointment:
    values: dict[str, Any] = {
        "id": "3f" * 16,
        "client": JANE,
        "service": "free",
        "status": AppointmentStatus.CONFIRMED,
        "start": at("2026-11-10T17:00:00Z"),
        "duration_minutes": 30,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "timezone": "America/Vancouver",
        "phone": "+16045550123",
        "created_at": at("2026-11-01T12:00:00Z"),
        "updated_at": at("2026-11-01T12:00:00Z"),
    }
    return Appointment(**values | changes)


def letter(
    kind: LetterKind = LetterKind.CLIENT_BOOKED, *, that_day: Sequence[Appointment] = (), **changes: Any
) -> Letter:
    about = appointment(**changes)
    return Letter(
        kind=kind,
        appointment=about,
        coach_timezone="America/Toronto",
        that_day=that_day,
        effect_id=f"{about.id}-{kind}_mail-{about.sequence}",
    )
