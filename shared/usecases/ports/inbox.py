"""PayPal's events, each kept once until it is handled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.paypal_events import PayPalEvent


@dataclass(frozen=True, slots=True)
class Received:
    """``at`` is when it came first."""

    event: PayPalEvent
    at: datetime


class InboxStore(Protocol):
    def receive(self, event: PayPalEvent, now: datetime) -> bool:
        """Keeps its name and ids, once. False when it is handled already, and there is nothing left to do."""

    def handled(self, event_id: str, now: datetime) -> None:
        """There is nothing left to do. Again and again does no harm."""

    def open_events(self, now: datetime) -> list[Received]:
        """Not handled, and no longer in the hands of the webhook that brought them; the oldest first."""
