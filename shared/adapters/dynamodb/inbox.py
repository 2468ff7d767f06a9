"""PayPal's events in DynamoDB: a row each, in the index as long as it is not handled."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from shared.adapters.dynamodb import items, keys
from shared.adapters.dynamodb.items import Item
from shared.adapters.dynamodb.table import Table
from shared.domain.paypal_events import EventKind, PayPalEvent
from shared.domain.time import isoformat
from shared.usecases.ports import Received

IN_HAND = timedelta(minutes=2)
"""Longer than a webhook may take over its event."""

KEPT = timedelta(days=60)
"""After it was handled. PayPal sends for three days; older transmissions are not accepted at all."""


class DynamoInbox:
    """The port ``InboxStore`` on one DynamoDB table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def receive(self, event: PayPalEvent, now: datetime) -> bool:
        kept = self.table.update(
            "receive_event",
            keys.inbox(event.id),
            UpdateExpression="SET #kind = :kind, event = :event, received_at = if_not_exists(received_at, :now), "
            "GSI1PK = :open, GSI1SK = if_not_exists(GSI1SK, :sort)",
            ConditionExpression="attribute_not_exists(handled_at)",
            ExpressionAttributeNames={"#kind": "kind"},
            ExpressionAttributeValues=items.dump(
                {
                    ":kind": "INBOX",
                    ":event": _event_record(event),
                    ":now": isoformat(now),
                    ":open": keys.OPEN_INBOX,
                    ":sort": keys.by_time(now, event.id),
                }
            ),
        )
        return kept is not None

    def handled(self, event_id: str, now: datetime) -> None:
        self.table.update(
            "event_handled",
            keys.inbox(event_id),
            UpdateExpression="SET handled_at = :now, expires_at = :expires REMOVE GSI1PK, GSI1SK",
            ConditionExpression="attribute_exists(PK) AND attribute_not_exists(handled_at)",
            ExpressionAttributeValues=items.dump(
                {":now": isoformat(now), ":expires": int((now + KEPT).timestamp())}
            ),
        )

    def open_events(self, now: datetime) -> list[Received]:
        answer = self.table.query_index(
            "open_events",
            KeyConditionExpression="GSI1PK = :open AND GSI1SK <= :until",
            ExpressionAttributeValues=items.dump(
                {":open": keys.OPEN_INBOX, ":until": f"{isoformat(now - IN_HAND)}~"}
            ),
            Limit=100,
        )
        records = [items.load(item) for item in answer["Items"]]
        return [Received(_event(record["event"]), items.instant(record["received_at"])) for record in records]


def _event_record(event: PayPalEvent) -> Item:
    """The name and the ids; nothing else of it is ever used."""
    record = {**asdict(event), "kind": event.kind.value, "sent_at": None}
    return {name: value for name, value in record.items() if value is not None}


def _event(record: Item) -> PayPalEvent:
    return PayPalEvent(**{**record, "kind": EventKind(record["kind"])})
