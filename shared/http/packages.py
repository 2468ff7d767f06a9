"""A package on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from shared.domain.package import Package, PackageStatus
from shared.domain.payment import Payment
from shared.domain.time import isoformat
from shared.http.payments import PaymentState, payment_state


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


def pending_package_view(package: Package, payment: Payment) -> PendingPackageView:
    return PendingPackageView(**package_view(package, payment).model_dump())
