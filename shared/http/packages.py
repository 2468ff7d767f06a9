"""A package on the wire, and the request for a session from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.domain.package import Package, PackageStatus
from shared.domain.payment import Payment
from shared.domain.time import isoformat
from shared.http.fields import Answers, Instant, Phone, Yes, ZoneName
from shared.http.payments import PaymentState, paying, payment_state
from shared.usecases.ports import PackagePage

if TYPE_CHECKING:
    from shared.usecases.pay import Paid


class PackageBookingRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    package_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    start: Instant
    phone: Phone
    timezone: ZoneName
    backup_start: Instant | None = None
    answers: Answers = Field(default_factory=dict)
    sms_consent: Yes = Field(default_factory=bool)


class PackageView(BaseModel):
    """``sessions_remaining`` is what can be booked from it now."""

    id: str
    service: str
    status: PackageStatus
    sessions_total: int
    sessions_used: int
    sessions_remaining: int
    duration_minutes: int
    payment: PaymentState | None
    created_at: str


class PendingPackageView(PackageView):
    """The payment is not there yet: nothing can be booked from it before that."""

    code: Literal["payment_pending"] = "payment_pending"


PaidPackage = PackageView | PendingPackageView


class PackageList(BaseModel):
    items: list[PackageView]
    next: str | None


def package_view(package: Package, payment: Payment | None) -> PackageView:
    return PackageView(
        id=package.id,
        service=package.service,
        status=package.status,
        sessions_total=package.sessions_total,
        sessions_used=package.sessions_used,
        sessions_remaining=package.sessions_remaining,
        duration_minutes=package.duration_minutes,
        payment=payment_state(payment) if payment else None,
        created_at=isoformat(package.created_at),
    )


def paid_view(paid: Paid) -> PaidPackage:
    shown = package_view(paid.package, paid.payment)
    return PendingPackageView(**shown.model_dump()) if paid.pending else shown


PAYING = paying("payForPackage", "Capture the order and issue the package", PackageView, PendingPackageView)


def listed(page: PackagePage) -> PackageList:
    return PackageList(
        items=[package_view(each.package, each.payment) for each in page.items], next=page.next
    )
