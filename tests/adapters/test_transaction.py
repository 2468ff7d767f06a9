"""A transaction whose answer is lost: asked for again, it is known to be made."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from local import engine
from shared.adapters.dynamodb.transaction import Step, write
from shared.domain.errors import TemporarilyUnavailable


class Refused(Exception):
    pass


class Deaf:
    """Does the work, and hears nothing of it for the first ``times``."""

    def __init__(self, client: Any, times: int) -> None:
        self.client, self.times, self.exceptions = client, times, client.exceptions

    def transact_write_items(self, **request: Any) -> Any:
        answer = self.client.transact_write_items(**request)
        self.times -= 1
        if self.times >= 0:
            raise ReadTimeoutError(endpoint_url="http://dynamodb.example")
        return answer


@pytest.fixture
def client(dynamodb: str) -> Any:
    return engine.client("dynamodb", dynamodb)


def put(table: str, word: str) -> Step:
    item = {"PK": {"S": "one"}, "SK": {"S": "one"}, "word": {"S": word}}
    return Step(
        {"Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(PK)"}},
        Refused,
    )


def word(client: Any, table: str) -> str:
    key = {"PK": {"S": "one"}, "SK": {"S": "one"}}
    return str(client.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]["word"]["S"])


def test_a_lost_answer_is_found_out(client: Any, table_name: str) -> None:
    write(Deaf(client, 1), "put", [put(table_name, "mine")])  # type: ignore[arg-type]
    assert word(client, table_name) == "mine"


def test_another_who_does_the_same_is_refused(client: Any, table_name: str) -> None:
    write(client, "put", [put(table_name, "mine")])
    with pytest.raises(Refused):
        write(Deaf(client, 1), "put", [put(table_name, "mine")])  # type: ignore[arg-type]


def test_two_answers_lost_in_a_row_are_an_outage(client: Any, table_name: str) -> None:
    with pytest.raises(TemporarilyUnavailable):
        write(Deaf(client, 2), "put", [put(table_name, "mine")])  # type: ignore[arg-type]
    assert word(client, table_name) == "mine"
