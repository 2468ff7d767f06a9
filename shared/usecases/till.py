"""What settling a payment touches, and one look at a payment: what was read, when, and who stands before us."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.checkout import Change, Checkout, Corrections
from shared.domain.payment import Payment
from shared.domain.settlement import OrderState, order_of
from shared.observability import count
from shared.usecases.ports import Calendar, ChangeStore, Clock, PaymentGateway, PaymentStore, Request

ROUNDS = 8
"""How often to read and decide again when somebody else moved the payment in between."""

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Till:
    """All that settling touches."""

    payments: PaymentStore
    changes: ChangeStore
    gateway: PaymentGateway
    calendar: Calendar
    clock: Clock


@dataclass(frozen=True, slots=True)
class Buyer:
    """The buyer is here, and says that the order is approved. ``check`` refuses a checkout that is not theirs."""

    client_id: str
    check: Callable[[Checkout], None]
    said: Corrections
    request: Request | None


@dataclass(frozen=True, slots=True)
class Look:
    """A payment as it was read, and what can be done with it. ``PaymentMoved`` ends it: then another begins."""

    till: Till
    seen: Checkout
    now: datetime
    buyer: Buyer | None
    named_order: str | None = None

    @property
    def _actor(self) -> str:
        return self.buyer.client_id if self.buyer else SYSTEM

    @property
    def _order_id(self) -> str | None:
        return self.seen.payment.order_id or self.named_order

    @property
    def _said(self) -> Corrections:
        return self.buyer.said if self.buyer else Corrections()

    def _new_request(self, checkout: Checkout) -> Request | None:
        """The buyer's, unless the beginning of this round's capture has kept it already."""
        return self.buyer.request if self.buyer and checkout is self.seen else None

    def _later(self) -> datetime:
        """Now, once PayPal has taken its time to answer."""
        return self.till.clock.now()

    def _order(self) -> OrderState | None:
        return find_order(self.till.gateway, self.seen.payment, self._order_id)

    def _write(
        self, change: Change, before: Checkout | None = None, request: Request | None = None
    ) -> Checkout:
        self.till.payments.change(before or self.seen, change, actor=self._actor, request=request)
        for _ in change.attention:
            count("NeedsAttention")
        return change.after


def find_order(gateway: PaymentGateway, payment: Payment, order_id: str | None) -> OrderState | None:
    """PayPal may forget an order; a capture it made stays. Raises ``PaymentProviderUnavailable``."""
    order = gateway.get_order(order_id) if order_id else None
    if order is not None or payment.capture_id is None:
        return order
    capture = gateway.get_capture(payment.capture_id)
    return None if capture is None else order_of(payment, capture)
