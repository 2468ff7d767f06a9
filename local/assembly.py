"""The whole system in one process and its children: stand-ins, database, functions, gateway, pumps, control."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Coroutine, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from local import engine, environment, site, template
from local.control import create_app as control_app
from local.faults import FaultyService
from local.gateway import Gateway
from local.google.app import create_app as google_app
from local.google.state import GoogleState
from local.lambdas import Lambdas, Outside
from local.paypal.app import create_app as paypal_app
from local.paypal.courier import Courier
from local.paypal.state import PayPalState
from local.pumps import DeadLetters, EventBus, SchedulePump, StreamPump
from local.servers import HOST, PortTaken, Servers, is_free
from local.ses.app import create_app as ses_app
from local.ses.app import create_mailbox_app
from local.ses.state import SesState
from local.signin import SignIn
from local.twilio.app import create_app as twilio_app
from local.twilio.state import TwilioState
from shared.adapters.dynamodb import keys, seeds
from shared.adapters.dynamodb.effects import DynamoEffects
from shared.adapters.dynamodb.notices import DynamoNotices
from shared.adapters.dynamodb.payments import DynamoPayments
from shared.adapters.dynamodb.store import DynamoBookings
from shared.adapters.dynamodb.table import Table
from shared.domain.time import isoformat
from shared.usecases.show_messages import messages_about

TEMPLATE = Path(__file__).parent.parent / "infra" / "template.yaml"


@dataclass(frozen=True, slots=True)
class Settings:
    base_port: int
    home: Path
    """Where ``endpoints.json`` and the logs go."""

    data: Path | None = None
    """Where the table is kept; without it, in memory."""

    switches: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the template that turn on what is off by default."""


