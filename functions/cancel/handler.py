"""PUT /booking/{id}/cancel: the time is free at once, and what the policy gives back is owed."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from shared import bootstrap
from shared.http.appointments import AppointmentView, view
from shared.http.auth import party_of
from shared.http.changes import CancelRequest
from shared.http.fields import IdempotencyKey
from shared.http.resolver import entry, resolver
from shared.usecases.cancel import Cancellation, cancel

app = resolver()
changes = bootstrap.changes()


@app.put("/booking/<appointment_id>/cancel", operation_id="cancel", summary="Cancel a booking")
def cancel_booking(
    appointment_id: Annotated[str, Path()],
    wanted: Annotated[CancelRequest, Body()],
    key: IdempotencyKey = None,
) -> AppointmentView:
    now = bootstrap.clock.now()
    cancellation = Cancellation(appointment_id, wanted.reason)
    caller = party_of(app.current_event)
    booked = cancel(changes, now, caller=caller, wanted=cancellation, idempotency_key=key)
    return view(booked, now, bootstrap.manage_url)


handler = entry(app)
