"""PayPal's ledger: the stand-in's, through PayPal's own SDK and through our client, and answers told by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from paypalserversdk.exceptions.search_error_exception import SearchErrorException

from shared.adapters.paypal import PayPalGateway
from shared.adapters.paypal_api import PayPalApi
from shared.domain.errors import PaymentProviderUnavailable
from shared.domain.money import Money
from shared.domain.statements import LedgerEntry, LedgerKind
from shared.domain.time import Interval, isoformat
from shared.usecases.ports import LedgerClosed
from tests.adapters.paypal_rig import Shop, later
from tests.paypal_script import DOWN, NOW, TOKEN, connect, refusal, token
from tests.scripted_server import Answer, ScriptedServer, scripted_server

PATH = "/v1/reporting/transactions"
CAD_150 = Money.of("150.00", "CAD")


def today() -> Interval:
    now = datetime.now(UTC)
    return Interval(now - timedelta(days=1), now + timedelta(minutes=1))


@pytest.fixture
def gateway(shop: Shop) -> PayPalGateway:
    state = shop.state
    return PayPalGateway(
        PayPalApi(api_base=state.base_url, client_id=state.client_id, client_secret=state.client_secret)
    )


def searched(shop: Shop, **asked: Any) -> Any:
    span = today()
    dates = {"start_date": isoformat(span.start), "end_date": isoformat(span.end)}
    return shop.sdk.transaction_search.search_transactions({**dates, **asked}).body


# The stand-in


def test_captures_and_refunds_are_in_the_ledger_as_paypals_sdk_reads_it(shop: Shop) -> None:
    capture = shop.captured(invoice_id="inv-1")
    refund = shop.refund(capture["id"], {"amount": {"currency_code": "CAD", "value": "50.00"}}).json()
    found = searched(shop)
    assert (found.total_items, found.total_pages, found.page) == (2, 1, 1)
    taken, back = (each.transaction_info for each in found.transaction_details)
    assert (taken.transaction_id, taken.transaction_event_code) == (capture["id"], "T0006")
    assert (taken.transaction_amount.value, taken.transaction_amount.currency_code) == ("150.00", "CAD")
    assert (taken.custom_field, taken.invoice_id) == ("payment-1", "inv-1")
    assert (taken.transaction_status, taken.fee_amount.value) == ("S", "-5.73")
    assert (back.transaction_id, back.transaction_event_code) == (refund["id"], "T1107")
    assert (back.paypal_reference_id, back.paypal_reference_id_type) == (capture["id"], "TXN")
    assert back.transaction_amount.value == "-50.00"


def test_what_moved_no_money_is_listed_only_when_asked_for(shop: Shop) -> None:
    pending = shop.captured("pending")
    assert not hasattr(searched(shop), "total_items")  # the SDK's way to say 0
    [listed] = searched(shop, balance_affecting_records_only="N").transaction_details
    assert (listed.transaction_info.transaction_id, listed.transaction_info.transaction_status) == (
        pending["id"],
        "P",
    )


def test_what_was_given_back_whole_is_reversed_and_paypals_own_taking_back_has_its_code(shop: Shop) -> None:
    shop.refund(shop.captured()["id"])
    dispute = shop.state.open_dispute(shop.captured()["id"])
    shop.state.resolve_dispute(dispute["dispute_id"], "buyer")
    told = [each.transaction_info for each in searched(shop).transaction_details]
    codes = sorted((each.transaction_event_code, each.transaction_status) for each in told)
    assert codes == [("T0006", "V"), ("T0006", "V"), ("T1106", "S"), ("T1107", "S")]


def test_the_ledger_comes_in_pages(shop: Shop) -> None:
    made = {shop.captured()["id"] for _ in range(3)}
    pages = [searched(shop, page_size=2, page=page) for page in (1, 2)]
    assert [len(page.transaction_details) for page in pages] == [2, 1]
    assert {page.total_pages for page in pages} == {2}
    told = {each.transaction_info.transaction_id for page in pages for each in page.transaction_details}
    assert told == made


@pytest.mark.parametrize(
    ("asked", "issue"),
    [
        ({"start_date": None}, "MISSING_REQUIRED_PARAMETER"),
        ({"start_date": "yesterday"}, "INVALID_PARAMETER_SYNTAX"),
        ({"start_date": "2026-02-30T00:00:00Z"}, "INVALID_PARAMETER_SYNTAX"),
        (
            {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-02-02T00:00:00Z"},
            "INVALID_PARAMETER_VALUE",
        ),
        ({"page_size": 501}, "INVALID_PARAMETER_VALUE"),
        ({"page": 0}, "INVALID_PARAMETER_VALUE"),
    ],
)
def test_what_can_not_be_searched_is_refused(shop: Shop, asked: dict[str, Any], issue: str) -> None:
    with pytest.raises(SearchErrorException) as refused:
        searched(shop, **asked)
    assert refused.value.response_code == 400
    assert refused.value.details[0].issue == issue


def test_without_the_feature_the_ledger_is_closed(shop: Shop, gateway: PayPalGateway) -> None:
    shop.state.account.transaction_search = False
    with pytest.raises(SearchErrorException) as refused:
        searched(shop)
    assert (refused.value.response_code, refused.value.name) == (403, "NOT_AUTHORIZED")
    with pytest.raises(LedgerClosed, match="Transaction search"):
        gateway.ledger(today())


# Our client


def test_our_client_reads_what_moved(shop: Shop, gateway: PayPalGateway) -> None:
    assert gateway.ledger(today()) == []
    capture = shop.captured()
    refund = shop.state.refund_by_hand(capture["id"], Decimal("50.00"))
    shop.captured("pending")
    assert gateway.ledger(today()) == [
        LedgerEntry(id=capture["id"], kind=LedgerKind.CAPTURE, amount=CAD_150, custom_id="payment-1"),
        LedgerEntry(
            id=refund["id"],
            kind=LedgerKind.REFUND,
            amount=Money.of("50.00", "CAD"),
            capture_id=capture["id"],
        ),
    ]
    with later(days=2):
        assert gateway.ledger(today()) == []


@pytest.fixture(scope="module")
def running() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def server(running: ScriptedServer) -> ScriptedServer:
    running.requests.clear()
    running.script.clear()
    running.on(TOKEN, token())
    return running


WEEK = Interval(NOW - timedelta(days=7), NOW)


def line(page: int) -> str:
    dates = "start_date=2026-11-16T13%3A00%3A00Z&end_date=2026-11-23T13%3A00%3A00Z"
    return f"GET {PATH}?{dates}&fields=transaction_info&page_size=500&page={page}"


def told(*infos: dict[str, Any], pages: int = 1) -> Answer:
    details = [{"transaction_info": info} for info in infos]
    return Answer(200, {"transaction_details": details, "total_pages": pages})


def info(transaction_id: str, code: str = "T0006", value: str = "150.00", **changes: Any) -> dict[str, Any]:
    return {
        "transaction_id": transaction_id,
        "transaction_event_code": code,
        "transaction_amount": {"currency_code": "CAD", "value": value},
        "transaction_status": "S",
        **changes,
    }


def test_every_page_is_read(server: ScriptedServer) -> None:
    server.on(line(1), told(info("A"), pages=2))
    server.on(line(2), told(info("B"), pages=2))
    assert [entry.id for entry in connect(server.url).ledger(WEEK)] == ["A", "B"]


@pytest.mark.parametrize(
    ("transaction", "kind"),
    [
        (info("X", "T0006"), LedgerKind.CAPTURE),
        (info("X", "T0003", transaction_status="V"), LedgerKind.CAPTURE),
        (info("X", "T1107", "-150.00"), LedgerKind.REFUND),
        (info("X", "T1201", "-150.00"), LedgerKind.REFUND),
        (info("X", "T1106", "-150.00"), LedgerKind.REFUND),
        pytest.param(info("X", "T0006", "-150.00"), None, id="money sent"),
        pytest.param(info("X", "T0400", "-150.00"), None, id="to the bank"),
        pytest.param(info("X", "T1110", "-150.00"), None, id="held for a dispute"),
        pytest.param(info("X", transaction_status="P"), None, id="pending"),
        pytest.param(info("X", transaction_status="D"), None, id="denied"),
        pytest.param(info("X", "T1107", "-150.00", transaction_status="V"), None, id="a refund undone"),
    ],
)
def test_money_in_and_money_given_back_are_told_from_all_else(
    server: ScriptedServer, transaction: dict[str, Any], kind: LedgerKind | None
) -> None:
    server.on(line(1), told(transaction))
    entries = connect(server.url).ledger(WEEK)
    assert [entry.kind for entry in entries] == ([kind] if kind else [])
    assert all(entry.amount == CAD_150 for entry in entries)


@pytest.mark.parametrize(
    "answer",
    [
        DOWN,
        refusal("INVALID_PARAMETER_VALUE", 400),
        refusal("RATE_LIMIT_REACHED", 429),
        Answer(200, {}),
        Answer(200, {"transaction_details": [{}], "total_pages": 1}),
        told(info("X", value="much")),
    ],
)
def test_a_ledger_that_can_not_be_read_is_no_empty_ledger(server: ScriptedServer, answer: Answer) -> None:
    server.on(line(1), answer)
    with pytest.raises(PaymentProviderUnavailable):
        connect(server.url).ledger(WEEK)


def test_a_token_refused_is_no_closed_ledger(server: ScriptedServer) -> None:
    server.on(TOKEN, refusal("invalid_client", 403))
    with pytest.raises(PaymentProviderUnavailable):
        connect(server.url).ledger(WEEK)
