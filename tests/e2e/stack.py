"""The whole local stack in a process of its own, and its control address."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import requests

from local.environment import PORTS, ports

ROOT = Path(__file__).parent.parent.parent
MONDAY_EVENING = "2026-11-23T22:30:00Z"


class Stack:
    """Addresses of a running stack, and what a person could do at its control address."""

    def __init__(self, endpoints: dict[str, str]) -> None:
        self.site, self.api, self.control = endpoints["site"], endpoints["api"], endpoints["control"]
        self.paypal, self.signin = endpoints["paypal"], endpoints["signin"]
        self.dynamodb = endpoints["dynamodb"]

    def tell(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, self.control + path, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def reset(self) -> None:
        self.tell("DELETE", "/faults")
        self.tell("PUT", "/reset")
        self.tell("PUT", "/clock", {"now": MONDAY_EVENING})

    def token(self, email: str) -> str:
        return str(self.tell("POST", "/tokens", {"email": email, "role": "client"})["token"])

    def book(self, email: str, start: str) -> requests.Response:
        """What another client does meanwhile, without a browser."""
        body = {
            "promo_code": "WIMD25",
            "start": start,
            "phone": "+14165550199",
            "timezone": "America/Toronto",
        }
        headers = {"Authorization": f"Bearer {self.token(email)}"}
        return requests.post(self.api + "/booking/create-free", json=body, headers=headers, timeout=30)

    def sessions_of(self, email: str) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.token(email)}"}
        answer = requests.get(self.api + "/booking/my-appointments", headers=headers, timeout=30)
        return list(answer.json()["items"])


@contextmanager
def running(home: Path, **switches: str) -> Iterator[Stack]:
    """``switches`` turn on what is off by default."""
    command = [sys.executable, "-m", "local", "--home", str(home)]
    environment = {**os.environ, "PORT": str(_free_ports()), **switches}
    with (home / "output.log").open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        yield _ready(home, process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _ready(home: Path, process: subprocess.Popen[bytes]) -> Stack:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            stack = Stack(json.loads((home / "endpoints.json").read_text()))
            requests.get(stack.api + "/health", timeout=10).raise_for_status()
        except (OSError, ValueError, requests.RequestException):
            time.sleep(0.2)
        else:
            return stack
    raise RuntimeError("the local stack did not start:\n" + (home / "output.log").read_text())


def _free_ports() -> int:
    """The first of some ports in a row that nobody listens on."""
    for base in range(18000 + os.getpid() % 1000 * 20, 60000, len(PORTS)):
        if all(_free(port) for port in ports(base).values()):
            return base
    raise RuntimeError("no free ports")


def _free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
