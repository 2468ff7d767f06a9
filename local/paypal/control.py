"""The part of the control address that is PayPal's: the buyer, the bank, the dashboard, and the webhooks."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field
from starlette.requests import Request

from local.bodies import Body, Count
from local.paypal.order import Outcome
from local.paypal.webhooks import Tamper

if TYPE_CHECKING:
    from local.assembly import Assembly


class ApproveBody(Body):
    outcome: Outcome = "approve"


class SettleBody(Body):
    outcome: Literal["completed", "denied", "declined"]


class RefundBody(Body):
    amount: Annotated[Decimal, Field(gt=0, decimal_places=2)] | None = None


class SettleRefundBody(Body):
    outcome: Literal["completed", "failed"]


class ResolveBody(Body):
    winner: Literal["buyer", "seller"]


class DeliveryBody(Body):
    deliver: bool


class SendBody(Body):
    times: Count = 1
    tamper: Tamper | bool = False


class AccountBody(Body):
    vault: bool | None = None
    late_vault: bool | None = None
    transaction_search: bool | None = None
    pending_refunds: bool | None = None
    saved_method_declines: bool | None = None


async def ledger(stack: Assembly, _: Request) -> Any:
    return stack.paypal.ledger()


async def approve(stack: Assembly, request: Request) -> Any:
    body = ApproveBody.model_validate(await _given(request))
    return stack.paypal.approve(request.path_params["id"], body.outcome)


async def settle_capture(stack: Assembly, request: Request) -> Any:
    body = SettleBody.model_validate(await _given(request))
    return stack.paypal.settle_capture(request.path_params["id"], body.outcome)


async def refund(stack: Assembly, request: Request) -> Any:
    body = RefundBody.model_validate(await _given(request))
    return stack.paypal.refund_by_hand(request.path_params["id"], body.amount)


async def settle_refund(stack: Assembly, request: Request) -> Any:
    body = SettleRefundBody.model_validate(await _given(request))
    return stack.paypal.settle_refund(request.path_params["id"], body.outcome)


async def open_dispute(stack: Assembly, request: Request) -> Any:
    return stack.paypal.open_dispute(request.path_params["id"])


async def escalate_dispute(stack: Assembly, request: Request) -> Any:
    return stack.paypal.escalate_dispute(request.path_params["id"])


async def resolve_dispute(stack: Assembly, request: Request) -> Any:
    body = ResolveBody.model_validate(await _given(request))
    return stack.paypal.resolve_dispute(request.path_params["id"], body.winner)


async def revoke_token(stack: Assembly, request: Request) -> Any:
    stack.paypal.revoke_token(request.path_params["id"])


async def set_account(stack: Assembly, request: Request) -> Any:
    body = AccountBody.model_validate(await _given(request))
    for name, value in body.model_dump(exclude_none=True).items():
        setattr(stack.paypal.account, name, value)
    return asdict(stack.paypal.account)


async def webhooks(stack: Assembly, request: Request) -> Any:
    state = request.query_params.get("state")
    return [each for each in stack.paypal.webhook_log() if state in {None, each["state"]}]


async def set_delivery(stack: Assembly, request: Request) -> Any:
    body = DeliveryBody.model_validate(await _given(request))
    stack.paypal.set_delivery(body.deliver)
    return {"deliver": body.deliver}


async def send_webhook(stack: Assembly, request: Request) -> Any:
    """``tamper`` alone changes a byte of the body; a word names another forgery.

    Answers once the stream has told what was written for it, so that two sent one after the other never race.
    """
    body = SendBody.model_validate(await _given(request))
    tamper = ("body" if body.tamper else None) if isinstance(body.tamper, bool) else body.tamper
    statuses = await stack.courier.send(request.path_params["id"], body.times, tamper)
    await stack.stream.drain()
    return {"statuses": statuses}


async def _given(request: Request) -> Any:
    return json.loads(await request.body() or b"{}")


Call = Callable[["Assembly", Request], Awaitable[Any]]

CALLS: tuple[tuple[str, str, Call], ...] = (
    ("GET", "/paypal/ledger", ledger),
    ("POST", "/paypal/orders/{id}/approve", approve),
    ("POST", "/paypal/captures/{id}/settle", settle_capture),
    ("POST", "/paypal/captures/{id}/refund", refund),
    ("POST", "/paypal/captures/{id}/dispute", open_dispute),
    ("POST", "/paypal/refunds/{id}/settle", settle_refund),
    ("POST", "/paypal/disputes/{id}/escalate", escalate_dispute),
    ("POST", "/paypal/disputes/{id}/resolve", resolve_dispute),
    ("DELETE", "/paypal/payment-tokens/{id}", revoke_token),
    ("PUT", "/paypal/account", set_account),
    ("GET", "/paypal/webhooks", webhooks),
    ("PUT", "/paypal/webhooks", set_delivery),
    ("POST", "/paypal/webhooks/{id}/send", send_webhook),
)
