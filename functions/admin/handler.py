"""The coach's own changes: PUT /booking/admin/{id}/cancel and PUT /booking/admin/{id}/reschedule."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from shared import bootstrap
from shared.http.admin import ALL_GOES_BACK, CoachCancelRequest, CoachRescheduleRequest
from shared.http.appointments import AppointmentView, view
from shared.http.auth import coach_of
from shared.http.fields import IdempotencyKey
from shared.http.resolver import entry, resolver
from shared.usecases.cancel import Cancellation, cancel
from shared.usecases.move_by_coach import CoachMove, move_by_coach

app = resolver()
desk = bootstrap.desk()


@app.put(
    "/booking/admin/<appointment_id>/cancel", operation_id="cancelAsCoach", summary="Cancel as the coach"
)
def cancel_booking(
    appointment_id: Annotated[str, Path()],
    wanted: Annotated[CoachCancelRequest, Body()] = ALL_GOES_BACK,
    key: IdempotencyKey = None,
) -> AppointmentView:
    now, caller = bootstrap.clock.now(), coach_of(app.current_event)
    cancellation = Cancellation(appointment_id, wanted.reason, wanted.refund)
    booked = cancel(desk.changes, now, caller=caller, wanted=cancellation, idempotency_key=key)
    return view(booked, now, bootstrap.manage_url)


@app.put(
    "/booking/admin/<appointment_id>/reschedule", operation_id="moveAsCoach", summary="Move as the coach"
)
def move(
    appointment_id: Annotated[str, Path()],
    wanted: Annotated[CoachRescheduleRequest, Body()],
    key: IdempotencyKey = None,
) -> AppointmentView:
    now, caller = bootstrap.clock.now(), coach_of(app.current_event)
    to = CoachMove(appointment_id, wanted.start, wanted.override)
    moved = move_by_coach(desk, now, caller=caller, wanted=to, idempotency_key=key)
    return view(moved, now, bootstrap.manage_url)


handler = entry(app)
