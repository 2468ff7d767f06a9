"""A stand-in for the part of the SES v2 API that the mailer speaks, and the mailbox beside it."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.ses.mailbox import create_mailbox_app
from local.ses.message import Sending
from local.ses.state import Refusal, SesState

__all__ = ["create_app", "create_mailbox_app"]


def create_app(state: SesState) -> Starlette:
    async def send_email(request: Request) -> Response:
        _check_signed(request)
        message = state.accept(_sending(await request.json()))
        return JSONResponse({"MessageId": message.id})

    async def get_identity(request: Request) -> Response:
        _check_signed(request)
        identity = request.path_params["identity"]
        if not state.is_verified(identity):
            raise Refusal("NotFoundException", f"Email identity {identity} does not exist.", 404)
        return JSONResponse(
            {"IdentityType": "DOMAIN", "VerifiedForSendingStatus": True, "VerificationStatus": "SUCCESS"}
        )

    return Starlette(
        routes=[
            Route("/v2/email/outbound-emails", send_email, methods=["POST"]),
            Route("/v2/email/identities/{identity}", get_identity, methods=["GET"]),
        ],
        exception_handlers={Refusal: _refuse},
    )


async def _refuse(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # noqa: S101 - Starlette hands over what was registered
    return JSONResponse(
        {"message": refusal.detail}, status_code=refusal.status, headers={"x-amzn-ErrorType": refusal.name}
    )


def _check_signed(request: Request) -> None:
    if not request.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
        raise Refusal("MissingAuthenticationTokenException", "Missing Authentication Token", 403)


def _sending(body: dict[str, Any]) -> Sending:
    destination: dict[str, list[str]] = body.get("Destination", {})
    try:
        raw = base64.b64decode(body["Content"]["Raw"]["Data"], validate=True)
    except (KeyError, TypeError, binascii.Error) as error:
        raise Refusal("BadRequestException", "This stand-in takes raw messages alone") from error
    return Sending(
        raw=raw,
        source=body.get("FromEmailAddress"),
        recipients=tuple(a for kind in ("To", "Cc", "Bcc") for a in destination.get(f"{kind}Addresses", [])),
        tags={tag["Name"]: tag["Value"] for tag in body.get("EmailTags", [])},
        configuration_set=body.get("ConfigurationSetName"),
    )
