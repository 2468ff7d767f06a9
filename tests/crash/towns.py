"""Several stacks side by side, among which the cases of a matrix are shared out."""

from __future__ import annotations

import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import pytest

from local import engine
from local.environment import TABLE
from local.stack import Stack
from shared.adapters.dynamodb import items
from shared.domain.promo import Promo
from shared.domain.time import isoformat
from tests import money
from tests.crash import buyer as clients
from tests.crash.conftest import MONDAY
from tests.crash.flows import Flow
from tests.crash.matrix import Call, Case, Ran, Town, plan
from tests.crash.world import World

AnyCase = TypeVar("AnyCase")

SHARE = float(os.environ.get("CRASHES") or "0.1")
"""Of the cases, so many are run, and each call at least once: others each time. ``CRASHES=1`` runs them all."""

SEED = int(os.environ.get("CRASH_SEED") or secrets.randbits(32))
TOWNS = 2
"""As many as there are processors to be expected."""


@contextmanager
def begun(
    folders: pytest.TempPathFactory, town: Callable[[Stack], Town], switches: Mapping[str, str] | None = None
) -> Iterator[list[Town]]:
    """``switches`` of what is off by default."""
    with ExitStack() as stacks:
        yield [town(_stack(stacks, folders, switches)) for _ in range(TOWNS)]


def _stack(stacks: ExitStack, folders: pytest.TempPathFactory, switches: Mapping[str, str] | None) -> Stack:
    stack = stacks.enter_context(Stack(folders.mktemp("town"), switches=switches))
    stack.control("PUT", "/clock", {"now": isoformat(MONDAY)})
    put(stack, items.promo_record(Promo(code="WIMD25", cap=10_000)))
    return stack


def put(stack: Stack, record: items.Item) -> None:
    """Straight into the table."""
    engine.client("dynamodb", stack.urls["dynamodb"]).put_item(TableName=TABLE, Item=items.dump(record))


def planned(
    towns: list[Town], flows: Sequence[Flow], is_own: Callable[[Call], bool] = lambda _: True
) -> list[Case]:
    """From one undisturbed run of each flow."""

    def walk(number: int) -> dict[Flow, list[dict[str, Any]]]:
        return {flow: towns[number].undisturbed(flow) for flow in flows[number::TOWNS]}

    with ThreadPoolExecutor(TOWNS) as threads:
        logs = {flow: log for part in threads.map(walk, range(TOWNS)) for flow, log in part.items()}
    return plan({flow: logs[flow] for flow in flows}, is_own)


def chosen(cases: list[AnyCase], call_of: Callable[[AnyCase], str]) -> list[AnyCase]:
    """Each call is disturbed once at the least."""
    shuffled = random.Random(SEED).sample(cases, len(cases))
    one_of_each = {call_of(case): case for case in shuffled}
    first = {id(case) for case in one_of_each.values()}
    in_order = sorted(shuffled, key=lambda case: id(case) not in first)
    return in_order[: max(len(first), round(len(cases) * SHARE))]


def disturb(
    matrix: str,
    towns: list[Town],
    cases: list[Case],
    what_is_wrong: Callable[[Town], list[tuple[Ran, list[str]]]],
    subtests: pytest.Subtests,
) -> str:
    """Runs this time's share of the cases and checks each, undisturbed ones too; the words for the run's output."""
    taken = chosen(cases, lambda case: case.call.name)
    run(towns, taken)
    for town in towns:
        for ran, wrong in what_is_wrong(town):
            with subtests.test(msg=str(ran)):
                assert not wrong
        check_all(town)
    return told(matrix, towns, taken, len(cases))


def run(towns: list[Town], cases: list[Case]) -> None:
    """Each in whichever town comes to it, until all has come to rest."""
    waiting: SimpleQueue[Case] = SimpleQueue()
    for case in cases:
        waiting.put(case)

    def work(town: Town) -> None:
        while True:
            try:
                town.disturbed(waiting.get_nowait())
            except Empty:
                return _come_to_rest(town.stack)

    with ThreadPoolExecutor(TOWNS) as threads:
        list(threads.map(work, towns))


def _come_to_rest(stack: Stack) -> None:
    stack.control("PUT", "/paypal/webhooks", {"deliver": True})
    for _ in range(4):
        clients.later(stack, minutes=20)


def check_all(town: Town) -> None:
    stack = town.stack
    assert stack.control("POST", "/settle")["owed"] == 0
    assert stack.control("GET", "/dead-letters") == []
    assert World(stack).unhandled() == []
    money.check(stack.urls["dynamodb"], TABLE, stack.control("GET", "/paypal/ledger"))


def told(matrix: str, towns: list[Town], cases: list[Case], planned: int) -> str:
    """The counts belong in the run's output."""
    seconds = time.monotonic() - min(town.began for town in towns)
    by_flow = Counter(case.flow.name for case in cases)
    counts = (f"  {count:4} {name}" for name, count in by_flow.items())
    calls = len({case.call for case in cases})
    share = f"{len(cases)} of {planned} cases (CRASH_SEED={SEED})"
    sums = f"{share} over {calls} calls in {len(by_flow)} flows, {seconds:.0f} s"
    return "\n".join([f"{matrix}: {sums}", *counts])
