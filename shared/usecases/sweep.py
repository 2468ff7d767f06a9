"""Every few minutes: whatever is owed, due or not handled is taken up, whether or not its first nudge arrived.

What fails is left for the next time and stops nothing else; what fails for a day is put before a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.attention import Attention, AttentionKind
from shared.domain.errors import DomainError
from shared.domain.paypal_events import PayPalEvent
from shared.observability import count, logger
from shared.usecases.deliver_effects import World, deliver
from shared.usecases.handle_paypal_event import follow_up
from shared.usecases.ports import AttentionStore, InboxStore, Received
from shared.usecases.settle import settle
from shared.usecases.till import Till

PATIENCE = timedelta(days=1)

PAUSE = timedelta(minutes=5)
"""How long a payment that can't be settled lets others go first."""


@dataclass(frozen=True, slots=True)
class Books:
    """Where it stands what is not done yet, and all that doing it touches."""

    world: World
    inbox: InboxStore
    attention: AttentionStore

    @property
    def till(self) -> Till:
        return self.world.till


def sweep(books: Books) -> int:
    """The number of effects, events and payments it looked at."""
    now = books.till.clock.now()
    effects = books.world.effects.due_effects(now)
    for subject_id, effect_id in effects:
        with _apart("effect", f"{subject_id}.{effect_id}"):
            deliver(books.world, subject_id, effect_id)
    events = books.inbox.open_events(now)
    for received in events:
        with _apart("event", received.event.id):
            _handle(books, received)
    payments = books.till.payments.due_payments(now)
    for payment_id in payments:
        with _apart("payment", payment_id):
            _settle(books, payment_id)
    return len(effects) + len(events) + len(payments)


@contextmanager
def _apart(kind: str, item: str) -> Iterator[None]:
    """One failure blocks nothing else. A refusal is of the moment; anything else is a fault of ours."""
    try:
        yield
    except DomainError as refused:
        logger.warning("sweep put off", kind=kind, item=item, error=refused.code)
    except Exception as failed:
        logger.error("sweep failed", kind=kind, item=item, error=type(failed).__name__)


def _handle(books: Books, received: Received) -> None:
    event = received.event
    long = received.at <= books.till.clock.now() - PATIENCE
    try:
        known = follow_up(books.inbox, books.till, event)
    except Exception:
        if long:
            _note(books, AttentionKind.DIFFERENCE, event.payment_id or _named(event), f"{event.type} fails")
        raise
    if not known and long:
        _note(books, AttentionKind.UNKNOWN_PAYMENT, _named(event), f"{event.type} names no payment of ours")
        books.inbox.handled(event.id, books.till.clock.now())


def _named(event: PayPalEvent) -> str:
    """PayPal's own id of what the event is about."""
    return event.capture_id or event.order_id or event.dispute_id or event.id


def _settle(books: Books, payment_id: str) -> None:
    try:
        settle(books.till, payment_id)
    except Exception as failed:
        if _fails_for_long(books.till, payment_id, failed):
            _note(books, AttentionKind.DIFFERENCE, payment_id, f"settling it fails: {type(failed).__name__}")
        books.till.payments.look_later(payment_id, books.till.clock.now() + PAUSE)
        raise


def _fails_for_long(till: Till, payment_id: str, failed: Exception) -> bool:
    """A fault of ours may come after the step that puts the next look off, so it is the payment's age that counts."""
    checkout = till.payments.checkout(payment_id)
    if checkout is None:
        return False
    payment = checkout.payment
    since = payment.check_at if isinstance(failed, DomainError) else payment.created_at
    return since is not None and since <= till.clock.now() - PATIENCE


def _note(books: Books, kind: AttentionKind, subject_id: str, detail: str) -> None:
    noted_at = books.till.clock.now()
    books.attention.note(Attention(kind=kind, subject_id=subject_id, detail=detail, noted_at=noted_at))
    count("NeedsAttention")
