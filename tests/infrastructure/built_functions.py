"""The built functions under Lambda's own runtime client, in a world of stand-ins that notes what they do."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import uvicorn

from bench.lambda_runtime import Outcome, running
from local import engine
from local.google.app import create_app as google_app
from local.google.state import GoogleState
from local.paypal.app import create_app as paypal_app
from local.paypal.state import CLIENT_ID, WEBHOOK_ID, PayPalState
from local.ses.app import create_app as ses_app
from local.ses.state import SesState
from shared.adapters.dynamodb.seeds import seed
from shared.adapters.dynamodb.table import Table
from tests.engine import fresh_table
from tests.infrastructure.conftest import READS_SECRETS, Resource, actions, layers, logical_id, named

COACH = "coach@example.com"
VALUES = {
    "COACH_EMAIL": COACH,
    "COACH_NAME": "Coach",
    "COACH_GOOGLE_CALENDAR_ID": COACH,
    "MAIL_FROM": "bookings@coach.example",
    "MAIL_CONFIGURATION_SET": "test",
    "SITE_URL": "https://coach.example/",
    "JWT_ISSUER": "",
    "JWT_AUDIENCE": "site",
    "PAYPAL_CLIENT_ID": CLIENT_ID,
    "PAYPAL_MODE": "sandbox",
    "PAYPAL_VAULT_ENABLED": "false",
    "PAYPAL_WEBHOOK_ID": WEBHOOK_ID,
    "PAYPAL_WEBHOOK_VERIFICATION": "api",
    "TWILIO_SMS_ENABLED": "false",
    "TWILIO_ACCOUNT_SID": "",
    "TWILIO_FROM": "",
}
SECRETS = {"APP_SECRET": "a" * 32, "JWT_SHARED_SECRET": "b" * 32, "TWILIO_AUTH_TOKEN": "c" * 32}
Use = tuple[str, str]
"""An action, and ``table`` or ``index``."""

READS_STREAMS = {
    f"dynamodb:{name}" for name in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
}


class Meter(ThreadingHTTPServer):
    """Stands before the engine and notes what each request would have to be allowed to do."""

    daemon_threads = True

    def __init__(self, engine_address: str) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.engine_address = engine_address
        self.uses: set[Use] = set()

    def note(self, operation: str, request: Mapping[str, Any]) -> None:
        if operation in {"TransactWriteItems", "TransactGetItems"}:
            kinds = {kind for item in request["TransactItems"] for kind in item}
            self.uses |= {(f"dynamodb:{kind}Item", "table") for kind in kinds}
        else:
            self.uses.add((f"dynamodb:{operation}", "index" if "IndexName" in request else "table"))


class _Forward(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Meter

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.note(self.headers["X-Amz-Target"].rpartition(".")[2], json.loads(body))
        connection = http.client.HTTPConnection(self.server.engine_address)
        connection.request("POST", "/", body, dict(self.headers.items()))
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    def log_message(self, *_arguments: object) -> None:
        return


@dataclass
class Lambda:
    """The built functions, and a world for them on loopback."""

    build: Path
    functions: dict[str, Resource]
    table_name: str
    meter: Meter
    google: GoogleState
    paypal: PayPalState
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def where(self) -> tuple[str, str]:
        """The engine's address, and the table's name."""
        return f"http://{self.meter.engine_address}", self.table_name

    @property
    def table(self) -> Any:
        """A client of the table that nobody meters."""
        return engine.client("dynamodb", f"http://{self.meter.engine_address}")

    def run(self, folder: str, event: Any) -> Outcome:
        with running(
            self.build / logical_id(folder), layers(self.build), self._environment(folder)
        ) as function:
            return function.invoke(event)

    def call(self, folder: str, event: Any) -> dict[str, Any]:
        outcome = self.run(folder, event)
        assert outcome.kind == "response", outcome.body
        answer: dict[str, Any] = outcome.body
        return answer

    def _environment(self, folder: str) -> dict[str, str]:
        """The names and secrets the template gives the function, and no others; the values are of this world."""
        names = set(self.functions[folder].get("Environment", {}).get("Variables", {}))
        values = {**VALUES, "TABLE_NAME": self.table_name}
        secrets = {
            **SECRETS,
            "GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(self.google.service_account()),
            "PAYPAL_CLIENT_SECRET": self.paypal.client_secret,
        }
        return {
            "STAGE": "local",
            **{name: values[name] for name in names - {"SECRETS_PATH"}},
            **{name: secrets[name] for name in READS_SECRETS.get(folder, ())},
            **self.environment,
        }


@contextmanager
def lambda_world(build: Path, dynamodb: str, functions: dict[str, Resource]) -> Iterator[Lambda]:
    with ExitStack() as world:
        table_name = world.enter_context(fresh_table(dynamodb))
        seed(Table(engine.client("dynamodb", dynamodb), table_name))
        meter = world.enter_context(Meter(dynamodb.removeprefix("http://")))
        threading.Thread(target=meter.serve_forever, daemon=True).start()
        world.callback(meter.shutdown)
        google_socket, paypal_socket, ses_socket = (socket.create_server(("127.0.0.1", 0)) for _ in range(3))
        paypal = PayPalState(_url(paypal_socket), processing_seconds=0)
        world.enter_context(_served(paypal_app(paypal), paypal_socket))
        google = GoogleState(_url(google_socket), COACH)
        world.enter_context(_served(google_app(google), google_socket))
        world.enter_context(_served(ses_app(SesState(verified_domains=["coach.example"])), ses_socket))
        environment = {
            **engine.CREDENTIALS,
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{meter.server_port}",
            "AWS_ENDPOINT_URL_SESV2": _url(ses_socket),
            "PAYPAL_API_BASE": paypal.base_url,
            "GOOGLE_CALENDAR_API_BASE": f"{_url(google_socket)}/calendar/v3/",
        }
        yield Lambda(build, functions, table_name, meter, google, paypal, environment)


def _url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def _served(app: Any, listening: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


def rights(statements: list[dict[str, Any]]) -> set[Use]:
    return {
        (action, "index" if "/index/" in str(resource) else "table")
        for statement in statements
        for action in actions(statement)
        for resource in named(statement)
        if action.startswith("dynamodb:") and action not in READS_STREAMS
    }
