"""Every key format of the one table. Keys carry ids, codes and times; never personal data.

| item        | PK                       | SK                         | GSI1PK           | GSI1SK             |
|-------------|--------------------------|----------------------------|------------------|--------------------|
| settings    | SETTINGS                 | SETTINGS                   |                  |                    |
| cell        | CELL#{instant}           | CELL                       |                  |                    |
| week        | WEEK#{monday}            | WEEK                       |                  |                    |
| appointment | APPOINTMENT#{id}         | APPOINTMENT                | CLIENT#{client}  | {start}#{id}       |
| package     | PACKAGE#{id}             | PACKAGE                    | BUYER#{client}   | {created}#{id}     |
| payment     | PAYMENT#{id}             | PAYMENT                    | PAYMENT#OPEN     | {check at}#{id}    |
| order       | PPORDER#{order}          | PPORDER                    |                  |                    |
| capture     | PPCAPTURE#{capture}      | PPCAPTURE                  |                  |                    |
| method      | METHOD#{token}           | METHOD                     |                  |                    |
| request     | REQUEST#{id}             | REQUEST                    |                  |                    |
| inbox       | INBOX#{event}            | INBOX                      | INBOX#OPEN       | {received}#{event} |
| effect      | OWED#{subject}           | {kind}-{sequence}          | EFFECT#OWED/DEAD | {due}#{subject}    |
| audit       | AUDIT#{subject}          | {instant}#{event}          |                  |                    |
| attention   | ATTENTION#{id}           | ATTENTION                  | ATTENTION#OPEN   | {noted}#{id}       |
| notice      | NOTICE#{client}          | {subject}.{effect}         | READER#{client}  | {noted}#{id}       |
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
OPEN_PAYMENTS = "PAYMENT#OPEN"
OPEN_INBOX = "INBOX#OPEN"
OPEN_ATTENTION = "ATTENTION#OPEN"

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


def package(package_id: str) -> Key:
    return {"PK": f"PACKAGE#{package_id}", "SK": "PACKAGE"}


def payment(payment_id: str) -> Key:
    return {"PK": f"PAYMENT#{payment_id}", "SK": "PAYMENT"}


def order(order_id: str) -> Key:
    return {"PK": f"PPORDER#{order_id}", "SK": "PPORDER"}


def capture(capture_id: str) -> Key:
    return {"PK": f"PPCAPTURE#{capture_id}", "SK": "PPCAPTURE"}


def method(token: str) -> Key:
    return {"PK": f"METHOD#{token}", "SK": "METHOD"}


def request(request_id: str) -> Key:
    return {"PK": f"REQUEST#{request_id}", "SK": "REQUEST"}


def inbox(event_id: str) -> Key:
    return {"PK": f"INBOX#{event_id}", "SK": "INBOX"}


def effect(subject_id: str, effect_id: str) -> Key:
    return {"PK": f"OWED#{subject_id}", "SK": effect_id}


def effect_ref(key: Key) -> tuple[str, str]:
    """The subject's id and the effect's, back from an effect's key."""
    return key["PK"].removeprefix("OWED#"), key["SK"]


def audit(subject_id: str, instant: datetime, event: str) -> Key:
    return {"PK": f"AUDIT#{subject_id}", "SK": f"{isoformat(instant)}#{event}"}


def attention(attention_id: str) -> Key:
    return {"PK": f"ATTENTION#{attention_id}", "SK": "ATTENTION"}


def notice(client_id: str, notice_id: str) -> Key:
    return {"PK": f"NOTICE#{client_id}", "SK": notice_id}


def promo(code: str) -> Key:
    return {"PK": f"PROMO#{code}", "SK": "PROMO"}


def promo_use(code: str, client_id: str) -> Key:
    return {"PK": f"PROMO#{code}", "SK": f"USE#{client_id}"}


def misses(client_id: str, window: int) -> Key:
    return {"PK": f"MISSES#{client_id}#{window}", "SK": "MISSES"}


def by_client(client_id: str) -> str:
    return f"CLIENT#{client_id}"


def by_buyer(client_id: str) -> str:
    return f"BUYER#{client_id}"


def by_reader(client_id: str) -> str:
    return f"READER#{client_id}"


def by_time(instant: datetime, item_id: str) -> str:
    return f"{isoformat(instant)}#{item_id}"
