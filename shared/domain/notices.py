"""What a client is told in the app: one notice for each moment that they get a mail about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.appointment import Appointment
from shared.domain.effects import Effect, EffectKind
from shared.domain.package import Package


class NoticeKind(StrEnum):
    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMINDER = "reminder"
    PAYMENT_PENDING = "payment_pending"
    PAYMENT_FAILED = "payment_failed"
    TIME_LOST = "time_lost"
    REFUNDED = "refunded"
    FEE_SETTLED = "fee_settled"
    PACKAGE_BOUGHT = "package_bought"


NOTICES = {
    EffectKind.CLIENT_BOOKED_MAIL: NoticeKind.BOOKED,
    EffectKind.CLIENT_MOVED_MAIL: NoticeKind.MOVED,
    EffectKind.CLIENT_CANCELLED_MAIL: NoticeKind.CANCELLED,
    EffectKind.CLIENT_REMINDER_MAIL: NoticeKind.REMINDER,
    EffectKind.CLIENT_PAYMENT_PENDING_MAIL: NoticeKind.PAYMENT_PENDING,
    EffectKind.CLIENT_PAYMENT_FAILED_MAIL: NoticeKind.PAYMENT_FAILED,
    EffectKind.CLIENT_TIME_LOST_MAIL: NoticeKind.TIME_LOST,
    EffectKind.CLIENT_REFUNDED_MAIL: NoticeKind.REFUNDED,
    EffectKind.CLIENT_FEE_MAIL: NoticeKind.FEE_SETTLED,
    EffectKind.CLIENT_PACKAGE_MAIL: NoticeKind.PACKAGE_BOUGHT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """``subject_id`` is the appointment's id or the package's; ``start`` the session's, as it was then.

    ``id`` is that of the effect it goes with, so that the same moment is told once.
    """

    id: str
    client_id: str
    kind: NoticeKind
    subject_id: str
    start: datetime | None
    noted_at: datetime
    read: bool = False


def notice_of(effect: Effect, about: Appointment | Package, now: datetime) -> Notice | None:
    """None for what is the coach's to know."""
    kind = NOTICES.get(effect.kind)
    if kind is None:
        return None
    return Notice(
        id=effect.ref,
        client_id=about.client.id,
        kind=kind,
        subject_id=about.session_id if isinstance(about, Appointment) else about.id,
        start=about.start if isinstance(about, Appointment) else None,
        noted_at=now,
    )
