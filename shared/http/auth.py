"""What the authorizer tells the handlers about the caller, written and read in one place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from shared.domain.caller import Caller, LinkHolder, Party, Role
from shared.domain.errors import Forbidden
from shared.domain.time import isoformat

BY_LINK = "manage"
"""In the place of a role: it came by a manage link."""


def authorizer_context(party: Party) -> dict[str, str]:
    """Strings only: API Gateway hands them to the integration as ``requestContext.authorizer.lambda``."""
    if isinstance(party, LinkHolder):
        return {
            "role": BY_LINK,
            "appointment_id": party.appointment_id,
            "client_id": party.client_id,
            "manage_key": str(party.manage_key),
            "until": isoformat(party.until),
        }
    return {
        "client_id": party.client_id,
        "email": party.email,
        "name": party.name,
        "role": party.role.value,
    }


def caller_of(event: APIGatewayProxyEventV2) -> Caller:
    """Who signed in. Raises ``Forbidden`` for a manage link: a route has to ask for them, with ``party_of``."""
    party = party_of(event)
    if isinstance(party, LinkHolder):
        raise Forbidden("This link is for one booking alone. Sign in for everything else.")
    return party


def coach_of(event: APIGatewayProxyEventV2) -> Caller:
    """Raises ``Forbidden`` for everybody else."""
    caller = caller_of(event)
    if caller.role is not Role.COACH:
        raise Forbidden("This is for the coach alone.")
    return caller


def party_of(event: APIGatewayProxyEventV2) -> Party:
    """Who signed in, or opened a manage link; what concerns a booking then goes through ``own``.

    Raises ``LookupError`` on a route without the authorizer: the template's fault, never the client's.
    """
    context = _context(event)
    if context["role"] == BY_LINK:
        return LinkHolder(
            appointment_id=context["appointment_id"],
            client_id=context["client_id"],
            manage_key=int(context["manage_key"]),
            until=datetime.fromisoformat(context["until"]),
        )
    return Caller(
        client_id=context["client_id"],
        email=context["email"],
        name=context["name"],
        role=Role(context["role"]),
    )


def _context(event: APIGatewayProxyEventV2) -> dict[str, Any]:
    authorizer = event.request_context.authorizer
    context = authorizer.get_lambda if authorizer else None
    if not context:
        raise LookupError("no authorizer stands before this route")
    return context
