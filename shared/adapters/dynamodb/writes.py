"""Parts that transactions have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.adapters.dynamodb import items, keys
from shared.adapters.dynamodb.transaction import Step
from shared.domain.appointment import Appointment
from shared.domain.attention import Attention
from shared.domain.effects import Effect
from shared.domain.time import isoformat
from shared.usecases.ports import AlreadyBooked


def put_new(table: str, record: items.Item, refusal: Callable[[], Exception]) -> Step:
    return Step(
        {
            "Put": {
                "TableName": table,
                "Item": items.dump(record),
                "ConditionExpression": "attribute_not_exists(PK)",
            }
        },
        refusal,
    )


def owe(table: str, effect: Effect) -> Step:
    return put_new(table, items.effect_record(effect), AlreadyBooked)


def note(table: str, attention: Attention) -> Step:
    """Puts it on the list of what needs a person; under no condition, so it is never what refuses a transaction."""
    return Step(
        {"Put": {"TableName": table, "Item": items.dump(items.attention_record(attention))}}, AssertionError
    )


def audit(table: str, appointment: Appointment, now: datetime, event: str) -> Step:
    record = {
        **keys.audit(appointment.id, now, event),
        "kind": "AUDIT",
        "event": event,
        "actor": appointment.client.id,
        "status": appointment.status.value,
        "start": isoformat(appointment.start),
    }
    return put_new(table, record, AlreadyBooked)
