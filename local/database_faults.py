"""Faults on the way to the database, inside the worker: between botocore and the network.

The engine itself stays out of it: the stack's own reading of the table never fails with the functions'.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

Ask = Callable[[str], dict[str, Any] | None]

active = False
"""Whether any fault on the database stands, so that calls need not ask when none does."""

ERROR_TYPES = {
    400: "ProvisionedThroughputExceededException",
    429: "ThrottlingException",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> list[bytes]:
        return [self._content]


def install(ask: Ask) -> None:
    """From now on each request to DynamoDB asks, while faults are active, which one it meets."""
    send = URLLib3Session.send

    def faulty(session: Any, request: AWSPreparedRequest) -> Any:
        operation = _operation(request) if active else None
        fault = ask(operation) if operation else None
        return _meet(fault, session, request, send) if fault else send(session, request)

    URLLib3Session.send = faulty  # type: ignore[method-assign, assignment]


def _operation(request: AWSPreparedRequest) -> str | None:
    target = request.headers.get("X-Amz-Target", b"")
    target = target.decode() if isinstance(target, bytes) else target
    service, _, operation = target.partition(".")
    return operation if service.startswith("DynamoDB_") else None


def _meet(fault: dict[str, Any], session: Any, request: AWSPreparedRequest, send: Any) -> Any:
    if fault["effect"] == "refuse":
        raise EndpointConnectionError(endpoint_url=request.url)
    if fault["effect"] == "status":
        return _answer(request, fault["status_code"])
    response = send(session, request)
    if fault["effect"] == "drop_response":
        raise ConnectionClosedError(endpoint_url=request.url)
    patience = _read_timeout(session)
    time.sleep(min(fault["seconds"], patience))
    if fault["seconds"] > patience:
        raise ReadTimeoutError(endpoint_url=request.url)
    return response


def _answer(request: AWSPreparedRequest, status: int) -> AWSResponse:
    kind = ERROR_TYPES.get(status, "InternalServerError")
    body = json.dumps(
        {"__type": f"com.amazonaws.dynamodb.v20120810#{kind}", "message": "a fault was asked for"}
    )
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    return AWSResponse(request.url, status, headers, _Body(body.encode()))  # type: ignore[arg-type]


def _read_timeout(session: Any) -> float:
    timeout = session._timeout
    return float(timeout if isinstance(timeout, int | float) else timeout.read_timeout)
