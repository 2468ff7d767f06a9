"""What PayPal says of an order, and what that means for the payment it was made for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from shared.domain.money import Money
from shared.domain.payment import NOTHING, Payment, PaymentStatus


class _ProviderStatus(StrEnum):
    @classmethod
    def _missing_(cls, _value: object) -> _ProviderStatus:
        """A word newer than this code is no reason to guess."""
        return cls("UNKNOWN")


class OrderStatus(_ProviderStatus):
    CREATED = "CREATED"
    SAVED = "SAVED"
    PAYER_ACTION_REQUIRED = "PAYER_ACTION_REQUIRED"
    APPROVED = "APPROVED"
    COMPLETED = "COMPLETED"
    VOIDED = "VOIDED"
    UNKNOWN = "UNKNOWN"


class CaptureStatus(_ProviderStatus):
    COMPLETED = "COMPLETED"
    PENDING = "PENDING"
    DECLINED = "DECLINED"
    FAILED = "FAILED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    UNKNOWN = "UNKNOWN"


class RefundStatus(_ProviderStatus):
    COMPLETED = "COMPLETED"
    PENDING = "PENDING"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"


SELLER_HAS_TO_ACT = frozenset(
    {
        "INTERNATIONAL_WITHDRAWAL",
        "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION",
        "UNILATERAL",
        "VERIFICATION_REQUIRED",
    }
)
"""PayPal's words for a payment that stays pending until its receiver does something about it.

Source: https://developer.paypal.com/api/payments/v2/ (``status_details.reason``)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureState:
    """``reason`` is PayPal's word for why it is pending or declined; ``fee`` is what PayPal keeps."""

    id: str
    status: CaptureStatus
    amount: Money
    custom_id: str | None = None
    order_id: str | None = None
    reason: str | None = None
    fee: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundState:
    """``request_id`` names the request of ours that made it; None for one made in PayPal's dashboard."""

    id: str
    status: RefundStatus
    amount: Money
    capture_id: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """``amount`` and ``custom_id`` are None when the order is not for exactly one thing."""

    id: str
    status: OrderStatus
    amount: Money | None = None
    custom_id: str | None = None
    captures: tuple[CaptureState, ...] = ()
    refunds: tuple[RefundState, ...] = ()
    saved_method: str | None = None
    """PayPal's token of the payment method, where that was saved with the payment."""


def order_of(payment: Payment, capture: CaptureState) -> OrderState:
    """What a capture alone tells of an order that PayPal does not show any more: nothing of refunds but that all of
    it went back. What is known to have gone back is kept.
    """
    known = Money(payment.refunded, payment.amount.currency)
    return OrderState(
        id=payment.order_id or capture.order_id or "",
        status=OrderStatus.COMPLETED,
        amount=payment.amount,
        custom_id=payment.id,
        captures=(capture,),
        refunds=(RefundState(id="known", status=RefundStatus.COMPLETED, amount=known),),
    )


class Verdict(StrEnum):
    NOT_APPROVED = "not_approved"
    """The buyer has to approve it, for the first time or again."""
    APPROVED = "approved"
    """It may be captured; nothing is taken yet."""
    PENDING = "pending"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    """It was captured, and all of it went back."""
    DECLINED = "declined"
    """Nothing was taken; the buyer may try again."""
    DENIED = "denied"
    """A pending payment that came to nothing."""
    VOIDED = "voided"
    """Nothing was taken, and this order can't be paid any more."""
    MISMATCH = "mismatch"
    """Not what we asked for: a person has to look."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """``reason`` says in one word what does not match."""

    verdict: Verdict
    capture: CaptureState | None = None
    reason: str | None = None


_TAKEN = frozenset({CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED, CaptureStatus.REFUNDED})
_NOT_TAKEN = frozenset({CaptureStatus.DECLINED, CaptureStatus.FAILED})

_UNAPPROVED = frozenset({OrderStatus.CREATED, OrderStatus.SAVED, OrderStatus.PAYER_ACTION_REQUIRED})


def judge(payment: Payment, order: OrderState | None) -> Judgement:
    """Goes by the capture's status, never the order's; None is an order PayPal does not know (any more)."""
    if order is None:
        return Judgement(Verdict.VOIDED)
    capture = _decisive(order.captures)
    if capture is None and order.status is not OrderStatus.APPROVED:
        return _without_money(order.status)
    if reason := _mismatch(payment, order):
        return Judgement(Verdict.MISMATCH, capture, reason)
    return Judgement(_of_capture(payment, capture) if capture else Verdict.APPROVED, capture)


def _without_money(status: OrderStatus) -> Judgement:
    if status in _UNAPPROVED:
        return Judgement(Verdict.NOT_APPROVED)
    if status is OrderStatus.VOIDED:
        return Judgement(Verdict.VOIDED)
    return Judgement(
        Verdict.MISMATCH, reason="status"
    )  # completed without a capture, or a word we don't know


def _decisive(captures: tuple[CaptureState, ...]) -> CaptureState | None:
    """The one that took money if there is one, else one that may, else the last that did not."""
    taken = [capture for capture in captures if capture.status in _TAKEN]
    open_ones = [capture for capture in captures if capture.status not in _TAKEN | _NOT_TAKEN]
    return next(iter([*taken, *open_ones, *reversed(captures)]), None)


def _of_capture(payment: Payment, capture: CaptureState) -> Verdict:
    if capture.status is CaptureStatus.REFUNDED:
        return Verdict.REFUNDED
    if capture.status in _TAKEN:
        return Verdict.CAPTURED
    if capture.status is CaptureStatus.PENDING:
        return Verdict.PENDING
    return Verdict.DENIED if payment.status is PaymentStatus.PENDING else Verdict.DECLINED


def _mismatch(payment: Payment, order: OrderState) -> str | None:
    money = [capture for capture in order.captures if capture.status not in _NOT_TAKEN]
    checks = {
        "order": payment.order_id in (None, order.id),
        "custom_id": order.custom_id == payment.id
        and all(capture.custom_id in (None, payment.id) for capture in money),
        "amount": order.amount == payment.amount
        and all(capture.amount == payment.amount for capture in money),
        "captures": len(money) <= 1,
        "status": all(capture.status is not CaptureStatus.UNKNOWN for capture in money),
    }
    return next((what for what, agrees in checks.items() if not agrees), None)


def all_given_back(order: OrderState) -> CaptureState | None:
    """The capture of an order whose money was taken, and is all back with its buyer; else None."""
    money = [capture for capture in order.captures if capture.status not in _NOT_TAKEN]
    kept = [capture for capture in money if capture.status is not CaptureStatus.REFUNDED]
    return money[0] if money and not kept and not given_back(order).on_its_way else None


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Sums of an order's refunds, whoever made them, in the captured currency."""

    done: Decimal
    on_its_way: Decimal

    @property
    def total(self) -> Decimal:
        return self.done + self.on_its_way


def given_back(order: OrderState) -> GivenBack:
    """A failed or cancelled refund gave nothing back."""

    def add_up(*statuses: RefundStatus) -> Decimal:
        return sum((refund.amount.amount for refund in order.refunds if refund.status in statuses), NOTHING)

    whole = sum((c.amount.amount for c in order.captures if c.status is CaptureStatus.REFUNDED), NOTHING)
    on_its_way = add_up(RefundStatus.PENDING, RefundStatus.UNKNOWN)
    # A capture PayPal calls refunded is, even where its refunds are not listed.
    return GivenBack(max(add_up(RefundStatus.COMPLETED), whole - on_its_way), on_its_way)
