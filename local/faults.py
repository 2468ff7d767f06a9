"""Bad luck on demand: a stand-in that refuses, fails, is slow, or does the work and loses the answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.paypal.errors import PayPalError, envelope


@dataclass(slots=True, kw_only=True)
class Fault:
    """Meets calls to ``target`` that ``match``: the first ``after`` pass, then ``times`` (or all) are hit."""

    target: str
    effect: str
    match: str = "*"
    """``POST /calendars/*/events``; for ``dynamodb`` an operation's name, or a function's call: ``checkout.hold``."""

    status_code: int = 503
    seconds: float = 0
    times: int | None = None
    after: int = 0
    passed: int = 0
    hits: int = 0

    def hit(self) -> bool:
        if self.passed < self.after:
            self.passed += 1
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        self.hits += 1
        return True


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def stand(self, target: str) -> bool:
        return any(fault.target == target for fault in self._faults)

    def meet(self, target: str, *descriptions: str) -> Fault | None:
        """The fault that this call meets, if any; it counts as met."""
        for fault in self._faults:
            matching = any(fnmatchcase(description, fault.match) for description in descriptions)
            if fault.target == target and matching and fault.hit():
                return fault
        return None

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._faults]

    def clear(self) -> None:
        self._faults.clear()


class FaultyService:
    """A stand-in behind its faults. It must be the outermost layer, as it reaches for the connection."""

    def __init__(self, app: ASGIApp, target: str, faults: Faults) -> None:
        self._app = app
        self._target = target
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = None
        if scope["type"] == "http":
            fault = self._faults.meet(self._target, f"{scope['method']} {scope['path']}")
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.effect == "refuse":
            hang_up(send)
        elif fault.effect == "status":
            await _answer(send, self._target, fault.status_code)
        elif fault.effect == "delay":
            await asyncio.sleep(fault.seconds)
            with contextlib.suppress(ClientDisconnect):  # whoever asked may have given up by now
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _swallow)
            hang_up(send)


async def _swallow(_: Message) -> None:
    pass


def hang_up(send: Send) -> None:
    """Resets the connection without an answer, through uvicorn's own record of the request."""
    cycle: Any = send.__self__  # type: ignore[attr-defined]
    connection = cycle.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    cycle.disconnected = True
    cycle.transport.abort()


async def _answer(send: Send, target: str, status: int) -> None:
    body, headers = ERRORS[target](status)
    fields = [(b"content-type", b"application/json"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


Error = tuple[dict[str, Any], list[tuple[bytes, bytes]]]

GOOGLE_REASONS = {
    401: "authError",
    403: "rateLimitExceeded",
    404: "notFound",
    429: "rateLimitExceeded",
}
SES_TYPES = {
    400: "MessageRejected",
    403: "AccessDeniedException",
    404: "NotFoundException",
    429: "TooManyRequestsException",
}


def _google_error(status: int) -> Error:
    message = "a fault was asked for"
    reason = GOOGLE_REASONS.get(status, "backendError")
    error = {"domain": "global", "reason": reason, "message": message}
    return {"error": {"code": status, "message": message, "errors": [error]}}, []


def _ses_error(status: int) -> Error:
    kind = SES_TYPES.get(status, "InternalServiceErrorException")
    return {"message": "a fault was asked for"}, [(b"x-amzn-errortype", kind.encode())]


PAYPAL_ISSUES = {
    403: "PERMISSION_DENIED",
    404: "INVALID_RESOURCE_ID",
    409: "PREVIOUS_REQUEST_IN_PROGRESS",
    422: "TRANSACTION_REFUSED",
}


def _paypal_error(status: int) -> Error:
    issue = PAYPAL_ISSUES.get(status)
    debug_id = "mockfault"
    body = envelope(status, debug_id, PayPalError(issue) if issue else None)
    return body, [(b"paypal-debug-id", debug_id.encode())]


TWILIO_CODES = {401: 20003, 404: 20404, 429: 20429}


def _twilio_error(status: int) -> Error:
    code = TWILIO_CODES.get(status, 20500 if status >= 500 else 20001)
    more = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": "a fault was asked for", "more_info": more, "status": status}, []


ERRORS: dict[str, Callable[[int], Error]] = {
    "google": _google_error,
    "paypal": _paypal_error,
    "ses": _ses_error,
    "twilio": _twilio_error,
}
