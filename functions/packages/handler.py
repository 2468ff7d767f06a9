"""GET /booking/my-packages and POST /booking/use-package-session: what was bought together, booked one by one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from shared import bootstrap
from shared.http.appointments import AppointmentView, view
from shared.http.auth import caller_of
from shared.http.fields import IdempotencyKey
from shared.http.packages import PackageBookingRequest, PackageList, listed
from shared.http.resolver import entry, resolver
from shared.usecases.ports import Booked
from shared.usecases.use_package import PackageBooking, my_packages, use_package

app = resolver()
packages, calendar = bootstrap.packages(), bootstrap.calendar()


@app.get("/booking/my-packages", operation_id="myPackages", summary="The caller's packages")
def mine(
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> PackageList:
    return listed(my_packages(packages, caller=caller_of(app.current_event), cursor=cursor, limit=limit))


@app.post(
    "/booking/use-package-session",
    operation_id="usePackageSession",
    summary="Book a session from a package",
    status_code=201,
)
def use_session(
    wanted: Annotated[PackageBookingRequest, Body()],
    idempotency_key: IdempotencyKey = None,
) -> tuple[AppointmentView, int]:
    now = bootstrap.clock.now()
    appointment = use_package(
        packages,
        calendar,
        now,
        caller=caller_of(app.current_event),
        wanted=PackageBooking(**wanted.model_dump()),
        idempotency_key=idempotency_key,
    )
    return view(Booked(appointment), now, bootstrap.manage_url), HTTPStatus.CREATED


handler = entry(app)
