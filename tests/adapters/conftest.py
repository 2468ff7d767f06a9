"""Google's stand-in on a real socket, and a wire in between that can misbehave."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import uvicorn
from paypalserversdk.configuration import Configuration, Environment, Server
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient

from local.google.app import create_app
from local.google.state import GoogleState
from local.paypal.app import create_app as create_paypal_app
from local.paypal.courier import Courier
from local.paypal.state import PayPalState
from shared.domain.appointment import Appointment
from tests.adapters.paypal_rig import Receiver, Shop, loopback, served
from tests.builders import APPOINTMENT

COACH = "coach@example.org"


@dataclass
class Wire:
    """An ASGI app around the stand-in. It notes what was asked, and can be slow, refuse, or lose an answer."""

    app: Any
    requests: list[tuple[str, str, dict[str, Any] | None]] = field(default_factory=list)
    status: int | None = None
    content: bytes | None = None
    delay: float = 0
    loses_answers: int = 0
    only: str = ""

    def reset(self) -> None:
        self.__init__(self.app)  # type: ignore[misc]

    def paths(self) -> list[str]:
        return [f"{method} {path.rsplit('/', 1)[-1]}" for method, path, _ in self.requests]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        message = await receive()
        self.requests.append((scope["method"], scope["path"], _parsed(message["body"])))
        if self.only not in scope["path"]:
            await self.app(scope, _replay(message), send)
            return
        await asyncio.sleep(self.delay)
        if self.loses_answers:
            self.loses_answers -= 1
            await self.app(scope, _replay(message), _swallow)
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"99")]}
            )
            raise ConnectionAbortedError  # the server hangs up in the middle of its answer
        if self.status is not None:
            await send({"type": "http.response.start", "status": self.status, "headers": []})
            await send({"type": "http.response.body", "body": self.content or b""})
            return
        await self.app(scope, _replay(message), send)


def _replay(message: Any) -> Any:
    async def receive() -> Any:
        return message

    return receive


async def _swallow(_message: Any) -> None:
    return


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        return json.loads(body)
    except ValueError:
        return None


@dataclass
class Google:
    state: GoogleState
    wire: Wire
    base_url: str

    @property
    def api_base(self) -> str:
        return f"{self.base_url}/calendar/v3/"


@pytest.fixture(scope="session")
def google_server() -> Iterator[Google]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    state = GoogleState(base_url, COACH)
    wire = Wire(create_app(state))
    server = uvicorn.Server(uvicorn.Config(wire, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield Google(state, wire, base_url)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def google(google_server: Google) -> Google:
    google_server.state.reset()
    google_server.wire.reset()
    return google_server


@pytest.fixture
def appointment() -> Appointment:
    return replace(
        APPOINTMENT,
        id="0123456789abcdef0123456789abcdef",
        client=replace(APPOINTMENT.client, email="ana@example.org", name="Ana Silva"),
        timezone="America/Vancouver",
        backup_start=datetime(2026, 11, 25, 18, tzinfo=UTC),
        answers={"What would you like to talk about?": "My first team"},
    )


@pytest.fixture(scope="session")
def paypal_server() -> Iterator[PayPalState]:
    listening, base_url = loopback()
    state = PayPalState(base_url)
    with served(create_paypal_app(state), listening):
        yield state


@pytest.fixture
def paypal(paypal_server: PayPalState) -> PayPalState:
    paypal_server.reset()
    paypal_server.processing_seconds = 0
    return paypal_server


@pytest.fixture
def shop(paypal: PayPalState, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setitem(Configuration.environments, Environment.SANDBOX, {Server.DEFAULT: paypal.base_url})
    credentials = ClientCredentialsAuthCredentials(
        o_auth_client_id=paypal.client_id, o_auth_client_secret=paypal.client_secret
    )
    return Shop(paypal, PaypalServersdkClient(client_credentials_auth_credentials=credentials))


@pytest.fixture(scope="session")
def receiver_server() -> Iterator[Receiver]:
    listening, url = loopback()
    receiver = Receiver(url)
    with served(receiver, listening):
        yield receiver


@pytest.fixture
def receiver(receiver_server: Receiver) -> Receiver:
    receiver_server.answers = [200]
    receiver_server.taken = []
    return receiver_server


@pytest.fixture
def deliver(shop: Shop, receiver: Receiver) -> Callable[[], None]:
    courier = Courier(shop.state, receiver.url)
    return lambda: asyncio.run(courier.drain())
