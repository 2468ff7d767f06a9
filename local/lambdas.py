"""Lambda: for each function a pool of warm processes that grows with what is asked of it at once."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from local import frames
from local.clock import Clock
from local.faults import Faults
from local.outside import Call, CallLog, CrashPlans, Serving
from local.template import Function

MOST_PROCESSES = 8
START_SECONDS = 30
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TZ")


class FunctionError(Exception):
    """The handler raised, or can't be imported; the process lives on. ``kind`` is the exception's type."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class FunctionCrashed(Exception):
    """The process died before it answered."""


class FunctionTimedOut(Exception):
    """No answer within the function's timeout; its process was ended."""


class _Worker:
    """One process, as the stack sees it. ``unready`` says why its handler can't be imported."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.reader = reader
        self._writer = writer

    def send(self, message: dict[str, Any], body: bytes = b"") -> None:
        self._writer.write(frames.pack(message, body))

    def hang_up(self) -> None:
        self._writer.close()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.hang_up()


Environment = Callable[[Function], dict[str, str]]
"""What a function finds in its environment."""


class Outside:
    """What invocations share: the clock they see, the calls they make, and the trouble they meet."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.calls = CallLog()
        self.crashes = CrashPlans()
        self.faults = Faults()


class Lambdas:
    """Runs functions by name, each with the environment of its template and what the stack overrides."""

    def __init__(
        self, functions: Mapping[str, Function], environment: Environment, outside: Outside, logs: Path
    ) -> None:
        self._functions = functions
        self._environment = environment
        self._outside = outside
        self._logs = logs
        self._limits = {name: asyncio.Semaphore(MOST_PROCESSES) for name in functions}
        self._idle: dict[str, list[_Worker]] = {name: [] for name in functions}
        self._busy: set[_Worker] = set()
        self._expected: dict[int, asyncio.Future[_Worker]] = {}
        self._numbers = itertools.count()
        self._generation = 0
        self._scratch = tempfile.TemporaryDirectory(prefix="coach-")
        self._address = str(Path(self._scratch.name) / "workers")
        self._server: asyncio.Server | None = None
        self._nursery: subprocess.Popen[bytes] | None = None
        self.after_invocation: Callable[[], None] = lambda: None

    def __contains__(self, name: object) -> bool:
        return name in self._functions

    async def start(self) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        self._server = await asyncio.start_unix_server(self._greet, self._address)
        self._nursery = subprocess.Popen(  # noqa: ASYNC220 (a fork and an exec; its output is a file)
            [sys.executable, "-m", "local.worker", self._address],
            cwd=Path(__file__).parent.parent,
            env=_kept(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=(self._logs / "workers.log").open("ab"),
            start_new_session=True,
        )

    async def stop(self) -> None:
        self.restart()
        if self._nursery and self._nursery.stdin:
            self._nursery.stdin.close()
            try:
                await asyncio.to_thread(self._nursery.wait, 5)
            except subprocess.TimeoutExpired:
                self._nursery.kill()
                self._nursery.wait()
        if self._server:
            self._server.close()
        self._scratch.cleanup()

    def restart(self) -> None:
        """Ends every process; each invocation from now on meets a new one."""
        self._generation += 1
        for worker in self._busy:
            worker.kill()
        for workers in self._idle.values():
            while workers:
                workers.pop().hang_up()

    async def warm(self, name: str) -> None:
        """Has one process ready. One that can't be had shows when it is invoked."""
        generation = self._generation
        with contextlib.suppress(FunctionError, FunctionCrashed):
            self._rest(name, await self._spawn(self._functions[name]), generation)

    async def invoke(self, name: str, event: dict[str, Any], serving: Serving) -> Any:
        function = self._functions[name]
        async with self._limits[name]:
            generation = self._generation
            worker = self._idle[name].pop() if self._idle[name] else await self._spawn(function)
            self._busy.add(worker)
            try:
                async with asyncio.timeout(function.timeout):
                    answer = await self._converse(worker, function, event, serving)
            except TimeoutError:
                worker.kill()
                raise FunctionTimedOut(f"{name} did not answer within {function.timeout} s") from None
            except (asyncio.IncompleteReadError, ConnectionError):
                worker.hang_up()
                raise FunctionCrashed(f"the process of {name} died") from None
            except BaseException:
                worker.kill()
                raise
            finally:
                self._busy.discard(worker)
                self.after_invocation()
            self._rest(name, worker, generation)
        message, payload = answer
        if message["kind"] == "failed":
            raise FunctionError(message["error"]["errorType"], message["error"]["errorMessage"])
        return json.loads(payload)

    def _rest(self, name: str, worker: _Worker, generation: int) -> None:
        if generation == self._generation:
            self._idle[name].append(worker)
        else:
            worker.hang_up()

    async def _converse(
        self, worker: _Worker, function: Function, event: dict[str, Any], serving: Serving
    ) -> tuple[dict[str, Any], bytes]:
        outside = self._outside
        worker.send(
            {
                "request_id": serving.request_id,
                "seconds": function.timeout,
                "clock": outside.clock.offset,
                "crashes": outside.crashes.moments(function.name),
                "faults": outside.faults.stand("dynamodb"),
            },
            json.dumps(event).encode(),
        )
        calls: dict[int, Call] = {}
        while True:
            message, body = await frames.read(worker.reader)
            match message["kind"]:
                case "call":
                    calls[message["number"]] = outside.calls.begin(function.name, serving, message)
                case "called":
                    calls.pop(message["number"]).end(message["seconds"], message["outcome"])
                case "crash":
                    worker.send({"answer": outside.crashes.take(function.name, message["moment"])})
                case "fault":
                    call = calls.get(message["number"])
                    ours = f"{function.name}.{call.operation}" if call else ""
                    fault = outside.faults.meet("dynamodb", message["operation"], "POST /", ours)
                    worker.send({"answer": asdict(fault) if fault else None})
                case _:
                    return message, body

    async def _spawn(self, function: Function) -> _Worker:
        if not (self._nursery and self._nursery.stdin):
            raise FunctionCrashed("the stack is not running")
        number = next(self._numbers)
        expected: asyncio.Future[_Worker] = asyncio.get_running_loop().create_future()
        self._expected[number] = expected
        order = {
            "worker": number,
            "function": {
                "name": function.name,
                "folder": str(function.folder),
                "handler": function.handler,
                "memory": function.memory,
            },
            "environment": {**_kept(), **self._environment(function)},
            "clock": self._outside.clock.offset,
            "log": str((self._logs / f"{function.name}.log").resolve()),
        }
        self._nursery.stdin.write(json.dumps(order).encode() + b"\n")
        self._nursery.stdin.flush()
        try:
            async with asyncio.timeout(START_SECONDS):
                worker = await expected
                first, _ = await frames.read(worker.reader)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            raise FunctionCrashed(f"no process for {function.name} could be started") from None
        finally:
            del self._expected[number]
        if first["kind"] == "unready":
            worker.hang_up()
            raise FunctionError(first["error"]["errorType"], first["error"]["errorMessage"])
        return worker

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello, _ = await frames.read(reader)
        expected = self._expected.get(hello["worker"])
        if expected and not expected.done():
            expected.set_result(_Worker(hello["pid"], reader, writer))
        else:
            writer.close()


def _kept() -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
