"""The same request twice at one moment, when the reading that decides meets half of what its twin has written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.time import isoformat
from shared.usecases.checkout import HOLDS_OF_ONE_CLIENT
from tests.builders import START
from tests.handlers.conftest import Answer, Stage
from tests.handlers.test_booking_a_free_session import book
from tests.handlers.test_packages import HOUR, own, use
from tests.handlers.test_paying import order

Send = Callable[[], Answer]


def free(stage: Stage) -> tuple[str, Send]:
    return "free_booking_facts", lambda: book(stage, key="k")


def from_package(stage: Stage) -> tuple[str, Send]:
    bought = own(stage)
    return "package_facts", lambda: use(stage, bought, key="k")


def the_last_of_a_package(stage: Stage) -> tuple[str, Send]:
    bought = own(stage, sessions_total=1)
    return "package_facts", lambda: use(stage, bought, key="k")


def the_last_hold_of_a_client(stage: Stage) -> tuple[str, Send]:
    for number in range(1, HOLDS_OF_ONE_CLIENT):
        held = order(stage, key=str(number), start=isoformat(START + number * HOUR), backup_start=None)
        assert held.status == 201
    return "checkout_facts", lambda: order(stage, key="k", start=isoformat(START), backup_start=None)


@pytest.mark.parametrize("way", [free, from_package, the_last_of_a_package, the_last_hold_of_a_client])
def test_both_hear_the_same(stage: Stage, monkeypatch: pytest.MonkeyPatch, way: Any) -> None:
    facts, send = way(stage)
    read = getattr(stage.store, facts)
    twin: list[Answer] = []

    def torn(*wanted: Any) -> Any:
        """Its own booking first; what else there is once the twin is done."""
        before = read(*wanted)
        monkeypatch.setattr(stage.store, facts, read)
        twin.append(send())
        return replace(read(*wanted), earlier=before.earlier)

    monkeypatch.setattr(stage.store, facts, torn)
    answer = send()
    assert (answer.status, answer.json) == (201, twin[0].json)
