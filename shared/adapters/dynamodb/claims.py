"""The claim: the writes by which one appointment takes a time that nobody else can then take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.adapters.dynamodb import items, keys
from shared.adapters.dynamodb.transaction import Step
from shared.domain.appointment import Appointment
from shared.domain.diary import Diary
from shared.domain.errors import SlotTaken
from shared.domain.time import Interval, isoformat
from shared.usecases.ports import DiaryChanged

MAY_CLAIM = (
    "attribute_not_exists(PK)"  # free
    " OR #owner = :me"  # mine already
    " OR (#kind = :hold AND (hold_until < :now OR client_id = :client))"  # an abandoned checkout, or my own
)
"""Compared with the caller's clock: DynamoDB's own expiry only tidies up, days late."""


def claim(table: str, appointment: Appointment, now: datetime) -> list[Step]:
    """One step for each five-minute cell of the session and its buffers."""
    return [_claim_cell(table, key, appointment, now) for key in keys.cells(appointment.claim)]


def _claim_cell(table: str, key: keys.Key, appointment: Appointment, now: datetime) -> Step:
    record = {**key, "kind": "BOOKED", "owner": appointment.id, "client_id": appointment.client.id}
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
                        ":hold": "HOLD",
                        ":now": isoformat(now),
                        ":client": appointment.client.id,
                    }
                ),
            }
        },
        lambda: SlotTaken("someone else has just taken that time"),
    )


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
    own = keys.week(keys.monday_of(appointment.claim.start))
    guarded = _weeks_of_day(appointment, relied_on) if relied_on.settings.schedule.daily_limit else {}
    condition, values = _unchanged(guarded.pop(own["PK"], None))
    enter = Step(
        {
            "Update": {
                "TableName": table,
                "Key": items.dump(own),
                "UpdateExpression": "SET #claim = :claim, #kind = :kind ADD version :one",
                **({"ConditionExpression": condition} if condition else {}),
                "ExpressionAttributeNames": {
                    "#claim": f"{items.CLAIM_PREFIX}{appointment.id}",
                    "#kind": "kind",
                },
                "ExpressionAttributeValues": items.dump(
                    {":claim": items.claim_text(appointment), ":kind": "WEEK", ":one": 1, **values}
                ),
            }
        },
        DiaryChanged,
    )
    return [enter, *(_check_week(table, pk, seen) for pk, seen in guarded.items())]


def _check_week(table: str, pk: str, seen: int) -> Step:
    condition, values = _unchanged(seen)
    return Step(
        {
            "ConditionCheck": {
                "TableName": table,
                "Key": items.dump({"PK": pk, "SK": "WEEK"}),
                "ConditionExpression": condition,
                **({"ExpressionAttributeValues": items.dump(values)} if values else {}),
            }
        },
        DiaryChanged,
    )


def _unchanged(seen: int | None) -> tuple[str, Mapping[str, int]]:
    if seen is None:
        return "", {}
    if seen == 0:
        return "attribute_not_exists(PK)", {}
    return "version = :seen", {":seen": seen}


def _weeks_of_day(appointment: Appointment, relied_on: Diary) -> dict[str, int]:
    """The weeks that sessions of the appointment's local day may be listed in, with the versions seen."""
    zone = ZoneInfo(relied_on.settings.schedule.timezone)
    midnight = appointment.start.astimezone(zone).replace(hour=0, minute=0, fold=0).astimezone(UTC)
    day = Interval(midnight, midnight + timedelta(hours=27))
    return {
        pk: relied_on.week_versions.get(pk, 0)
        for pk in (keys.week(monday)["PK"] for monday in keys.weeks(day))
    }
