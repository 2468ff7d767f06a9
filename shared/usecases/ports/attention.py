"""The list of what needs a person."""

from __future__ import annotations

from typing import Protocol

from shared.domain.attention import Attention


class AttentionStore(Protocol):
    def note(self, attention: Attention) -> None:
        """Puts it on the list; noted again, it is the same record."""

    def open_attention(self) -> list[Attention]:
        """What is on the list, the oldest first."""
