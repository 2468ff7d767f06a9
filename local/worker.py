"""The processes that run functions.

``python -m local.worker SOCKET`` imports the heavy libraries once, and the shared code, which reads no environment
before it is used, then forks a process for each line on its input. That process is one Lambda execution environment:
it imports one handler, with what it is made of, and serves one invocation at a time.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
import threading
import time
import traceback
from typing import Any

import boto3

import shared
from local import database_faults, frames
from local.clock import Clock

PRELOADED = (
    "pydantic",
    "aws_lambda_powertools.event_handler.openapi.params",
    "aws_lambda_powertools.utilities.data_classes",
    "jwt",
    "phonenumbers",
    "icalendar",
    "jinja2",
    "requests",
    "googleapiclient.discovery",
    "google.oauth2.service_account",
    "google_auth_httplib2",
)
COMPOSED = "shared.bootstrap"
"""Each process makes its own clients and stores."""

SERVICES = ("dynamodb", "sesv2")
"""boto3 keeps the descriptions of services that a client was made for, and reads keys and addresses anew."""

CRASH_STATUS = 1


class Context:
    """Lambda's context object."""

    def __init__(self, function: dict[str, Any], request_id: str, deadline: float) -> None:
        self.function_name = function["name"]
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = str(function["memory"])
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{self.function_name}"
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = str(os.getpid())
        self.aws_request_id = request_id
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class Stack:
    """The worker's end of its connection: tells of outside calls as they happen, asks whether to die at one."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._open_calls = threading.local()
        self._count = 0
        self.crashes: list[str] = []

    def receive(self) -> tuple[dict[str, Any], bytes] | None:
        return frames.receive(self._connection)

    def tell(self, body: bytes = b"", **message: Any) -> None:
        with self._lock:
            self._connection.sendall(frames.pack(message, body))

    def ask(self, **message: Any) -> Any:
        with self._lock:
            self._connection.sendall(frames.pack(message))
            reply = frames.receive(self._connection)
        if reply is None:
            os._exit(CRASH_STATUS)
        return reply[0]["answer"]

    def before(self, target: str, operation: str) -> None:
        self._crash_if_planned(f"before {target}.{operation}")
        with self._lock:
            self._count += 1
            number = self._count
        stack = self._open_calls.__dict__.setdefault("numbers", [])
        stack.append(number)
        self.tell(kind="call", number=number, target=target, operation=operation)

    def after(self, target: str, operation: str, seconds: float, outcome: str) -> None:
        self.tell(kind="called", number=self._open_calls.numbers.pop(), seconds=seconds, outcome=outcome)
        self._crash_if_planned(f"after {target}.{operation}")

    def fault(self, operation: str) -> Any:
        """What a request of the database meets; ``number`` tells which outside call it is part of."""
        numbers = self._open_calls.__dict__.get("numbers") or [None]
        return self.ask(kind="fault", operation=operation, number=numbers[-1])

    def _crash_if_planned(self, moment: str) -> None:
        if moment in self.crashes and self.ask(kind="crash", moment=moment):
            os._exit(CRASH_STATUS)


def _load(function: dict[str, Any]) -> Any:
    sys.path[:0] = [function["folder"]]
    module, _, name = function["handler"].rpartition(".")
    return getattr(importlib.import_module(module), name)


def _error(error: BaseException) -> dict[str, Any]:
    traceback.print_exception(error)
    return {"errorType": type(error).__name__, "errorMessage": str(error)}


def _invoke(
    stack: Stack, handler: Any, function: dict[str, Any], invocation: dict[str, Any], event: bytes
) -> None:
    context = Context(function, invocation["request_id"], time.monotonic() + invocation["seconds"])
    try:
        payload = json.dumps(handler(json.loads(event), context)).encode()
    except BaseException as error:  # Lambda reports whatever a handler raises, SystemExit too
        stack.tell(kind="failed", error=_error(error))
    else:
        stack.tell(payload, kind="result")


def serve(order: dict[str, Any], connection: socket.socket) -> None:
    """One execution environment, from its first import until the stack hangs up."""
    stack, clock, function = Stack(connection), Clock(), order["function"]
    stack.tell(kind="hello", worker=order["worker"], pid=os.getpid())
    clock.set_offset(order["clock"])
    try:
        from shared import observability  # noqa: PLC0415 (in the function's own environment)

        observability.listen(stack)
        handler = _load(function)
    except BaseException as error:
        stack.tell(kind="unready", error=_error(error))
        return
    database_faults.install(stack.fault)
    stack.tell(kind="ready")
    while (received := stack.receive()) is not None:
        invocation, event = received
        clock.set_offset(invocation["clock"])
        stack.crashes = invocation["crashes"]
        database_faults.active = invocation["faults"]
        _invoke(stack, handler, function, invocation, event)


def _become(order: dict[str, Any], address: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        serve(order, connection)


def main(address: str) -> None:
    from local.engine import die_with_parent  # noqa: PLC0415

    die_with_parent()
    ours = {each.name for each in pkgutil.walk_packages(shared.__path__, "shared.")} - {COMPOSED}
    for name in (*PRELOADED, *ours):
        importlib.import_module(name)
    for service in SERVICES:
        boto3.client(service, region_name="us-east-1", aws_access_key_id="-", aws_secret_access_key="-")
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in iter(sys.stdin.buffer.readline, b""):
        if os.fork() == 0:
            status = CRASH_STATUS
            try:
                die_with_parent()
                _become(json.loads(line), address)
                status = 0
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)


if __name__ == "__main__":
    main(sys.argv[1])
