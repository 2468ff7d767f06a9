"""What may be done while something else is being done, in the same words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.handlers.sequence.clients import Clients
from tests.handlers.sequence.town import CLIENTS


def _client(number: int) -> str:
    return CLIENTS[number % len(CLIENTS)]


def _ask_the_same(town: Clients) -> None:
    """The very request that is being answered."""
    if town.asking:
        town.asking()


def _stall(town: Clients) -> None:
    """Longer than one may be at PayPal before others ask, too."""
    town.stage.clock.at += timedelta(seconds=36)


ACTS: dict[str, Callable[[Clients, int, int], object]] = {
    "book_free": lambda town, number, time: town.book_free(_client(number), time),
    "buy": lambda town, number, time: town.buy(_client(number), time),
    "buy_the_time_of_an_order": lambda town, number, _: town.buy_the_time_of_an_order(
        number, _client(number)
    ),
    "use_package": lambda town, number, time: town.use_package(number, time),
    "approve_and_pay": lambda town, number, _: town.approve_and_pay(number),
    "give_up": lambda town, number, _: town.give_up(number, by_link=False),
    "cancel": lambda town, number, _: town.cancel(number, by_link=False),
    "cancel_a_packages_session": lambda town, number, _: town.cancel_a_packages_session(number),
    "move": lambda town, number, time: town.move(number, time, by_link=False),
    "move_and_pay": lambda town, number, time: town.move_and_pay(number, time, by_link=False),
    "pay_a_fee": lambda town, number, _: town.fees and town.pay_a_fee(number, by_link=False),
    "cancel_what_a_fee_would_move": lambda town, number, _: (
        town.fees and town.cancel_what_a_fee_would_move(number)
    ),
    "the_coach_cancels": lambda town, number, _: town.the_coach_cancels(number, "full"),
    "the_coach_moves": lambda town, number, time: town.the_coach_moves(number, time, override=False),
    "refund_by_hand": lambda town, number, _: town.refund_by_hand(number, "1"),
    "what_is_pending_ends": lambda town, number, time: town.what_is_pending_ends(number, good=time % 3 > 0),
    "tell_of_an_order": lambda town, number, _: town.tell_of_an_order(number, "order_approved", 0),
    "tell_of_a_capture": lambda town, number, _: town.tell_of_a_capture(number, "capture_completed", 0),
    "sweep": lambda town, *_: town.sweep(),
    "remind": lambda town, *_: town.remind(),
    "deliver": lambda town, number, _: town.store.due_effects(town.now) and town.deliver(number),
    "ask_again": lambda town, number, _: town.ask_again(number),
    "ask_the_same": lambda town, *_: _ask_the_same(town),
    "stall": lambda town, *_: _stall(town),
}
