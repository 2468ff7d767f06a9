"""GET /booking/my-appointments, /booking/{id} and /booking/{id}/calendar.ics: the caller's own bookings."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from shared import bootstrap
from shared.http.appointments import AppointmentList, AppointmentView, listed, view
from shared.http.auth import caller_of, party_of
from shared.http.resolver import entry, resolver
from shared.usecases.show_appointments import my_appointment, my_appointments

app = resolver()
bookings = bootstrap.bookings()

ICS_HEADERS = {"Content-Disposition": 'attachment; filename="session.ics"'}


@app.get("/booking/my-appointments", operation_id="myAppointments", summary="The caller's bookings")
def mine(
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> AppointmentList:
    caller = caller_of(app.current_event)
    now = bootstrap.clock.now()
    page = my_appointments(bookings, now, caller=caller, cursor=cursor, limit=limit)
    return listed(page, now, bootstrap.manage_url)


@app.get("/booking/<appointment_id>", operation_id="myAppointment", summary="One booking")
def one(appointment_id: Annotated[str, Path()]) -> AppointmentView:
    now, caller = bootstrap.clock.now(), party_of(app.current_event)
    booked = my_appointment(bookings, now, caller=caller, appointment_id=appointment_id)
    return view(booked, now, bootstrap.manage_url)


@app.get(
    "/booking/<appointment_id>/calendar.ics",
    operation_id="calendarFile",
    summary="Its iCalendar file",
    responses={
        200: {"description": "The file", "content": {"text/calendar": {"schema": {"type": "string"}}}}
    },
)
def calendar_file(appointment_id: Annotated[str, Path()]) -> Response[str]:
    now, caller = bootstrap.clock.now(), party_of(app.current_event)
    booked = my_appointment(bookings, now, caller=caller, appointment_id=appointment_id)
    ics = bootstrap.invitations().invitation(booked.appointment).decode()
    return Response(HTTPStatus.OK, "text/calendar; charset=utf-8; method=PUBLISH", ics, ICS_HEADERS)


handler = entry(app)
