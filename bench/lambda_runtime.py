"""Runs a built function as Lambda does: its own process, Lambda's runtime interface client, and a Runtime API.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryDirectory
from typing import Any

RUNTIME_CLIENT = ("awslambdaric", "snapshot-restore-py", "simplejson")
STARTS_WITHIN = 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """``kind`` is ``response``, or ``error`` when the handler raised or could not be imported."""

    kind: str
    body: Any
    at: float
    """``time.perf_counter`` when the answer had come in."""


class RuntimeApi(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.events: Queue[bytes | None] = Queue()
        self.outcomes: Queue[Outcome] = Queue()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def handle_error(self, *_request: Any) -> None:
        """The process was killed in the middle of a request; what matters comes as an outcome."""


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RuntimeApi

    def do_GET(self) -> None:
        event = self.server.events.get()
        if event is None:
            self.close_connection = True
            return
        self._answer(
            200,
            event,
            {
                "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
                "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60_000),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:built",
                "Content-Type": "application/json",
            },
        )

    def do_POST(self) -> None:
        kind = self.path.rsplit("/", 1)[-1]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        self.server.outcomes.put(Outcome(kind, body, time.perf_counter()))
        self._answer(202, b"", {})

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        return


@dataclass(slots=True)
class Running:
    process: subprocess.Popen[bytes]
    api: RuntimeApi
    spawned_at: float

    def invoke(self, event: Any) -> Outcome:
        self.api.events.put(json.dumps(event).encode())
        try:
            return self.api.outcomes.get(timeout=STARTS_WITHIN)
        except Empty:
            raise TimeoutError("the function did not answer") from None

    def peak_memory_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024


@contextmanager
def running(
    function: Path, layers: Sequence[Path], environment: Mapping[str, str], log: Path | None = None
) -> Iterator[Running]:
    """The function in a process that sees its folder, the layers and the runtime client, and no other package."""
    with TemporaryDirectory() as scratch, RuntimeApi() as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        paths = [function, *layers, _runtime_client(Path(scratch))]
        own = {
            "PATH": os.environ["PATH"],
            "TZ": ":UTC",
            "PYTHONPATH": ":".join(str(path) for path in paths),
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "LAMBDA_TASK_ROOT": str(function),
        }
        output = (log or Path(os.devnull)).open("ab")
        spawned_at = time.perf_counter()
        process = subprocess.Popen(
            # -S: no site-packages; -B: as on Lambda, where what is compiled while running is never kept.
            [sys._base_executable, "-S", "-s", "-B", "-m", "awslambdaric", "handler.handler"],
            cwd=function,
            env={**own, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            yield Running(process, api, spawned_at)
        finally:
            process.kill()
            process.wait()
            api.events.put(None)
            api.shutdown()
            output.close()


def _runtime_client(folder: Path) -> Path:
    """A folder with the runtime client alone, as Lambda's image has it."""
    for name in RUNTIME_CLIENT:
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or () if file.parts[0] != "__pycache__"}:
            (folder / top).symlink_to(Path(str(distribution.locate_file(top))))
    return folder
