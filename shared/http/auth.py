"""What the authorizer tells the handlers about the caller, written and read in one place."""

from __future__ import annotations

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from shared.domain.caller import Caller, Role


def authorizer_context(caller: Caller) -> dict[str, str]:
    """Strings only: API Gateway hands them to the integration as ``requestContext.authorizer.lambda``."""
    return {
        "client_id": caller.client_id,
        "email": caller.email,
        "name": caller.name,
        "role": caller.role.value,
    }


def caller_of(event: APIGatewayProxyEventV2) -> Caller:
    """Raises ``LookupError`` on a route without the authorizer: the template's fault, never the client's."""
    authorizer = event.request_context.authorizer
    context = authorizer.get_lambda if authorizer else None
    if not context:
        raise LookupError("no authorizer stands before this route")
    return Caller(
        client_id=context["client_id"],
        email=context["email"],
        name=context["name"],
        role=Role(context["role"]),
    )
