"""Makes outside calls, all of them to nobody."""

from __future__ import annotations

import os
import time
from typing import Any

import boto3
from botocore.config import Config

from shared.observability import outside_call

dynamodb = boto3.client("dynamodb", config=Config(read_timeout=1, retries={"total_max_attempts": 1}))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    kind = event.get("pathParameters", {}).get("kind")
    if kind == "database":
        return _database()
    with outside_call("google", "freebusy"):
        time.sleep(0.2 if kind == "slow" else 0)
        if kind == "fail":
            raise ConnectionError("nobody there")
    return {"pid": os.getpid()}


def _database() -> dict[str, Any]:
    try:
        answer = dynamodb.get_item(TableName="things", Key={"PK": {"S": "a"}})
    except Exception as error:
        return {"statusCode": 500, "body": type(error).__name__}
    return {"statusCode": 200, "body": str(answer["Item"])}
