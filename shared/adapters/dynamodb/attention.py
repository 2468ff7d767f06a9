"""What needs a person, in DynamoDB."""

from __future__ import annotations

from shared.adapters.dynamodb import items, keys, writes
from shared.adapters.dynamodb.table import Table
from shared.adapters.dynamodb.transaction import write
from shared.domain.attention import Attention


class DynamoAttention:
    """The port ``AttentionStore`` on one DynamoDB table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def note(self, attention: Attention) -> None:
        write(self.table.client, "note_attention", [writes.note(self.table.name, attention)])

    def open_attention(self) -> list[Attention]:
        """The first thousands: as much as one answer of DynamoDB holds."""
        answer = self.table.query_index(
            "open_attention",
            KeyConditionExpression="GSI1PK = :open",
            ExpressionAttributeValues=items.dump({":open": keys.OPEN_ATTENTION}),
        )
        return [items.attention(items.load(item)) for item in answer["Items"]]
