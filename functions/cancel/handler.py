"""GET /booking/{id}/quote: what a change would cost now. PUT /booking/{id}/cancel: frees the time at once."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from shared import bootstrap
from shared.domain.policy import Action
from shared.http.appointments import AppointmentView, view
from shared.http.auth import party_of
from shared.http.changes import WITHOUT_REASON, CancelRequest, QuoteView, quote_view
from shared.http.fields import IdempotencyKey
from shared.http.resolver import entry, resolver
from shared.usecases.cancel import Cancellation, cancel
from shared.usecases.change_booking import quote_change

app = resolver()
changes = bootstrap.changes()


@app.get("/booking/<appointment_id>/quote", operation_id="quote", summary="What a change would cost now")
def quote(appointment_id: Annotated[str, Path()], action: Annotated[Action, Query()]) -> QuoteView:
    now, caller = bootstrap.clock.now(), party_of(app.current_event)
    return quote_view(
        *quote_change(changes, now, caller=caller, appointment_id=appointment_id, action=action)
    )


@app.put("/booking/<appointment_id>/cancel", operation_id="cancel", summary="Cancel a booking")
def cancel_booking(
    appointment_id: Annotated[str, Path()],
    wanted: Annotated[CancelRequest, Body()] = WITHOUT_REASON,
    key: IdempotencyKey = None,
) -> AppointmentView:
    now = bootstrap.clock.now()
    cancellation = Cancellation(appointment_id, wanted.reason)
    caller = party_of(app.current_event)
    booked = cancel(changes, now, caller=caller, wanted=cancellation, idempotency_key=key)
    return view(booked, now, bootstrap.manage_url)


handler = entry(app)
