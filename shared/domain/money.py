"""Money: an exact amount in one ISO 4217 currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

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

    def __str__(self) -> str:
        return f"{self.amount:.2f}"
