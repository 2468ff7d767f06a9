"""What clients are told in the app, in DynamoDB."""

from __future__ import annotations

from shared.adapters.dynamodb import cursors, items, keys, writes
from shared.adapters.dynamodb.table import Table
from shared.adapters.dynamodb.transaction import write
from shared.domain.notices import Notice
from shared.usecases.ports import AlreadyBooked, NoticePage

NOTICES = "n"
NEWEST = "~"
"""Sorts after every instant."""


class DynamoNotices:
    """The port ``NoticeStore`` on one DynamoDB table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def post(self, notice: Notice) -> None:
        new = writes.put_new(self.table.name, items.notice_record(notice), AlreadyBooked)
        try:
            write(self.table.client, "post_notice", [new])
        except AlreadyBooked:
            return

    def notices_of(self, client_id: str, cursor: str | None, limit: int) -> NoticePage:
        _, after = cursors.read(cursor, {NOTICES}) if cursor is not None else (NOTICES, "")
        answer = self.table.query_index(
            "notices_of",
            KeyConditionExpression="GSI1PK = :reader AND GSI1SK < :after",
            ExpressionAttributeValues=items.dump(
                {":reader": keys.by_reader(client_id), ":after": after or NEWEST}
            ),
            ScanIndexForward=False,
            Limit=limit + 1,
        )
        listed = [items.notice(items.load(item)) for item in answer["Items"]]
        more = len(listed) > limit
        shown = listed[:limit]
        return NoticePage(tuple(shown), cursors.write(NOTICES, _place(shown[-1])) if more else None)

    def notices_about(self, client_id: str, subject_id: str) -> list[Notice]:
        first = keys.notice(client_id, f"{subject_id}.")
        found = self.table.query(
            "notices_about",
            KeyConditionExpression="PK = :client AND begins_with(SK, :subject)",
            ExpressionAttributeValues=items.dump({":client": first["PK"], ":subject": first["SK"]}),
        )
        return [items.notice(items.load(item)) for item in found]

    def read_notice(self, client_id: str, notice_id: str) -> Notice | None:
        record = self.table.update(
            "read_notice",
            keys.notice(client_id, notice_id),
            UpdateExpression="SET #read = :yes",
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeNames={"#read": "read"},
            ExpressionAttributeValues=items.dump({":yes": True}),
        )
        return None if record is None else items.notice(items.load(record))


def _place(notice: Notice) -> str:
    return keys.by_time(notice.noted_at, notice.id)
