"""POST /booking/create-free: a free session with a promo code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from shared import bootstrap
from shared.http.appointments import AppointmentView, FreeBookingRequest, view
from shared.http.auth import caller_of
from shared.http.fields import IdempotencyKey
from shared.http.resolver import entry, resolver
from shared.usecases.book_free import FreeBooking, book_free
from shared.usecases.ports import Booked

app = resolver()
bookings, calendar = bootstrap.bookings(), bootstrap.calendar()


@app.post("/booking/create-free", operation_id="bookFree", summary="Book a free session", status_code=201)
def create_free(
    wanted: Annotated[FreeBookingRequest, Body()],
    idempotency_key: IdempotencyKey = None,
) -> tuple[AppointmentView, int]:
    now = bootstrap.clock.now()
    appointment = book_free(
        bookings,
        calendar,
        now,
        caller=caller_of(app.current_event),
        wanted=FreeBooking(**wanted.model_dump()),
        idempotency_key=idempotency_key,
    )
    return view(Booked(appointment), now, bootstrap.manage_url), HTTPStatus.CREATED


handler = entry(app)
