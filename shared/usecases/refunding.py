"""Money that goes back: what is still missing is refunded, what others refunded is followed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.domain import checkout as steps
from shared.domain import refunds
from shared.domain.checkout import Checkout
from shared.domain.errors import PaymentProviderUnavailable
from shared.domain.money import Money
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.settlement import (
    CaptureState,
    GivenBack,
    OrderState,
    RefundState,
    RefundStatus,
    given_back,
    order_of,
)
from shared.usecases.ports import AlreadyRefunded, OutcomeUnknown, PaymentMoved, TryAgainLater, WillNeverWork
from shared.usecases.till import Look

REFUND_NOTE = "Refund of your coaching booking"
OWING = frozenset({PaymentStatus.REFUND_DUE, PaymentStatus.REFUNDING})


@dataclass(frozen=True, slots=True)
class Refunding(Look):
    """PayPal's own refunds are added up first, so that one made by hand is never made again."""

    def _follow_refunds(self, checkout: Checkout, order: OrderState | None) -> Checkout:
        payment = checkout.payment
        if order is None:
            return checkout
        back, now = given_back(order), self._later()
        failed = payment.status is PaymentStatus.REFUND_FAILED
        if payment.status in OWING:
            return self._refund(checkout, order)
        if back.total < payment.refunded and not failed:
            return self._write(refunds.fail_refund(checkout, back, "PayPal took it back", now), checkout)
        if back.done > payment.refunded and not (failed and back.done < payment.refund_due):
            return self._write(refunds.refunded(checkout, back, now), checkout)
        if (failed and back.done != payment.refunded) or self._is_to_look(payment, back):
            return self._write(refunds.follow_refund(checkout, back, now), checkout)
        return checkout

    def _is_to_look(self, payment: Payment, back: GivenBack) -> bool:
        """Whether the next look at what is on its way has to be set, or is due."""
        if payment.check_at is None:
            return bool(back.on_its_way)
        return payment.check_at <= self.now

    def _find_refunded(self, checkout: Checkout, capture: CaptureState, order: OrderState | None) -> Checkout:
        back = given_back(order or order_of(checkout.payment, capture))
        return self._write(steps.found_refunded(checkout, capture, back, self._later()), checkout)

    def _refund(self, checkout: Checkout, order: OrderState) -> Checkout:
        """Pays back what is still missing, and no cent more, whoever else refunds meanwhile."""
        payment, back = checkout.payment, given_back(order)
        if back.done >= payment.refund_due:
            return self._write(refunds.refunded(checkout, back, self._later()), checkout)
        if _failed(order, payment.refund_request_id):
            failed = refunds.fail_refund(checkout, back, "PayPal could not do it", self._later())
            return self._write(failed, checkout)
        if back.total >= payment.refund_due:
            return self._write(refunds.await_refund(checkout, self._later()), checkout)
        missing = Money(payment.refund_due - back.total, payment.amount.currency)
        begun = self._write(refunds.begin_refund(checkout, self._later()), checkout)
        try:
            refund = self.till.gateway.refund(
                payment.capture_id or "",
                None if missing == payment.amount else missing,
                request_id=payment.refund_request_id,
                note=REFUND_NOTE,
            )
        except AlreadyRefunded:
            raise PaymentMoved from None
        except (TryAgainLater, OutcomeUnknown) as trouble:
            raise PaymentProviderUnavailable(
                "PayPal has not made the refund yet; it goes on by itself."
            ) from trouble
        except WillNeverWork as refusal:
            return self._write(refunds.fail_refund(begun, back, str(refusal), self._later()), begun)
        return self._adopt_refund(begun, refund, order)

    def _adopt_refund(self, begun: Checkout, refund: RefundState, order: OrderState) -> Checkout:
        now = self._later()
        if refund.status is RefundStatus.COMPLETED:
            return self._write(refunds.refunded(begun, given_back(_with(order, refund)), now), begun)
        if refund.status in {RefundStatus.FAILED, RefundStatus.CANCELLED}:
            back = given_back(order)
            return self._write(refunds.fail_refund(begun, back, "PayPal could not do it", now), begun)
        return self._write(refunds.await_refund(begun, now), begun)


def _failed(order: OrderState, request_id: str) -> bool:
    failed = {RefundStatus.FAILED, RefundStatus.CANCELLED}
    return any(each.request_id == request_id and each.status in failed for each in order.refunds)


def _with(order: OrderState, refund: RefundState) -> OrderState:
    others = tuple(each for each in order.refunds if each.id != refund.id)
    return replace(order, refunds=(*others, refund))
