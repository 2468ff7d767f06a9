"""One resolver for every HTTP function: validates, dispatches, and turns each refusal into a problem."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from shared.domain.errors import DomainError
from shared.http import problems
from shared.observability import logger

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

NO_STORE = {"Cache-Control": "no-store"}
"""Every answer is one person's, or a moment's."""


def resolver() -> APIGatewayHttpResolver:
    app = APIGatewayHttpResolver(enable_validation=True, json_body_deserializer=_read_json)

    def request_id() -> str:
        event: APIGatewayProxyEventV2 = app.current_event
        return str(event.request_context.request_id)

    @app.exception_handler(DomainError)  # type: ignore[untyped-decorator]
    def refused(refusal: DomainError) -> Response[str]:
        return problems.refused(refusal, request_id())

    @app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]
    def invalid(error: RequestValidationError) -> Response[str]:
        return problems.invalid([_field_error(each) for each in error.errors()], request_id())

    @app.not_found
    def no_route(_: NotFoundError) -> Response[str]:
        return problems.problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such address.", request_id())

    @app.exception_handler(Exception)  # type: ignore[untyped-decorator]
    def failed(error: Exception) -> Response[str]:
        logger.error("request failed", error=type(error).__name__, where=_where(error))
        return problems.problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something went wrong on our side. If this was a booking, look at your sessions before trying again.",
            request_id(),
        )

    return app


def entry(app: APIGatewayHttpResolver, *, takes_any_body: bool = False) -> Handler:
    """The Lambda entry point of a resolver."""

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        fits = takes_any_body or _is_json(event)
        answer = app.resolve(event, context) if fits else _not_json(event)
        answer.setdefault("headers", {}).update(NO_STORE)
        return answer

    return handler


def _is_json(event: dict[str, Any]) -> bool:
    """Forms are no bodies of this API: the framework would read them, and stumble over broken ones."""
    content_type = event["headers"].get("content-type", "").strip()
    named_so = not content_type or content_type.startswith("application/json")
    return not event.get("body") or (named_so and _is_text(event))


def _is_text(event: dict[str, Any]) -> bool:
    """A body of no type comes in Base64, whatever it is."""
    try:
        return not event["isBase64Encoded"] or bool(base64.b64decode(event["body"]).decode())
    except UnicodeDecodeError:
        return False


def _not_json(event: dict[str, Any]) -> dict[str, Any]:
    problem = problems.invalid(
        [{"field": "body", "message": "A body is application/json."}], event["requestContext"]["requestId"]
    )
    headers = {**problem.headers, "Content-Type": problem.content_type}
    return {"statusCode": problem.status_code, "headers": headers, "body": problem.body}


def _read_json(text: str) -> Any:
    """Raises ``JSONDecodeError`` alone: the parser itself gives up in other ways on deep nesting and long numbers."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as unreadable:
        raise json.JSONDecodeError(type(unreadable).__name__, "", 0) from None


def _field_error(error: Any) -> dict[str, str]:
    """``loc`` begins with where the field stood: body, query, path or header. After it, where JSON broke off."""
    if error["type"] == "json_invalid":
        return {"field": "body", "message": "This is not JSON."}
    location = [str(part) for part in error["loc"]]
    field = ".".join(location[1:]) or location[0]
    return {"field": field, "message": str(error["msg"]).removeprefix("Value error, ")}


def _where(error: Exception) -> str:
    """File and line of the innermost frame: enough to find it, nothing that a client typed."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "?"
