"""GET /booking/notifications and PUT /booking/notifications/{id}/read: what the caller was told in the app."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from shared import bootstrap
from shared.http.auth import caller_of
from shared.http.notifications import NotificationList, NotificationView, listed, notification_view
from shared.http.resolver import entry, resolver
from shared.usecases.show_notices import my_notices, read_notice

app = resolver()
notices = bootstrap.notices()


@app.get("/booking/notifications", operation_id="myNotifications", summary="What the caller was told")
def mine(
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> NotificationList:
    return listed(my_notices(notices, caller=caller_of(app.current_event), cursor=cursor, limit=limit))


@app.put(
    "/booking/notifications/<notification_id>/read",
    operation_id="readNotification",
    summary="Mark one as read",
)
def read(notification_id: Annotated[str, Path()]) -> NotificationView:
    caller = caller_of(app.current_event)
    return notification_view(read_notice(notices, caller=caller, notice_id=notification_id))


handler = entry(app)
