"""PayPal's resources as the domain reads them. Anything malformed raises ``MalformedAnswer``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from shared.domain.money import Money
from shared.domain.settlement import (
    CaptureState,
    CaptureStatus,
    OrderState,
    OrderStatus,
    RefundState,
    RefundStatus,
)
from shared.domain.statements import LedgerEntry, LedgerKind
from shared.usecases.ports import CreatedOrder

State = TypeVar("State")
Json = Mapping[str, Any]


PAYMENT_RECEIVED = "T00"
"""All event codes of payments between accounts begin so; ``T0006`` is a checkout's."""

MONEY_GIVEN_BACK = frozenset({"T1106", "T1107", "T1201"})
"""PayPal's own reversal, a refund, a card's chargeback. Source: https://developer.paypal.com/reports/reference/t-codes"""

VAULTED = "VAULTED"
PENDING, DENIED, REVERSED = "P", "D", "V"


class MalformedAnswer(Exception):
    """A good status with a body that is not what PayPal documents."""


def read(into: Callable[[Json], State], answer: Any) -> State:
    with _well_formed():
        return into(answer)


@contextmanager
def _well_formed() -> Iterator[None]:
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise MalformedAnswer from None


def created_order(answer: Json) -> CreatedOrder:
    """With a payment source the link is called ``payer-action``, without one ``approve``."""
    links = {link["rel"]: str(link["href"]) for link in answer["links"]}
    return CreatedOrder(str(answer["id"]), links.get("payer-action") or links["approve"])


def order(answer: Json) -> OrderState:
    units = answer.get("purchase_units", ())
    only = units[0] if len(units) == 1 else {}
    payments = [unit.get("payments", {}) for unit in units]
    return OrderState(
        id=str(answer["id"]),
        status=OrderStatus(answer["status"]),
        amount=_money(only["amount"]) if only else None,
        custom_id=only.get("custom_id"),
        captures=tuple(
            replace(capture(each), order_id=str(answer["id"]))
            for found in payments
            for each in found.get("captures", ())
        ),
        refunds=tuple(refund(each) for found in payments for each in found.get("refunds", ())),
        saved_method=_saved_method(answer),
    )


def _saved_method(answer: Json) -> str | None:
    """None too while PayPal is still at it: a webhook names it then."""
    wallet = answer.get("payment_source", {}).get("paypal", {})
    vault = wallet.get("attributes", {}).get("vault", {})
    return str(vault["id"]) if vault.get("status") == VAULTED else None


def capture(answer: Json) -> CaptureState:
    breakdown = answer.get("seller_receivable_breakdown", {})
    related = answer.get("supplementary_data", {}).get("related_ids", {})
    return CaptureState(
        id=str(answer["id"]),
        status=CaptureStatus(answer["status"]),
        amount=_money(answer["amount"]),
        custom_id=answer.get("custom_id"),
        order_id=related.get("order_id"),
        reason=answer.get("status_details", {}).get("reason"),
        fee=_money(breakdown["paypal_fee"]) if "paypal_fee" in breakdown else None,
    )


def refund(answer: Json) -> RefundState:
    above = [link["href"] for link in answer.get("links", ()) if link["rel"] == "up"]
    return RefundState(
        id=str(answer["id"]),
        status=RefundStatus(answer["status"]),
        amount=_money(answer["amount"]),
        capture_id=above[0].rstrip("/").rpartition("/")[2] if above else None,
        request_id=answer.get("invoice_id"),
    )


class LedgerPage(NamedTuple):
    """``pages`` is how many there are in all."""

    entries: list[LedgerEntry]
    pages: int


def ledger_page(answer: Json) -> LedgerPage:
    listed = (_ledger_entry(each["transaction_info"]) for each in answer["transaction_details"])
    return LedgerPage([entry for entry in listed if entry], int(answer["total_pages"]))


def _ledger_entry(info: Json) -> LedgerEntry | None:
    """None for what is neither money taken nor given back: payments out, fees, transfers to a bank, holds."""
    code, amount = str(info["transaction_event_code"]), Decimal(info["transaction_amount"]["value"])
    taken = code.startswith(PAYMENT_RECEIVED) and amount > 0
    nothing_moved = {PENDING, DENIED} if taken else {PENDING, DENIED, REVERSED}
    given_back = code in MONEY_GIVEN_BACK and amount < 0
    if not (taken or given_back) or info["transaction_status"] in nothing_moved:
        return None
    return LedgerEntry(
        id=str(info["transaction_id"]),
        kind=LedgerKind.CAPTURE if taken else LedgerKind.REFUND,
        amount=Money(abs(amount), str(info["transaction_amount"]["currency_code"])),
        custom_id=info.get("custom_field"),
        capture_id=None if taken else info.get("paypal_reference_id"),
    )


def _money(answer: Json) -> Money:
    return Money(Decimal(answer["value"]), str(answer["currency_code"]))
