"""Real processes on the real engine and on PayPal's stand-in, all at the same moment. Money and bookings agree."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from shared.usecases.settle import settle
from tests.builders import NOW, START
from tests.concurrency import errands
from tests.concurrency.errands import runner
from tests.concurrency.market import Market, outcomes
from tests.concurrency.race import race

HALF_HOUR = timedelta(minutes=30)
OUT = timedelta(minutes=16)
"""After so long a hold has run out."""

PAYPAL_THINKS_SECONDS = (0.0, 0.15)
"""Whoever comes second comes after the first one, or into the middle of it."""


@pytest.mark.parametrize("thinks", PAYPAL_THINKS_SECONDS)
def test_ten_capture_one_order_while_its_webhook_comes_three_times(market: Market, thinks: float) -> None:
    market.paypal.processing_seconds = thinks
    order = market.order("alex")
    payers = [market.pay("alex", order) for _ in range(10)]
    answers = race(runner, [*payers, *(market.webhook() for _ in range(3))])
    paid, told = answers[:10], answers[10:]
    assert Counter(status for status, _ in paid) == {201: 1, 200: 9}
    assert {body["id"] for _, body in paid} == {order.payment.id}
    assert {body["status"] for _, body in paid} == {"confirmed"}
    assert {status for status, _ in told} == {200}
    assert market.captured == [order.payment.order_id]
    [payment] = market.settled()
    assert payment["status"] == "captured"


def test_whoever_is_told_of_the_capture_while_ten_look_changes_nothing_more(market: Market) -> None:
    order = market.order("alex")
    race(runner, [market.pay("alex", order)])
    contenders = [*(market.pay("alex", order) for _ in range(5)), *(market.webhook() for _ in range(3))]
    assert outcomes(race(runner, [*contenders, market.sweep(NOW + OUT)])) == {"200": 8, "0": 1}
    assert market.captured == [order.payment.order_id]
    market.settled()


def test_a_package_is_issued_once(market: Market) -> None:
    order = market.order("alex", None)
    answers = race(runner, [market.pay("alex", order) for _ in range(8)])
    statuses = Counter(status for status, _ in answers)
    # On a machine so busy that an answer is lost, nobody is the first to hear, or somebody hears "not yet".
    assert statuses[201] <= 1
    assert statuses.keys() <= {200, 201, 202}
    assert {body["id"] for _, body in answers} == {order.payment.id}
    assert {body["sessions_remaining"] for status, body in answers if status != 202} == {3}
    assert market.captured == [order.payment.order_id]
    market.settled()


@pytest.mark.parametrize("thinks", PAYPAL_THINKS_SECONDS)
def test_a_late_payer_loses_to_whoever_holds_the_time_now(market: Market, thinks: float) -> None:
    market.paypal.processing_seconds = thinks
    late = market.order("alex")
    holder = market.order("blake", now=NOW + OUT)
    answers = race(runner, [market.pay("alex", late, NOW + OUT), market.pay("blake", holder, NOW + OUT)])
    assert [status for status, _ in answers] == [409, 201]
    assert answers[0][1]["code"] == "hold_expired"
    assert market.captured == [holder.payment.order_id]
    market.settled()


@pytest.mark.parametrize("thinks", [*PAYPAL_THINKS_SECONDS] * 2)
@pytest.mark.parametrize("apart", [timedelta(), HALF_HOUR])
def test_of_late_payers_for_one_time_one_wins_and_the_others_pay_nothing(
    market: Market, thinks: float, apart: timedelta
) -> None:
    market.paypal.processing_seconds = thinks
    people = ("alex", "blake", "casey", "drew")
    orders = {
        who: market.order(who, START + apart * (n % 2), now=NOW + OUT * n) for n, who in enumerate(people)
    }
    now = NOW + OUT * len(people)
    answers = race(runner, [market.pay(who, order, now) for who, order in orders.items()])
    assert outcomes(answers) == {"201": 1, "hold_expired": 3}
    assert len(market.captured) == 1
    market.settled()


@pytest.mark.parametrize("thinks", [*PAYPAL_THINKS_SECONDS] * 2)
@pytest.mark.parametrize("apart", [timedelta(), HALF_HOUR])
def test_two_tabs_of_one_client_book_one_of_two_times_that_overlap(
    market: Market, thinks: float, apart: timedelta
) -> None:
    market.paypal.processing_seconds = thinks
    tabs = [market.order("alex"), market.order("alex", START + apart)]
    answers = race(runner, [market.pay("alex", tab) for tab in tabs])
    assert outcomes(answers) == {"201": 1, "hold_expired": 1}
    assert len(market.captured) == 1
    market.settled()


@pytest.mark.parametrize("_round", range(3))
def test_a_late_payer_and_whoever_orders_the_time_meanwhile_get_it_once(market: Market, _round: int) -> None:
    late = market.order("alex")
    ordering = market.errand("checkout", errands.ordering("blake", START + HALF_HOUR), NOW + OUT)
    paid, ordered = race(runner, [market.pay("alex", late, NOW + OUT), ordering])
    assert outcomes([paid, ordered]) in ({"201": 1, "slot_taken": 1}, {"201": 1, "hold_expired": 1})
    assert market.captured == ([late.payment.order_id] if paid[0] == 201 else [])
    market.settled()


def test_many_order_one_time_and_only_the_winners_order_can_ever_be_captured(market: Market) -> None:
    market.paypal.processing_seconds = (
        1.0  # so that the others have asked for an order before the first one has his
    )
    answers = race(runner, [market.errand("checkout", errands.ordering(f"client{n}")) for n in range(8)])
    assert outcomes(answers) == {"201": 1, "slot_taken": 7}
    assert all(len(body["alternatives"]) == 5 for status, body in answers if status != 201)
    [held] = [body["order_id"] for status, body in answers if status == 201]
    unknown = [order["id"] for order in market.paypal.ledger()["orders"] if order["id"] != held]
    assert unknown
    for order_id in unknown:
        market.paypal.approve(order_id)
    told = race(runner, [market.webhook(number) for number in range(len(unknown))])
    assert outcomes(told) == {"temporarily_unavailable": len(unknown)}
    assert market.captured == []
    assert [payment["order_id"] for payment in market.settled()] == [held]


@pytest.mark.parametrize("thinks", [*PAYPAL_THINKS_SECONDS] * 3)
def test_an_order_is_either_given_up_or_paid(market: Market, thinks: float) -> None:
    market.paypal.processing_seconds = thinks
    order = market.order("alex")
    contenders = [
        market.pay("alex", order),
        market.give_up("alex", order),
        market.webhook(),
        market.give_up("alex", order),
    ]
    paid, given_up, _, again = race(runner, contenders)
    if market.captured:
        assert outcomes([given_up, again]) == {"not_cancellable": 2}
        assert paid[0] in {200, 201}
    else:
        assert outcomes([given_up, again]) == {"204": 2}
        assert outcomes([paid]) == {"hold_expired": 1}
    [payment] = market.settled()
    assert payment["status"] == ("captured" if market.captured else "expired")


@pytest.mark.parametrize("thinks", PAYPAL_THINKS_SECONDS)
def test_what_is_owed_back_goes_back_once(market: Market, thinks: float) -> None:
    order = market.order("alex")
    race(runner, [market.give_up("alex", order)])
    market.till.gateway.capture(str(order.payment.order_id), request_id="made elsewhere")
    assert settle(market.till, order.payment.id).checkout.payment.status == "refund_due"
    market.paypal.processing_seconds = thinks
    nudge = market.errand("effects", errands.working_off(order.payment.id, "refund-0"))
    told = [market.webhook() for _ in range(2)]
    race(runner, [nudge, nudge, market.sweep(), market.sweep(), *told])
    [payment] = market.settled()
    assert payment["status"] == "refunded"
    assert [refund["amount"]["value"] for refund in market.paypal.ledger()["refunds"]] == ["150.00"]


@pytest.mark.parametrize("thinks", [*PAYPAL_THINKS_SECONDS] * 2)
def test_a_buyer_who_pays_while_the_sweeper_looks_at_the_ended_hold_is_booked(
    market: Market, thinks: float
) -> None:
    market.paypal.processing_seconds = thinks
    order, now = market.order("alex"), NOW + OUT
    answers = race(runner, [market.pay("alex", order, now), market.sweep(now), market.sweep(now)])
    assert answers[0][0] == 201
    assert market.captured == [order.payment.order_id]
    market.settled()


@pytest.mark.parametrize("_round", range(3))
def test_whoever_comes_back_unapproved_while_the_hold_ends_pays_nothing(market: Market, _round: int) -> None:
    order, now = market.order("alex", outcome=None), NOW + OUT
    answers = race(runner, [market.pay("alex", order, now), market.sweep(now), market.sweep(now)])
    assert answers[0][0] == 409
    assert answers[0][1]["code"] in {"order_not_approved", "hold_expired"}
    assert market.captured == []
    [payment] = market.settled()
    assert payment["status"] == "expired"
