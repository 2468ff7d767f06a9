"""Logs without personal data, metrics, and one bracket around every call that leaves the process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from aws_lambda_powertools import Logger

logger = Logger(service="coach-booking", log_uncaught_exceptions=False)


def count(metric: str) -> None:
    """Adds one to a CloudWatch metric, in the embedded metric format: a log line, no call."""
    described = {
        "Namespace": "CoachBooking",
        "Dimensions": [["stage"]],
        "Metrics": [{"Name": metric, "Unit": "Count"}],
    }
    stamp = int(time.time() * 1000)
    envelope = {"Timestamp": stamp, "CloudWatchMetrics": [described]}
    logger.info(metric, extra={"_aws": envelope, "stage": os.environ.get("STAGE", "dev"), metric: 1})


class CallListener(Protocol):
    """Told of every outside call. The local stack listens, to show calls and to stop the process at one."""

    def before(self, target: str, operation: str) -> None: ...

    def after(self, target: str, operation: str, seconds: float, outcome: str) -> None: ...


_listeners: list[CallListener] = []


def listen(listener: CallListener) -> None:
    _listeners.append(listener)


@contextmanager
def outside_call(target: str, operation: str) -> Iterator[None]:
    """Brackets one network call: ``with outside_call("google", "freebusy"): …``; logs failures by type alone."""
    for listener in _listeners:
        listener.before(target, operation)
    started = time.perf_counter()
    outcome = "ok"
    try:
        yield
    except Exception as error:
        outcome = type(error).__name__
        raise
    finally:
        seconds = time.perf_counter() - started
        if outcome != "ok":
            logger.warning("outside call failed", target=target, operation=operation, error=outcome)
        for listener in _listeners:
            listener.after(target, operation, seconds, outcome)
