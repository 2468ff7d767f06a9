"""Buying: POST and DELETE /booking/orders, POST /booking/create-paid and /booking/create-paid-package."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path

from shared import bootstrap
from shared.http.appointments import AppointmentView, PendingAppointmentView, pending_view, view
from shared.http.auth import caller_of
from shared.http.fields import IdempotencyKey
from shared.http.packages import PackageView, PendingPackageView, package_view, pending_package_view
from shared.http.payments import (
    OrderRequest,
    OrderView,
    PaidPackageRequest,
    PaidSessionRequest,
    answers,
    order_view,
    status_of,
)
from shared.http.resolver import entry, resolver
from shared.usecases.checkout import Purchase, begin_checkout
from shared.usecases.pay import Approval, Kind, give_up_order, pay

app = resolver()
shop, till = bootstrap.shop(), bootstrap.till()
Key = Annotated[IdempotencyKey | None, Header(alias="Idempotency-Key")]


@app.post("/booking/orders", operation_id="order", summary="Hold a time and begin to pay", status_code=201)
def order(wanted: Annotated[OrderRequest, Body()], idempotency_key: Key = None) -> tuple[OrderView, int]:
    caller, now = caller_of(app.current_event), bootstrap.clock.now()
    purchase = Purchase(**wanted.model_dump())
    checkout = begin_checkout(shop, now, caller=caller, wanted=purchase, idempotency_key=idempotency_key)
    return order_view(checkout), HTTPStatus.CREATED


@app.delete(
    "/booking/orders/<order_id>", operation_id="giveUpOrder", summary="Give the order up", status_code=204
)
def give_up(order_id: Annotated[str, Path()]) -> Response[None]:
    give_up_order(till, caller=caller_of(app.current_event), order_id=order_id)
    return Response(HTTPStatus.NO_CONTENT, body=None)


@app.post(
    "/booking/create-paid",
    operation_id="payForSession",
    summary="Capture the order and confirm",
    status_code=201,
    responses=answers(AppointmentView, PendingAppointmentView),
)
def create_paid(
    paid: Annotated[PaidSessionRequest, Body()], idempotency_key: Key = None
) -> tuple[AppointmentView | PendingAppointmentView, int]:
    approval = Approval(order_id=paid.paypal_order_id, **paid.model_dump(exclude={"paypal_order_id"}))
    caller = caller_of(app.current_event)
    answer = pay(till, caller=caller, approval=approval, kind=Kind.SESSION, idempotency_key=idempotency_key)
    shown = pending_view if answer.pending else view
    return shown(answer.booked, bootstrap.clock.now(), bootstrap.manage_url), status_of(answer)


@app.post(
    "/booking/create-paid-package",
    operation_id="payForPackage",
    summary="Capture the order and issue the package",
    status_code=201,
    responses=answers(PackageView, PendingPackageView),
)
def create_paid_package(
    paid: Annotated[PaidPackageRequest, Body()], idempotency_key: Key = None
) -> tuple[PackageView | PendingPackageView, int]:
    approval, caller = Approval(order_id=paid.paypal_order_id), caller_of(app.current_event)
    answer = pay(till, caller=caller, approval=approval, kind=Kind.PACKAGE, idempotency_key=idempotency_key)
    shown = pending_package_view if answer.pending else package_view
    return shown(answer.package, answer.payment), status_of(answer)


handler = entry(app)
