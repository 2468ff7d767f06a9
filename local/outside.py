"""What the control address knows and plans about outside calls: which there were, where a process shall die."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from local.clock import stamp

KEPT_CALLS = 100_000


@dataclass(slots=True)
class Call:
    """One outside call. While it runs ``duration_ms`` is none; a process that dies within leaves it so."""

    target: str
    operation: str
    function: str
    request: str
    """What was served: ``POST /booking/create-free``, or an event's name."""

    request_id: str
    at: str
    duration_ms: float | None = None
    outcome: str = "no answer"

    def end(self, seconds: float, outcome: str) -> None:
        self.duration_ms = round(seconds * 1000, 3)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Serving:
    """The request or event that an invocation serves."""

    request: str
    request_id: str


class CallLog:
    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT_CALLS)

    def begin(self, function: str, serving: Serving, message: dict[str, Any]) -> Call:
        call = Call(
            target=message["target"],
            operation=message["operation"],
            function=function,
            request=serving.request,
            request_id=serving.request_id,
            at=stamp(),
        )
        self._calls.append(call)
        return call

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(call) for call in self._calls]

    def clear(self) -> None:
        self._calls.clear()


@dataclass(slots=True)
class CrashPlan:
    function: str
    moment: str
    """``before google.freebusy`` or ``after google.freebusy``."""

    times: int
    skip: int = 0
    """How often to live through it first."""


class CrashPlans:
    """The processes of ``function`` die at ``moment``, exactly ``times`` times in all, after ``skip`` spared ones."""

    def __init__(self) -> None:
        self._plans: list[CrashPlan] = []

    def add(self, plan: CrashPlan) -> None:
        self._plans.append(plan)

    def moments(self, function: str) -> list[str]:
        return [plan.moment for plan in self._plans if plan.function == function and plan.times]

    def take(self, function: str, moment: str) -> bool:
        """Whether to die here; if so, one time less is left."""
        for plan in self._plans:
            if (plan.function, plan.moment) != (function, moment) or not plan.times:
                continue
            if plan.skip:
                plan.skip -= 1
                continue
            plan.times -= 1
            return True
        return False

    def left(self) -> list[dict[str, str | int]]:
        """The crashes still to come."""
        return [
            {"function": plan.function, "moment": plan.moment, "times": plan.times}
            for plan in self._plans
            if plan.times
        ]

    def clear(self) -> None:
        self._plans.clear()
