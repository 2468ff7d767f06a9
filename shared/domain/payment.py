"""A payment: what one client owes for one thing, and the states its money goes through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

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

_FOUND_TAKEN = frozenset({_S.CAPTURED, _S.PENDING, _S.REFUND_DUE, _S.REFUNDING, _S.REFUNDED, _S.NEEDS_REVIEW})
"""What an open payment may turn out to be when PayPal is asked: money can be taken without our hearing of it."""

_GIVEN_BACK = frozenset({_S.REFUNDED, _S.PARTIALLY_REFUNDED})

TRANSITIONS: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    # Charged to a saved method, it never waits for a buyer.
    _S.CREATED: frozenset({_S.ORDERED, _S.CAPTURING, _S.EXPIRED}) | _FOUND_TAKEN,
    _S.ORDERED: frozenset({_S.CAPTURING, _S.EXPIRED}) | _FOUND_TAKEN,
    # Back to ORDERED when the buyer has to approve (again), to CREATED when a charge was surely not made.
    _S.CAPTURING: frozenset({_S.CREATED, _S.CAPTURING, _S.DECLINED, _S.ORDERED, _S.EXPIRED}) | _FOUND_TAKEN,
    _S.DECLINED: frozenset({_S.CAPTURING, _S.EXPIRED}) | _FOUND_TAKEN,
    # A late payer wins while nobody took the time.
    _S.EXPIRED: frozenset({_S.CAPTURING}) | _FOUND_TAKEN,
    _S.PENDING: frozenset({_S.DENIED}) | _FOUND_TAKEN,
    _S.DENIED: _FOUND_TAKEN,
    # Never back to PENDING or DENIED: what is confirmed stays confirmed.
    _S.CAPTURED: frozenset({_S.REFUND_DUE, _S.DISPUTED}) | _GIVEN_BACK,
    _S.REFUND_DUE: frozenset({_S.REFUNDING, _S.REFUND_FAILED}) | _GIVEN_BACK,
    _S.REFUNDING: frozenset({_S.REFUNDING, _S.REFUND_DUE, _S.REFUND_FAILED}) | _GIVEN_BACK,
    _S.PARTIALLY_REFUNDED: frozenset({_S.REFUND_DUE, _S.REFUND_FAILED, _S.DISPUTED}) | _GIVEN_BACK,
    _S.REFUNDED: frozenset({_S.REFUND_FAILED}),
    _S.REFUND_FAILED: frozenset({_S.REFUND_DUE}) | _GIVEN_BACK,
    _S.DISPUTED: frozenset({_S.CAPTURED, _S.REFUND_DUE, _S.REFUND_FAILED}) | _GIVEN_BACK,
    _S.NEEDS_REVIEW: frozenset({_S.CAPTURED, _S.PENDING, _S.REFUND_DUE, _S.REFUNDED, _S.DENIED, _S.EXPIRED}),
}

CAPTURABLE = frozenset({_S.ORDERED, _S.DECLINED, _S.EXPIRED})
"""Nothing is taken, and the buyer's approval may still be used."""

TAKEN = frozenset(
    {
        _S.CAPTURED,
        _S.REFUND_DUE,
        _S.REFUNDING,
        _S.REFUNDED,
        _S.PARTIALLY_REFUNDED,
        _S.REFUND_FAILED,
        _S.DISPUTED,
    }
)
"""The money came in; some or all of it may have gone back since."""


class NoSuchTransition(Exception):
    """A fault of this code, never of a request: the table above does not know the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """``id`` is 32 hex digits, and the ``custom_id`` and ``invoice_id`` of its PayPal order.

    The appointment or package it pays for has the same id. All decimals are in the currency of ``amount``.
    """

    id: str
    client_id: str
    service: str
    amount: Money
    status: PaymentStatus
    created_at: datetime
    updated_at: datetime
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
    refunds_made: int = 0
    """Refunds of ours PayPal gave a definite answer to; each further one is another request."""
    given_up: bool = False
    """The buyer gave the order up: it is never captured, and money that was taken all the same goes back."""
    answered: bool = False
    """The buyer has heard that what was paid for is theirs: the first answer is another than its repeats."""
    disputes_open: frozenset[str] = frozenset()
    disputes_closed: frozenset[str] = frozenset()
    saved_method: str | None = None
    """PayPal's token of the method that was saved with it, for fees to come."""
    charges: str | None = None
    """The saved method that it is taken from, without the buyer. Its order is made and captured in one call."""
    cancels: str | None = None
    """The cancelled session of a package that it is the fee for: once it is taken, the session can be used again."""
    check_at: datetime | None = None
    """When to ask PayPal again if nobody has moved it on by then; None when nothing is to be waited for."""
    version: int = 1
    """Rises with every change, so that a change can name what it was decided on."""

    def become(self, status: PaymentStatus, now: datetime, **changes: Any) -> Payment:
        """The payment in its next state; ``check_at`` is None unless given. Raises ``NoSuchTransition``."""
        if status is not self.status and status not in TRANSITIONS[self.status]:
            raise NoSuchTransition(f"{self.status} to {status}")
        fields = {"check_at": None, **changes}
        return replace(self, status=status, updated_at=now, version=self.version + 1, **fields)

    @property
    def order_request_id(self) -> str:
        """Names the price too: the same purchase at another price is another order."""
        return f"order-{self.id}-{self.amount}{self.amount.currency}"

    @property
    def capture_request_id(self) -> str:
        """The same for every repeat of one try, so that PayPal captures once; another after a decline."""
        return f"capture-{self.id}-{self.declines}" if self.declines else f"capture-{self.id}"

    @property
    def charge_request_id(self) -> str:
        """There is one try: asked again, PayPal tells what became of it."""
        return f"charge-{self.id}"

    @property
    def refund_request_id(self) -> str:
        """The same for every repeat of one refund; another once PayPal has answered it for good."""
        return f"refund-{self.id}-{self.refunds_made}"
