"""What ``infra/template.yaml`` says in the local stack's terms: functions, routes, events and table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local import cloudformation

DEFAULT_TIMEOUT_SECONDS = 3
DEFAULT_MEMORY_MB = 128
UNITS = {"minute": 60, "minutes": 60, "hour": 3600, "hours": 3600, "day": 86400, "days": 86400}


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda function; ``name`` is the name of its folder."""

    name: str
    folder: Path
    handler: str
    environment: Mapping[str, str]
    timeout: float
    memory: int


@dataclass(frozen=True, slots=True)
class Authorizer:
    function: str
    identity_headers: tuple[str, ...]
    cache_seconds: float


@dataclass(frozen=True, slots=True)
class Cors:
    origins: tuple[str, ...]
    headers: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age: int | None = None
    credentials: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` as the template writes it: ``/booking/{id}``, or ``/files/{proxy+}``."""

    method: str
    path: str
    function: str
    authorizer: str | None = None


@dataclass(frozen=True, slots=True)
class StreamSource:
    function: str
    patterns: tuple[Mapping[str, Any], ...]
    batch_size: int
    retries: int
    """How often a failed batch is tried again; -1: until its records expire."""

    reports_item_failures: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    function: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Rule:
    """Events on the default bus that match ``pattern`` go to ``function``."""

    function: str
    pattern: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    functions: Mapping[str, Function]
    routes: tuple[Route, ...]
    authorizers: Mapping[str, Authorizer]
    cors: Cors | None
    streams: tuple[StreamSource, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    rules: tuple[Rule, ...] = ()
    table_name: str = ""
    table: Mapping[str, Any] = field(default_factory=dict)


def read(path: Path, parameters: Mapping[str, str] | None = None) -> Template:
    return _Reader(path, dict(parameters or {})).template()


class _Reader:
    def __init__(self, path: Path, parameters: dict[str, str]) -> None:
        document = cloudformation.load(path)
        self._resolve = cloudformation.Resolver(document, parameters)
        self._root = path.parent
        self._globals = self._resolve(document.get("Globals", {}))
        self._resources = {
            logical_id: resource
            for logical_id, resource in document["Resources"].items()
            if "Condition" not in resource or self._resolve.holds(resource["Condition"])
        }
        self._names = {
            logical_id: Path(self._properties(logical_id)["CodeUri"]).name
            for logical_id in self._of_type("AWS::Serverless::Function")
        }

    def template(self) -> Template:
        table_id = next(self._of_type("AWS::DynamoDB::Table"), None)
        table = self._properties(table_id) if table_id else {}
        return Template(
            functions={name: self._function(logical_id) for logical_id, name in self._names.items()},
            routes=tuple(self._routes()),
            authorizers=self._authorizers(),
            cors=self._cors(),
            streams=tuple(self._stream(*found) for found in self._events("DynamoDB")),
            schedules=tuple(self._schedule(*found) for found in self._events("Schedule", "ScheduleV2")),
            rules=tuple(
                Rule(function, event["Pattern"])
                for function, event in self._events("EventBridgeRule", "CloudWatchEvent")
            ),
            table_name=table.get("TableName", table_id or ""),
            table=table,
        )

    def _of_type(self, kind: str) -> Iterator[str]:
        return (logical_id for logical_id, resource in self._resources.items() if resource["Type"] == kind)

    def _properties(self, logical_id: str) -> dict[str, Any]:
        properties: dict[str, Any] = self._resolve(self._resources[logical_id].get("Properties", {}))
        return properties

    def _function(self, logical_id: str) -> Function:
        shared, own = self._globals.get("Function", {}), self._properties(logical_id)
        variables = {
            **shared.get("Environment", {}).get("Variables", {}),
            **own.get("Environment", {}).get("Variables", {}),
        }
        both = {**shared, **own}
        return Function(
            name=self._names[logical_id],
            folder=(self._root / both["CodeUri"]).resolve(),
            handler=both["Handler"],
            environment={name: str(value) for name, value in variables.items()},
            timeout=float(both.get("Timeout", DEFAULT_TIMEOUT_SECONDS)),
            memory=int(both.get("MemorySize", DEFAULT_MEMORY_MB)),
        )

    def _events(self, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for logical_id, name in self._names.items():
            for event in self._properties(logical_id).get("Events", {}).values():
                if event["Type"] in kinds:
                    yield name, event.get("Properties", {})

    def _api(self) -> dict[str, Any]:
        api = next(self._of_type("AWS::Serverless::HttpApi"), None)
        return {**self._globals.get("HttpApi", {}), **(self._properties(api) if api else {})}

    def _routes(self) -> Iterator[Route]:
        default = self._api().get("Auth", {}).get("DefaultAuthorizer")
        for function, event in self._events("HttpApi"):
            authorizer = event.get("Auth", {}).get("Authorizer", default)
            yield Route(
                method=event["Method"].upper(),
                path=event["Path"],
                function=function,
                authorizer=None if authorizer == "NONE" else authorizer,
            )

    def _authorizers(self) -> dict[str, Authorizer]:
        found = {}
        for name, authorizer in self._api().get("Auth", {}).get("Authorizers", {}).items():
            identity = authorizer.get("Identity", {})
            logical_id = authorizer["FunctionArn"].removesuffix(".Arn")
            found[name] = Authorizer(
                function=self._names[logical_id],
                identity_headers=tuple(header.lower() for header in identity.get("Headers", ())),
                cache_seconds=float(identity.get("ReauthorizeEvery", 0)),
            )
        return found

    def _cors(self) -> Cors | None:
        configured = self._api().get("CorsConfiguration")
        if not configured:
            return None
        if configured is True:
            return Cors(origins=("*",))
        return Cors(
            origins=tuple(configured.get("AllowOrigins", ())),
            headers=tuple(configured.get("AllowHeaders", ())),
            methods=tuple(configured.get("AllowMethods", ())),
            exposed=tuple(configured.get("ExposeHeaders", ())),
            max_age=configured.get("MaxAge"),
            credentials=bool(configured.get("AllowCredentials", False)),
        )

    def _stream(self, function: str, event: dict[str, Any]) -> StreamSource:
        filters = event.get("FilterCriteria", {}).get("Filters", ())
        return StreamSource(
            function=function,
            patterns=tuple(json.loads(entry["Pattern"]) for entry in filters),
            batch_size=int(event.get("BatchSize", 100)),
            retries=int(event.get("MaximumRetryAttempts", -1)),
            reports_item_failures="ReportBatchItemFailures" in event.get("FunctionResponseTypes", ()),
        )

    def _schedule(self, function: str, event: dict[str, Any]) -> Schedule:
        expression = event.get("Schedule") or event["ScheduleExpression"]
        match = re.fullmatch(r"rate\((\d+) (\w+)\)", expression)
        if not match:
            raise ValueError(f"the local stack knows rate(…) schedules alone, not {expression}")
        return Schedule(function=function, seconds=int(match[1]) * UNITS[match[2]])
