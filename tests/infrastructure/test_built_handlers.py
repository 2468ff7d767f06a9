"""Every built handler answers under Lambda's own runtime client, and touches the table only as its role allows."""

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

import pytest
import uvicorn

from bench.lambda_runtime import Outcome, running
from bench.samples import booking, sample, signed_in
from local import engine
from local.google.app import create_app as google_app
from local.google.state import GoogleState
from local.ses.app import create_app as ses_app
from local.ses.state import SesState
from shared.adapters.dynamodb.seeds import seed
from shared.adapters.dynamodb.table import Table
from tests.engine import fresh_table
from tests.infrastructure.conftest import Resource, Statements, actions, layers, logical_id, named

pytestmark = pytest.mark.slow

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
    "PAYPAL_CLIENT_ID": "",
    "PAYPAL_MODE": "sandbox",
}
SECRETS = {"APP_SECRET": "a" * 32, "JWT_SHARED_SECRET": "b" * 32}
Use = tuple[str, str]
"""An action, and ``table`` or ``index``."""

READS_STREAMS = {
    f"dynamodb:{name}" for name in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
}
NEEDED_IN_A_RACE = {"book_free": {("dynamodb:GetItem", "table")}}
"""Rights no test here can make use of: the loser of two equal requests reads the winner's booking."""


class Meter(ThreadingHTTPServer):
    """Stands before the engine and notes what each request would have to be allowed to do."""

    daemon_threads = True

    def __init__(self, engine_address: str) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.engine_address = engine_address
        self.uses: set[Use] = set()

    def note(self, operation: str, request: Mapping[str, Any]) -> None:
        if operation == "TransactWriteItems":
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
    environment: dict[str, str] = field(default_factory=dict)

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
        """The names the template gives the function, and no others; the values are of this world."""
        names = set(self.functions[folder].get("Environment", {}).get("Variables", {}))
        values = {**VALUES, "TABLE_NAME": self.table_name}
        secrets = {**SECRETS, "GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(self.google.service_account())}
        return {
            "STAGE": "local",
            **{name: values[name] for name in names - {"SECRETS_PATH"}},
            **(secrets if "SECRETS_PATH" in names else {}),
            **self.environment,
        }


@pytest.fixture(scope="module")
def lambdas(build: Path, dynamodb: str, functions: dict[str, Resource]) -> Iterator[Lambda]:
    with ExitStack() as world:
        table_name = world.enter_context(fresh_table(dynamodb))
        seed(Table(engine.client("dynamodb", dynamodb), table_name))
        meter = world.enter_context(Meter(dynamodb.removeprefix("http://")))
        threading.Thread(target=meter.serve_forever, daemon=True).start()
        world.callback(meter.shutdown)
        google_socket, ses_socket = (
            socket.create_server(("127.0.0.1", 0)),
            socket.create_server(("127.0.0.1", 0)),
        )
        google = GoogleState(_url(google_socket), COACH)
        world.enter_context(_served(google_app(google), google_socket))
        world.enter_context(_served(ses_app(SesState(verified_domains=["coach.example"])), ses_socket))
        environment = {
            **engine.CREDENTIALS,
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{meter.server_port}",
            "AWS_ENDPOINT_URL_SESV2": _url(ses_socket),
            "GOOGLE_CALENDAR_API_BASE": f"{_url(google_socket)}/calendar/v3/",
        }
        yield Lambda(build, functions, table_name, meter, google, environment)


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


@pytest.fixture(scope="module")
def booked(lambdas: Lambda) -> dict[str, Any]:
    """An appointment made by the built function."""
    answer = lambdas.call("book_free", booking(0))
    assert answer["statusCode"] == 201, answer
    appointment: dict[str, Any] = json.loads(answer["body"])
    return appointment


@pytest.mark.parametrize(
    ("folder", "event", "status"),
    [
        ("health", "health/health", 200),
        ("config", "config/config", 200),
        ("availability", "availability/two_days", 200),
        ("promo", "promo/known", 200),
        ("promo", "promo/unknown", 404),
        ("book_free", "book_free/invalid", 422),
        ("appointments", "appointments/mine", 200),
        ("appointments", "appointments/one", 404),
    ],
)
def test_a_built_function_answers_its_sample_event(
    lambdas: Lambda, folder: str, event: str, status: int
) -> None:
    answer = lambdas.call(folder, sample(event))
    assert answer["statusCode"] == status, answer
    assert json.loads(answer["body"])


def test_a_booking_made_by_the_built_function_is_confirmed(booked: dict[str, Any]) -> None:
    assert booked["status"] == "confirmed"


def test_the_built_authorizer_lets_a_client_in(lambdas: Lambda) -> None:
    answer = lambdas.call("authorizer", signed_in({**VALUES, **SECRETS}))
    assert answer["isAuthorized"] is True
    assert answer["context"]["email"] == "client@example.com"


def test_the_built_authorizer_refuses_in_the_words_api_gateway_answers_401_to(lambdas: Lambda) -> None:
    outcome = lambdas.run("authorizer", sample("authorizer/not_a_token"))
    assert (outcome.kind, outcome.body["errorMessage"]) == ("error", "Unauthorized")


@pytest.mark.parametrize("folder", ["availability", "promo", "appointments", "config", "health", "book_free"])
def test_an_http_function_uses_the_rights_it_has_and_all_of_them(
    lambdas: Lambda, granted: Statements, booked: dict[str, Any], folder: str
) -> None:
    one = sample("appointments/one")
    one["rawPath"] = one["requestContext"]["http"]["path"] = f"/booking/{booked['id']}"
    events = {
        "availability": [sample("availability/two_days")],
        "promo": [sample("promo/known"), sample("promo/unknown")],
        "appointments": [sample("appointments/mine"), one],
        "config": [sample("config/config")],
        "health": [sample("health/health")],
        "book_free": [booking(1)],
    }
    lambdas.meter.uses.clear()
    for event in events[folder]:
        lambdas.call(folder, event)
    assert lambdas.meter.uses | NEEDED_IN_A_RACE.get(folder, set()) == rights(granted[folder])


def test_the_workers_use_the_rights_they_have_and_all_of_them(lambdas: Lambda, granted: Statements) -> None:
    used = {}
    for number, (folder, event) in enumerate(
        {
            "effects": None,
            "sweeper": sample("sweeper/scheduled"),
            "mail_events": sample("mail_events/sent"),
        }.items()
    ):
        assert lambdas.call("book_free", booking(2 + number))["statusCode"] == 201
        lambdas.meter.uses.clear()
        lambdas.call(folder, event or new_effects(lambdas))
        used[folder] = set(lambdas.meter.uses)
    assert used == {folder: rights(granted[folder]) for folder in used}


def new_effects(lambdas: Lambda) -> dict[str, Any]:
    """What the stream says of the outbox rows in the table."""
    client = engine.client("dynamodb", f"http://{lambdas.meter.engine_address}")
    rows = [
        row
        for row in client.scan(TableName=lambdas.table_name)["Items"]
        if row.get("kind") == {"S": "EFFECT"}
    ]
    assert rows
    return {"Records": [{"dynamodb": {"Keys": {"PK": row["PK"], "SK": row["SK"]}}} for row in rows]}


def rights(statements: list[dict[str, Any]]) -> set[Use]:
    return {
        (action, "index" if "/index/" in str(resource) else "table")
        for statement in statements
        for action in actions(statement)
        for resource in named(statement)
        if action.startswith("dynamodb:") and action not in READS_STREAMS
    }
