"""What must hold of PayPal's ledger and the table together, once nobody is in the middle of anything."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from tests import invariants

Json = dict[str, Any]

STANDING = frozenset({"confirmed", "completed", "no_show", "active"})
UNDERWAY = frozenset({"capturing", "refund_due", "refunding"})


def check(endpoint: str, table: str, ledger: Json) -> list[Json]:
    """Asserts the promises of the table and those about money; the payments in the table.

    No order and no purchase is captured twice. Money that was taken stands for a confirmed booking, an issued package
    or a move that was made, or all of it went back but the fee for cancelling; and nothing that has a price stands
    without its money. A fee that was charged for cancelling a package's session gave that back. What our books say
    came back is what PayPal gave back. No capture and no refund is still underway.
    """
    invariants.check(endpoint, table)
    everything = invariants.rows(endpoint, table)
    payments = {row["id"]: row for row in everything if row.get("kind") == "PAYMENT"}
    bought = {row["id"]: row for row in everything if row.get("kind") in {"APPOINTMENT", "PACKAGE"}}
    taken = [capture for capture in ledger["captures"] if capture["status"] not in {"DECLINED", "PENDING"}]
    for named in ("order_id", "custom_id"):
        often = Counter(capture[named] for capture in taken)
        assert set(often.values()) <= {1}, f"captured twice: {often}"

    given_back: Counter[str] = Counter()
    for refund in ledger["refunds"]:
        if refund["status"] != "FAILED":
            given_back[refund["capture_id"]] += _cents(refund["amount"])
    paid_to_move: Counter[str] = Counter()
    for each in bought.values():
        if "moves" in each and each["status"] in STANDING:
            paid_to_move[each["moves"]] += int(Decimal(payments[each["id"]]["amount"]) * 100)
    standing = set()
    for capture in taken:
        payment = payments[capture["custom_id"]]
        back = given_back[capture["id"]]
        assert payment["capture_id"] == capture["id"]
        assert back == int(Decimal(payment["refunded"]) * 100) <= _cents(capture["amount"])
        kept = _cents(capture["amount"]) - back
        if "cancels" in payment:
            assert kept == _fee(payment), f"{payment} {capture}"
            assert bought[payment["cancels"]]["credit_returned"] or not kept, f"{payment} {capture}"
            continue
        stands = bought[payment["id"]]["status"] in STANDING
        assert stands or kept == _fee(payment) - paid_to_move[payment["id"]], f"{payment} {capture}"
        standing |= {payment["id"]} if stands else set()
    for payment in payments.values():
        if "cancels" in payment and bought[payment["cancels"]]["credit_returned"]:
            assert "capture_id" in payment, f"given back for nothing: {payment}"
    for_money = {each["id"] for each in bought.values() if each["id"] in payments}
    assert {each for each in for_money if bought[each]["status"] in STANDING} == standing
    assert not [payment for payment in payments.values() if payment["status"] in UNDERWAY]
    return list(payments.values())


def _fee(payment: Json) -> int:
    """What the policy kept for changes of the session; fees for moves were paid apart from it."""
    return int(Decimal(payment["fee"]) * 100)


def _cents(amount: Json) -> int:
    return int(Decimal(amount["value"]) * 100)
