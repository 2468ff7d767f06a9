"""Parts that transactions have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.adapters.dynamodb import items, keys
from shared.adapters.dynamodb.keys import Key
from shared.adapters.dynamodb.transaction import Step
from shared.domain.appointment import Appointment
from shared.domain.attention import Attention
from shared.domain.effects import Effect
from shared.domain.errors import IdempotencyKeyReused
from shared.domain.time import isoformat
from shared.usecases.ports import AlreadyBooked, Request


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


def change(
    table: str,
    key: Key,
    old: items.Item,
    new: items.Item,
    refusal: Callable[[], Exception],
    **unchanged: object,
) -> Step:
    """Writes what differs, and leaves what others write alone; refused unless ``unchanged`` still is as named.

    What is None in ``new`` is not there afterwards, whether or not ``old`` knew it.
    """
    kept = {name: value for name, value in new.items() if value is not None and value != old.get(name)}
    gone = [
        name for name, value in new.items() if value is None and (name not in old or old[name] is not None)
    ]
    sets = "SET " + ", ".join(f"#{name} = :{name}" for name in kept) if kept else ""
    removes = " REMOVE " + ", ".join(f"#{name}" for name in gone) if gone else ""
    condition = " AND ".join(f"#{name} = :was_{name}" for name in unchanged)
    return Step(
        {
            "Update": {
                "TableName": table,
                "Key": items.dump(key),
                "UpdateExpression": f"{sets}{removes}",
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {f"#{name}": name for name in (*kept, *gone, *unchanged)},
                "ExpressionAttributeValues": items.dump(
                    {f":{name}": value for name, value in kept.items()}
                    | {f":was_{name}": value for name, value in unchanged.items()}
                ),
            }
        },
        refusal,
    )


def claim_key(table: str, request: Request, **answered: items.Item) -> Step:
    """The client's key stands for this request from now on, and for what it was ``answered``."""
    mark = {**keys.request(request.id), "kind": "REQUEST", "fingerprint": request.fingerprint}
    record = {**mark, **answered}
    return Step(
        {
            "Put": {
                "TableName": table,
                "Item": items.dump(record),
                "ConditionExpression": "attribute_not_exists(PK) OR fingerprint = :same",
                "ExpressionAttributeValues": items.dump({":same": request.fingerprint}),
            }
        },
        lambda: IdempotencyKeyReused("This Idempotency-Key was used for another request."),
    )


def audit(
    table: str,
    appointment: Appointment,
    now: datetime,
    event: str,
    actor: str | None = None,
    detail: str | None = None,
) -> Step:
    record = {
        **keys.audit(appointment.id, now, event),
        "kind": "AUDIT",
        "event": event,
        "actor": actor or appointment.client.id,
        "status": appointment.status.value,
        "start": isoformat(appointment.start),
        "detail": detail,
    }
    return put_new(table, record, AlreadyBooked)
