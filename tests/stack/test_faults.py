from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.faults import Fault, Faults, FaultyService
from local.servers import HOST
from tests.stack.conftest import Loop, Small

Serve = Callable[[Any], str]


class Service:
    """Counts the work it does."""

    def __init__(self, serve: Serve, target: str = "google") -> None:
        self.done: list[str] = []
        self.faults = Faults()
        app = Starlette(routes=[Route("/{path:path}", self._work, methods=["GET", "POST"])])
        self.url = serve(FaultyService(app, target, self.faults))

    async def _work(self, request: Request) -> Response:
        self.done.append(f"{request.method} {request.url.path}")
        return JSONResponse({"done": len(self.done)})

    def post(self, path: str) -> requests.Response:
        return requests.post(self.url + path, timeout=10)


@pytest.fixture
def service(serve: Serve) -> Service:
    return Service(serve)


def test_without_a_fault_a_service_just_works(service: Service) -> None:
    assert service.post("/events").json() == {"done": 1}


def test_a_refused_call_finds_nobody_and_does_no_work(service: Service) -> None:
    service.faults.add(Fault(target="google", effect="refuse"))
    with pytest.raises(requests.ConnectionError):
        service.post("/events")
    assert service.done == []


def test_a_lost_answer_means_that_the_work_was_done(service: Service) -> None:
    service.faults.add(Fault(target="google", effect="drop_response"))
    with pytest.raises(requests.ConnectionError):
        service.post("/events")
    assert service.done == ["POST /events"]


def test_a_status_comes_in_the_provider_s_own_words(service: Service, serve: Serve) -> None:
    service.faults.add(Fault(target="google", effect="status", status_code=429))
    answer = service.post("/events")
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (429, "rateLimitExceeded")
    assert service.done == []
    mail = Service(serve, "ses")
    mail.faults.add(Fault(target="ses", effect="status", status_code=429))
    assert mail.post("/v2/email").headers["x-amzn-errortype"] == "TooManyRequestsException"


def test_a_delayed_call_is_done_late(service: Service) -> None:
    service.faults.add(Fault(target="google", effect="delay", seconds=0.3))
    before = time.monotonic()
    assert service.post("/events").json() == {"done": 1}
    assert time.monotonic() - before >= 0.3


def test_a_fault_meets_matching_calls_alone_and_only_so_often(service: Service) -> None:
    service.faults.add(
        Fault(
            target="google",
            effect="status",
            status_code=500,
            match="POST /calendars/*/events",
            after=1,
            times=2,
        )
    )
    assert service.post("/token").status_code == 200
    statuses = [service.post("/calendars/me/events").status_code for _ in range(4)]
    assert statuses == [200, 500, 500, 200]


def test_a_fault_of_another_service_is_not_met(service: Service) -> None:
    service.faults.add(Fault(target="ses", effect="refuse"))
    assert service.post("/events").status_code == 200


def test_cleared_faults_are_gone(service: Service) -> None:
    service.faults.add(Fault(target="google", effect="refuse"))
    service.faults.clear()
    assert service.post("/events").status_code == 200
    assert service.faults.as_json() == []


class Database:
    """Answers every read alike, and counts them."""

    def __init__(self) -> None:
        self.reads = 0

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/", self._read, methods=["POST"])])

    async def _read(self, _: Request) -> Response:
        self.reads += 1
        return JSONResponse({"Item": {"PK": {"S": "a"}}}, media_type="application/x-amz-json-1.0")


@pytest.fixture
def database(project: Small, loop: Loop) -> Any:
    from local.servers import Servers

    servers, database = Servers(), Database()
    loop.run(servers.serve(database.app(), int(project.database.rpartition(":")[2])))
    yield database
    loop.run(servers.stop())


@pytest.mark.parametrize(
    ("effect", "more", "error", "reads"),
    [
        ("refuse", {}, "EndpointConnectionError", 0),
        ("status", {"status_code": 500}, "InternalServerError", 0),
        ("status", {"status_code": 400}, "ProvisionedThroughputExceededException", 0),
        ("drop_response", {}, "ConnectionClosedError", 1),
        ("delay", {"seconds": 30}, "ReadTimeoutError", 1),
    ],
)
def test_the_database_fails_for_the_functions(
    project: Small, database: Database, effect: str, more: dict[str, Any], error: str, reads: int
) -> None:
    project.outside.faults.add(Fault(target="dynamodb", effect=effect, match="GetItem", times=1, **more))
    assert project.get("/outside/database").text == error
    assert database.reads == reads
    assert project.get("/outside/database").status_code == 200


def test_the_database_s_faults_match_its_operations(project: Small, database: Database) -> None:
    project.outside.faults.add(Fault(target="dynamodb", effect="refuse", match="PutItem"))
    assert project.get("/outside/database").status_code == 200
    project.outside.faults.add(Fault(target="dynamodb", effect="refuse", match="POST /"))
    assert project.get("/outside/database").status_code == 500
    assert database.reads == 1
    assert project.database.startswith(f"http://{HOST}")
