"""API Gateway's HTTP API on loopback: the template's routes, authorizer and CORS before the real handlers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Mapping
from email.utils import formatdate
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local import http_events
from local.lambdas import FunctionCrashed, FunctionError, FunctionTimedOut
from local.outside import Serving
from local.routes import Routes
from local.template import Authorizer, Cors, Template

REQUEST_BYTES = 6 * 1024 * 1024
"""Lambda's limit for an event; API Gateway's own is 10 MB."""

HEADER_BYTES = 10_240
"""Request line and headers together."""


class Refusal(Exception):
    """The gateway's own answer: API Gateway's ``{"message": …}``, not the product's problem+json."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.response = JSONResponse({"message": message}, status)


class Invoker(Protocol):
    def invoke(self, name: str, event: dict[str, Any], serving: Serving) -> Awaitable[Any]: ...


class Gateway:
    def __init__(self, template: Template, lambdas: Invoker) -> None:
        self._routes = Routes(template.routes)
        self._cors = template.cors
        self._lambdas = lambdas
        self._authorizers = {
            name: CachedAuthorizer(authorizer, lambdas) for name, authorizer in template.authorizers.items()
        }

    def forget_authorizations(self) -> None:
        for authorizer in self._authorizers.values():
            authorizer.forget()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Refusal as refusal:
            response = refusal.response
        if self._cors:
            _set_cors(response, request, self._cors)
        response.headers["date"] = formatdate(usegmt=True)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        _check_head(request)
        if self._cors and _is_preflight(request):
            return Response(status_code=204)
        found = self._routes.find(request.method, request.scope["path"])
        if not found:
            raise Refusal(404, "Not Found")
        route, parameters = found
        body = await _body(request)
        event = http_events.request_event(request, body, f"{route.method} {route.path}", parameters)
        if route.authorizer:
            context = await self._authorizers[route.authorizer].context(event)
            event["requestContext"]["authorizer"] = {"lambda": context}
        return await self._invoke(route.function, event)

    async def _invoke(self, function: str, event: dict[str, Any]) -> Response:
        try:
            payload = await self._lambdas.invoke(function, event, _serving(event))
            return http_events.to_response(http_events.read_answer(payload))
        except FunctionTimedOut:
            raise Refusal(503, "Service Unavailable") from None
        except (FunctionError, FunctionCrashed, http_events.BadAnswer):
            raise Refusal(502, "Internal Server Error") from None


class CachedAuthorizer:
    """A Lambda authorizer with simple responses; one answer is good for all who bring the same identity."""

    def __init__(self, authorizer: Authorizer, lambdas: Invoker) -> None:
        self._authorizer = authorizer
        self._lambdas = lambdas
        self._cache: dict[tuple[str, ...], tuple[float, dict[str, Any]]] = {}

    def forget(self) -> None:
        self._cache.clear()

    async def context(self, event: dict[str, Any]) -> dict[str, Any]:
        """What the authorizer says of the caller. Raises ``Refusal``."""
        identity = tuple(event["headers"].get(name, "") for name in self._authorizer.identity_headers)
        if not all(identity):
            raise Refusal(401, "Unauthorized")
        answer = self._remembered(identity)
        if answer is None:
            answer = await self._ask(event, identity)
            self._cache[identity] = (time.time(), answer)
        if answer.get("isAuthorized") is not True:
            raise Refusal(403, "Forbidden")
        context: dict[str, Any] = answer.get("context") or {}
        return context

    def _remembered(self, identity: tuple[str, ...]) -> dict[str, Any] | None:
        asked_at, answer = self._cache.get(identity, (0.0, {}))
        fresh = 0 <= time.time() - asked_at < self._authorizer.cache_seconds
        return answer if fresh else None

    async def _ask(self, event: dict[str, Any], identity: tuple[str, ...]) -> dict[str, Any]:
        question = {
            **{name: value for name, value in event.items() if name not in ("body", "isBase64Encoded")},
            "type": "REQUEST",
            "routeArn": _route_arn(event),
            "identitySource": list(identity),
        }
        try:
            answer = await self._lambdas.invoke(self._authorizer.function, question, _serving(event))
        except FunctionError as error:
            if error.message == "Unauthorized":
                raise Refusal(401, "Unauthorized") from None
            raise Refusal(500, "Internal Server Error") from None
        except (FunctionCrashed, FunctionTimedOut):
            raise Refusal(500, "Internal Server Error") from None
        if not isinstance(answer, Mapping):
            raise Refusal(500, "Internal Server Error")
        return dict(answer)


def _serving(event: dict[str, Any]) -> Serving:
    context = event["requestContext"]
    return Serving(f"{context['http']['method']} {context['http']['path']}", context["requestId"])


def _route_arn(event: dict[str, Any]) -> str:
    method, _, path = event["routeKey"].partition(" ")
    return f"arn:aws:execute-api:us-east-1:000000000000:{http_events.API_ID}/$default/{method}{path}"


def _check_head(request: Request) -> None:
    line = len(request.method) + len(request.scope["raw_path"]) + len(request.scope["query_string"])
    if line + sum(len(name) + len(value) for name, value in request.headers.raw) > HEADER_BYTES:
        raise Refusal(431, "Request Header Fields Too Large")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > REQUEST_BYTES:
            raise Refusal(413, "Request Entity Too Large")
    return bytes(body)


def _is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


def _set_cors(response: Response, request: Request, cors: Cors) -> None:
    """API Gateway's own CORS headers, in the place of any that the function sent."""
    for name in [name for name in response.headers if name.startswith("access-control-")]:
        del response.headers[name]
    origin = request.headers.get("origin", "")
    if not origin or not {"*", origin} & set(cors.origins):
        return
    values = {"origin": "*" if "*" in cors.origins else origin, "expose-headers": ",".join(cors.exposed)}
    if _is_preflight(request):
        values |= {"methods": ",".join(cors.methods), "headers": ",".join(cors.headers)}
        values["max-age"] = "" if cors.max_age is None else str(cors.max_age)
    if cors.credentials:
        response.headers["access-control-allow-credentials"] = "true"
    for name, value in values.items():
        if value:
            prefix = "" if name in ("expose-headers", "max-age") else "allow-"
            response.headers[f"access-control-{prefix}{name}"] = value
