"""The outbox in DynamoDB: what is owed, who has taken it up, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.adapters.dynamodb import items, keys, writes
from shared.adapters.dynamodb.table import Table
from shared.adapters.dynamodb.transaction import write
from shared.domain.appointment import CalendarStatus
from shared.domain.effects import IN_CALENDAR, Effect, EffectStatus, lease
from shared.domain.time import Interval, isoformat
from shared.usecases.ports import AlreadyBooked

STILL_MINE = "#status = :owed AND attempts = :attempts"
"""Each lease raises ``attempts``, so the number tells whether this worker's lease is still the last one."""


def named_in(stream_event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """``(appointment id, effect id)`` of each record of a DynamoDB stream event."""
    records = (record["dynamodb"]["Keys"] for record in stream_event["Records"])
    return [keys.effect_ref({"PK": key["PK"]["S"], "SK": key["SK"]["S"]}) for key in records]


class DynamoEffects:
    """The port ``EffectStore`` on one DynamoDB table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def owe(self, effects: Sequence[Effect]) -> int:
        known = self.table.get_all(
            "known_effects", [keys.effect(each.subject_id, each.id) for each in effects]
        )
        return sum(
            self._owe(each)
            for each in effects
            if keys.pair(keys.effect(each.subject_id, each.id)) not in known
        )

    def _owe(self, effect: Effect) -> bool:
        try:
            write(self.table.client, "owe", [writes.owe(self.table.name, effect)])
        except AlreadyBooked:
            return False
        return True

    def effects_of(self, subject_id: str) -> list[Effect]:
        found = self.table.query(
            "effects_of",
            KeyConditionExpression="PK = :subject",
            ExpressionAttributeValues=items.dump({":subject": keys.effect(subject_id, "")["PK"]}),
        )
        return [items.effect(items.load(item)) for item in found]

    def due_effects(self, now: datetime) -> list[tuple[str, str]]:
        answer = self.table.query_index(
            "due_effects",
            KeyConditionExpression="GSI1PK = :owed AND GSI1SK <= :now",
            ExpressionAttributeValues=items.dump({":owed": keys.OWED, ":now": f"{isoformat(now)}~"}),
            Limit=100,
        )
        return [keys.effect_ref({"PK": item["PK"]["S"], "SK": item["SK"]["S"]}) for item in answer["Items"]]

    def lease_effect(self, subject_id: str, effect_id: str, now: datetime) -> Effect | None:
        until = now + lease(effect_id)
        record = self.table.update(
            "lease_effect",
            keys.effect(subject_id, effect_id),
            UpdateExpression="SET due_at = :until, GSI1SK = :sort ADD attempts :one",
            ConditionExpression="#status = :owed AND due_at <= :now",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=items.dump(
                {
                    ":until": isoformat(until),
                    ":sort": keys.by_time(until, subject_id),
                    ":one": 1,
                    ":owed": EffectStatus.OWED.value,
                    ":now": isoformat(now),
                }
            ),
        )
        return None if record is None else items.effect(items.load(record))

    def postpone_effect(self, effect: Effect, due_at: datetime, error: str) -> None:
        self.table.update(
            "postpone_effect",
            keys.effect(effect.subject_id, effect.id),
            UpdateExpression="SET due_at = :due, GSI1SK = :sort, last_error = :error",
            ConditionExpression=STILL_MINE,
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=items.dump(
                {
                    ":due": isoformat(due_at),
                    ":sort": keys.by_time(due_at, effect.subject_id),
                    ":error": error,
                    ":owed": EffectStatus.OWED.value,
                    ":attempts": effect.attempts,
                }
            ),
        )

    def bury_effect(self, effect: Effect, error: str) -> None:
        self.table.update(
            "bury_effect",
            keys.effect(effect.subject_id, effect.id),
            UpdateExpression="SET #status = :dead, GSI1PK = :grave, last_error = :error",
            ConditionExpression=STILL_MINE,
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=items.dump(
                {
                    ":dead": EffectStatus.DEAD.value,
                    ":grave": keys.DEAD,
                    ":error": error,
                    ":owed": EffectStatus.OWED.value,
                    ":attempts": effect.attempts,
                }
            ),
        )
        if effect.kind in IN_CALENDAR:
            self._set_calendar_status(effect.subject_id, CalendarStatus.FAILED)

    def finish_effect(self, effect: Effect, now: datetime, provider_id: str | None) -> None:
        if effect.kind in IN_CALENDAR:
            self._set_calendar_status(effect.subject_id, CalendarStatus.WRITTEN)
        if effect.left is not None:
            self._strike_freed(effect.subject_id, effect.sequence - 1, effect.left)
        self._done("finish_effect", effect.subject_id, effect.id, provider_id or "-", now)

    def suppress_effect(self, effect: Effect, now: datetime, reason: str) -> None:
        self.table.update(
            "suppress_effect",
            keys.effect(effect.subject_id, effect.id),
            UpdateExpression="SET #status = :suppressed, done_at = :now, last_error = :reason "
            "REMOVE GSI1PK, GSI1SK",
            ConditionExpression=STILL_MINE,
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=items.dump(
                {
                    ":suppressed": EffectStatus.SUPPRESSED.value,
                    ":now": isoformat(now),
                    ":reason": reason,
                    ":owed": EffectStatus.OWED.value,
                    ":attempts": effect.attempts,
                }
            ),
        )

    def confirm_sent(self, subject_id: str, effect_id: str, provider_id: str, now: datetime) -> None:
        self._done("confirm_sent", subject_id, effect_id, provider_id, now)

    def note_undelivered(
        self, subject_id: str, effect_id: str, provider_id: str, status: EffectStatus, error: str
    ) -> bool:
        noted = self.table.update(
            "note_undelivered",
            keys.effect(subject_id, effect_id),
            UpdateExpression="SET #status = :status, provider_id = :provider, last_error = :error "
            "REMOVE GSI1PK, GSI1SK",
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=items.dump(
                {":status": status.value, ":provider": provider_id, ":error": error}
            ),
        )
        return noted is not None

    def _done(self, operation: str, subject_id: str, effect_id: str, provider_id: str, now: datetime) -> None:
        self.table.update(
            operation,
            keys.effect(subject_id, effect_id),
            UpdateExpression="SET #status = :done, done_at = :now, provider_id = :provider "
            "REMOVE GSI1PK, GSI1SK, last_error",
            ConditionExpression="#status IN (:owed, :dead, :suppressed)",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=items.dump(
                {
                    ":done": EffectStatus.DONE.value,
                    ":owed": EffectStatus.OWED.value,
                    ":dead": EffectStatus.DEAD.value,
                    ":suppressed": EffectStatus.SUPPRESSED.value,
                    ":now": isoformat(now),
                    ":provider": provider_id,
                }
            ),
        )

    def _strike_freed(self, appointment_id: str, sequence: int, left: Interval) -> None:
        """Its event is not there any more: whoever looks at that week need not ask Google about it again."""
        self.table.update(
            "strike_freed",
            keys.week(keys.monday_of(left.start)),
            UpdateExpression="REMOVE #freed",
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeNames={"#freed": items.freed_name(appointment_id, sequence)},
        )

    def _set_calendar_status(self, appointment_id: str, status: CalendarStatus) -> None:
        self.table.update(
            "set_calendar_status",
            keys.appointment(appointment_id),
            UpdateExpression="SET calendar_status = :status",
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeValues=items.dump({":status": status.value}),
        )
