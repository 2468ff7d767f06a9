"""POST /webhooks/paypal: PayPal tells that something happened to a payment. Only its signature makes it PayPal's."""

from __future__ import annotations

import base64
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from shared import bootstrap
from shared.domain.paypal_events import NotAnEvent, read_event
from shared.http import problems
from shared.http.resolver import entry, resolver
from shared.observability import logger
from shared.usecases.handle_paypal_event import handle_paypal_event

LARGEST_EVENT_BYTES = 256 * 1024
"""PayPal's have some thousands."""

app = resolver()
verifier, inbox, till = bootstrap.webhook_verifier(), bootstrap.inbox(), bootstrap.till()


@app.post("/webhooks/paypal", operation_id="paypalWebhook", summary="PayPal's signed events")
def paypal_webhook() -> Response[str]:
    body = _bytes_sent()
    if len(body) > LARGEST_EVENT_BYTES or not verifier.verify(app.current_event.headers, body):
        return _refused("This was not signed by PayPal for this webhook.")
    try:
        event = read_event(body)
    except NotAnEvent:
        return _refused("This is no event.")
    logger.info("paypal event", event=event.id, type=event.type)
    handle_paypal_event(inbox, till, event)
    return Response(HTTPStatus.OK, "application/json", "{}")


def _bytes_sent() -> bytes:
    """Just as PayPal signed them: never parsed and written again."""
    body: str = app.current_event.body or ""
    return base64.b64decode(body) if app.current_event.is_base64_encoded else body.encode()


def _refused(detail: str) -> Response[str]:
    request_id = app.current_event.request_context.request_id
    return problems.problem(HTTPStatus.BAD_REQUEST, "webhook_refused", detail, request_id)


handler = entry(app, takes_any_body=True)
