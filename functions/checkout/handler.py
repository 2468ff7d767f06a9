"""Buying: POST and DELETE /booking/orders, POST /booking/create-paid and /booking/create-paid-package."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from shared import bootstrap
from shared.http import appointments, packages, payments
from shared.http.appointments import PaidSession
from shared.http.auth import caller_of, party_of
from shared.http.fields import IdempotencyKey
from shared.http.packages import PaidPackage
from shared.http.payments import OrderId, OrderRequest, OrderView, PaidPackageRequest, PaidSessionRequest
from shared.http.resolver import entry, resolver
from shared.usecases.checkout import Purchase, begin_checkout
from shared.usecases.pay import Approval, Kind, give_up_order, pay

app = resolver()
shop, till = bootstrap.shop(), bootstrap.till()


@app.post("/booking/orders", operation_id="order", summary="Hold a time and begin to pay", status_code=201)
def order(wanted: Annotated[OrderRequest, Body()], key: IdempotencyKey = None) -> tuple[OrderView, int]:
    caller, now = caller_of(app.current_event), bootstrap.clock.now()
    purchase = Purchase(**wanted.model_dump())
    checkout = begin_checkout(shop, now, caller=caller, wanted=purchase, idempotency_key=key)
    return payments.order_view(checkout), HTTPStatus.CREATED


@app.delete("/booking/orders/<order_id>", operation_id="giveUpOrder", summary="Give up", status_code=204)
def give_up(order_id: Annotated[OrderId, Path()]) -> Response[None]:
    give_up_order(till, caller=party_of(app.current_event), order_id=order_id)
    return Response(HTTPStatus.NO_CONTENT, body=None)


@app.post("/booking/create-paid", **appointments.PAYING)
def pay_session(
    paid: Annotated[PaidSessionRequest, Body()], key: IdempotencyKey = None
) -> tuple[PaidSession, int]:
    approval = Approval(order_id=paid.paypal_order_id, **paid.model_dump(exclude={"paypal_order_id"}))
    caller = caller_of(app.current_event)
    answer = pay(till, caller=caller, approval=approval, kind=Kind.SESSION, idempotency_key=key)
    now = bootstrap.clock.now()
    return appointments.paid_view(answer, now, bootstrap.manage_url), payments.status_of(answer)


@app.post("/booking/create-paid-package", **packages.PAYING)
def pay_package(
    paid: Annotated[PaidPackageRequest, Body()], key: IdempotencyKey = None
) -> tuple[PaidPackage, int]:
    approval, caller = Approval(order_id=paid.paypal_order_id), caller_of(app.current_event)
    answer = pay(till, caller=caller, approval=approval, kind=Kind.PACKAGE, idempotency_key=key)
    return packages.paid_view(answer), payments.status_of(answer)


handler = entry(app)
