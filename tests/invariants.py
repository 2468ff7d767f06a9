"""What must hold of a table at any moment at which nobody is in the middle of a transaction."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from local import engine
from shared.adapters.dynamodb import items, keys
from shared.domain.appointment import Appointment, AppointmentStatus

CHANGE = re.compile(r"(moved|cancelled)-\d+")
LIVE = frozenset({"held", "confirmed", "completed", "no_show"})


def rows(endpoint: str, table: str) -> list[dict[str, Any]]:
    pages = engine.client("dynamodb", endpoint).get_paginator("scan").paginate(TableName=table)
    return [items.load(item) for page in pages for item in page["Items"]]


def check(endpoint: str, table: str) -> list[dict[str, Any]]:
    """Asserts the promises on the whole table; the appointments in it.

    Every cell has a live owner, and every confirmed booking all its cells (a hold may have lost some, once it ran out
    or its own client chose otherwise); weeks list just the live claims; each code's count is the number of its use
    items, each of which belongs to a booking; a package has used as many sessions as there are live bookings from it,
    and cancelled ones that did not give theirs back. Each change of a booking happened once, and nothing after it was
    cancelled; what holds a new time for it is in nobody's list.
    """
    everything = rows(endpoint, table)
    of_kind = {kind: [row for row in everything if row.get("kind") == kind] for kind in _kinds(everything)}
    bookings = of_kind.get("APPOINTMENT", [])
    all_of_them = [items.appointment(row) for row in bookings]
    # A hold of a new time is over once the session has moved there.
    live = {each.id: each for each in all_of_them if each.status in LIVE and not _has_moved(each)}

    claimed = {row["PK"]: row["owner"] for row in everything if row["SK"] == "CELL"}
    theirs = {each.id: {cell["PK"] for cell in keys.cells(each.claim)} for each in live.values()}
    for cell, owner in claimed.items():
        assert owner in live, f"{cell} belongs to nobody who is still there"
        assert cell in theirs[owner], f"{cell} belongs to a booking at another time"
    for booking in live.values():
        lost = {cell for cell in theirs[booking.id] if claimed.get(cell) != booking.id}
        assert not lost or booking.status is AppointmentStatus.HELD, f"{lost} lost by what is confirmed"

    listed = Counter(
        name.removeprefix(items.CLAIM_PREFIX)
        for week in of_kind.get("WEEK", [])
        for name in week
        if name.startswith(items.CLAIM_PREFIX)
    )
    assert listed == Counter(dict.fromkeys(live, 1))

    uses = of_kind.get("PROMO_USE", [])
    for promo in of_kind["PROMO"]:
        used = [use for use in uses if use["PK"] == promo["PK"]]
        assert promo["used"] == len(used) <= promo["cap"]
        assert {use["appointment_id"] for use in used} <= set(live)

    packages = {row["id"]: int(row["sessions_used"]) for row in of_kind.get("PACKAGE", [])}
    used_up = [*live.values(), *(each for each in all_of_them if each.credit_returned is False)]
    used_from = Counter(booking.package_id for booking in used_up if booking.package_id)
    assert used_from == Counter(packages)
    assert all(row["sessions_used"] <= row["sessions_total"] for row in of_kind.get("PACKAGE", []))

    _check_changes([each for each in all_of_them if each.moves is None], everything)
    assert not [row["id"] for row in bookings if row.get("moves") and "GSI1PK" in row]
    return bookings


def _check_changes(bookings: list[Appointment], everything: list[dict[str, Any]]) -> None:
    """By the audit rows, each of which was written in the change's own transaction."""
    audit = [(row["PK"], row["event"]) for row in everything if row.get("kind") == "AUDIT"]
    owed = {(row["PK"], row["SK"]) for row in everything if row.get("kind") == "EFFECT"}
    for booking in bookings:
        events = [f"moved-{number + 1}" for number in range(booking.sequence)]
        if booking.cancelled_by is not None:
            events[-1] = f"cancelled-{booking.sequence}"
        told = [event for of, event in audit if of == f"AUDIT#{booking.id}" and CHANGE.fullmatch(event)]
        assert sorted(told) == sorted(events)
        calendar = [f"calendar_event-{number + 1}" for number in range(booking.sequence)]
        assert owed >= {(f"OWED#{booking.id}", effect) for effect in calendar}


def _has_moved(booking: Appointment) -> bool:
    return booking.moves is not None and booking.status is AppointmentStatus.COMPLETED


def _kinds(everything: list[dict[str, Any]]) -> set[str]:
    return {row["kind"] for row in everything if "kind" in row}
