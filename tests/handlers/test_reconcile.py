"""The daily comparison through the real handler, after real payments; the world is in memory."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain import refunds
from shared.domain.errors import CalendarUnavailable, PaymentProviderUnavailable
from shared.domain.money import Money
from shared.domain.reconciliation import QUIET
from shared.domain.settlement import given_back
from shared.domain.statements import LedgerEntry, LedgerKind
from shared.domain.time import minutes
from tests.fake_paypal import DOWN
from tests.handlers.conftest import Stage
from tests.handlers.test_paying import approved, booking_of, ordered, paid, payment_of, sweep

__all__ = ["approved", "ordered", "paid"]

UNKNOWN = "d" * 32


def reconcile(stage: Stage) -> dict[str, Any]:
    """Once nothing is in the middle of anything."""
    stage.clock.at += QUIET + minutes(1)
    report = stage.invoke("reconcile", stage.event("reconcile/scheduled"))
    return json.loads(json.dumps(report))  # type: ignore[no-any-return]


def told(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["kind"], each["subject_id"]) for each in report["differences"]]


@pytest.fixture
def booked(stage: Stage, paid: str) -> str:
    """Paid, confirmed, and everything that follows done; the payment's id."""
    sweep(stage)
    return str(payment_of(stage, paid).id)


def test_after_a_payment_all_agrees(stage: Stage, booked: str) -> None:
    report = reconcile(stage)
    assert (report["differences"], report["left_out"], report["noted"]) == ([], [], 0)
    assert report["compared"] == {
        "payments": 1,
        "sessions": 1,
        "packages": 0,
        "orders_asked": 1,
        "ledger_entries": 1,
        "calendar_events": 1,
    }
    assert (report["since"], report["until"]) == ("2026-11-16T13:16:00Z", "2026-11-23T13:16:00Z")
    assert stage.store.open_attention() == []


def test_a_refund_made_in_paypals_dashboard_is_told_as_what_it_is(
    stage: Stage, booked: str, paid: str, logged: io.StringIO
) -> None:
    stage.paypal.refund_by_hand(paid, "150.00")
    report = reconcile(stage)
    assert told(report) == [("refunds_differ", booked)]
    [noted] = stage.store.open_attention()
    assert noted.id == f"refunded_but_booked-{booked}"
    assert noted.detail == report["differences"][0]["detail"]
    assert logged.getvalue().count('"NeedsAttention":1') == 1


def test_told_again_nothing_is_noted_again(stage: Stage, booked: str, paid: str, logged: io.StringIO) -> None:
    stage.paypal.refund_by_hand(paid, "150.00")
    stage.calendar.events.clear()
    first = reconcile(stage)
    noted = stage.store.open_attention()
    second = reconcile(stage)
    assert (first["noted"], second["noted"]) == (2, 0)
    assert told(first) == told(second) == [("refunds_differ", booked), ("event_missing", booked)]
    assert stage.store.open_attention() == noted
    assert logged.getvalue().count('"NeedsAttention":1') == 2


def test_all_there_is_to_say_of_one_booking_is_one_record(stage: Stage, booked: str, paid: str) -> None:
    stage.paypal.refund_by_hand(paid, "50.00")
    stage.calendar.events.clear()
    report = reconcile(stage)
    assert (len(report["differences"]), report["noted"]) == (2, 1)
    [noted] = stage.store.open_attention()
    assert noted.detail == " ".join(each["detail"] for each in report["differences"])


def test_money_that_nobody_here_knows_is_told(stage: Stage) -> None:
    money = Money.of("150.00", "CAD")
    stage.paypal.other_money = [
        LedgerEntry(id="FOREIGN", kind=LedgerKind.CAPTURE, amount=money, custom_id=UNKNOWN)
    ]
    assert told(reconcile(stage)) == [("unknown_money", "FOREIGN")]
    assert [each.id for each in stage.store.open_attention()] == ["unknown_payment-FOREIGN"]


def test_it_changes_nothing_but_the_list_of_what_needs_a_person(stage: Stage, booked: str, paid: str) -> None:
    stage.paypal.refund_by_hand(paid, "150.00")
    before = stage.store.books()
    calls = len(stage.paypal.calls)
    reconcile(stage)
    assert stage.store.books() == before
    assert set(stage.paypal.calls[calls:]) == {"ledger", "get_order"}
    assert list(stage.calendar.events) == [booked]


def test_where_the_ledger_is_closed_our_own_orders_are_compared_and_the_report_says_so(
    stage: Stage, booked: str, paid: str
) -> None:
    stage.paypal.ledger_closed = True
    stage.paypal.refund_by_hand(paid, "150.00")
    report = reconcile(stage)
    assert report["left_out"] == ["PayPal's ledger: not ticked"]
    assert told(report) == [("refunds_differ", booked)]


def test_where_there_is_no_calendar_the_report_says_so(
    stage: Stage, booked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.calendar, "written", lambda _: None)
    assert reconcile(stage)["left_out"] == ["The calendar: Google is not set up."]


@pytest.mark.parametrize("operation", ["ledger", "get_order"])
def test_a_run_that_can_not_ask_paypal_fails_and_notes_nothing(
    stage: Stage, booked: str, operation: str
) -> None:
    stage.calendar.events.clear()
    stage.paypal.fails_before[operation] = DOWN
    with pytest.raises(PaymentProviderUnavailable):
        reconcile(stage)
    assert stage.store.open_attention() == []


def test_a_run_that_can_not_ask_google_fails_and_notes_nothing(stage: Stage, booked: str, paid: str) -> None:
    stage.paypal.refund_by_hand(paid, "150.00")
    stage.calendar.failing = CalendarUnavailable("down")
    with pytest.raises(CalendarUnavailable):
        reconcile(stage)
    assert stage.store.open_attention() == []


def test_what_moves_while_paypal_is_asked_is_no_difference(
    stage: Stage, booked: str, paid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dashboard's refund is settled just after the books were read."""
    stage.paypal.refund_by_hand(paid, "150.00")
    ask = stage.paypal.get_order

    def settled_meanwhile(order_id: str) -> Any:
        seen = stage.store.checkout(booked)
        assert seen is not None
        order = ask(order_id)
        assert order is not None
        stage.store.change(seen, refunds.refunded(seen, given_back(order), stage.clock.at), actor="system")
        return order

    monkeypatch.setattr(stage.paypal, "get_order", settled_meanwhile)
    assert told(reconcile(stage)) == []


def test_payments_of_long_ago_are_asked_about_only_where_the_ledger_names_them(
    stage: Stage, booked: str, paid: str
) -> None:
    stage.paypal.ledger_closed = True
    stage.clock.at += timedelta(days=8)
    assert reconcile(stage)["compared"]["orders_asked"] == 0
    stage.paypal.ledger_closed = False
    assert reconcile(stage)["compared"]["orders_asked"] == 1


def test_a_session_that_stands_on_no_money_is_told(stage: Stage, booked: str, paid: str) -> None:
    assert booking_of(stage, paid).id == booked
    stage.paypal.orders[paid] = replace(stage.paypal.orders[paid], captures=())
    assert told(reconcile(stage)) == [("confirmed_not_captured", booked)]
