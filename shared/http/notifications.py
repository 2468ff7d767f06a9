"""An in-app notification on the wire."""

from __future__ import annotations

from pydantic import BaseModel

from shared.domain.notices import Notice, NoticeKind
from shared.domain.time import isoformat
from shared.usecases.ports import NoticePage


class NotificationView(BaseModel):
    """``subject_id`` is the booking's id, or the package's; ``start`` that of the session, as it was at the time."""

    id: str
    kind: NoticeKind
    subject_id: str
    start: str | None
    created_at: str
    read: bool


class NotificationList(BaseModel):
    items: list[NotificationView]
    next: str | None


def notification_view(notice: Notice) -> NotificationView:
    return NotificationView(
        id=notice.id,
        kind=notice.kind,
        subject_id=notice.subject_id,
        start=isoformat(notice.start) if notice.start else None,
        created_at=isoformat(notice.noted_at),
        read=notice.read,
    )


def listed(page: NoticePage) -> NotificationList:
    return NotificationList(items=[notification_view(each) for each in page.items], next=page.next)
