"""A package: sessions bought together, and booked one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.appointment import Client


class PackageStatus(StrEnum):
    ORDERED = "ordered"
    """Its payment is open: nothing can be booked from it yet."""
    ACTIVE = "active"
    LAPSED = "lapsed"
    """It was never paid."""
    REFUNDED = "refunded"
    """What was unused is paid back: nothing can be booked from it any more."""


SOLD = frozenset({PackageStatus.ACTIVE, PackageStatus.REFUNDED})
"""Its money came in, so it is its client's to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """``id`` is 32 hex digits, and its payment's id too. One session is ``duration_minutes`` long."""

    id: str
    client: Client
    service: str
    status: PackageStatus
    sessions_total: int
    duration_minutes: int
    created_at: datetime
    updated_at: datetime
    sessions_used: int = 0

    @property
    def sessions_remaining(self) -> int:
        """What can be booked from it now."""
        return self.sessions_total - self.sessions_used if self.status is PackageStatus.ACTIVE else 0
