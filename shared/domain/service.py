"""What the coach offers. Data, not code: these are the seeds, and the coach may edit them."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.errors import InvalidInput
from shared.domain.money import Money
from shared.domain.time import GRID_MINUTES

LONGEST_SESSION_MINUTES = 120
"""Bounds the claim: a session of this length with its buffers can still be moved in one DynamoDB transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """``duration_minutes`` is one session's length; ``sessions`` how many one purchase buys."""

    id: str
    name: str
    duration_minutes: int
    prices: tuple[Money, ...] = ()
    sessions: int = 1

    def __post_init__(self) -> None:
        if self.duration_minutes % GRID_MINUTES or not 0 < self.duration_minutes <= LONGEST_SESSION_MINUTES:
            raise InvalidInput(
                "duration_minutes",
                f"a length is a multiple of {GRID_MINUTES} up to {LONGEST_SESSION_MINUTES} minutes",
            )


FREE = "free"

SEED_SERVICES: tuple[Service, ...] = (
    Service(id=FREE, name="Free session", duration_minutes=30),
    Service(
        id="single",
        name="Single session",
        duration_minutes=60,
        prices=(Money.of("150.00", "USD"), Money.of("150.00", "CAD")),
    ),
    Service(
        id="package",
        name="Package of three sessions",
        duration_minutes=60,
        prices=(Money.of("500.00", "USD"), Money.of("500.00", "CAD")),
        sessions=3,
    ),
)
