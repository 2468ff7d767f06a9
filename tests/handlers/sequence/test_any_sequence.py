"""Any sequence of what clients, the coach, PayPal, Google, bad luck and time may do, on the real handlers.

After each step what must always hold is checked, and at the end of each sequence, once all is quiet, that the money
agrees with what stands. ``ANY_SEQUENCES=5000`` tries so many sequences, ``ANY_SEED=…`` those of an earlier run.
"""

from __future__ import annotations

import io
import logging
import os
import secrets
import sys
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from shared.domain.settlement import CaptureStatus, RefundStatus
from tests.conftest import Tell
from tests.handlers.conftest import Stage
from tests.handlers.sequence.acts import ACTS
from tests.handlers.sequence.at_rest import check_at_rest
from tests.handlers.sequence.clients import Clients
from tests.handlers.sequence.fortune import CALLS, LAST
from tests.handlers.sequence.town import CLIENTS, Scene, when, which

SEQUENCES = int(os.environ.get("ANY_SEQUENCES", "150"))
SEED = int(os.environ.get("ANY_SEED") or secrets.randbits(32))
STEPS = 60

act = st.sampled_from(list(ACTS))


class AnySequence(Clients):
    @rule(
        first=act,
        others=st.lists(act, min_size=1, max_size=2),
        only=st.sampled_from(["", *CALLS]),
        calls=st.integers(1, 8),
        place=st.sampled_from(["before", "after"]),
        number=which,
        same=st.booleans(),
        time=when,
    )
    def do_at_once(
        self,
        first: str,
        others: list[str],
        only: str,
        calls: int,
        place: str,
        number: int,
        same: bool,
        time: int,
    ) -> None:
        """The others come between two calls of the first."""

        def between() -> None:
            self.interrupted = True
            for other in others:
                self.scene.between(partial(ACTS[other], self, number + (not same), (time + 1) % 12))

        self.fate.strike(1 if only else calls, f"between {place}", only=only, between=between)
        ACTS[first](self, number, time)
        self.fate.dies_in = 0

    @invariant()
    def everything_promised_holds(self) -> None:
        self.scene.tally.steps += 1
        self.check()

    def teardown(self) -> None:
        """Everybody leaves, and nothing fails any more."""
        if sys.exception():
            return  # the fault is found: nothing after it shall hide it
        self.fate.lift()
        self.paypal_decides_from_now_on(CaptureStatus.COMPLETED, RefundStatus.COMPLETED, declining=False)
        for number, order in enumerate(self.captured):
            self.settle(order, good=number % 3 > 0)
            if self.paypal.orders[order].refunds:
                self.tell(order, "capture_refunded", LAST)
        for _ in range(80):
            self.sweep()
            self.check()
            if not self.under_way:
                break
            self.wait(1200)
        assert not self.under_way
        check_at_rest(self.facts, self.calendar, self.mailer.sent, self.touched)
        self._all_agree()
        self.scene.tally.sequences += 1
        self.scene.tally.events.update(event for _, event, _ in self.store.audit)
        self.scene.tally.events.update(letter.kind for letter in self.mailer.sent)

    def _all_agree(self) -> None:
        """By the product's own comparison, and to each client."""
        self.wait(3600)
        found = self.stage.invoke("reconcile", self.stage.event("reconcile/scheduled"))["differences"]
        assert {each["subject_id"] for each in found} <= self.touched, found
        for client in CLIENTS:
            for listed in ("appointments/mine", "packages/mine", "notifications/mine"):
                assert self.stage.call(listed, client).status == 200


@pytest.mark.slow
def test_any_sequence_keeps_every_promise(
    stage: Stage,
    logged: io.StringIO,
    tell: Tell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    print(f"ANY_SEED={SEED}")
    # What a failure shows is the sequence, not all that was logged before it.
    monkeypatch.setattr(logging.getLogger("coach-booking"), "propagate", False)
    scene = Scene.on(stage, logged)
    run_state_machine_as_test(
        seed(SEED)(lambda: AnySequence(scene)),
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            report_multiple_bugs=False,
            phases=(Phase.generate, Phase.shrink),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    tally = scene.tally
    tell(f"any sequence: {tally.sequences} sequences, {tally.steps} steps, ANY_SEED={SEED}")
    if os.environ.get("ANY_TALLY"):
        for word, number in sorted((tally.events + tally.answers).items()):
            tell(f"{number:7} {word}")
