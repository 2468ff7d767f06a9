"""Money as PayPal takes and gives it: a currency and a decimal in a string."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Self

from local.paypal.errors import PayPalError

VALUE = re.compile(r"(-?[0-9]+)|(-?([0-9]+)?[.][0-9]+)")
LONGEST_VALUE = 32
WHOLE_CURRENCIES = frozenset({"HUF", "JPY", "TWD"})
CURRENCIES = WHOLE_CURRENCIES | {
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS", "MXN", "MYR", "NOK", "NZD",
    "PHP", "PLN", "SEK", "SGD", "THB", "USD",
}  # fmt: skip
FEE_SHARE, FEE_FIXED = Decimal("0.0349"), Decimal("0.49")
PARTS = ("item_total", "tax_total", "shipping", "handling", "insurance")
DISCOUNTS = ("shipping_discount", "discount")


@dataclass(frozen=True, slots=True)
class Money:
    currency: str
    value: Decimal

    def as_json(self) -> dict[str, str]:
        places = Decimal(1) if self.currency in WHOLE_CURRENCIES else Decimal("0.01")
        return {"currency_code": self.currency, "value": str(self.value.quantize(places))}

    def __add__(self, other: Self) -> Money:
        return Money(self.currency, self.value + other.value)

    def __sub__(self, other: Self) -> Money:
        return Money(self.currency, self.value - other.value)

    def zero(self) -> Money:
        return Money(self.currency, Decimal(0))

    def fee(self) -> Money:
        """What PayPal keeps of a payment."""
        fee = self.value * FEE_SHARE + FEE_FIXED
        return Money(self.currency, fee.quantize(Decimal("0.01"), ROUND_HALF_UP))


def read(given: Any, field: str) -> Money:
    """A positive amount in a currency PayPal has. Raises ``PayPalError``."""
    if not isinstance(given, dict):
        raise PayPalError("MISSING_REQUIRED_PARAMETER", field=field, location="body")
    currency = _text(given, "currency_code", field)
    value = _text(given, "value", field)
    if len(currency) != 3:
        raise PayPalError(
            "INVALID_STRING_LENGTH", field=f"{field}/currency_code", value=currency, location="body"
        )
    if not VALUE.fullmatch(value) or len(value) > LONGEST_VALUE:
        raise PayPalError("INVALID_PARAMETER_SYNTAX", field=f"{field}/value", value=value, location="body")
    if currency not in CURRENCIES:
        raise PayPalError("INVALID_CURRENCY_CODE", field=f"{field}/currency_code", value=currency)
    if len(value.partition(".")[2]) > (0 if currency in WHOLE_CURRENCIES else 2):
        raise PayPalError("DECIMAL_PRECISION", field=f"{field}/value", value=value)
    amount = Money(currency, Decimal(value))
    if amount.value <= 0:
        raise PayPalError("CANNOT_BE_ZERO_OR_NEGATIVE", field=f"{field}/value", value=value)
    return amount


def check_breakdown(given: dict[str, Any], amount: Money, field: str) -> None:
    """A breakdown adds up to the amount. Raises ``PayPalError``."""
    breakdown = given.get("breakdown")
    if not breakdown:
        return
    try:
        total = _sum(breakdown, PARTS) - _sum(breakdown, DISCOUNTS)
    except (ArithmeticError, KeyError, TypeError):
        raise PayPalError("INVALID_PARAMETER_SYNTAX", field=f"{field}/breakdown", location="body") from None
    if total != amount.value:
        raise PayPalError("AMOUNT_MISMATCH", field=f"{field}/value", value=given["value"])


def _sum(breakdown: dict[str, Any], parts: tuple[str, ...]) -> Decimal:
    return sum((Decimal(breakdown[part]["value"]) for part in parts if part in breakdown), Decimal(0))


def _text(given: dict[str, Any], name: str, field: str) -> str:
    value = given.get(name)
    if value is None:
        raise PayPalError("MISSING_REQUIRED_PARAMETER", field=f"{field}/{name}", location="body")
    if not isinstance(value, str):
        raise PayPalError(
            "INVALID_PARAMETER_SYNTAX", field=f"{field}/{name}", value=str(value), location="body"
        )
    return value
