"""The claim: the writes by which one appointment takes a time that nobody else can then take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from shared.adapters.dynamodb import items, keys
from shared.adapters.dynamodb.transaction import Step
from shared.domain.appointment import Appointment
from shared.domain.diary import Diary
from shared.domain.errors import SlotTaken
from shared.domain.time import Interval, isoformat
from shared.usecases.ports import DiaryChanged, PaymentMoved

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef

MAY_CLAIM = (
    "attribute_not_exists(PK)"  # free
    " OR #owner IN (:me, :before_me)"  # mine already, or held for me
    " OR hold_until < :now"  # an abandoned checkout
    " OR (#kind = :hold AND client_id = :client)"  # my own checkout, as long as I am not paying it
)
"""Compared with the caller's clock: DynamoDB's own expiry only tidies up, days late."""


UNCHANGED = "attribute_not_exists(PK) OR version = :seen"
"""A week that was not there when read counts as version 0, which no week that exists has."""


def claim(table: str, appointment: Appointment, now: datetime) -> list[Step]:
    """One step for each five-minute cell of the session and its buffers."""
    had = list(keys.cells(appointment.leaves)) if appointment.leaves else []
    wanted = (cell for cell in keys.cells(appointment.claim) if cell not in had)
    return [_claim_cell(table, cell, appointment, now) for cell in wanted]


def _claim_cell(
    table: str, key: keys.Key, appointment: Appointment, now: datetime, held_by: str | None = None
) -> Step:
    record = {
        **key,
        "kind": _kind(appointment),
        "owner": appointment.id,
        "client_id": appointment.client.id,
        "hold_until": items.optional(appointment.hold_until),
    }
    return Step(
        {
            "Put": {
                "TableName": table,
                "Item": items.dump(record),
                "ConditionExpression": MAY_CLAIM,
                "ExpressionAttributeNames": {"#owner": "owner", "#kind": "kind"},
                "ExpressionAttributeValues": items.dump(
                    {
                        ":me": appointment.id,
                        ":before_me": held_by or appointment.id,
                        ":hold": "HOLD",
                        ":now": isoformat(now),
                        ":client": appointment.client.id,
                    }
                ),
            }
        },
        lambda: SlotTaken("Someone else has just taken that time."),
    )


def _kind(appointment: Appointment) -> str:
    if appointment.hold_until is None:
        return "BOOKED"
    return "PAYING" if appointment.paying else "HOLD"


def relied_on_settings(table: str, relied_on: Diary) -> Step:
    """The settings are still those the decision was made under."""
    return Step(
        {
            "ConditionCheck": {
                "TableName": table,
                "Key": items.dump(keys.settings()),
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": items.dump({":version": relied_on.settings.version}),
            }
        },
        DiaryChanged,
    )


def enter_in_week(table: str, appointment: Appointment, relied_on: Diary) -> list[Step]:
    """Lists the claim in its week. Under a daily limit, the weeks that the day lies in must not have changed."""
    return _in_weeks(table, enter=appointment, leave=None, relied_on=relied_on)


def move(
    table: str,
    before: Appointment,
    after: Appointment,
    relied_on: Diary | None,
    hold: Appointment | None = None,
) -> list[Step]:
    """The differences of two sets: cells that are the new time's alone are claimed, those of the old alone freed.

    ``hold`` has kept the new time until now.
    """
    old, new = list(keys.cells(before.claim)), list(keys.cells(after.claim))
    held_by = hold.id if hold else None
    return [
        *(_claim_cell(table, cell, after, after.updated_at, held_by) for cell in new if cell not in old),
        *let_go(table, before, [cell for cell in old if cell not in new]),
        *_in_weeks(table, enter=after, leave=before, relied_on=relied_on, hold=hold),
    ]


def free(table: str, before: Appointment) -> list[Step]:
    """All of its time."""
    return [
        *let_go(table, before, keys.cells(before.claim)),
        *_in_weeks(table, enter=None, leave=before, relied_on=None),
    ]


@dataclass
class _WeekEntries:
    """What one week's item is to list from now on, and what no longer."""

    put: dict[str, str] = field(default_factory=dict)
    strike: set[str] = field(default_factory=set)


