"""A payment: what one client owes for one thing, and the states its money goes through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared.domain.money import Money

NOTHING = Decimal("0.00")


class PaymentStatus(StrEnum):
    CREATED = "created"
    ORDERED = "ordered"
    CAPTURING = "capturing"
    PENDING = "pending"
    CAPTURED = "captured"
    DECLINED = "declined"
    DENIED = "denied"
    EXPIRED = "expired"
    REFUND_DUE = "refund_due"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTED = "disputed"
    NEEDS_REVIEW = "needs_review"


_S = PaymentStatus

TRANSITIONS: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _S.CREATED: frozenset({_S.ORDERED, _S.EXPIRED}),
    _S.ORDERED: frozenset({_S.CAPTURING, _S.EXPIRED, _S.NEEDS_REVIEW}),
    # Back to ORDERED when the buyer has to approve (again).
    _S.CAPTURING: frozenset(
        {
            _S.CAPTURED,
            _S.PENDING,
            _S.DECLINED,
            _S.DENIED,
            _S.ORDERED,
            _S.EXPIRED,
            _S.REFUND_DUE,
            _S.REFUNDED,
            _S.NEEDS_REVIEW,
        }
    ),
    _S.PENDING: frozenset({_S.CAPTURED, _S.DENIED, _S.REFUND_DUE, _S.REFUNDED, _S.NEEDS_REVIEW}),
    _S.DECLINED: frozenset({_S.CAPTURING, _S.EXPIRED, _S.NEEDS_REVIEW}),
    # A late payer wins while nobody took the time.
    _S.EXPIRED: frozenset({_S.CAPTURING, _S.REFUND_DUE, _S.NEEDS_REVIEW}),
    _S.DENIED: frozenset({_S.NEEDS_REVIEW}),
    # Never back to PENDING or DENIED: what is confirmed stays confirmed.
    _S.CAPTURED: frozenset({_S.REFUND_DUE, _S.REFUNDED, _S.PARTIALLY_REFUNDED, _S.DISPUTED}),
    _S.REFUND_DUE: frozenset({_S.REFUNDING, _S.REFUNDED, _S.PARTIALLY_REFUNDED, _S.REFUND_FAILED}),
    _S.REFUNDING: frozenset({_S.REFUND_DUE, _S.REFUNDED, _S.PARTIALLY_REFUNDED, _S.REFUND_FAILED}),
    _S.PARTIALLY_REFUNDED: frozenset(
        {_S.REFUND_DUE, _S.PARTIALLY_REFUNDED, _S.REFUNDED, _S.DISPUTED, _S.REFUND_FAILED}
    ),
    _S.REFUNDED: frozenset({_S.REFUND_FAILED}),
    _S.REFUND_FAILED: frozenset({_S.REFUND_DUE, _S.REFUNDED, _S.PARTIALLY_REFUNDED, _S.DISPUTED}),
    _S.DISPUTED: frozenset({_S.CAPTURED, _S.REFUND_DUE, _S.REFUNDED, _S.PARTIALLY_REFUNDED}),
    _S.NEEDS_REVIEW: frozenset({_S.CAPTURED, _S.PENDING, _S.REFUND_DUE, _S.REFUNDED, _S.DENIED, _S.EXPIRED}),
}


def states_before(status: PaymentStatus) -> frozenset[PaymentStatus]:
    """The states that may become this one."""
    return frozenset(before for before, after in TRANSITIONS.items() if status in after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """``id`` is 32 hex digits, and the ``custom_id`` and ``invoice_id`` of its PayPal order.

    It pays for one appointment or one package. All decimals are in the currency of ``amount``.
    """

    id: str
    client_id: str
    service: str
    amount: Money
    status: PaymentStatus
    created_at: datetime
    updated_at: datetime
    appointment_id: str | None = None
    package_id: str | None = None
    order_id: str | None = None
    approve_url: str | None = None
    capture_id: str | None = None
    declines: int = 0
    """Captures PayPal surely refused; each new try is another request."""
    refund_due: Decimal = NOTHING
    """What shall have gone back in all, once refunding is done."""
    refunded: Decimal = NOTHING
    """What went back in all, or is on its way."""
    fee: Decimal = NOTHING
    """What the policy keeps of it."""
    paypal_fee: Decimal | None = None
    """What PayPal keeps of it, a refund or not; unknown until it is captured."""

    @property
    def order_request_id(self) -> str:
        return f"order-{self.id}"

    @property
    def capture_request_id(self) -> str:
        """The same for every repeat of one try, so that PayPal captures once; another after a decline."""
        return f"capture-{self.id}-{self.declines}" if self.declines else f"capture-{self.id}"

    def refund_request_id(self, number: int) -> str:
        return f"refund-{self.id}-{number}"
