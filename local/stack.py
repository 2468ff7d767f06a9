"""The whole stack as a child process, for tests and benchmarks: ``with Stack(home) as stack: stack.control(…)``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import requests

from local.environment import PORTS
from local.servers import is_free

ROOT = Path(__file__).parent.parent
START_SECONDS = 180
STOP_SECONDS = 20
FIRST_PORT, LAST_PORT = 20_000, 30_000
"""Below what the system itself hands out."""


class Stack:
    """Its own table, ports, clock and logs; several may run side by side.


    ``switches`` turn on what is off by default: ``{"TWILIO_SMS_ENABLED": "true"}``.
    """

    def __init__(
        self,
        home: Path,
        base_port: int | None = None,
        data: Path | None = None,
        switches: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self.urls: dict[str, str] = {}
        self._base_port = base_port or free_base_port()
        self._data = data
        self._switches = dict(switches or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._http = requests.Session()
        self._http.trust_env = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        if not self._process:
            raise RuntimeError("the stack was not started")
        return int(self._process.pid)

    def start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        endpoints = self.home / "endpoints.json"
        endpoints.unlink(missing_ok=True)
        output = self.home / "stack.log"
        data = ("--data", str(self._data)) if self._data else ()
        with output.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local", "--home", str(self.home), *data],
                cwd=ROOT,
                env={**os.environ, **self._switches, "PORT": str(self._base_port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not endpoints.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the stack did not start: {output.read_text()}")
            time.sleep(0.05)
        self.urls = json.loads(endpoints.read_text())

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call of the control address. Raises ``requests.HTTPError`` when it is refused."""
        answer = self._http.request(method, self.urls["control"] + path, json=body, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def token(self, email: str, role: str = "client") -> str:
        return str(self.control("POST", "/tokens", {"email": email, "role": role})["token"])

    def api(self, method: str, path: str, *, token: str | None = None, **request: Any) -> requests.Response:
        headers = {**request.pop("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        return requests.request(method, self.urls["api"] + path, headers=headers, timeout=60, **request)


def free_base_port() -> int:
    """A port from which on as many are free as the stack needs; another process starts elsewhere."""
    step = len(PORTS) + 1
    choices = range(FIRST_PORT, LAST_PORT, step)
    first = os.getpid() % len(choices)
    for base in (*choices[first:], *choices[:first]):
        if all(is_free(base + offset) for offset in range(len(PORTS))):
            return int(base)
    raise RuntimeError(f"no free ports between {FIRST_PORT} and {LAST_PORT}")
