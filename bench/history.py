"""A coach's years of bookings, written straight into the table as the store would have left them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from local import engine
from shared.adapters.dynamodb import items, keys
from shared.domain.appointment import Appointment, AppointmentStatus, CalendarStatus, Client

BATCH = 25
SESSIONS_A_DAY = 12


def sessions(first: datetime, count: int, step: timedelta) -> Iterator[Appointment]:
    """``count`` half hours from the coach's morning on, ``SESSIONS_A_DAY`` a working day, a day every ``step``."""
    day = first.replace(hour=14, minute=0, second=0, microsecond=0)
    made = 0
    while made < count:
        if day.weekday() < 5:
            for slot in range(min(SESSIONS_A_DAY, count - made)):
                yield _session(day + timedelta(minutes=30 * slot))
                made += 1
        day += step


def write(endpoint: str, table: str, bookings: Iterable[Appointment]) -> None:
    dynamodb = engine.client("dynamodb", endpoint)
    weeks: dict[str, dict[str, Any]] = defaultdict(dict)
    records = []
    for booking in bookings:
        records.append(_row(booking))
        records += [
            {**cell, "kind": "BOOKED", "owner": booking.id, "client_id": booking.client.id}
            for cell in keys.cells(booking.claim)
        ]
        week = keys.week(keys.monday_of(booking.claim.start))["PK"]
        weeks[week][f"{items.CLAIM_PREFIX}{booking.id}"] = items.claim_text(booking)
    records += [
        {"PK": week, "SK": "WEEK", "kind": "WEEK", "version": len(claims), **claims}
        for week, claims in weeks.items()
    ]
    for begin in range(0, len(records), BATCH):
        puts = [{"PutRequest": {"Item": items.dump(each)}} for each in records[begin : begin + BATCH]]
        dynamodb.batch_write_item(RequestItems={table: puts})


def _row(booking: Appointment) -> dict[str, Any]:
    return {
        **keys.appointment(booking.id),
        "kind": "APPOINTMENT",
        **items.appointment_record(booking),
        "GSI1PK": keys.by_client(booking.client.id),
        "GSI1SK": keys.by_time(booking.start, booking.id),
    }


def _session(start: datetime) -> Appointment:
    now = datetime.now(UTC)
    return Appointment(
        id=uuid.uuid4().hex,
        client=Client(id=uuid.uuid4().hex, email="someone@example.com", name="Someone"),
        service="free",
        status=AppointmentStatus.CONFIRMED,
        start=start,
        duration_minutes=30,
        buffer_before_minutes=0,
        buffer_after_minutes=0,
        timezone="America/Toronto",
        phone="+14165550123",
        created_at=now,
        updated_at=now,
        calendar_status=CalendarStatus.WRITTEN,
    )
