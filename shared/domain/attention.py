"""What the system can't settle by itself, and a person has to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AttentionKind(StrEnum):
    PAYMENT_MISMATCH = "payment_mismatch"
    """PayPal's order is not what we asked for; nothing was confirmed."""
    PAYMENT_PENDING = "payment_pending"
    """PayPal keeps the money back until the coach accepts it there, or sets the account right."""
    TIME_LOST = "time_lost"
    """Paid, and the time was somebody else's or had passed: the money goes back by itself."""
    REFUND_FAILED = "refund_failed"
    DISPUTE = "dispute"
    REFUNDED_BUT_BOOKED = "refunded_but_booked"
    """Given back in PayPal's dashboard, while the session or package still stands."""
    UNKNOWN_PAYMENT = "unknown_payment"
    """PayPal tells of money that belongs to no payment of ours."""
    MAIL_BOUNCED = "mail_bounced"
    """A mail did not arrive, or its reader called it unwanted: the person may not know of it."""
    DIFFERENCE = "difference"
    """The daily comparison found PayPal, payments, bookings or the calendar at odds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """One thing to look at. The same thing noted again is the same record; ``detail`` carries no personal data.

    ``subject_id`` is the appointment's or package's id where there is one, else PayPal's.
    """

    kind: AttentionKind
    subject_id: str
    detail: str
    noted_at: datetime

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.subject_id}"
