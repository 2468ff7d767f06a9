"""GET /booking/config: what the widget needs before anyone signs in."""

from __future__ import annotations

from shared import bootstrap
from shared.http.about import ConfigView, config_view
from shared.http.resolver import entry, resolver

app = resolver()
bookings = bootstrap.bookings()


@app.get("/booking/config", operation_id="config", summary="Services, policy, zones and sign-in settings")
def config() -> ConfigView:
    return config_view(bookings.settings(), bootstrap.config())


handler = entry(app)
