"""Once a day: what PayPal, our books and the coach's calendar say is held against each other.

It changes nothing of what it compares: each difference is put before a person, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.attention import Attention
from shared.domain.reconciliation import (
    Books,
    CalendarSays,
    Difference,
    PayPalSays,
    differences,
    to_ask_about,
)
from shared.domain.statements import LedgerEntry
from shared.domain.time import Interval, isoformat
from shared.observability import count
from shared.usecases.ports import AttentionStore, BookReader, Calendar, Clock, LedgerClosed, PaymentGateway
from shared.usecases.till import find_order

LOOKS_BACK = timedelta(days=7)
"""Some runs may fail, and PayPal's ledger is up to three hours late."""

LOOKS_AHEAD = timedelta(days=180)
"""Of the calendar: further than any session can be booked."""


@dataclass(frozen=True, slots=True)
class Sources:
    """All that is compared, and where a difference goes."""

    books: BookReader
    gateway: PaymentGateway
    calendar: Calendar
    attention: AttentionStore
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``compared`` counts what was looked at; ``left_out`` says what could not be, and why. ``noted`` is how many
    records for a person are new.
    """

    since: str
    until: str
    compared: dict[str, int]
    left_out: list[str]
    differences: list[Difference]
    noted: int


def reconcile(sources: Sources) -> Report:
    """Raises ``PaymentProviderUnavailable`` or ``CalendarUnavailable`` where one can't be asked: nothing is noted
    then, and the next run sees it all.
    """
    now = sources.clock.now()
    since = now - LOOKS_BACK
    left_out: list[str] = []
    books = sources.books.books()
    ledger = _ledger(sources, Interval(since, now), left_out)
    orders = {
        payment.id: find_order(sources.gateway, payment, payment.order_id)
        for payment in to_ask_about(books, ledger, since)
    }
    paypal = PayPalSays(orders, ledger)
    calendar = _calendar(sources, Interval(now, now + LOOKS_AHEAD), left_out)
    found = _lasting(sources, differences(books, paypal, calendar, now), paypal, calendar)
    return Report(
        since=isoformat(since),
        until=isoformat(now),
        compared=_counts(books, paypal, calendar),
        left_out=left_out,
        differences=found,
        noted=_note(sources, found, now),
    )


def _ledger(sources: Sources, span: Interval, left_out: list[str]) -> list[LedgerEntry]:
    try:
        return sources.gateway.ledger(span)
    except LedgerClosed as closed:
        left_out.append(f"PayPal's ledger: {closed}")
        return []


def _calendar(sources: Sources, span: Interval, left_out: list[str]) -> CalendarSays | None:
    events = sources.calendar.written(span)
    if events is None:
        left_out.append("The calendar: Google is not set up.")
        return None
    return CalendarSays(span, events)


def _lasting(
    sources: Sources, found: Sequence[Difference], paypal: PayPalSays, calendar: CalendarSays | None
) -> list[Difference]:
    """Asking PayPal took a while: what moved in the meantime, the books tell when read again."""
    if not found:
        return []
    still = differences(sources.books.books(), paypal, calendar, sources.clock.now())
    return [each for each in found if each in still]


def _note(sources: Sources, found: Sequence[Difference], now: datetime) -> int:
    """One record for each subject, whatever there is to say of it; none that is open already."""
    details: dict[tuple[str, str], list[Difference]] = {}
    for each in found:
        details.setdefault((each.attention, each.subject_id), []).append(each)
    known = {attention.id for attention in sources.attention.open_attention()}
    noted = 0
    for alike in details.values():
        first = alike[0]
        attention = Attention(
            kind=first.attention,
            subject_id=first.subject_id,
            detail=" ".join(each.detail for each in alike),
            noted_at=now,
        )
        if attention.id not in known:
            sources.attention.note(attention)
            count("NeedsAttention")
            noted += 1
    return noted


def _counts(books: Books, paypal: PayPalSays, calendar: CalendarSays | None) -> dict[str, int]:
    return {
        "payments": len(books.payments),
        "sessions": len(books.sessions),
        "packages": len(books.packages),
        "orders_asked": len(paypal.orders),
        "ledger_entries": len(paypal.ledger),
        "calendar_events": len(calendar.events) if calendar else 0,
    }
