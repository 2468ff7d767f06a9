"""Changes of a booking on the wire: what they cost, and the requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from shared.domain.changes import Case
from shared.domain.policy import POLICY, Quote, Reason
from shared.http.fields import Instant, harmless
from shared.http.payments import OrderId

Words = Annotated[str, StringConstraints(max_length=500), AfterValidator(harmless)]


class CancelRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Words | None = None


WITHOUT_REASON = CancelRequest()
"""No body at all says the same as an empty one."""


class RescheduleRequest(BaseModel):
    """``fee_order_id`` is the order that the answer ``fee_required`` named, once the client has approved it."""

    model_config = ConfigDict(extra="forbid")

    start: Instant
    fee_order_id: OrderId | None = None


class QuoteView(BaseModel):
    """Amounts are strings with two decimals, in ``currency``, which is None where there is nothing to pay.

    ``fee_charged`` tells that the fee is taken from the saved payment method. If PayPal declines that, a move has an
    order to approve, and a cancelled package session is used up after all, for nothing.
    """

    fee: str
    fee_charged: bool
    refund: str
    currency: str | None
    credit_returned: bool
    free_reschedule_left: bool
    reason: Reason


def quote_view(case: Case, cost: Quote) -> QuoteView:
    return QuoteView(
        fee=f"{cost.fee:.2f}",
        fee_charged=cost.charged,
        refund=f"{cost.refund:.2f}",
        currency=case.currency,
        credit_returned=cost.returned,
        free_reschedule_left=case.appointment.reschedules_used < POLICY.free_reschedules,
        reason=cost.reason,
    )
