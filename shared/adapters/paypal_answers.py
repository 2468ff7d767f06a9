"""PayPal's resources as the domain reads them. Anything malformed raises ``MalformedAnswer``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TypeVar

from shared.domain.money import Money
from shared.domain.settlement import (
    CaptureState,
    CaptureStatus,
    OrderState,
    OrderStatus,
    RefundState,
    RefundStatus,
)
from shared.usecases.ports import CreatedOrder

State = TypeVar("State")
Json = Mapping[str, Any]


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
        captures=tuple(capture(each) for found in payments for each in found.get("captures", ())),
        refunds=tuple(refund(each) for found in payments for each in found.get("refunds", ())),
    )


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


def _money(answer: Json) -> Money:
    return Money(Decimal(answer["value"]), str(answer["currency_code"]))
