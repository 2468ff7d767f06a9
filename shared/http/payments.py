"""A payment on the wire, and the requests that pay."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.domain.checkout import Checkout
from shared.domain.payment import Payment
from shared.domain.time import isoformat
from shared.http.fields import Answers, Instant, Phone, Yes, ZoneName

if TYPE_CHECKING:
    from shared.usecases.pay import Paid

Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(examples=["CAD"])]
OrderId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class OrderRequest(BaseModel):
    """A session needs ``start``, ``phone`` and ``timezone``; a package none of what follows the currency."""

    model_config = ConfigDict(extra="forbid")

    service: Name
    currency: Currency
    start: Instant | None = None
    phone: Phone | None = None
    timezone: ZoneName | None = None
    backup_start: Instant | None = None
    answers: Answers = Field(default_factory=dict)
    sms_consent: Yes = Field(default_factory=bool)


class PaidSessionRequest(BaseModel):
    """``start`` must be the held one; the others replace what was stored with the order."""

    model_config = ConfigDict(extra="forbid")

    paypal_order_id: OrderId
    start: Instant | None = None
    phone: Phone | None = None
    timezone: ZoneName | None = None
    backup_start: Instant | None = None
    answers: Answers | None = None


class PaidPackageRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    paypal_order_id: OrderId


class OrderView(BaseModel):
    """``amount`` is a string with two decimals. A package holds no time: its order just ends."""

    order_id: str
    approve_url: str
    amount: str
    currency: str
    hold_expires_at: str


class PaymentState(BaseModel):
    """Amounts are strings with two decimals.

    Of a package's session it is the fee for cancelling it: ``fee`` is what of it was taken, and ``status`` tells how
    far it is (``created`` until PayPal is asked).
    """

    status: str
    amount: str
    currency: str
    order_id: str
    refunded: str
    fee: str


def order_view(checkout: Checkout) -> OrderView:
    payment = checkout.payment
    return OrderView(
        order_id=payment.order_id or "",
        approve_url=payment.approve_url or "",
        amount=str(payment.amount),
        currency=payment.amount.currency,
        hold_expires_at=isoformat(checkout.hold_ends),
    )


def payment_state(payment: Payment) -> PaymentState:
    return PaymentState(
        status=payment.status.value,
        amount=str(payment.amount),
        currency=payment.amount.currency,
        order_id=payment.order_id or "",
        refunded=f"{payment.refunded:.2f}",
        fee=f"{payment.fee:.2f}",
    )


def status_of(paid: Paid) -> HTTPStatus:
    if paid.pending:
        return HTTPStatus.ACCEPTED
    return HTTPStatus.CREATED if paid.first else HTTPStatus.OK


def paying(
    operation_id: str, summary: str, paid: type[BaseModel], pending: type[BaseModel]
) -> dict[str, Any]:
    """A capturing call, for the API's document."""
    responses = {
        HTTPStatus.CREATED: _answer("Paid", paid),
        HTTPStatus.OK: _answer("Paid before; the same answer again", paid),
        HTTPStatus.ACCEPTED: _answer("The payment is on its way", pending),
    }
    return {
        "operation_id": operation_id,
        "summary": summary,
        "status_code": HTTPStatus.CREATED.value,
        "responses": responses,
    }


def _answer(description: str, model: type[BaseModel]) -> OpenAPIResponse:
    return {"description": description, "content": {"application/json": {"model": model}}}
