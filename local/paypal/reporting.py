"""Transaction Search v1: what moved money on the account. Unlike PayPal's own, it is never hours late.

Source: https://developer.paypal.com/docs/api/transaction-search/v1/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, Self

from local.paypal.account import MERCHANT, PAYER_ID, Account
from local.paypal.amounts import Money
from local.paypal.errors import PayPalError
from local.paypal.marks import now
from local.paypal.payments import Capture, Payments, Refund

Json = dict[str, Any]

PATH = "/v1/reporting/transactions"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE)
LONGEST_SPAN = timedelta(days=31)
LARGEST_PAGE = 500
CAPTURE_STATUS = {"PENDING": "P", "DECLINED": "D", "REFUNDED": "V"}
REFUND_STATUS = {"PENDING": "P", "FAILED": "D"}
NOTHING_MOVED = frozenset({"P", "D"})


@dataclass(frozen=True, slots=True)
class Search:
    start: datetime
    end: datetime
    everything: bool
    page: int
    page_size: int

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Self:
        """Raises ``PayPalError``."""
        start, end = _instant(asked, "start_date"), _instant(asked, "end_date")
        if not timedelta(0) <= end - start <= LONGEST_SPAN:
            raise PayPalError("INVALID_PARAMETER_VALUE", field="end_date", location="query")
        return cls(
            start,
            end,
            asked.get("balance_affecting_records_only", "Y") == "N",
            _number(asked, "page", 1, 2**31 - 1),
            _number(asked, "page_size", 100, LARGEST_PAGE),
        )


def search(payments: Payments, account: Account, base_url: str, asked: Search) -> Json:
    """Raises ``PayPalError`` where the app was not given the feature."""
    if not account.transaction_search:
        raise PayPalError("PERMISSION_DENIED")
    found = sorted(_matching(payments, asked), key=lambda info: str(info["transaction_initiation_date"]))
    first = (asked.page - 1) * asked.page_size
    return {
        "transaction_details": [
            {"transaction_info": info} for info in found[first : first + asked.page_size]
        ],
        "account_number": MERCHANT["merchant_id"],
        "start_date": _stamp(asked.start),
        "end_date": _stamp(asked.end),
        "last_refreshed_datetime": _stamp(now()),
        "page": asked.page,
        "total_items": len(found),
        "total_pages": ceil(len(found) / asked.page_size),
        "links": [{"href": f"{base_url}{PATH}", "rel": "self", "method": "GET"}],
    }


def _matching(payments: Payments, asked: Search) -> Iterator[Json]:
    moved: list[tuple[datetime, Json]] = [
        *((capture.created, _capture(capture)) for capture in payments.captures.values()),
        *((refund.created, _refund(refund)) for refund in payments.refunds.values()),
    ]
    for at, info in moved:
        affects_the_balance = info["transaction_status"] not in NOTHING_MOVED
        if asked.start <= at.replace(microsecond=0) <= asked.end and (
            affects_the_balance or asked.everything
        ):
            yield info


def _capture(capture: Capture) -> Json:
    return {
        "paypal_account_id": PAYER_ID,
        **_transaction(capture, "T0006", capture.amount.as_json()),
        "paypal_reference_id": capture.order_id,
        "paypal_reference_id_type": "ODR",
        "fee_amount": _less(capture.amount.fee()),
        "transaction_status": CAPTURE_STATUS.get(capture.status, "S"),
        **_marks(capture.references),
        "protection_eligibility": "01",
    }


def _refund(refund: Refund) -> Json:
    """Marked only as the refund itself was: PayPal does not always repeat the capture's marks."""
    return {
        "paypal_account_id": PAYER_ID,
        **_transaction(refund, "T1106" if refund.reversal else "T1107", _less(refund.amount)),
        "paypal_reference_id": refund.capture.id,
        "paypal_reference_id_type": "TXN",
        "transaction_status": REFUND_STATUS.get(refund.status, "S"),
        **_marks(refund.given),
        "protection_eligibility": "02",
    }


def _transaction(moved: Capture | Refund, code: str, amount: Json) -> Json:
    return {
        "transaction_id": moved.id,
        "transaction_event_code": code,
        "transaction_initiation_date": _stamp(moved.created),
        "transaction_updated_date": _stamp(moved.updated),
        "transaction_amount": amount,
    }


def _marks(references: Json) -> Json:
    names = {"custom_id": "custom_field", "invoice_id": "invoice_id"}
    return {names[name]: value for name, value in references.items() if name in names}


def _less(money: Money) -> Json:
    return (money.zero() - money).as_json()


def _stamp(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}+0000"


def _instant(asked: Mapping[str, str], name: str) -> datetime:
    given = asked.get(name)
    if given is None:
        raise PayPalError("MISSING_REQUIRED_PARAMETER", field=name, location="query")
    try:
        if INSTANT.fullmatch(given):
            return datetime.fromisoformat(given.upper()).astimezone(UTC)
    except ValueError:
        pass
    raise PayPalError("INVALID_PARAMETER_SYNTAX", field=name, value=given, location="query")


def _number(asked: Mapping[str, str], name: str, default: int, largest: int) -> int:
    given = asked.get(name, str(default))
    if not given.isdecimal() or not 1 <= int(given) <= largest:
        raise PayPalError("INVALID_PARAMETER_VALUE", field=name, value=given, location="query")
    return int(given)
