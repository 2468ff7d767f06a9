"""Cancelling and moving in real processes, all at the same moment: no change is lost, and none happens twice."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.builders import START
from tests.concurrency.errands import runner
from tests.concurrency.market import Market, outcomes
from tests.concurrency.race import race

HOUR = timedelta(hours=1)
IN_TIME = START + timedelta(days=2)
"""More than two days ahead: one move is free. What begins at ``START`` is a day ahead, and costs."""

ELSEWHERE = START + timedelta(days=7)
AGAIN = range(4)
"""Two at once come in either order; more often than not each is seen."""


@pytest.mark.parametrize(("start", "refund"), [(IN_TIME, "150.00"), (START, "75.00")])
def test_one_of_eight_cancels_and_money_goes_back_once(market: Market, start: datetime, refund: str) -> None:
    booking = market.buy("alex", start)
    answers = race(runner, [market.cancel("alex", booking) for _ in range(8)])
    assert outcomes(answers) == {"200": 1, "not_cancellable": 7}
    market.settled()
    assert market.given_back == [refund]
    assert market.standing(booking).sequence == 1


@pytest.mark.parametrize("attempt", AGAIN)
def test_client_and_coach_cancel_at_once_and_the_winners_terms_hold(market: Market, attempt: int) -> None:
    booking = market.buy("alex", START)
    both = [market.cancel("alex", booking), market.cancel_as_coach(booking)]
    answers = race(runner, both[:: 1 if attempt % 2 else -1])
    assert outcomes(answers) == {"200": 1, "not_cancellable": 1}
    market.settled()
    assert market.given_back == ["75.00" if market.standing(booking).cancelled_by == "client" else "150.00"]


def test_what_the_coach_gave_back_in_paypals_dashboard_is_not_given_back_again(market: Market) -> None:
    booking = market.buy("alex", IN_TIME)
    [capture] = market.paypal.ledger()["captures"]
    assert race(runner, [market.cancel("alex", booking)])[0][0] == 200
    market.paypal.refund_by_hand(capture["id"], Decimal("100.00"))
    race(runner, [*(market.sweep() for _ in range(4)), market.webhook(), market.webhook()])
    market.settled()
    assert sorted(market.given_back) == ["100.00", "50.00"]


def test_one_key_eight_times_at_once_cancels_once_and_all_hear_so(market: Market) -> None:
    booking = market.buy("alex", IN_TIME)
    answers = race(runner, [market.cancel("alex", booking, "the-same") for _ in range(8)])
    assert outcomes(answers) == {"200": 8}
    assert {body["status"] for _, body in answers} == {"cancelled"}
    market.settled()
    assert market.given_back == ["150.00"]


def test_a_code_is_given_back_once(market: Market) -> None:
    booking = market.book_free("alex")
    answers = race(runner, [market.cancel("alex", booking) for _ in range(6)])
    assert outcomes(answers) == {"200": 1, "not_cancellable": 5}
    market.settled()


@pytest.mark.parametrize("attempt", AGAIN)
def test_a_session_cancelled_while_it_moves_ends_cancelled(market: Market, attempt: int) -> None:
    booking = market.buy("alex", IN_TIME)
    contenders = [market.cancel("alex", booking), market.move("alex", booking, ELSEWHERE)]
    cancelled, moved = race(runner, contenders[:: 1 if attempt % 2 else -1])[:: 1 if attempt % 2 else -1]
    assert cancelled[0] == 200
    assert moved[0] == 200 or moved[1]["code"] == "not_reschedulable"
    market.settled()
    after = market.standing(booking)
    assert (after.status, after.sequence) == ("cancelled", 1 + (moved[0] == 200))
    assert market.given_back == ["75.00" if moved[0] == 200 else "150.00"]


def test_of_six_who_move_to_one_time_one_gets_there_and_the_others_stay(market: Market) -> None:
    people = [f"client{number}" for number in range(6)]
    before = {who: START + number * HOUR for number, who in enumerate(people)}
    bookings = {who: market.book_free(who, start) for who, start in before.items()}
    answers = race(runner, [market.move(who, bookings[who], ELSEWHERE) for who in people])
    assert outcomes(answers) == {"200": 1, "slot_taken": 5}
    assert all(body["alternatives"] for status, body in answers if status == 409)
    for who, (status, _) in zip(people, answers, strict=True):
        assert market.standing(bookings[who]).start == (ELSEWHERE if status == 200 else before[who])
    market.settled()


def test_one_session_moved_to_four_times_at_once_is_at_one_of_them(market: Market) -> None:
    booking = market.buy("alex", IN_TIME)
    answers = race(runner, [market.move("alex", booking, ELSEWHERE + n * HOUR) for n in range(4)])
    assert outcomes(answers) == {"200": 1, "fee_required": 3}, "one move is free"
    [moved] = [body["start"] for status, body in answers if status == 200]
    assert market.standing(booking).start == datetime.fromisoformat(moved)
    market.settled()


def test_whoever_moves_to_a_time_and_whoever_books_it_are_one_winner(market: Market) -> None:
    booking = market.book_free("alex")
    others = [market.book(f"client{number}", ELSEWHERE) for number in range(4)]
    answers = race(runner, [market.move("alex", booking, ELSEWHERE), *others])
    taken = Counter(status in {200, 201} for status, _ in answers)
    assert taken == {True: 1, False: 4}
    assert market.standing(booking).start == (ELSEWHERE if answers[0][0] == 200 else START)
    market.settled()


@pytest.mark.parametrize("away", ["moved", "cancelled"])
def test_a_time_that_becomes_free_is_booked_once_at_the_most(market: Market, away: str) -> None:
    booking = market.book_free("alex")
    leaving = market.move("alex", booking, ELSEWHERE) if away == "moved" else market.cancel("alex", booking)
    answers = race(runner, [leaving, *(market.book(f"client{number}", START) for number in range(6))])
    assert answers[0][0] == 200, answers[0]
    assert set(outcomes(answers[1:])) <= {"201", "slot_taken"}
    assert outcomes(answers[1:])["201"] <= 1
    market.settled()


def test_two_who_swap_their_times_at_once_both_stay(market: Market) -> None:
    """Neither time is free before the other has left it."""
    there = START + HOUR
    alex, blake = market.book_free("alex"), market.book_free("blake", there)
    answers = race(runner, [market.move("alex", alex, there), market.move("blake", blake, START)])
    assert outcomes(answers) == {"slot_taken": 2}
    market.settled()


# Fees


def test_eight_pay_one_fee_while_its_webhook_comes_and_the_session_moves_once(market: Market) -> None:
    booking = market.buy("alex")
    fee = market.ask_fee("alex", booking, ELSEWHERE)
    payers = [market.move("alex", booking, ELSEWHERE, fee) for _ in range(6)]
    answers = race(runner, [*payers, market.webhook(), market.webhook()])
    assert outcomes(answers) == {"200": 8}
    after = market.standing(booking)
    assert (after.start, after.sequence) == (ELSEWHERE, 1)
    assert market.captured.count(fee) == 1
    market.settled()


def test_of_two_fees_for_two_times_one_moves_the_session_and_the_other_is_not_kept(market: Market) -> None:
    booking = market.buy("alex")
    times = (ELSEWHERE, ELSEWHERE + HOUR)
    fees = [market.ask_fee("alex", booking, to) for to in times]
    moves = [market.move("alex", booking, to, fee) for to, fee in zip(times, fees, strict=True)]
    answers = race(runner, moves)
    assert outcomes(answers) == {"200": 1, "hold_expired": 1}
    market.settled()
    assert market.standing(booking).sequence == 1


@pytest.mark.parametrize("thinks", [0.0, 0.15, 0.0, 0.15])
def test_a_fee_paid_while_the_session_is_cancelled_is_kept_for_a_move_or_goes_back(
    market: Market, thinks: float
) -> None:
    market.paypal.processing_seconds = thinks
    booking = market.buy("alex")
    fee = market.ask_fee("alex", booking, ELSEWHERE)
    moved, cancelled = race(
        runner, [market.move("alex", booking, ELSEWHERE, fee), market.cancel("alex", booking)]
    )
    assert cancelled[0] == 200
    assert moved[0] == 200 or moved[1]["code"] in {"hold_expired", "not_reschedulable"}
    market.settled()
    after = market.standing(booking)
    assert (after.status, after.sequence) == ("cancelled", 1 + (after.start == ELSEWHERE))


# Fees charged to a saved method


def test_one_of_six_late_cancels_is_charged_for(saving: Market) -> None:
    booking = saving.book_from_package("alex")
    answers = race(runner, [saving.cancel("alex", booking) for _ in range(6)])
    assert outcomes(answers) == {"200": 1, "not_cancellable": 5}
    assert saving.sessions_used(booking) == 1
    saving.settled()
    assert (len(saving.captured), saving.sessions_used(booking)) == (2, 0)


@pytest.mark.parametrize("thinks", [0.0, 0.3])
def test_workers_at_once_take_one_fee_and_bring_one_session_back(saving: Market, thinks: float) -> None:
    booking = saving.book_from_package("alex")
    race(runner, [saving.cancel("alex", booking)])
    saving.paypal.processing_seconds = thinks
    race(runner, [*(saving.charge(booking) for _ in range(3)), *(saving.sweep() for _ in range(3))])
    assert (len(saving.captured), saving.sessions_used(booking)) == (2, 0)
    saving.settled()
    assert (len(saving.captured), saving.sessions_used(booking), saving.given_back) == (2, 0, [])


def test_a_fee_is_taken_once_while_its_webhook_comes_and_the_sweeper_looks(saving: Market) -> None:
    booking = saving.book_from_package("alex")
    race(runner, [saving.cancel("alex", booking)])
    race(runner, [saving.charge(booking)])
    race(runner, [saving.webhook(), saving.webhook(), saving.charge(booking), saving.sweep()])
    saving.settled()
    assert (len(saving.captured), saving.sessions_used(booking)) == (2, 0)


@pytest.mark.parametrize("thinks", [0.0, 0.15, 0.0, 0.15])
def test_a_late_cancel_against_a_late_move_ends_cancelled_with_each_fee_earned_or_given_back(
    saving: Market, thinks: float
) -> None:
    booking = saving.book_from_package("alex")
    saving.paypal.processing_seconds = thinks
    moved, cancelled = race(runner, [saving.move("alex", booking, ELSEWHERE), saving.cancel("alex", booking)])
    assert cancelled[0] == 200
    assert moved[0] == 200 or moved[1]["code"] in {"hold_expired", "not_reschedulable"}
    saving.settled()
    after = saving.standing(booking)
    went = after.start == ELSEWHERE
    assert (after.status, after.sequence, went) == ("cancelled", 1 + went, moved[0] == 200)
    assert saving.sessions_used(booking) == 0
    taken, back = len(saving.captured), len(saving.given_back)
    assert taken - back == 2 + went, "the package, the fee for cancelling, and one for a move that was made"


@pytest.mark.parametrize("attempt", AGAIN)
def test_of_a_session_moved_to_two_times_at_once_one_fee_is_kept(saving: Market, attempt: int) -> None:
    saving.paypal.processing_seconds = 0.1 * (attempt % 2)
    booking = saving.buy("alex")
    times = (ELSEWHERE, ELSEWHERE + HOUR)
    answers = race(runner, [saving.move("alex", booking, to) for to in times])
    assert "200" in outcomes(answers)
    saving.settled()
    moves = saving.standing(booking).sequence
    assert len(saving.captured) - len(saving.given_back) == 1 + moves
