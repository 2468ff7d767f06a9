"""What clients are told in the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.domain.notices import Notice


@dataclass(frozen=True, slots=True)
class NoticePage:
    items: tuple[Notice, ...]
    next: str | None


class NoticeStore(Protocol):
    def post(self, notice: Notice) -> None:
        """Posted again, it stays as it was first."""

    def notices_of(self, client_id: str, cursor: str | None, limit: int) -> NoticePage:
        """The latest first. Raises ``InvalidInput`` for a cursor it did not give."""

    def notices_about(self, client_id: str, subject_id: str) -> list[Notice]:
        """All that this client was told about it."""

    def read_notice(self, client_id: str, notice_id: str) -> Notice | None:
        """Marks it as read; None when the client has no such notice."""
