"""Every flow of money, stopped before and after each of its outside calls, or that call failing; then time passes.

Money that was taken stands for a confirmed booking or an issued package, or it all went back; nothing else stands, is
held or is owed; each client hears of it once.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.stack import Stack
from tests.conftest import Tell
from tests.crash import call_sites, change_flows, towns
from tests.crash.buyer import Buyer, open_times
from tests.crash.flows import FLOWS
from tests.crash.matrix import Case, Ran, Town
from tests.crash.world import World

ONLY_AFTER_TROUBLE = {"dynamodb.look_later", "dynamodb.postpone_effect"}
"""What undisturbed flows call by bad luck if at all: the disturbed ones do."""


@pytest.fixture(scope="module")
def all_towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Town]]:
    with towns.begun(tmp_path_factory, _town) as begun:
        yield begun


def _town(stack: Stack) -> Town:
    times = open_times(stack)
    return Town(stack, lambda name: Buyer(stack, name, next(times)))


@pytest.fixture(scope="module")
def cases(all_towns: list[Town]) -> list[Case]:
    return towns.planned(all_towns, FLOWS)


def test_every_outside_call_of_money_is_among_the_cases(cases: list[Case]) -> None:
    disturbed = {case.call.name for case in cases}
    by_changes = change_flows.CALLED | change_flows.ONLY_AFTER_TROUBLE
    assert not call_sites.unaccounted(disturbed, ONLY_AFTER_TROUBLE, by_changes)
    assert not disturbed & call_sites.elsewhere()


def test_whatever_fails_money_and_bookings_agree_in_the_end(
    all_towns: list[Town], cases: list[Case], subtests: pytest.Subtests, tell: Tell
) -> None:
    tell(towns.disturb("money's crash matrix", all_towns, cases, _what_is_wrong, subtests))
    if towns.SHARE == 1:
        assert {name for town in all_towns for name in town.called} >= ONLY_AFTER_TROUBLE


def _what_is_wrong(town: Town) -> list[tuple[Ran, list[str]]]:
    """With each client."""
    world = World(town.stack)
    found = []
    for ran in town.ran:
        payment_id = world.payment_of_order.get(ran.buyer.order_id)
        there = world.wrong_with(payment_id, ran.flow.ends) if payment_id else ["it has no order"]
        found.append((ran, ran.wrong + there))
    return found
