"""Bookings and people to test with."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.appointment import Appointment, AppointmentStatus, Client
from shared.domain.caller import Caller, Role
from shared.domain.money import Money
from shared.domain.package import Package, PackageStatus
from shared.domain.payment import Payment, PaymentStatus

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""A Monday, 08:00 in Toronto."""

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
"""Tuesday, 10:00 in Toronto: an open time of the seeded schedule."""

APPOINTMENT = Appointment(
    id="0" * 32,
    client=Client(id="c" * 32, email="alex@example.com", name="Alex"),
    service="free",
    status=AppointmentStatus.CONFIRMED,
    start=START,
    duration_minutes=30,
    buffer_before_minutes=0,
    buffer_after_minutes=0,
    timezone="America/Toronto",
    phone="+14165550123",
    promo_code="WIMD25",
    created_at=NOW,
    updated_at=NOW,
)


def appointment(client: str = "alex", minutes_later: int = 0, **changes: Any) -> Appointment:
    """An appointment of that client, so long after ``START``."""
    person = Client(id=client, email=f"{client}@example.com", name=client.capitalize())
    fields: dict[str, Any] = {
        "id": uuid.uuid4().hex,
        "client": person,
        "start": START + timedelta(minutes=minutes_later),
    }
    return replace(APPOINTMENT, **{**fields, **changes})


def payment(client: str = "alex", amount: str = "150.00", currency: str = "USD", **changes: Any) -> Payment:
    """A payment of that client, captured unless told otherwise."""
    fields: dict[str, Any] = {
        "id": uuid.uuid4().hex,
        "client_id": client,
        "service": "single",
        "amount": Money.of(amount, currency),
        "status": PaymentStatus.CAPTURED,
        "order_id": "5O190127TN364715T",
        "capture_id": "3C679366HH908993F",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Payment(**{**fields, **changes})


def package(client: str = "alex", **changes: Any) -> Package:
    """A package of three, ready to book from unless told otherwise."""
    fields: dict[str, Any] = {
        "id": uuid.uuid4().hex,
        "client": Client(id=client, email=f"{client}@example.com", name=client.capitalize()),
        "service": "package",
        "status": PackageStatus.ACTIVE,
        "sessions_total": 3,
        "duration_minutes": 60,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Package(**{**fields, **changes})


def caller(client: str = "alex", role: Role = Role.CLIENT) -> Caller:
    return Caller(client_id=client, email=f"{client}@example.com", name=client.capitalize(), role=role)
