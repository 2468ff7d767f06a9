"""Many processes that begin at the same moment, each as far from the others as two Lambda instances are."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

from shared.adapters.dynamodb import table

START_SECONDS = 60
FINISH_SECONDS = 120
ENGINE_SECONDS = 30
"""DynamoDB Local takes one transaction at a time, and shares two processors with all who wait for it: the last of
sixty-four waits longer than DynamoDB ever lets a client wait. What a store does that is down is tested elsewhere."""

Runner = Callable[[], Any]

PRELOADED = [
    "tests.concurrency.contenders",
    "tests.concurrency.errands",
    "shared.adapters.dynamodb.attention",
    "shared.adapters.dynamodb.inbox",
    "shared.adapters.dynamodb.payments",
    "shared.adapters.paypal",
    "shared.adapters.paypal_signature",
    "shared.adapters.dynamodb.changes",
    "shared.http.appointments",
    "shared.http.changes",
    "shared.http.packages",
    "shared.http.payments",
    "shared.http.resolver",
    "shared.usecases.cancel",
    "shared.usecases.reschedule",
    "shared.usecases.sweep",
]
"""What the functions import, and any test may: so that a process is there as soon as it is forked."""

_server = multiprocessing.get_context("forkserver")
# Forked from a process that has imported all and started no thread: as quick as a fork, and as safe as a new one.
_server.set_forkserver_preload(PRELOADED)


def race(prepare: Callable[[Any], Runner], contenders: Sequence[Any]) -> list[Any]:
    """One process for each contender: prepares, waits until all are ready, runs. The results, in order."""
    barrier = _server.Barrier(len(contenders))
    started = []
    for contender in contenders:
        ours, theirs = _server.Pipe(duplex=False)
        process = _server.Process(target=_run, args=(prepare, contender, barrier, theirs), daemon=True)
        process.start()
        theirs.close()
        started.append((process, ours))
    try:
        return [_result(ours) for _, ours in started]
    finally:
        for process, _ in started:
            process.join(5)
            if process.is_alive():
                process.kill()


def _result(connection: Connection) -> Any:
    assert connection.poll(FINISH_SECONDS), "a process did not finish"
    ok, result = connection.recv()
    assert ok, result
    return result


def _run(prepare: Callable[[Any], Runner], contender: Any, barrier: Barrier, connection: Connection) -> None:
    table.READ_SECONDS = ENGINE_SECONDS
    try:
        run = prepare(contender)
        barrier.wait(START_SECONDS)
        connection.send((True, run()))
    except BaseException:
        barrier.abort()
        connection.send((False, traceback.format_exc()))
