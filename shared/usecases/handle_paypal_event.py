"""A webhook of PayPal's: kept once, then a reason to look at the payment it names. What it says is never believed."""

from __future__ import annotations

from shared.domain.checkout import Checkout
from shared.domain.errors import NotFound, TemporarilyUnavailable, TooManyRequests
from shared.domain.paypal_events import DISPUTES, METHODS, EventKind, PayPalEvent
from shared.usecases.follow_payment import follow_dispute, save_method
from shared.usecases.ports import InboxStore, PaymentStore
from shared.usecases.settle import settle
from shared.usecases.till import Till


def handle_paypal_event(inbox: InboxStore, till: Till, event: PayPalEvent) -> None:
    """Raises ``PaymentProviderUnavailable``, ``CalendarUnavailable`` or ``TemporarilyUnavailable``: send it again."""
    if not event.concerns_us or not inbox.receive(event, till.clock.now()):
        return
    try:
        known = follow_up(inbox, till, event)
    except TooManyRequests as busy:
        raise TemporarilyUnavailable(busy.detail) from busy
    if not known:
        raise TemporarilyUnavailable("There is no such payment (yet).")


def follow_up(inbox: InboxStore, till: Till, event: PayPalEvent) -> bool:
    """Settles the payment that the event names, and closes the event; False when there is no such payment (yet).

    Raises as ``settle`` does, and the event stays open. So it does when somebody else is at PayPal with the payment,
    and may have asked before what the event tells of: the sweeper looks at it again.
    """
    if event.kind in METHODS:
        _follow_method(till, event)
    else:
        payment_id = event.payment_id or _look_up(till.payments, event)
        try:
            seen = _look_at(till, payment_id, event) if payment_id else None
        except NotFound:
            seen = None
        if seen is None:
            return False
        if seen.leased(till.clock.now()):
            return True
    inbox.handled(event.id, till.clock.now())
    return True


def _follow_method(till: Till, event: PayPalEvent) -> None:
    """One saved with an order that is not ours is another system's."""
    if event.vault_id is None:
        return
    if event.kind is not EventKind.METHOD_SAVED:
        till.payments.forget_method(event.vault_id, till.clock.now())
        return
    payment_id = till.payments.order(event.order_id).payment_id if event.order_id else None
    if payment_id is not None:
        save_method(till, payment_id, event.vault_id)


def _look_up(payments: PaymentStore, event: PayPalEvent) -> str | None:
    found = payments.order(event.order_id).payment_id if event.order_id else None
    if found is None and event.capture_id:
        found = payments.payment_of_capture(event.capture_id)
    return found


def _look_at(till: Till, payment_id: str, event: PayPalEvent) -> Checkout:
    if event.kind in DISPUTES and event.dispute_id:
        resolved = event.kind is EventKind.DISPUTE_RESOLVED
        return follow_dispute(till, payment_id, event.dispute_id, resolved=resolved)
    return settle(till, payment_id, order_id=event.order_id).checkout
