"""Every flow of money, stopped before and after each of its outside calls, or that call failing; then time passes.

Money that was taken stands for a confirmed booking or an issued package, or it all went back; nothing else stands, is
held or is owed; each client hears of it once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from local import engine
from local.environment import TABLE
from local.stack import Stack
from shared.adapters.dynamodb import items
from shared.domain.promo import Promo
from shared.domain.time import isoformat
from tests import money
from tests.crash import buyer as clients
from tests.crash import call_sites
from tests.crash.conftest import MONDAY
from tests.crash.flows import FLOWS, Flow
from tests.crash.matrix import Case, Ran, Town, plan
from tests.crash.world import World

TOWNS = 2
"""Side by side: as many as there are processors to be expected."""

MOST_MISSED = 0.03
"""Of the cases, which may not come to their call in any try; the call itself is disturbed in others."""

ONLY_AFTER_TROUBLE = {"dynamodb.look_later", "dynamodb.postpone_effect", "google.update_event"}
"""What undisturbed flows call by chance if at all: the disturbed ones do."""

ELSEWHERE = {
    # free sessions, and lists to look at
    *("dynamodb.book_free", "dynamodb.count_miss", "dynamodb.free_booking_facts", "dynamodb.promo"),
    *("dynamodb.appointments_of", "dynamodb.packages_of", "dynamodb.payments"),
    # a session from a package: no money moves
    *("dynamodb.book_from_package", "dynamodb.package_facts"),
    # the daily comparison, which only reads
    *("dynamodb.scan_books", "dynamodb.open_attention", "google.list_events", "paypal.ledger"),
    # after hours of failing, for a person
    *("dynamodb.bury_effect", "dynamodb.note_attention"),
    *("dynamodb.refund_failed", "dynamodb.refund_put_off"),
    # setting up, and looking whether it is
    *("dynamodb.check", "dynamodb.seed", "ses.get_email_identity"),
    # the other way to verify a webhook; a cancelled session; nobody's yet
    *("paypal.certificate", "google.delete_event", "paypal.get_capture"),
}
"""What has nothing to do here. A call that is neither here nor in a flow fails the test."""


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Town]]:
    with ExitStack() as stacks:
        yield [Town(_begun(stacks, tmp_path_factory)) for _ in range(TOWNS)]


@pytest.fixture(scope="module")
def cases(towns: list[Town]) -> list[Case]:
    """From one undisturbed run of each flow."""

    def walk(number: int) -> dict[Flow, list[dict[str, Any]]]:
        return {flow: towns[number].undisturbed(flow) for flow in FLOWS[number::TOWNS]}

    with ThreadPoolExecutor(TOWNS) as threads:
        logs = {flow: log for part in threads.map(walk, range(TOWNS)) for flow, log in part.items()}
    return plan({flow: logs[flow] for flow in FLOWS})


def _begun(stacks: ExitStack, folders: pytest.TempPathFactory) -> Stack:
    stack = stacks.enter_context(Stack(folders.mktemp("town")))
    stack.control("PUT", "/clock", {"now": isoformat(MONDAY)})
    plenty = items.dump(items.promo_record(Promo(code="WIMD25", cap=10_000)))
    engine.client("dynamodb", stack.urls["dynamodb"]).put_item(TableName=TABLE, Item=plenty)
    return stack


def test_every_outside_call_of_money_is_among_the_cases(cases: list[Case]) -> None:
    without_cases = call_sites.all_calls() - {case.call.name for case in cases}
    assert without_cases - ONLY_AFTER_TROUBLE == ELSEWHERE


def test_whatever_fails_money_and_bookings_agree_in_the_end(
    towns: list[Town], cases: list[Case], subtests: pytest.Subtests, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(towns, cases)
    calls = {name for town in towns for name in town.calls_made()}
    assert calls >= ONLY_AFTER_TROUBLE
    for town in towns:
        for ran, wrong in _come_to_rest(town):
            with subtests.test(msg=str(ran)):
                assert not wrong
        _check_all(town)
    missed = [case for town in towns for case in town.missed]
    reached = {case.call.name for case in cases if case not in missed}
    assert {case.call.name for case in missed} <= reached
    assert len(missed) <= len(cases) * MOST_MISSED
    with capsys.disabled():
        # The counts belong in the run's output.
        print(f"\nmoney's crash matrix: {len(cases)} cases over {len({case.call for case in cases})} calls")
        for case in missed:
            print(f"  never came to its call: {case}")
        for name, count in Counter(case.flow.name for case in cases).items():
            print(f"  {count:4} {name}")


def _run(towns: list[Town], cases: list[Case]) -> None:
    waiting: SimpleQueue[Case] = SimpleQueue()
    for case in cases:
        waiting.put(case)

    def work(town: Town) -> None:
        while True:
            try:
                town.disturbed(waiting.get_nowait())
            except Empty:
                return

    with ThreadPoolExecutor(TOWNS) as threads:
        list(threads.map(work, towns))


def _come_to_rest(town: Town) -> list[tuple[Ran, list[str]]]:
    """Every webhook comes once more, time passes; then each client, with what is wrong there."""
    stack = town.stack
    clients.deliver(stack)
    for event in stack.control("GET", "/paypal/webhooks"):
        stack.control("POST", f"/paypal/webhooks/{event['id']}/send", {"times": 1})
    for _ in range(4):
        clients.later(stack, minutes=20)
    world = World(stack)
    found = []
    for ran in town.ran:
        payment_id = world.payment_of_order.get(ran.buyer.order_id)
        there = world.wrong_with(payment_id, ran.flow.ends) if payment_id else ["it has no order"]
        found.append((ran, ran.wrong + there))
    return found


def _check_all(town: Town) -> None:
    stack = town.stack
    assert stack.control("POST", "/settle")["owed"] == 0
    assert stack.control("GET", "/dead-letters") == []
    assert World(stack).unhandled() == []
    money.check(stack.urls["dynamodb"], TABLE, stack.control("GET", "/paypal/ledger"))
