"""HTTP requests as API Gateway's HTTP API tells them to a function (payload 2.0), and answers read back."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

PLAIN_TYPES = ("application/json", "application/xml", "application/javascript")
"""Bodies of these types and of ``text/*`` come as they are; all others, and those of no type, in Base64."""

API_ID = "local"


def request_event(
    request: Request, body: bytes, route_key: str, parameters: Mapping[str, str]
) -> dict[str, Any]:
    headers = _joined(request.headers.items())
    cookies = [cookie.strip() for cookie in headers.pop("cookie", "").split(";") if cookie.strip()]
    query = _joined(parse_qsl(request.url.query, keep_blank_values=True))
    path = request.scope["path"]
    host = request.client.host if request.client else ""
    headers["x-forwarded-for"] = host
    headers["x-forwarded-proto"] = request.url.scheme
    headers["x-forwarded-port"] = str(request.url.port or "")
    now = time.time()
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": request.url.query,
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": API_ID,
            "domainName": headers.get("host", ""),
            "domainPrefix": API_ID,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": f"HTTP/{request.scope['http_version']}",
                "sourceIp": host,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": uuid.uuid4().hex,
            "routeKey": route_key,
            "stage": "$default",
            "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = query
    if parameters:
        event["pathParameters"] = dict(parameters)
    if body:
        plain = is_plain(headers.get("content-type", ""))
        event["body"] = body.decode("utf-8", "replace") if plain else base64.b64encode(body).decode()
        event["isBase64Encoded"] = not plain
    return event


def is_plain(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in PLAIN_TYPES


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


class BadAnswer(Exception):
    """The function answered something that is no HTTP response."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: bytes


def read_answer(payload: Any) -> Answer:
    """Payload 2.0: without a ``statusCode`` whatever came is the JSON body of a 200."""
    if not isinstance(payload, dict) or "statusCode" not in payload:
        return Answer(200, {"content-type": "application/json"}, (), _inferred_body(payload))
    try:
        body = payload.get("body") or ""
        text = body if isinstance(body, str) else json.dumps(body)
        return Answer(
            status=int(payload["statusCode"]),
            headers={
                "content-type": "text/plain;charset=UTF-8",
                **{name.lower(): _header(value) for name, value in (payload.get("headers") or {}).items()},
            },
            cookies=tuple(payload.get("cookies") or ()),
            body=base64.b64decode(text, validate=True) if payload.get("isBase64Encoded") else text.encode(),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise BadAnswer(str(error)) from error


def _inferred_body(payload: Any) -> bytes:
    return payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()


def _header(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def to_response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status, dict(answer.headers))
    for cookie in answer.cookies:
        response.headers.append("set-cookie", cookie)
    return response
