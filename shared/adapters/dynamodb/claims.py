"""The claim: the writes by which one appointment takes a time that nobody else can then take."""

from __future__ import annotations

from collections.abc import Iterable
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
    " OR #owner = :me"  # mine already
    " OR hold_until < :now"  # an abandoned checkout
    " OR (#kind = :hold AND client_id = :client)"  # my own checkout, as long as I am not paying it
)
"""Compared with the caller's clock: DynamoDB's own expiry only tidies up, days late."""


UNCHANGED = "attribute_not_exists(PK) OR version = :seen"
"""A week that was not there when read counts as version 0, which no week that exists has."""


def claim(table: str, appointment: Appointment, now: datetime) -> list[Step]:
    """One step for each five-minute cell of the session and its buffers."""
    return [_claim_cell(table, key, appointment, now) for key in keys.cells(appointment.claim)]


def _claim_cell(table: str, key: keys.Key, appointment: Appointment, now: datetime) -> Step:
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
    own = keys.week(keys.monday_of(appointment.claim.start))
    guarded = _weeks_of_day(appointment, relied_on) if relied_on.settings.schedule.daily_limit else {}
    seen = guarded.pop(own["PK"], None)
    values = {":claim": items.claim_text(appointment), ":kind": "WEEK", ":one": 1}
    update: UpdateTypeDef = {
        "TableName": table,
        "Key": items.dump(own),
        "UpdateExpression": "SET #claim = :claim, #kind = :kind ADD version :one",
        "ExpressionAttributeNames": {"#claim": f"{items.CLAIM_PREFIX}{appointment.id}", "#kind": "kind"},
        "ExpressionAttributeValues": items.dump(values),
    }
    if seen is not None:
        update["ConditionExpression"] = UNCHANGED
        update["ExpressionAttributeValues"] = items.dump({**values, ":seen": seen})
    enter = Step({"Update": update}, DiaryChanged)
    return [enter, *(_check_week(table, pk, version) for pk, version in guarded.items())]


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
