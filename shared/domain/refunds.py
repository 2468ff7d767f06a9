"""The steps of money that goes back, and of disputes: pure, as those of the checkout."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shared.domain.attention import Attention, AttentionKind
from shared.domain.checkout import (
    CAPTURE_LEASE,
    LOOK_AGAIN,
    Change,
    Checkout,
    attention_for,
    next_look,
    owed_for,
)
from shared.domain.effects import EffectKind
from shared.domain.payment import PaymentStatus
from shared.domain.settlement import GivenBack


def begin_refund(checkout: Checkout, now: datetime) -> Change:
    """One caller refunds at a time, so that two can't pay the same cent back twice."""
    payment = checkout.payment.become(PaymentStatus.REFUNDING, now, check_at=now + CAPTURE_LEASE)
    return Change(replace(checkout, payment=payment), "refund_begun")


def await_refund(checkout: Checkout, now: datetime) -> Change:
    """PayPal has taken the refund on, and takes its time."""
    payment = checkout.payment.become(PaymentStatus.REFUNDING, now, check_at=now + LOOK_AGAIN)
    return Change(replace(checkout, payment=payment), "refund_pending")


def refunded(checkout: Checkout, back: GivenBack, now: datetime) -> Change:
    """What went back in all, whoever gave it; a refund from PayPal's dashboard cancels nothing by itself."""
    paid = checkout.payment
    whole = back.done >= paid.amount.amount
    payment = paid.become(
        PaymentStatus.REFUNDED if whole else PaymentStatus.PARTIALLY_REFUNDED,
        now,
        check_at=next_look(back, now),
        refunded=back.done,
        refunds_made=paid.refunds_made + 1,
    )
    attention: tuple[Attention, ...] = ()
    if whole and checkout.stands and paid.refund_due < paid.amount.amount:
        detail = "All of it was given back in PayPal, and what was paid for still stands."
        attention = (attention_for(payment, AttentionKind.REFUNDED_BUT_BOOKED, detail),)
    return Change(
        replace(checkout, payment=payment),
        "refunded",
        owed_for(payment, EffectKind.CLIENT_REFUNDED_MAIL),
        attention,
    )


def fail_refund(checkout: Checkout, back: GivenBack, reason: str, now: datetime) -> Change:
    """Never kept in silence: a person has to see to it."""
    paid = checkout.payment
    payment = paid.become(
        PaymentStatus.REFUND_FAILED, now, refunded=back.done, refunds_made=paid.refunds_made + 1
    )
    attention = attention_for(
        payment, AttentionKind.REFUND_FAILED, f"The refund did not go through: {reason}."
    )
    return Change(replace(checkout, payment=payment), "refund_failed", attention=(attention,))


def follow_refund(checkout: Checkout, back: GivenBack, now: datetime) -> Change:
    """The payment stays what it is. PayPal is asked again while something is on its way back."""
    paid = checkout.payment
    payment = paid.become(paid.status, now, check_at=next_look(back, now), refunded=back.done)
    return Change(replace(checkout, payment=payment), "refund_followed")


def put_off_refund(checkout: Checkout, reason: str, now: datetime) -> Change:
    """It could not be made for hours: a person is told, and it is tried again every hour all the same."""
    payment = checkout.payment.become(PaymentStatus.REFUND_DUE, now, check_at=now + LOOK_AGAIN)
    detail = f"The refund could not be made yet, and is tried again by itself: {reason}."
    attention = attention_for(payment, AttentionKind.REFUND_FAILED, detail)
    return Change(replace(checkout, payment=payment), "refund_put_off", attention=(attention,))


def open_dispute(checkout: Checkout, dispute_id: str, now: datetime) -> Change | None:
    """None when the dispute is known; a late word of one that is closed opens nothing."""
    paid = checkout.payment
    if dispute_id in paid.disputes_open | paid.disputes_closed:
        return None
    disputed = paid.status in {PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED}
    payment = paid.become(
        PaymentStatus.DISPUTED if disputed else paid.status,
        now,
        check_at=paid.check_at,
        disputes_open=paid.disputes_open | {dispute_id},
    )
    attention = attention_for(payment, AttentionKind.DISPUTE, f"The buyer disputes it: case {dispute_id}.")
    return Change(replace(checkout, payment=payment), "dispute_opened", attention=(attention,))


def close_dispute(checkout: Checkout, dispute_id: str, now: datetime) -> Change | None:
    """What the case decided shows in PayPal's refunds. None when it is closed already."""
    paid = checkout.payment
    if dispute_id in paid.disputes_closed:
        return None
    left = paid.disputes_open - {dispute_id}
    over = paid.status is PaymentStatus.DISPUTED and not left
    taken = PaymentStatus.PARTIALLY_REFUNDED if paid.refunded else PaymentStatus.CAPTURED
    payment = paid.become(
        taken if over else paid.status,
        now,
        check_at=paid.check_at,
        disputes_open=left,
        disputes_closed=paid.disputes_closed | {dispute_id},
    )
    return Change(replace(checkout, payment=payment), "dispute_closed")
