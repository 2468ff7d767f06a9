"""What others have on record: PayPal's ledger, and the coach's calendar."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.money import Money
from shared.domain.time import Interval


class LedgerKind(StrEnum):
    CAPTURE = "capture"
    REFUND = "refund"
    """By us, in the dashboard, or by PayPal after a dispute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """Money that moved, from PayPal's own ledger. ``amount`` is positive either way; ``capture_id`` is what a refund
    gave back. PayPal leaves ``custom_id`` out of some refunds.
    """

    id: str
    kind: LedgerKind
    amount: Money
    custom_id: str | None = None
    capture_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEvent:
    """An event that we wrote for a session, as the calendar has it now."""

    session_id: str
    time: Interval
