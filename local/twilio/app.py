"""A stand-in for the part of Twilio's API that sends texts and finds them again.

Source: https://www.twilio.com/docs/messaging/api/message-resource
"""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.twilio.state import Refusal, TwilioState


def create_app(state: TwilioState) -> Starlette:
    async def messages(request: Request) -> Response:
        state.authenticate(_credentials(request), request.path_params["account"])
        if request.method == "GET":
            return JSONResponse(state.page(request.query_params))
        form = dict(parse_qsl((await request.body()).decode()))
        return JSONResponse(state.create(form), status_code=201)

    path = "/2010-04-01/Accounts/{account}/Messages.json"
    return Starlette(
        routes=[Route(path, messages, methods=["GET", "POST"])], exception_handlers={Refusal: _refuse}
    )


async def _refuse(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # noqa: S101 - Starlette hands over what was registered
    return JSONResponse(refusal.body(), status_code=refusal.status)


def _credentials(request: Request) -> tuple[str, str] | None:
    """HTTP Basic (RFC 7617)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if scheme.lower() == "basic" and colon else None
