"""Every key format of the one table. Keys carry ids, codes and times; never personal data.

| item        | PK                       | SK                         | GSI1PK           | GSI1SK             |
|-------------|--------------------------|----------------------------|------------------|--------------------|
| settings    | SETTINGS                 | SETTINGS                   |                  |                    |
| cell        | CELL#{instant}           | CELL                       |                  |                    |
| week        | WEEK#{monday}            | WEEK                       |                  |                    |
| appointment | APPOINTMENT#{id}         | APPOINTMENT                | CLIENT#{client}  | {start}#{id}       |
| effect      | APPOINTMENT#{id}         | EFFECT#{kind}-{sequence}   | EFFECT#OWED/DEAD | {due}#{id}         |
| audit       | APPOINTMENT#{id}         | AUDIT#{instant}#{event}    |                  |                    |
| promo       | PROMO#{code}             | PROMO                      |                  |                    |
| promo use   | PROMO#{code}             | USE#{client}               |                  |                    |
| misses      | MISSES#{client}#{window} | MISSES                     |                  |                    |

A cell is five minutes of UTC and has one owner: it decides who has a time. A week lists the claims that begin in it,
for listings: it is written in the same transaction as the cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from shared.domain.time import GRID_MINUTES, Interval, isoformat

Key = dict[str, str]

OWED = "EFFECT#OWED"
DEAD = "EFFECT#DEAD"

GRID = timedelta(minutes=GRID_MINUTES)
LONGEST_CLAIM = timedelta(hours=24)
"""No claim is longer, so one that reaches into a span began at most this long before it."""


def pair(key: Key) -> tuple[str, str]:
    return key["PK"], key["SK"]


def settings() -> Key:
    return {"PK": "SETTINGS", "SK": "SETTINGS"}


def cell(instant: datetime) -> Key:
    return {"PK": f"CELL#{isoformat(instant)}", "SK": "CELL"}


def cells(claim: Interval) -> Iterator[Key]:
    """One key for each cell of ``[start, end)``."""
    instant = claim.start
    while instant < claim.end:
        yield cell(instant)
        instant += GRID


def week(monday: date) -> Key:
    return {"PK": f"WEEK#{monday.isoformat()}", "SK": "WEEK"}


def monday_of(instant: datetime) -> date:
    day = instant.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def weeks(span: Interval) -> list[date]:
    """The Mondays of all weeks whose claims may meet ``span``."""
    first, last = monday_of(span.start - LONGEST_CLAIM), monday_of(span.end)
    return [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]


def appointment(appointment_id: str) -> Key:
    return {"PK": f"APPOINTMENT#{appointment_id}", "SK": "APPOINTMENT"}


def effect(appointment_id: str, effect_id: str) -> Key:
    return {"PK": f"APPOINTMENT#{appointment_id}", "SK": f"EFFECT#{effect_id}"}


def effect_ref(key: Key) -> tuple[str, str]:
    """The appointment's id and the effect's, back from an effect's key."""
    return key["PK"].removeprefix("APPOINTMENT#"), key["SK"].removeprefix("EFFECT#")


def audit(appointment_id: str, instant: datetime, event: str) -> Key:
    return {"PK": f"APPOINTMENT#{appointment_id}", "SK": f"AUDIT#{isoformat(instant)}#{event}"}


def promo(code: str) -> Key:
    return {"PK": f"PROMO#{code}", "SK": "PROMO"}


def promo_use(code: str, client_id: str) -> Key:
    return {"PK": f"PROMO#{code}", "SK": f"USE#{client_id}"}


def misses(client_id: str, window: int) -> Key:
    return {"PK": f"MISSES#{client_id}#{window}", "SK": "MISSES"}


def by_client(client_id: str) -> str:
    return f"CLIENT#{client_id}"


def by_time(instant: datetime, item_id: str) -> str:
    return f"{isoformat(instant)}#{item_id}"
