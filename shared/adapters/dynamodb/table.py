"""Reading the one table: a client with our time limits, and reads named by what they are for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004

from shared.adapters.dynamodb.keys import Key
from shared.domain.errors import TemporarilyUnavailable
from shared.observability import outside_call

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RawItem = dict[str, Any]
Found = dict[tuple[str, str], RawItem]

NO_ANSWER = (HTTPClientError, ConnectionError)
"""Not reached, or reached and not heard again."""

BUSY_ERRORS = frozenset(
    {
        "TransactionInProgressException",
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
    }
)

CONNECT_SECONDS, READ_SECONDS = 1, 3


def make_client(region: str) -> DynamoDBClient:
    """boto3's defaults wait a minute for an answer; a client at a web page does not."""
    client: DynamoDBClient = boto3.client(
        "dynamodb",
        region_name=region,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": 2, "mode": "standard"},
            max_pool_connections=4,
        ),
    )
    return client


class Table:
    """Strongly consistent reads by key; queries of the index are the exception and say so."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self.client = client
        self.name = name

    def get(self, operation: str, key: Key) -> RawItem | None:
        with call(operation):
            answer = self.client.get_item(TableName=self.name, Key=raw(key), ConsistentRead=True)
        return answer.get("Item")

    def get_all(self, operation: str, wanted: Iterable[Key]) -> dict[tuple[str, str], RawItem]:
        """The items that exist, by ``(PK, SK)``: one call for up to 100 keys, unless DynamoDB leaves some out."""
        pending: list[Any] = [raw(key) for key in wanted]
        found: dict[tuple[str, str], RawItem] = {}
        while pending:
            batch, rest = pending[:100], pending[100:]
            with call(operation):
                answer = self.client.batch_get_item(
                    RequestItems={self.name: {"Keys": batch, "ConsistentRead": True}}
                )
            for item in answer["Responses"].get(self.name, []):
                found[item["PK"]["S"], item["SK"]["S"]] = item
            unread = answer["UnprocessedKeys"].get(self.name)
            pending = [*(unread["Keys"] if unread else ()), *rest]
        return found

    def query_index(self, operation: str, **query: Any) -> dict[str, Any]:
        """GSI1 is eventually consistent: it finds candidates, it never decides."""
        with call(operation):
            return dict(self.client.query(TableName=self.name, IndexName="GSI1", **query))

    def query(self, operation: str, **query: Any) -> list[RawItem]:
        """Few items of one partition, strongly consistent: a single page."""
        with call(operation):
            return self.client.query(TableName=self.name, ConsistentRead=True, **query)["Items"]

    def scan(self, operation: str, **scan: Any) -> Iterator[RawItem]:
        """Everything there is, page by page, eventually consistent: for what runs once a day, never for a client."""
        more: dict[str, Any] = {}
        while True:
            with call(operation):
                answer = self.client.scan(TableName=self.name, **scan, **more)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def update(self, operation: str, key: Key, **update: Any) -> RawItem | None:
        """The item after the update; None when its condition failed."""
        with call(operation):
            try:
                answer = self.client.update_item(
                    TableName=self.name, Key=raw(key), ReturnValues="ALL_NEW", **update
                )
            except self.client.exceptions.ConditionalCheckFailedException:
                return None
        return answer["Attributes"]


def raw(key: Key) -> dict[str, Any]:
    return {name: {"S": value} for name, value in key.items()}


@contextmanager
def call(operation: str) -> Iterator[None]:
    try:
        with outside_call("dynamodb", operation):
            yield
    except NO_ANSWER as lost:
        raise TemporarilyUnavailable("the store does not answer") from lost
    except ClientError as refused:
        failed = refused.response["ResponseMetadata"]["HTTPStatusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR
        if failed or refused.response["Error"]["Code"] in BUSY_ERRORS:
            raise TemporarilyUnavailable("the store fails") from refused
        raise
