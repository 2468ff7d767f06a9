"""PayPal in memory: orders, captures and refunds as its documents say, and told how to fail."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from shared.domain.errors import OrderNotApproved, PaymentDeclined, PaymentProviderUnavailable
from shared.domain.money import Money
from shared.domain.payment import Payment
from shared.domain.settlement import (
    CaptureState,
    CaptureStatus,
    OrderState,
    OrderStatus,
    RefundState,
    RefundStatus,
    given_back,
)
from shared.domain.statements import LedgerEntry, LedgerKind
from shared.domain.time import Interval
from shared.usecases.ports import AlreadyCaptured, AlreadyRefunded, CreatedOrder, LedgerClosed


@dataclass
class FakePayPal:
    """``fails_before`` a call does nothing, ``fails_after`` it is done and the answer lost; each by operation."""

    orders: dict[str, OrderState] = field(default_factory=dict)
    fails_before: dict[str, Exception] = field(default_factory=dict)
    fails_after: dict[str, Exception] = field(default_factory=dict)
    next_capture: CaptureStatus = CaptureStatus.COMPLETED
    next_reason: str | None = None
    """Why it stays pending."""
    next_refund: RefundStatus = RefundStatus.COMPLETED
    declining: bool = False
    ledger_closed: bool = False
    saves: bool = False
    """Whether methods are saved when an order asks for it."""
    revoked: set[str] = field(default_factory=set)
    other_money: list[LedgerEntry] = field(default_factory=list)
    """What the account took besides our orders."""
    calls: list[str] = field(default_factory=list)
    captured_money: int = 0
    """How often money was taken, ever."""
    _created: dict[str, str] = field(default_factory=dict)
    _asked_to_save: set[str] = field(default_factory=set)
    _forgotten: set[str] = field(default_factory=set)
    _refunds: dict[str, RefundState] = field(default_factory=dict)

    def create_order(
        self,
        payment: Payment,
        *,
        description: str,
        return_url: str,
        cancel_url: str,
        request_id: str,
        vault: bool = False,
    ) -> CreatedOrder:
        self._begin("create_order")
        if request_id not in self._created:
            order_id = f"ORDER{len(self.orders) + 1}"
            self._created[request_id] = order_id
            self.orders[order_id] = OrderState(
                id=order_id,
                status=OrderStatus.PAYER_ACTION_REQUIRED,
                amount=payment.amount,
                custom_id=payment.id,
            )
        self._end("create_order")
        order_id = self._created[request_id]
        if vault:
            self._asked_to_save.add(order_id)
        return CreatedOrder(order_id, f"https://paypal.example/checkoutnow?token={order_id}")

    def _save_method(self, order_id: str) -> None:
        """By the buyer's capture, where the account may."""
        if self.saves and order_id in self._asked_to_save:
            self.change(order_id, saved_method=f"method-{order_id}".lower())

    def approve(self, order_id: str) -> None:
        """What the buyer does at PayPal."""
        self.change(order_id, status=OrderStatus.APPROVED)

    def change(self, order_id: str, **changes: object) -> None:
        self.orders[order_id] = replace(self.orders[order_id], **changes)  # type: ignore[arg-type]

    def forget(self, order_id: str) -> None:
        """An order is not shown for ever."""
        self._forgotten.add(order_id)

    def get_order(self, order_id: str) -> OrderState | None:
        self._begin("get_order")
        return None if order_id in self._forgotten else self.orders.get(order_id)

    def capture(self, order_id: str, *, request_id: str) -> OrderState:
        self._begin("capture")
        order = self.orders[order_id]
        if order.captures:
            raise AlreadyCaptured
        if order.status is not OrderStatus.APPROVED:
            raise OrderNotApproved("not approved")
        if self.declining:
            raise PaymentDeclined("declined")
        assert order.amount is not None
        self.captured_money += 1
        taken = CaptureState(
            id=f"CAPTURE-{order_id}",
            status=self.next_capture,
            amount=order.amount,
            custom_id=order.custom_id,
            order_id=order_id,
            reason=self.next_reason,
            fee=Money.of("4.65", order.amount.currency),
        )
        self.change(order_id, status=OrderStatus.COMPLETED, captures=(taken,))
        self._save_method(order_id)
        self._end("capture")
        return self.orders[order_id]

    def charge(self, payment: Payment, *, description: str, request_id: str) -> OrderState:
        self._begin("charge")
        assert payment.charges is not None
        if request_id not in self._created:
            if self.declining or payment.charges in self.revoked:
                raise PaymentDeclined("declined")
            order_id = f"ORDER{len(self.orders) + 1}"
            self._created[request_id] = order_id
            self.captured_money += 1
            taken = CaptureState(
                id=f"CAPTURE-{order_id}",
                status=self.next_capture,
                amount=payment.amount,
                custom_id=payment.id,
                order_id=order_id,
                fee=Money.of("2.65", payment.amount.currency),
            )
            self.orders[order_id] = OrderState(
                id=order_id,
                status=OrderStatus.COMPLETED,
                amount=payment.amount,
                custom_id=payment.id,
                captures=(taken,),
            )
        self._end("charge")
        return self.orders[self._created[request_id]]

    def settle_capture(self, order_id: str, status: CaptureStatus) -> None:
        """A pending capture ends."""
        (capture,) = self.orders[order_id].captures
        self.change(order_id, captures=(replace(capture, status=status),))

    def get_capture(self, capture_id: str) -> CaptureState | None:
        captures = [capture for order in self.orders.values() for capture in order.captures]
        return next((capture for capture in captures if capture.id == capture_id), None)

    def refund(self, capture_id: str, amount: Money | None, *, request_id: str, note: str) -> RefundState:
        self._begin("refund")
        order = next(each for each in self.orders.values() if capture_id in {c.id for c in each.captures})
        (capture,) = order.captures
        if request_id not in self._refunds:
            left = capture.amount.amount - given_back(order).total
            wanted = left if amount is None else amount.amount
            if not 0 < wanted <= left:
                raise AlreadyRefunded
            self._refunds[request_id] = RefundState(
                id=f"REFUND{len(self._refunds) + 1}",
                status=self.next_refund,
                amount=Money(wanted, capture.amount.currency),
                capture_id=capture_id,
                request_id=request_id,
            )
            self._put_refund(order.id, self._refunds[request_id])
        self._end("refund")
        return self._refunds[request_id]

    def refund_by_hand(self, order_id: str, amount: str) -> None:
        """In PayPal's own dashboard."""
        (capture,) = self.orders[order_id].captures
        made = RefundState(
            id=f"BYHAND{len(self.orders[order_id].refunds)}",
            status=RefundStatus.COMPLETED,
            amount=Money.of(amount, capture.amount.currency),
            capture_id=capture.id,
        )
        self._put_refund(order_id, made)

    def settle_refund(self, request_id: str, status: RefundStatus) -> None:
        """A pending refund ends."""
        made = replace(self._refunds[request_id], status=status)
        self._refunds[request_id] = made
        for order in self.orders.values():
            self.change(
                order.id, refunds=tuple(made if each.id == made.id else each for each in order.refunds)
            )

    def _put_refund(self, order_id: str, made: RefundState) -> None:
        self.change(order_id, refunds=(*self.orders[order_id].refunds, made))

    def ledger(self, span: Interval) -> list[LedgerEntry]:
        self._begin("ledger")
        if self.ledger_closed:
            raise LedgerClosed("not ticked")
        orders = self.orders.values()
        moved = {CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED, CaptureStatus.REFUNDED}
        return [
            *(
                LedgerEntry(id=c.id, kind=LedgerKind.CAPTURE, amount=c.amount, custom_id=c.custom_id)
                for order in orders
                for c in order.captures
                if c.status in moved
            ),
            *(
                LedgerEntry(id=r.id, kind=LedgerKind.REFUND, amount=r.amount, capture_id=r.capture_id)
                for order in orders
                for r in order.refunds
                if r.status is RefundStatus.COMPLETED
            ),
            *self.other_money,
        ]

    def check(self) -> str:
        return "initialized"

    def _begin(self, operation: str) -> None:
        self.calls.append(operation)
        if operation in self.fails_before:
            raise self.fails_before[operation]

    def _end(self, operation: str) -> None:
        if operation in self.fails_after:
            raise self.fails_after.pop(operation)


DOWN = PaymentProviderUnavailable("down")
