"""Answers in each way that API Gateway understands, and in some that it does not."""

from __future__ import annotations

from typing import Any

ANSWERS: dict[str, Any] = {
    "full": {
        "statusCode": 418,
        "headers": {"X-Kind": "tea", "Access-Control-Allow-Origin": "https://evil.example"},
        "cookies": ["a=1; Path=/", "b=2"],
        "body": "short and stout",
    },
    "binary": {
        "statusCode": 200,
        "headers": {"content-type": "image/png"},
        "body": "iVBORw==",
        "isBase64Encoded": True,
    },
    "plain": {"hello": "there"},
    "words": "hello",
    "no-number": {"statusCode": "many"},
    "no-base64": {"statusCode": 200, "body": "***", "isBase64Encoded": True},
    "no-json": {"statusCode": 200, "body": {1, 2}},
}


def handler(event: dict[str, Any], _context: object) -> Any:
    return ANSWERS[event["pathParameters"]["kind"]]
