"""GET /booking/availability: open times, by day, in the zone asked for."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from shared import bootstrap
from shared.http.auth import party_of
from shared.http.fields import Day, ZoneName
from shared.http.open_times import OpenTimesView, view
from shared.http.resolver import entry, resolver
from shared.usecases.show_open_times import show_open_times

app = resolver()
recent_busy = bootstrap.recent_busy()


@app.get("/booking/availability", operation_id="showOpenTimes", summary="Open times by day")
def open_times(
    start_date: Annotated[Day, Query()],
    end_date: Annotated[Day, Query()],
    service: Annotated[str, Query(max_length=40)] = "free",
    timezone: Annotated[ZoneName | None, Query()] = None,
    moving: Annotated[str | None, Query(max_length=40)] = None,
) -> OpenTimesView:
    """`moving` is a booking of the caller's: its own time is in no way when it is to be moved."""
    times = show_open_times(
        bootstrap.bookings(),
        recent_busy,
        bootstrap.clock.now(),
        client_id=party_of(app.current_event).client_id,
        service_id=service,
        first=start_date,
        last=end_date,
        timezone=timezone,
        moving=moving,
    )
    return view(times)


handler = entry(app)
