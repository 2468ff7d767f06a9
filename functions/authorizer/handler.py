"""The one door of the API: a bearer token becomes a caller, or 401.

API Gateway answers 401 ``{"message": "Unauthorized"}`` by itself when the Authorization header is missing,
without calling this function, and when the function fails with the very message ``Unauthorized``.
``isAuthorized: false`` would be 403, which no page takes as "sign in again"; any other failure is 500.
Sources, under docs.aws.amazon.com/apigateway/latest/developerguide/: http-api-lambda-authorizer.html, and for
the message apigateway-use-lambda-authorizer.html, which speaks of REST APIs.
"""

from __future__ import annotations

from typing import Any

from shared import bootstrap
from shared.domain.caller import TokenRefused
from shared.http.auth import authorizer_context
from shared.observability import logger


class Unauthorized(Exception):
    """API Gateway matches the message, letter by letter."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    try:
        caller = bootstrap.token_verifier().verify(_bearer_token(event))
    except TokenRefused as refusal:
        logger.info("token refused", reason=str(refusal))
        raise Unauthorized from None
    return {"isAuthorized": True, "context": authorizer_context(caller)}


def _bearer_token(event: dict[str, Any]) -> str:
    authorization: str = event["headers"].get("authorization", "")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise TokenRefused("NotBearer")
    return token.strip()
