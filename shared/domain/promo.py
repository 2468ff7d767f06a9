"""Promo codes: a capped number of uses, one for each client."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.errors import DomainError, PromoAlreadyUsed, PromoExhausted, PromoExpired

LONGEST_CODE = 40
MISSES_ALLOWED = 20
MISSES_WINDOW = timedelta(minutes=10)
"""A client who names this many unknown codes within the window is guessing."""


class PromoProblem(StrEnum):
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    INACTIVE = "inactive"
    ALREADY_USED = "already_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promo:
    """``cap`` uses in all, ``used`` of them gone. ``expires_at`` is the first instant it is no longer good."""

    code: str
    cap: int
    used: int = 0
    active: bool = True
    expires_at: datetime | None = None

    @property
    def remaining(self) -> int:
        return max(self.cap - self.used, 0)

    def problem(self, now: datetime, *, used_by_client: bool) -> PromoProblem | None:
        """Why this client can't use it now, the most telling reason first."""
        if used_by_client:
            return PromoProblem.ALREADY_USED
        if not self.active:
            return PromoProblem.INACTIVE
        if self.expires_at is not None and now >= self.expires_at:
            return PromoProblem.EXPIRED
        if self.remaining == 0:
            return PromoProblem.EXHAUSTED
        return None


def normalise(code: str) -> str:
    """Case and spaces do not matter: `` wimd 25 `` is ``WIMD25``."""
    return "".join(code.split()).upper()


def refusal(problem: PromoProblem) -> DomainError:
    match problem:
        case PromoProblem.ALREADY_USED:
            return PromoAlreadyUsed("You have used this code already; it is good for one session each.")
        case PromoProblem.EXHAUSTED:
            return PromoExhausted("All uses of this code are gone.")
        case PromoProblem.EXPIRED:
            return PromoExpired("This code is past its last day.")
        case PromoProblem.INACTIVE:
            return PromoExpired("This code is switched off.")


SEED_PROMOS: tuple[Promo, ...] = (Promo(code="WIMD25", cap=25),)
