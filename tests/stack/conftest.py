"""A small project behind the local gateway, on real loopback servers, with its functions in their own processes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.types import ASGIApp

from local import engine, template
from local.gateway import Gateway
from local.lambdas import Lambdas, Outside
from local.servers import HOST, Servers
from local.template import Function, Template

PROJECT = Path(__file__).parent / "project" / "infra" / "template.yaml"


class Loop:
    """An event loop in a thread of its own, which lives as long as the processes it starts."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@dataclass
class Small:
    """The small project while it runs."""

    url: str
    template: Template
    loop: Loop
    lambdas: Lambdas
    gateway: Gateway
    outside: Outside
    database: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.request("GET", path, **more)

    def request(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=30, **more)


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture
def serve(loop: Loop) -> Iterator[Any]:
    """Serves an application on a free port; the answer is its address."""
    servers = Servers()

    def start(app: ASGIApp) -> str:
        port = engine.free_port()
        loop.run(servers.serve(app, port))
        return f"http://{HOST}:{port}"

    yield start
    loop.run(servers.stop())


@pytest.fixture(scope="session")
def running_project(loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    description = template.read(PROJECT, {"Stage": "local"})
    port, database = engine.free_port(), engine.free_port()

    def environment(function: Function) -> dict[str, str]:
        address = {"AWS_ENDPOINT_URL_DYNAMODB": f"http://{HOST}:{database}"}
        return {**function.environment, **engine.CREDENTIALS, **address}

    outside = Outside()
    lambdas = Lambdas(description.functions, environment, outside, tmp_path_factory.mktemp("logs"))
    gateway = Gateway(description, lambdas)
    servers = Servers()
    loop.run(lambdas.start())
    loop.run(servers.serve(gateway, port))
    yield Small(
        f"http://{HOST}:{port}", description, loop, lambdas, gateway, outside, f"http://{HOST}:{database}"
    )
    loop.run(servers.stop())
    loop.run(lambdas.stop())


@pytest.fixture
def project(running_project: Small) -> Iterator[Small]:
    yield running_project
    running_project.outside.calls.clear()
    running_project.outside.crashes.clear()
    running_project.outside.faults.clear()
    running_project.outside.clock.reset()
    running_project.gateway.forget_authorizations()
