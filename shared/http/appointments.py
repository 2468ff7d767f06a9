"""An appointment on the wire, and the request for a free one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.appointment import Appointment, AppointmentStatus, CalendarStatus
from shared.domain.time import isoformat
from shared.http.fields import Answers, Instant, Phone, PromoCode, Yes, ZoneName
from shared.http.payments import PaymentState, paying, payment_state
from shared.usecases.ports import Booked, Page

if TYPE_CHECKING:
    from shared.usecases.pay import Paid


class FreeBookingRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    promo_code: PromoCode
    start: Instant
    phone: Phone
    timezone: ZoneName
    backup_start: Instant | None = None
    answers: Answers = Field(default_factory=dict)
    sms_consent: Yes = Field(default_factory=bool)


class CalendarState(BaseModel):
    status: CalendarStatus
    conflict: bool


class AppointmentView(BaseModel):
    """Times are ISO 8601 in UTC; ``local_start`` is in the client's ``timezone``, with its offset."""

    id: str
    service: str
    status: AppointmentStatus
    start: str
    end: str
    local_start: str
    timezone: str
    duration_minutes: int
    phone: str
    backup_start: str | None
    answers: dict[str, str]
    payment: PaymentState | None
    package_id: str | None
    promo_code: str | None
    reschedules_used: int
    sequence: int
    calendar: CalendarState
    manage_url: str
    created_at: str
    updated_at: str


class PendingAppointmentView(AppointmentView):
    """The payment is not there yet; the time is kept for it."""

    code: Literal["payment_pending"] = "payment_pending"


PaidSession = AppointmentView | PendingAppointmentView


class AppointmentList(BaseModel):
    items: list[AppointmentView]
    next: str | None


def view(booked: Booked, now: datetime, manage_url: Callable[[Appointment], str]) -> AppointmentView:
    appointment = booked.appointment
    local = appointment.start.astimezone(ZoneInfo(appointment.timezone))
    return AppointmentView(
        id=appointment.id,
        service=appointment.service,
        status=appointment.status_at(now),
        start=isoformat(appointment.start),
        end=isoformat(appointment.end),
        local_start=local.isoformat(),
        timezone=appointment.timezone,
        duration_minutes=appointment.duration_minutes,
        phone=appointment.phone,
        backup_start=isoformat(appointment.backup_start) if appointment.backup_start else None,
        answers=appointment.answers,
        payment=payment_state(booked.payment) if booked.payment else None,
        package_id=appointment.package_id,
        promo_code=appointment.promo_code,
        reschedules_used=appointment.reschedules_used,
        sequence=appointment.sequence,
        calendar=CalendarState(status=appointment.calendar_status, conflict=False),
        manage_url=manage_url(appointment),
        created_at=isoformat(appointment.created_at),
        updated_at=isoformat(appointment.updated_at),
    )


def paid_view(paid: Paid, now: datetime, manage_url: Callable[[Appointment], str]) -> PaidSession:
    shown = view(paid.booked, now, manage_url)
    return PendingAppointmentView(**shown.model_dump()) if paid.pending else shown


PAYING = paying("payForSession", "Capture the order and confirm", AppointmentView, PendingAppointmentView)


def listed(page: Page, now: datetime, manage_url: Callable[[Appointment], str]) -> AppointmentList:
    return AppointmentList(items=[view(each, now, manage_url) for each in page.items], next=page.next)
