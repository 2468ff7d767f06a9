"""GET /booking/promo/{code}: is this code good for the caller, and how many uses are left."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Path

from shared import bootstrap
from shared.http.auth import caller_of
from shared.http.promos import PromoView, view
from shared.http.resolver import entry, resolver
from shared.usecases.check_promo import check_promo

app = resolver()
bookings = bootstrap.bookings()


@app.get("/booking/promo/<code>", operation_id="checkPromo", summary="Is a promo code good for the caller")
def promo(code: Annotated[str, Path()]) -> PromoView:
    caller = caller_of(app.current_event)
    found, problem = check_promo(
        bookings, bootstrap.clock.now(), client_id=caller.client_id, code=unquote(code)
    )
    return view(found, problem)


handler = entry(app)