class Assembly:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        ports = environment.ports(settings.base_port)
        self.urls = {name: f"http://{HOST}:{port}" for name, port in ports.items()}
        self.urls["admin"] = f"{self.urls['site']}/admin/"
        self._ports = ports
        self._engine = None
        if given := os.environ.get(engine.ENDPOINT_VARIABLE):
            self.urls["dynamodb"] = given
        else:
            data = settings.data / "dynamodb" if settings.data else None
            self._engine = engine.Engine(ports["dynamodb"], data)
        self._endpoints = settings.home / "endpoints.json"
        self._servers = Servers()
        self._tasks: list[asyncio.Task[None]] = []
        self.outside = Outside()

    async def start(self) -> None:
        self._settings.home.mkdir(parents=True, exist_ok=True)
        self._endpoints.unlink(missing_ok=True)
        if self._engine:
            self._engine.start()
        self._build()
        await self.lambdas.start()
        self.signin.start()
        if self._engine:
            await asyncio.to_thread(self._engine.wait)
        await asyncio.to_thread(self._prepare_table)
        await self._serve()
        for name in self._warmed():
            self._run(self.lambdas.warm(name))
        for loop in (self.stream.run(), self.bus.run(), self.schedules.run(), self.courier.run()):
            self._run(loop)
        self._announce()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._servers.stop()
        with contextlib.suppress(AttributeError):
            await self.lambdas.stop()
            self.signin.stop()
        if self._engine:
            await asyncio.to_thread(self._engine.stop)
        self._endpoints.unlink(missing_ok=True)

    async def reset(self) -> None:
        """Everything back to the seeds, the clock real."""
        self.outside.clock.reset()
        self.outside.crashes.clear()
        self.outside.faults.clear()
        self.lambdas.restart()
        async with self.courier.still(), self.schedules.still(), self.stream.still():
            await self.bus.drain()
            await asyncio.to_thread(self._replace_table)
            self.google.reset()
            self.paypal.reset()
            self.ses.reset()
            self.twilio.reset()
            self.lambdas.restart()
        self.schedules.enable_all()
        self.gateway.forget_authorizations()
        self.outside.calls.clear()
        self.dead.clear()

    def owed(self) -> int:
        """How many effects are still owed, due or not."""
        query = {"TableName": environment.TABLE, "IndexName": "GSI1", "Select": "COUNT"}
        query["KeyConditionExpression"] = "GSI1PK = :owed"
        pages = self._dynamodb.get_paginator("query")
        values = {":owed": {"S": keys.OWED}}
        return sum(page["Count"] for page in pages.paginate(**query, ExpressionAttributeValues=values))

    def messages(self, subject_id: str) -> list[dict[str, Any]]:
        """The notification log of one booking or package; empty for what does not exist."""
        table = Table(self._dynamodb, environment.TABLE)
        checkout = DynamoPayments(table).checkout(subject_id)
        about = DynamoBookings(table).appointment(subject_id) or (checkout.package if checkout else None)
        if about is None:
            return []
        messages = messages_about(DynamoEffects(table), DynamoNotices(table), about)
        return [
            asdict(each)
            | {"owed_at": isoformat(each.owed_at), "ended_at": each.ended_at and isoformat(each.ended_at)}
            for each in messages
        ]

    def _announce(self) -> None:
        """The file appears at once and whole: it says that everything is ready."""
        draft = self._endpoints.with_suffix(".draft")
        draft.write_text(json.dumps(self.urls, indent=2) + "\n")
        draft.rename(self._endpoints)

    def check_ports(self) -> None:
        """Raises ``PortTaken``. To be asked before anything is begun: what runs there may share our home."""
        unused = set() if self._engine else {"dynamodb"}
        for name in self._ports.keys() - unused:
            if not is_free(self._ports[name]):
                raise PortTaken(f"port {self._ports[name]} is taken: give another with PORT=…")

    def _build(self) -> None:
        self.google = GoogleState(self.urls["google"], environment.COACH_EMAIL, environment.COACH_TIMEZONE)
        self.paypal = PayPalState(self.urls["paypal"])
        self.courier = Courier(self.paypal, f"{self.urls['api']}/webhooks/paypal")
        self.ses = SesState(verified_domains=[environment.MAIL_DOMAIN])
        self.twilio = TwilioState()
        secret = environment.secret_values(self._settings.data)
        self.signin = SignIn(
            HOST,
            self._ports["signin"],
            environment.AUDIENCE,
            secret["JWT_SHARED_SECRET"],
            environment.COACH_EMAIL,
        )
        parameters = environment.parameters(self.urls["site"], self.signin.issuer, self.paypal, self.twilio)
        self.template = template.read(TEMPLATE, {**parameters, **self._settings.switches})
        self.lambdas = Lambdas(
            self.template.functions,
            environment.environment_of(
                secret, self.urls, json.dumps(self.google.service_account()), self.paypal, self.twilio
            ),
            self.outside,
            self._settings.home / "logs",
        )
        self.dead = DeadLetters()
        self.gateway = Gateway(self.template, self.lambdas)
        self.stream = StreamPump(self.template.streams, self.lambdas, self.dead, self.urls["dynamodb"])
        self.bus = EventBus(self.template.rules, self.lambdas, self.dead)
        self.schedules = SchedulePump(self.template.schedules, self.lambdas, self.stream)
        self.lambdas.after_invocation = self.stream.nudge
        self.outside.clock.on_move(self.schedules.clock_moved)
        self.ses.on_sent = self.bus.put

    def _prepare_table(self) -> None:
        engine.create_table(self.urls["dynamodb"], environment.TABLE, dict(self.template.table))
        self.stream.attach(environment.TABLE)
        seeds.seed(Table(self._dynamodb, environment.TABLE))

    def _replace_table(self) -> None:
        engine.delete_table(self.urls["dynamodb"], environment.TABLE)
        self._prepare_table()

    async def _serve(self) -> None:
        faults = self.outside.faults
        apps: dict[str, ASGIApp] = {
            "api": self.gateway,
            "site": site.create_app(self.urls["api"]),
            "mailbox": create_mailbox_app(self.ses),
            "control": control_app(self),
            "google": FaultyService(google_app(self.google), "google", faults),
            "paypal": FaultyService(paypal_app(self.paypal), "paypal", faults),
            "ses": FaultyService(ses_app(self.ses), "ses", faults),
            "twilio": FaultyService(twilio_app(self.twilio), "twilio", faults),
        }
        for name, app in apps.items():
            await self._servers.serve(app, self._ports[name])

    def _warmed(self) -> list[str]:
        """What a person waits for, and what follows at once."""
        routed = {route.function for route in self.template.routes}
        gates = {authorizer.function for authorizer in self.template.authorizers.values()}
        return sorted(gates | routed | {source.function for source in self.template.streams})

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    @cached_property
    def _dynamodb(self) -> Any:
        return engine.client("dynamodb", self.urls["dynamodb"])
