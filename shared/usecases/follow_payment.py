"""What else happens to a payment: disputes, methods that are saved, and what the outbox pays off."""

from __future__ import annotations

from shared.domain import checkout as steps
from shared.domain import refunds
from shared.domain.checkout import Checkout
from shared.domain.errors import NotFound, PaymentProviderUnavailable, TooManyRequests
from shared.domain.payment import PaymentStatus
from shared.observability import count
from shared.usecases.ports import PaymentMoved, TryAgainLater
from shared.usecases.refunding import OWING
from shared.usecases.settle import settle
from shared.usecases.till import ROUNDS, SYSTEM, Till


def follow_dispute(till: Till, payment_id: str, dispute_id: str, *, resolved: bool) -> Checkout:
    """A buyer's case at PayPal was opened or closed. Raises as ``settle`` does."""
    step = refunds.close_dispute if resolved else refunds.open_dispute
    for _ in range(ROUNDS):
        checkout = till.payments.checkout(payment_id)
        if checkout is None:
            raise NotFound("There is no such order.")
        change = step(checkout, dispute_id, till.clock.now())
        try:
            if change is not None:
                till.payments.change(checkout, change, actor=SYSTEM)
                for _ in change.attention:
                    count("NeedsAttention")
        except PaymentMoved:
            continue
        if resolved:
            return settle(till, payment_id).checkout
        return checkout if change is None else change.after
    raise TooManyRequests("This payment is being settled right now.")


def save_method(till: Till, payment_id: str, method: str) -> None:
    """PayPal saved the buyer's method with this payment. Raises ``NotFound`` and ``TooManyRequests``."""
    for _ in range(ROUNDS):
        checkout = till.payments.checkout(payment_id)
        if checkout is None:
            raise NotFound("There is no such order.")
        now = till.clock.now()
        if checkout.payment.saved_method == method:
            return
        if checkout.leased(now):
            break  # whoever is at PayPal with it is about to write
        try:
            till.payments.change(checkout, steps.save_method(checkout, method, now), actor=SYSTEM)
        except PaymentMoved:
            continue
        return
    raise TooManyRequests("This payment is being settled right now.")


def pay_back(till: Till, payment_id: str) -> None:
    """What the outbox does about a refund that is owed. Raises ``TryAgainLater`` while it is not seen through."""
    try:
        checkout = settle(till, payment_id).checkout
    except (PaymentProviderUnavailable, TooManyRequests) as trouble:
        raise TryAgainLater(trouble.detail) from trouble
    if checkout.payment.status is PaymentStatus.REFUND_DUE or checkout.leased(till.clock.now()):
        raise TryAgainLater("the refund is not made yet")


def collect(till: Till, payment_id: str) -> None:
    """What the outbox does about a charge that is owed. Raises ``TryAgainLater`` until PayPal's answer is known."""
    try:
        checkout = settle(till, payment_id).checkout
    except (PaymentProviderUnavailable, TooManyRequests) as trouble:
        raise TryAgainLater(trouble.detail) from trouble
    if checkout.payment.status in {PaymentStatus.CREATED, PaymentStatus.CAPTURING}:
        raise TryAgainLater("the charge is not made yet")


def give_up_refund(till: Till, payment_id: str, reason: str) -> None:
    """The outbox tried often enough: a person has to know, and the sweeper goes on trying."""
    for _ in range(ROUNDS):
        checkout = till.payments.checkout(payment_id)
        if checkout is None or checkout.payment.status not in OWING:
            return
        change = refunds.put_off_refund(checkout, reason, till.clock.now())
        try:
            till.payments.change(checkout, change, actor=SYSTEM)
        except PaymentMoved:
            continue
        count("NeedsAttention")
        return
