"""Money: an exact amount in one ISO 4217 currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Money:
    """A ``Decimal`` amount with two decimals and an ISO 4217 currency code."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if self.amount != self.amount.quantize(CENT):
            raise ValueError(f"{self.amount} is finer than a cent")
        object.__setattr__(self, "amount", self.amount.quantize(CENT))

    @classmethod
    def of(cls, amount: str, currency: str) -> Money:
        return cls(Decimal(amount), currency)

    def share(self, fraction: Decimal) -> Money:
        """That fraction of the amount, rounded half up to the cent."""
        return Money((self.amount * fraction).quantize(CENT, ROUND_HALF_UP), self.currency)

    def __str__(self) -> str:
        return f"{self.amount:.2f}"
