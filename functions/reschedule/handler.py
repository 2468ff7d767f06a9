"""PUT /booking/{id}/reschedule: moves a session; where that costs a fee, once the fee is paid."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from shared import bootstrap
from shared.http.appointments import AppointmentView, view
from shared.http.auth import party_of
from shared.http.changes import RescheduleRequest
from shared.http.fields import IdempotencyKey
from shared.http.resolver import entry, resolver
from shared.usecases.reschedule import Move, reschedule

app = resolver()
shop, till = bootstrap.shop(), bootstrap.till()


@app.put("/booking/<appointment_id>/reschedule", operation_id="reschedule", summary="Move a session")
def move(
    appointment_id: Annotated[str, Path()],
    wanted: Annotated[RescheduleRequest, Body()],
    key: IdempotencyKey = None,
) -> tuple[AppointmentView, int]:
    """202 while the fee is on its way; the session moves once it is there."""
    now, caller = bootstrap.clock.now(), party_of(app.current_event)
    to = Move(appointment_id, wanted.start, wanted.fee_order_id)
    moved = reschedule(shop, till, now, caller=caller, wanted=to, idempotency_key=key)
    status = HTTPStatus.ACCEPTED if moved.pending else HTTPStatus.OK
    return view(moved.booked, now, bootstrap.manage_url), status


handler = entry(app)
