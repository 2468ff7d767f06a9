"""Every change of plans, stopped before and after each of its outside calls, or that call failing; then time passes.

A cancelled session has no time and no event, and just what the policy gives back went back; a moved one has one time
and one event there, its fee was paid just then, and everyone hears of it once. Reminders come once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from local.stack import Stack
from shared.adapters.dynamodb import items
from shared.domain.diary import Settings
from shared.domain.schedule import DEFAULT_SCHEDULE, Window
from shared.domain.service import SEED_SERVICES
from tests.conftest import Tell
from tests.crash import call_sites, change_flows, towns
from tests.crash.change_flows import CHANGE_FLOWS, ChangeFlow
from tests.crash.changed_world import ChangedWorld
from tests.crash.changer import Changer, Times
from tests.crash.matrix import Case, Ran, Town

SWITCHES = {"PAYPAL_VAULT_ENABLED": "true", "TWILIO_SMS_ENABLED": "true"}
AROUND_THE_CLOCK = replace(
    DEFAULT_SCHEDULE, weekly={weekday: (Window.of("00:00", "24:00"),) for weekday in range(7)}
)


@pytest.fixture(scope="module")
def all_towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Town]]:
    with towns.begun(tmp_path_factory, _town, SWITCHES) as begun:
        yield begun


def _town(stack: Stack) -> Town:
    services = {service.id: service for service in SEED_SERVICES}
    towns.put(stack, items.settings_record(Settings(schedule=AROUND_THE_CLOCK, services=services, version=1)))
    times = Times(stack)
    return Town(stack, lambda name: Changer(stack, name, times))


@pytest.fixture(scope="module")
def cases(all_towns: list[Town]) -> list[Case]:
    return towns.planned(all_towns, CHANGE_FLOWS, change_flows.is_own)


def test_every_outside_call_of_changes_is_among_the_cases(cases: list[Case]) -> None:
    disturbed = {case.call.name for case in cases}
    assert disturbed >= change_flows.CALLED
    assert not disturbed & call_sites.elsewhere()


def test_whatever_fails_a_change_is_made_once_with_all_that_follows(
    all_towns: list[Town], cases: list[Case], subtests: pytest.Subtests, tell: Tell
) -> None:
    tell(towns.disturb("the crash matrix of changing plans", all_towns, cases, _what_is_wrong, subtests))
    if towns.SHARE == 1:
        assert {name for town in all_towns for name in town.called} >= change_flows.ONLY_AFTER_TROUBLE


def _what_is_wrong(town: Town) -> list[tuple[Ran, list[str]]]:
    """With each client's session."""
    world = ChangedWorld(town.stack)
    found = []
    for ran in town.ran:
        assert isinstance(ran.buyer, Changer)
        assert isinstance(ran.flow, ChangeFlow)
        found.append((ran, ran.wrong + world.wrong_with_change(ran.buyer, ran.flow.outcomes)))
    return found