def _in_weeks(
    table: str,
    *,
    enter: Appointment | None,
    leave: Appointment | None,
    relied_on: Diary | None,
    hold: Appointment | None = None,
) -> list[Step]:
    """One write for each week touched. A time left is noted: its event may still be in the coach's calendar."""
    weeks: defaultdict[str, _WeekEntries] = defaultdict(_WeekEntries)
    if leave is not None:
        week = weeks[_week_of(leave)]
        week.put[items.freed_name(leave.id, leave.sequence)] = items.freed_text(leave.session)
        week.strike.add(f"{items.CLAIM_PREFIX}{leave.id}")
    if hold is not None:
        weeks[_week_of(hold)].strike.add(f"{items.CLAIM_PREFIX}{hold.id}")
    guarded: dict[str, int] = {}
    if enter is not None:
        week = weeks[_week_of(enter)]
        week.put[f"{items.CLAIM_PREFIX}{enter.id}"] = items.claim_text(enter)
        week.strike -= week.put.keys()
        if relied_on is not None and relied_on.settings.schedule.daily_limit:
            guarded = _weeks_of_day(enter, relied_on)
    writes = [_write_week(table, pk, entries, guarded.pop(pk, None)) for pk, entries in weeks.items()]
    return [*writes, *(_check_week(table, pk, version) for pk, version in guarded.items())]


def _week_of(appointment: Appointment) -> str:
    return keys.week(keys.monday_of(appointment.claim.start))["PK"]


def _write_week(table: str, pk: str, entries: _WeekEntries, seen: int | None) -> Step:
    put = {f"#p{n}": name for n, name in enumerate(entries.put)}
    strike = {f"#s{n}": name for n, name in enumerate(sorted(entries.strike))}
    values: items.Item = {f":p{n}": text for n, text in enumerate(entries.put.values())}
    sets = ", ".join(["#kind = :kind", *(f"{place} = :{place[1:]}" for place in put)])
    removes = f" REMOVE {', '.join(strike)}" if strike else ""
    values |= {":kind": "WEEK", ":one": 1} | ({} if seen is None else {":seen": seen})
    update: UpdateTypeDef = {
        "TableName": table,
        "Key": items.dump({"PK": pk, "SK": "WEEK"}),
        "UpdateExpression": f"SET {sets}{removes} ADD version :one",
        "ExpressionAttributeNames": {"#kind": "kind", **put, **strike},
        "ExpressionAttributeValues": items.dump(values),
    }
    if seen is not None:
        update["ConditionExpression"] = UNCHANGED
    return Step({"Update": update}, DiaryChanged)


def list_in_week(table: str, appointment: Appointment) -> Step:
    """Lists a claim that was listed before, for instance with another end of its hold."""
    return _in_week(
        table, appointment, "SET #claim = :claim ADD version :one", {":claim": items.claim_text(appointment)}
    )


def strike_from_week(table: str, appointment: Appointment) -> Step:
    return _in_week(table, appointment, "REMOVE #claim ADD version :one", {})


def _in_week(table: str, appointment: Appointment, expression: str, values: dict[str, str]) -> Step:
    return Step(
        {
            "Update": {
                "TableName": table,
                "Key": items.dump(keys.week(keys.monday_of(appointment.claim.start))),
                "UpdateExpression": expression,
                "ConditionExpression": "attribute_exists(PK)",
                "ExpressionAttributeNames": {"#claim": f"{items.CLAIM_PREFIX}{appointment.id}"},
                "ExpressionAttributeValues": items.dump({":one": 1, **values}),
            }
        },
        PaymentMoved,
    )


def let_go(table: str, appointment: Appointment, cells: Iterable[keys.Key]) -> list[Step]:
    """Frees those cells, each of which must be the appointment's."""
    return [
        Step(
            {
                "Delete": {
                    "TableName": table,
                    "Key": items.dump(cell),
                    "ConditionExpression": "#owner = :me",
                    "ExpressionAttributeNames": {"#owner": "owner"},
                    "ExpressionAttributeValues": items.dump({":me": appointment.id}),
                }
            },
            PaymentMoved,
        )
        for cell in cells
    ]


def _check_week(table: str, pk: str, seen: int) -> Step:
    return Step(
        {
            "ConditionCheck": {
                "TableName": table,
                "Key": items.dump({"PK": pk, "SK": "WEEK"}),
                "ConditionExpression": UNCHANGED,
                "ExpressionAttributeValues": items.dump({":seen": seen}),
            }
        },
        DiaryChanged,
    )


def _weeks_of_day(appointment: Appointment, relied_on: Diary) -> dict[str, int]:
    """The weeks that sessions of the appointment's local day may be listed in, with the versions seen."""
    zone = ZoneInfo(relied_on.settings.schedule.timezone)
    midnight = appointment.start.astimezone(zone).replace(hour=0, minute=0, fold=0).astimezone(UTC)
    day = Interval(midnight, midnight + timedelta(hours=27))
    return {
        pk: relied_on.week_versions.get(pk, 0)
        for pk in (keys.week(monday)["PK"] for monday in keys.weeks(day))
    }
