"""Real handlers on fakes: the ports are in memory, everything else is what runs on Lambda."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from shared import bootstrap
from shared import config as configuration
from shared.adapters.invitations import Invitations
from shared.domain.caller import LinkHolder, Role
from shared.http.auth import authorizer_context
from shared.observability import logger
from shared.usecases.checkout import Shop
from shared.usecases.deliver_effects import World
from shared.usecases.move_by_coach import Desk
from shared.usecases.ports import Texter, WebhookVerifier
from shared.usecases.reconcile import Sources
from shared.usecases.show_open_times import RecentBusy
from shared.usecases.sweep import Books
from shared.usecases.till import Till
from tests.builders import NOW, caller
from tests.fake_paypal import FakePayPal
from tests.fakes import FakeCalendar, FakeClock, FakeMailer, FakeStore, FakeTexter, FakeVerifier

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "STAGE": "local",
    "COACH_EMAIL": "coach@example.com",
    "SITE_URL": "https://coach.example",
    "JWT_ISSUER": "https://signin.example",
    "JWT_AUDIENCE": "site",
}

COACH = "coach"

Event = dict[str, Any]
Handler = Callable[[Event, object], dict[str, Any]]


class LambdaContext:
    """What a handler may read of its invocation."""

    function_name = "test"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:test"
    aws_request_id = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"


@dataclass
class Stage:
    """The functions, and the world they touch."""

    store: FakeStore = field(default_factory=FakeStore)
    calendar: FakeCalendar = field(default_factory=FakeCalendar)
    mailer: FakeMailer = field(default_factory=FakeMailer)
    texter: Texter = field(default_factory=FakeTexter)
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    paypal: FakePayPal = field(default_factory=FakePayPal)
    verifier: WebhookVerifier = field(default_factory=FakeVerifier)
    _handlers: dict[str, Handler] = field(default_factory=dict)

    @staticmethod
    def event(name: str) -> Event:
        loaded: Event = json.loads((ROOT / "events" / f"{name}.json").read_text())
        return loaded

    def invoke(self, function: str, event: Event) -> dict[str, Any]:
        if function not in self._handlers:
            self._handlers[function] = _load(function)
        return self._handlers[function](event, LambdaContext())

    def call(self, name: str, client: str | LinkHolder | None = None, **changes: Any) -> Answer:
        """Sends ``events/<function>/<name>.json``, changed: ``body``, ``query``, ``path``, ``headers``.

        ``client`` has signed in, or came by a mail's link.
        """
        event = self.event(name)
        if client:
            role = Role.COACH if client == COACH else Role.CLIENT
            party = client if isinstance(client, LinkHolder) else caller(client, role)
            event["requestContext"]["authorizer"]["lambda"] = authorizer_context(party)
        if "body" in changes:
            body = changes["body"]
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        if "query" in changes:
            event["queryStringParameters"] = changes["query"]
        if "path" in changes:
            event["rawPath"] = event["requestContext"]["http"]["path"] = changes["path"]
        event["headers"] |= changes.get("headers", {})
        answer = self.invoke(name.partition("/")[0], event)
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def world(self) -> World:
        return World(self.store, self.store, self.mailer, self.texter, self.till(), self.store)

    def till(self) -> Till:
        return Till(self.store, self.store, self.paypal, self.calendar, self.clock)

    def shop(self) -> Shop:
        back = "https://coach.example/sessions.html?paid="
        return Shop(self.store, self.store, self.calendar, self.paypal, f"{back}1", f"{back}0")

    def books(self) -> Books:
        return Books(self.world(), self.store, self.store)

    def sources(self) -> Sources:
        return Sources(self.store, self.paypal, self.calendar, self.store, self.clock)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.text)
        return loaded


def _load(function: str) -> Handler:
    place = ROOT / "functions" / function / "handler.py"
    spec = importlib.util.spec_from_file_location(f"{function}_handler", place)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Handler = module.handler
    return handler


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the functions wrote to their log."""
    stream, handler = io.StringIO(), logger.registered_handler
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage = Stage()
    stage.store.seed()
    config = configuration.read(ENVIRONMENT)
    replaced = {
        "config": lambda: config,
        "bookings": lambda: stage.store,
        "effects": lambda: stage.store,
        "packages": lambda: stage.store,
        "calendar": lambda: stage.calendar,
        "recent_busy": lambda: RecentBusy(stage.calendar),
        "mailer": lambda: stage.mailer,
        "invitations": lambda: Invitations(organizer_email="bookings@coach.example", organizer_name="Coach"),
        "world": stage.world,
        "shop": stage.shop,
        "changes": lambda: stage.store,
        "desk": lambda: Desk(stage.store, stage.store, stage.calendar),
        "till": stage.till,
        "books": stage.books,
        "sources": stage.sources,
        "inbox": lambda: stage.store,
        "attention": lambda: stage.store,
        "notices": lambda: stage.store,
        "webhook_verifier": lambda: stage.verifier,
        "clock": stage.clock,
    }
    for name, value in replaced.items():
        monkeypatch.setattr(bootstrap, name, value)
    return stage
