"""Letters for the tests of mails and invitations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.domain.appointment import Actor, Appointment, AppointmentStatus, Client
from shared.domain.money import Money
from shared.domain.package import Package
from shared.domain.payment import Payment
from shared.usecases.ports import Letter, LetterKind
from tests.builders import package, payment

BOOKED = (LetterKind.CLIENT_BOOKED, LetterKind.COACH_BOOKED)
MOVED = (LetterKind.CLIENT_MOVED, LetterKind.COACH_MOVED)
CANCELLED = (LetterKind.CLIENT_CANCELLED, LetterKind.COACH_CANCELLED)
OF_SESSIONS = (*BOOKED, *MOVED, *CANCELLED, LetterKind.CLIENT_REMINDER)
OF_PACKAGES = (LetterKind.CLIENT_PACKAGE, LetterKind.COACH_PACKAGE)
OF_COACH = (
    LetterKind.COACH_BOOKED,
    LetterKind.COACH_MOVED,
    LetterKind.COACH_CANCELLED,
    LetterKind.COACH_PACKAGE,
)

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
    kind: LetterKind = LetterKind.CLIENT_BOOKED,
    *,
    that_day: Sequence[Appointment] = (),
    paid: Payment | None = None,
    change_fee: Money | None = None,
    **changes: Any,
) -> Letter:
    """About an appointment, or about a package where the kind is one of packages.

    What is cancelled was so by its client, unless told otherwise; what was moved or cancelled, once.
    """
    if kind in OF_PACKAGES:
        return about_package(kind, paid=paid, client=changes.get("client", JANE))
    about = appointment(**_as_it_is_then(kind) | changes)
    if kind is LetterKind.CLIENT_FEE:
        paid = paid or payment(amount="83.33", cancels=about.id, fee=Decimal("83.33"))
    elif kind not in OF_SESSIONS:
        paid = paid or payment(id=about.id)
    return replace(_letter(kind, about, paid, that_day), change_fee=change_fee)


def _as_it_is_then(kind: LetterKind) -> dict[str, Any]:
    if kind in CANCELLED or kind is LetterKind.CLIENT_FEE:
        return {"status": AppointmentStatus.CANCELLED, "sequence": 1, "cancelled_by": Actor.CLIENT}
    return {"sequence": 1} if kind in MOVED else {}


def about_package(kind: LetterKind, *, paid: Payment | None = None, **changes: Any) -> Letter:
    about = replace(package(id="9c" * 16), **{"client": JANE} | changes)
    return _letter(kind, about, paid or payment(amount="500.00", id=about.id), ())


def _letter(
    kind: LetterKind, about: Appointment | Package, paid: Payment | None, that_day: Sequence[Appointment]
) -> Letter:
    return Letter(
        kind=kind,
        about=about,
        payment=paid,
        coach_timezone="America/Toronto",
        that_day=that_day,
        effect_id=f"{about.id}.{kind}_mail-0",
    )
