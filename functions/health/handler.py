"""GET /health: does every part work."""

from __future__ import annotations

from http import HTTPStatus

from shared import bootstrap
from shared.config import VERSION
from shared.http.about import HealthView
from shared.http.resolver import entry, resolver
from shared.usecases.check_health import all_work, part

app = resolver()


@app.get(
    "/health",
    operation_id="health",
    summary="Does every part work",
    responses={
        200: {"description": "Every part works", "content": {"application/json": {"model": HealthView}}},
        503: {"description": "A part fails", "content": {"application/json": {"model": HealthView}}},
    },
)
def health() -> tuple[HealthView, int]:
    parts = {
        "dynamodb": part(lambda: bootstrap.bookings().check()),
        "google_calendar": part(lambda: bootstrap.calendar().check()),
        "paypal": part(lambda: bootstrap.gateway().check()),
        "email": part(lambda: bootstrap.mailer().check()),
    }
    ok = all_work(parts)
    status = HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
    return HealthView(ok=ok, version=VERSION, stage=bootstrap.config().stage, **parts), status


handler = entry(app)
