"""Refunds and disputes at the stand-in: a ledger that never gives back more than was taken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.adapters.paypal_rig import FULL, PAYMENTS, Shop, conforms, issue_of, later, sdk_issue


def amount(value: str, currency: str = "CAD") -> dict[str, Any]:
    return {"amount": {"currency_code": currency, "value": value}}


def status_of(shop: Shop, capture_id: str) -> str:
    return str(shop.call("GET", f"/v2/payments/captures/{capture_id}").json()["status"])


def test_a_refund_without_an_amount_gives_all_back_and_paypal_keeps_its_fee(shop: Shop) -> None:
    capture_id = shop.captured()["id"]
    given = shop.sdk.payments.refund_captured_payment({"capture_id": capture_id, "prefer": FULL})
    assert (given.status_code, given.body.status, given.body.amount.value) == (201, "COMPLETED", "150.00")
    assert given.body.seller_payable_breakdown.paypal_fee.value == "0.00"
    assert status_of(shop, capture_id) == "REFUNDED"
    again = shop.sdk.payments.get_refund({"refund_id": given.body.id})
    assert (again.body.id, again.body.status) == (given.body.id, "COMPLETED")


def test_refunds_in_parts_add_up_and_the_last_one_takes_the_rest(shop: Shop) -> None:
    capture_id = shop.captured()["id"]
    first = shop.refund(capture_id, amount("50.01") | {"note_to_payer": "Half"}).json()
    assert status_of(shop, capture_id) == "PARTIALLY_REFUNDED"
    second = shop.refund(capture_id).json()
    assert second["amount"]["value"] == "99.99"
    totals = [each["seller_payable_breakdown"]["total_refunded_amount"]["value"] for each in (first, second)]
    assert totals == ["50.01", "150.00"]
    for refund in (first, second):
        conforms(refund, PAYMENTS, "refund")
        assert refund["links"][1] == {
            "href": f"{shop.state.base_url}/v2/payments/captures/{capture_id}",
            "rel": "up",
            "method": "GET",
        }
    assert status_of(shop, capture_id) == "REFUNDED"
    order_id = shop.state.ledger()["captures"][0]["order_id"]
    [unit] = shop.call("GET", f"/v2/checkout/orders/{order_id}").json()["purchase_units"]
    assert [refund["id"] for refund in unit["payments"]["refunds"]] == [first["id"], second["id"]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (amount("150.01"), (422, "REFUND_AMOUNT_EXCEEDED")),
        (amount("10.00", "USD"), (422, "REFUND_CAPTURE_CURRENCY_MISMATCH")),
        (amount("0.00"), (422, "CANNOT_BE_ZERO_OR_NEGATIVE")),
        (amount("1.005"), (422, "DECIMAL_PRECISION")),
        (amount("1.00", "XXX"), (422, "INVALID_CURRENCY_CODE")),
        ({"note_to_payer": "x" * 256}, (400, "INVALID_STRING_LENGTH")),
    ],
)
def test_a_refund_is_refused_for_what_is_wrong_with_it(
    shop: Shop, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    capture_id = shop.captured()["id"]
    assert issue_of(shop.refund(capture_id, body)) == expected
    assert status_of(shop, capture_id) == "COMPLETED"


def test_more_than_was_captured_is_never_given_back(shop: Shop) -> None:
    capture_id = shop.captured()["id"]
    shop.refund(capture_id, amount("100.00"))
    assert issue_of(shop.refund(capture_id, amount("50.01"))) == (422, "REFUND_AMOUNT_EXCEEDED")
    shop.refund(capture_id, amount("50.00"))
    assert issue_of(shop.refund(capture_id, amount("0.01"))) == (422, "CAPTURE_FULLY_REFUNDED")
    assert issue_of(shop.refund(capture_id)) == (422, "CAPTURE_FULLY_REFUNDED")
    given = sum(Decimal(refund["amount"]["value"]) for refund in shop.state.ledger()["refunds"])
    assert given == Decimal("150.00")


def test_a_pending_capture_is_not_refunded(shop: Shop) -> None:
    assert issue_of(shop.refund(shop.captured("pending")["id"])) == (422, "PENDING_CAPTURE")


def test_a_denied_capture_is_not_refunded(shop: Shop) -> None:
    capture_id = shop.captured("pending")["id"]
    shop.state.settle_capture(capture_id, "denied")
    assert issue_of(shop.refund(capture_id)) == (422, "REFUND_NOT_ALLOWED")


def test_an_unknown_capture_is_not_found(shop: Shop) -> None:
    assert issue_of(shop.refund("MOCK0000000000000")) == (404, "INVALID_RESOURCE_ID")
    refusal = sdk_issue(shop.sdk.payments.get_refund, refund_id="MOCK0000000000000")
    assert refusal == (404, "INVALID_RESOURCE_ID")


def test_refunds_end_after_180_days(shop: Shop) -> None:
    capture_id = shop.captured()["id"]
    with later(days=179):
        assert shop.refund(capture_id, amount("1.00")).status_code == 201
    with later(days=181):
        assert issue_of(shop.refund(capture_id)) == (422, "REFUND_TIME_LIMIT_EXCEEDED")


def test_an_invoice_is_refunded_once(shop: Shop) -> None:
    capture_id = shop.captured()["id"]
    body = amount("1.00") | {"invoice_id": "R-1"}
    assert shop.refund(capture_id, body).status_code == 201
    assert issue_of(shop.refund(capture_id, body)) == (422, "DUPLICATE_INVOICE_ID")


def test_ten_refunds_of_a_capture_are_enough(shop: Shop) -> None:
    capture_id = shop.captured()["id"]
    statuses = [shop.refund(capture_id, amount("1.00")).status_code for _ in range(10)]
    assert statuses == [201] * 10
    assert issue_of(shop.refund(capture_id)) == (422, "MAX_NUMBER_OF_REFUNDS_EXCEEDED")


def test_the_same_request_id_is_the_same_refund_for_45_days(shop: Shop) -> None:
    capture_id = shop.captured()["id"]
    first = shop.refund(capture_id, amount("10.00"), PayPal_Request_Id="refund-1")
    with later(days=44):
        again = shop.refund(capture_id, amount("10.00"), PayPal_Request_Id="refund-1")
        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    with later(days=46):
        assert shop.refund(capture_id, amount("10.00"), PayPal_Request_Id="refund-1").status_code == 201


def test_refunds_of_one_capture_at_once_are_made_one_by_one(shop: Shop) -> None:
    capture_id = shop.captured()["id"]
    shop.state.processing_seconds = 0.5
    with ThreadPoolExecutor(4) as pool:
        calls = [
            pool.submit(shop.refund, capture_id, amount("10.00"), PayPal_Request_Id=f"r{n}") for n in range(4)
        ]
    answers = sorted((call.result() for call in calls), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [201] + [409] * 3
    assert issue_of(answers[1]) == (409, "PREVIOUS_REQUEST_IN_PROGRESS")
    conforms(answers[1].json(), PAYMENTS, "409")


def test_a_pending_refund_counts_until_it_fails(shop: Shop) -> None:
    shop.state.account.pending_refunds = True
    capture_id = shop.captured()["id"]
    refund = shop.refund(capture_id).json()
    assert (refund["status"], refund["status_details"]) == ("PENDING", {"reason": "ECHECK"})
    assert issue_of(shop.refund(capture_id)) == (422, "CAPTURE_FULLY_REFUNDED")
    shop.state.settle_refund(refund["id"], "failed")
    assert status_of(shop, capture_id) == "COMPLETED"
    again = shop.refund(capture_id).json()["id"]
    shop.state.settle_refund(again, "completed")
    assert status_of(shop, capture_id) == "REFUNDED"


def test_a_refund_by_hand_is_in_the_ledger_as_any_other(shop: Shop) -> None:
    capture_id = shop.captured(currency="USD")["id"]
    shop.state.refund_by_hand(capture_id, Decimal("20"))
    shop.state.refund_by_hand(capture_id)
    refunds = shop.state.ledger()["refunds"]
    assert [(each["capture_id"], each["amount"]) for each in refunds] == [
        (capture_id, {"currency_code": "USD", "value": "20.00"}),
        (capture_id, {"currency_code": "USD", "value": "130.00"}),
    ]


def test_the_ledger_ties_captures_to_orders(shop: Shop) -> None:
    order_id = shop.approved()
    shop.capture(order_id)
    ledger = shop.state.ledger()
    assert [order["id"] for order in ledger["orders"]] == [order_id]
    assert [capture["order_id"] for capture in ledger["captures"]] == [order_id]
    assert (ledger["refunds"], ledger["payment_tokens"]) == ([], [])


# Disputes


def test_while_a_dispute_is_open_only_a_full_refund_is_possible(shop: Shop) -> None:
    capture_id = shop.captured()["id"]
    shop.state.open_dispute(capture_id)
    assert issue_of(shop.refund(capture_id, amount("1.00"))) == (422, "TRANSACTION_DISPUTED")
    assert shop.refund(capture_id).status_code == 201


def test_a_dispute_lost_takes_the_rest_and_ends_refunds(shop: Shop) -> None:
    capture_id = shop.captured()["id"]
    shop.refund(capture_id, amount("50.00"))
    dispute_id = shop.state.open_dispute(capture_id)["dispute_id"]
    shop.state.escalate_dispute(dispute_id)
    dispute = shop.state.resolve_dispute(dispute_id, "buyer")
    conforms(dispute, "customer_disputes_v1", "dispute")
    assert dispute["dispute_outcome"]["outcome_code"] == "RESOLVED_BUYER_FAVOUR"
    assert dispute["disputed_transactions"][0]["seller_transaction_id"] == capture_id
    assert issue_of(shop.refund(capture_id)) == (422, "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK")
    refunds = shop.state.ledger()["refunds"]
    assert [refund["amount"]["value"] for refund in refunds] == ["50.00", "100.00"]


def test_a_dispute_won_changes_nothing(shop: Shop) -> None:
    capture_id = shop.captured()["id"]
    dispute_id = shop.state.open_dispute(capture_id)["dispute_id"]
    shop.state.resolve_dispute(dispute_id, "seller")
    assert shop.refund(capture_id, amount("1.00")).status_code == 201


ISSUES = (
    "CAPTURE_FULLY_REFUNDED", "REFUND_AMOUNT_EXCEEDED", "REFUND_CAPTURE_CURRENCY_MISMATCH", "PENDING_CAPTURE",
    "REFUND_FAILED_INSUFFICIENT_FUNDS", "REFUND_TIME_LIMIT_EXCEEDED", "TRANSACTION_DISPUTED",
    "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK", "PARTIAL_REFUND_NOT_ALLOWED", "DUPLICATE_INVOICE_ID",
    "MAX_NUMBER_OF_REFUNDS_EXCEEDED",
)  # fmt: skip


@pytest.mark.parametrize("issue", [*ISSUES, "PREVIOUS_REQUEST_IN_PROGRESS"])
def test_a_header_asks_for_a_refused_refund(shop: Shop, issue: str) -> None:
    capture_id = shop.captured()["id"]
    mock = f'{{"mock_application_codes":"{issue}"}}'
    refusal = sdk_issue(
        shop.sdk.payments.refund_captured_payment, capture_id=capture_id, paypal_mock_response=mock
    )
    assert refusal == (409 if issue.startswith("PREVIOUS") else 422, issue)
    answer = shop.refund(capture_id, PayPal_Mock_Response=mock)
    conforms(answer.json(), PAYMENTS, "409" if answer.status_code == 409 else "captures.refund-422")
    assert status_of(shop, capture_id) == "COMPLETED"
