"""PayPal's REST API over HTTP, as far as this system speaks it, and the buyer's pages beside it."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.paypal import checkout, exact_json, order_request, replay, reporting
from local.paypal.authority import CERTIFICATES_PATH
from local.paypal.errors import ISSUES, PayPalError, TokenRefused, envelope
from local.paypal.order import Order
from local.paypal.payments import Refund
from local.paypal.state import PayPalState

Json = dict[str, Any]
Call = Callable[[PayPalState, Request, bytes], Awaitable[Response]]

ORDERS = "/v2/checkout/orders"
CAPTURES = "/v2/payments/captures"
TOKENS = "/v3/vault/payment-tokens"


def create_app(state: PayPalState) -> Starlette:
    calls: tuple[tuple[str, str, Call], ...] = (
        ("POST", ORDERS, _create),
        ("GET", f"{ORDERS}/{{id}}", _order),
        ("PATCH", f"{ORDERS}/{{id}}", _patch),
        ("POST", f"{ORDERS}/{{id}}/capture", _capture),
        ("GET", f"{CAPTURES}/{{id}}", _captured),
        ("POST", f"{CAPTURES}/{{id}}/refund", _refund),
        ("GET", "/v2/payments/refunds/{id}", _refunded),
        ("GET", f"{TOKENS}/{{id}}", _payment_token),
        ("DELETE", f"{TOKENS}/{{id}}", _delete_payment_token),
        ("GET", reporting.PATH, _transactions),
        ("POST", "/v1/notifications/verify-webhook-signature", _verify),
    )
    return Starlette(
        routes=[
            Route("/v1/oauth2/token", _token(state), methods=["POST"]),
            Route(f"{CERTIFICATES_PATH}/{{id}}", _certificate(state)),
            *(_route(state, *call) for call in calls),
            *checkout.routes(state),
        ]
    )


def _token(state: PayPalState) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        authorization = request.headers.get("authorization", "")
        try:
            with state.lock:
                granted = state.tokens.grant(
                    authorization, form.get("grant_type", ""), vault=state.account.vault
                )
        except TokenRefused as refused:
            return _answer(refused.body, refused.status)
        return _answer(granted)

    return endpoint


def _certificate(state: PayPalState) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        pem = state.webhooks.certificate(request.path_params["id"])
        return Response(pem, 200 if pem else 404, media_type="application/x-pem-file")

    return endpoint


def _route(state: PayPalState, method: str, path: str, call: Call) -> Route:
    async def endpoint(request: Request) -> Response:
        content = await request.body()
        if not state.tokens.admits(request.headers.get("authorization", "")):
            return _refusal(401)
        try:
            _check_mock(request)
            state.catch_up()
            return await call(state, request, content)
        except PayPalError as error:
            return _refusal(error.status, error, "payments" if path.startswith(CAPTURES) else "orders")

    return Route(path, endpoint, methods=[method])


def _check_mock(request: Request) -> None:
    """Negative testing: a header names the refusal that is wanted."""
    if asked := request.headers.get("paypal-mock-response"):
        issue = json.loads(asked).get("mock_application_codes")
        raise PayPalError(issue if issue in ISSUES else "INVALID_PARAMETER_VALUE")


async def _create(state: PayPalState, request: Request, content: bytes) -> Response:
    def create(request_id: str | None) -> str:
        asked = order_request.read(_json_object(content), request_id)
        return state.orders.create(asked).id

    order_id, status = await _once(state, request, "create", create)
    return _show_order(state, request, state.orders.all[order_id], status)


async def _capture(state: PayPalState, request: Request, content: bytes) -> Response:
    def capture(_: str | None) -> str:
        _json_object(content)
        return state.orders.capture(request.path_params["id"]).id

    order_id, status = await _once(state, request, "capture", capture)
    return _show_order(state, request, state.orders.all[order_id], status)


async def _refund(state: PayPalState, request: Request, content: bytes) -> Response:
    capture_id = request.path_params["id"]

    def refund(_: str | None) -> str:
        return state.payments.refund(capture_id, _json_object(content)).id

    refund_id, status = await _once(state, request, "refund", refund, f"capture {capture_id}")
    return _show_refund(state, request, state.payments.refunds[refund_id], status)


async def _once(
    state: PayPalState, request: Request, operation: str, work: Callable[[str | None], str], *claims: str
) -> tuple[str, int]:
    """What the work made, or what an earlier request with the same id did: 201 or 200."""
    request_id = request.headers.get("paypal-request-id")
    replay.check(request_id)
    ids = state.request_ids
    if made := ids.find(operation, request_id):
        return made, 200
    own = (f"{operation} {request_id}",) if request_id is not None else ()
    with ids.alone(*claims, *own):
        await asyncio.sleep(state.processing_seconds)
        with state.lock:
            made = work(request_id)
            ids.keep(operation, request_id, made)
    return made, 201


async def _order(state: PayPalState, request: Request, _: bytes) -> Response:
    with state.lock:
        return _answer(state.orders.view(state.orders.find(request.path_params["id"])))


async def _patch(state: PayPalState, request: Request, content: bytes) -> Response:
    with state.lock:
        state.orders.patch(request.path_params["id"], _json(content))
    return _empty()


async def _captured(state: PayPalState, request: Request, _: bytes) -> Response:
    with state.lock:
        return _answer(state.payments.find(request.path_params["id"]).view(state.base_url))


async def _refunded(state: PayPalState, request: Request, _: bytes) -> Response:
    with state.lock:
        return _answer(state.payments.find_refund(request.path_params["id"]).view(state.base_url))


async def _transactions(state: PayPalState, request: Request, _: bytes) -> Response:
    asked = reporting.Search.read(request.query_params)
    with state.lock:
        return _answer(reporting.search(state.payments, state.account, state.base_url, asked))


async def _payment_token(state: PayPalState, request: Request, _: bytes) -> Response:
    with state.lock:
        return _answer(state.vault.find(request.path_params["id"]).view(state.base_url))


async def _delete_payment_token(state: PayPalState, request: Request, _: bytes) -> Response:
    with state.lock:
        state.vault.delete(request.path_params["id"], by_merchant=True)
    return _empty()


async def _verify(state: PayPalState, _: Request, content: bytes) -> Response:
    """Judges the bytes of ``webhook_event`` as they stand in the request."""
    asked = _json_object(content)
    event = exact_json.value_of(content, "webhook_event")
    if event is None:
        raise PayPalError("MISSING_REQUIRED_PARAMETER", field="/webhook_event", location="body")
    with state.lock:
        verified = state.webhooks.verifies(asked, event)
    return _answer({"verification_status": "SUCCESS" if verified else "FAILURE"})


def _show_order(state: PayPalState, request: Request, order: Order, status: int) -> Response:
    full = _wants_representation(request)
    with state.lock:
        return _answer(state.orders.view(order) if full else state.orders.minimal(order), status)


def _show_refund(state: PayPalState, request: Request, refund: Refund, status: int) -> Response:
    view = refund.view(state.base_url)
    minimal = {name: view[name] for name in ("id", "status", "links")}
    return _answer(view if _wants_representation(request) else minimal, status)


def _wants_representation(request: Request) -> bool:
    return request.headers.get("prefer", "return=minimal").replace(" ", "") == "return=representation"


def _json(content: bytes) -> Any:
    try:
        return json.loads(content or b"{}")
    except ValueError:
        raise PayPalError("MALFORMED_REQUEST_JSON", location="body") from None


def _json_object(content: bytes) -> Json:
    parsed = _json(content)
    if not isinstance(parsed, dict):
        raise PayPalError("MALFORMED_REQUEST_JSON", location="body")
    return parsed


def _answer(body: Json, status: int = 200, debug_id: str | None = None) -> Response:
    return JSONResponse(body, status, headers={"Paypal-Debug-Id": debug_id or _debug_id()})


def _empty() -> Response:
    return Response(status_code=204, headers={"Paypal-Debug-Id": _debug_id()})


def _refusal(status: int, error: PayPalError | None = None, api: str = "orders") -> Response:
    debug_id = _debug_id()
    return _answer(envelope(status, debug_id, error, api), status, debug_id)


def _debug_id() -> str:
    return secrets.token_hex(7)[:13]
