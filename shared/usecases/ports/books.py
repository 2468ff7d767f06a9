"""Everything that is written down, to be held against what PayPal and the calendar say."""

from __future__ import annotations

from typing import Protocol

from shared.domain.reconciliation import Books


class BookReader(Protocol):
    def books(self) -> Books:
        """All payments, sessions and packages, as they were within the last moments."""
