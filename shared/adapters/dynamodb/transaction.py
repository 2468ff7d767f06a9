"""All or nothing: what is written together, and read together. Contention alone is tried again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import ClientError

from shared.adapters.dynamodb.keys import Key
from shared.adapters.dynamodb.table import BUSY_ERRORS, NO_ANSWER, Found, Table, call, raw
from shared.domain.errors import TemporarilyUnavailable, TooManyRequests
from shared.observability import outside_call

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

CONTENTION = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
ATTEMPTS = 12
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Step:
    """One item's part in a transaction, and what a failed condition on it means."""

    request: TransactWriteItemTypeDef
    refusal: Callable[[], Exception]


def write(client: DynamoDBClient, operation: str, steps: Sequence[Step]) -> None:
    """Commits all steps or none.

    Raises the refusal of the first step whose condition failed (order the steps by what the caller should hear
    first), ``TooManyRequests`` when contention does not end, ``TemporarilyUnavailable`` when there is no answer.

    An answer that was lost is asked for again under the same token, by which DynamoDB knows what it has committed.
    """
    requests, token = [step.request for step in steps], uuid4().hex
    unanswered: Exception | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            _pause(attempt)
        try:
            with outside_call("dynamodb", operation):
                client.transact_write_items(TransactItems=requests, ClientRequestToken=token)
        except client.exceptions.TransactionCanceledException as cancelled:
            unanswered, token = None, uuid4().hex
            codes = _codes(cancelled)
            _raise_refusal(steps, codes, cancelled)
            _raise_unless_contended(codes, cancelled)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
                unanswered = _once(unanswered, error)
            elif error.response["Error"]["Code"] not in BUSY_ERRORS:
                raise
        except NO_ANSWER as lost:
            unanswered = _once(unanswered, lost)
        else:
            return
    raise TooManyRequests("Too many bookings at this very moment; please try again.")


def read(table: Table, operation: str, wanted: Iterable[Key]) -> Found:
    """The items that exist, by ``(PK, SK)``, as they stood at one moment: never half of what a transaction wrote.

    ``BatchGetItem`` may find a payment captured and its booking not confirmed yet. Raises ``TooManyRequests`` when
    writes to them do not end, ``TemporarilyUnavailable`` when there is no answer.
    """
    gets: list[Any] = [{"Get": {"TableName": table.name, "Key": raw(key)}} for key in wanted]
    for attempt in range(ATTEMPTS):
        if attempt:
            _pause(attempt)
        try:
            with call(operation):
                answer = table.client.transact_get_items(TransactItems=gets)
        except table.client.exceptions.TransactionCanceledException as cancelled:
            _raise_unless_contended(_codes(cancelled), cancelled)
        else:
            items = [response["Item"] for response in answer["Responses"] if response.get("Item")]
            return {(item["PK"]["S"], item["SK"]["S"]): item for item in items}
    raise TooManyRequests("Too many bookings at this very moment; please try again.")


def _codes(cancelled: ClientError) -> list[str]:
    reasons: list[Any] = cancelled.response.get("CancellationReasons", [])
    return [reason.get("Code", "None") for reason in reasons]


def _raise_refusal(steps: Sequence[Step], codes: Sequence[str], cancelled: Exception) -> None:
    for step, code in zip(steps, codes, strict=True):
        if code == "ConditionalCheckFailed":
            raise step.refusal() from cancelled


def _raise_unless_contended(codes: Sequence[str], cancelled: Exception) -> None:
    if any(code not in CONTENTION and code != "None" for code in codes):
        raise cancelled


def _once(before: Exception | None, lost: Exception) -> Exception:
    """One try may end in the dark; after two in a row the store is down."""
    if before is not None:
        raise TemporarilyUnavailable("The store does not answer.") from lost
    return lost


def _pause(attempt: int) -> None:
    """Full jitter, so that clients who collided once do not collide again in step."""
    ceiling = min(FIRST_PAUSE_SECONDS * 2**attempt, LONGEST_PAUSE_SECONDS)
    time.sleep(random.uniform(0, ceiling))  # noqa: S311 - spreads load, hides nothing
