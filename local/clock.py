"""The stack's clock: the machine's, moved by an offset, and running on from there.

Every process of the stack keeps the same offset: handlers, stand-ins and token checks agree on the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import time_machine


def _real_time() -> float:
    hatch = time_machine.escape_hatch
    return hatch.time.time() if hatch.is_travelling() else time.time()


class Clock:
    """Moves the time that this whole process sees. ``offset`` is in seconds; none is the real time."""

    def __init__(self) -> None:
        self.offset: float | None = None
        self._traveller: time_machine.travel | None = None
        self._watchers: list[Callable[[], None]] = []

    def on_move(self, watcher: Callable[[], None]) -> None:
        self._watchers.append(watcher)

    def set_offset(self, offset: float | None) -> None:
        if offset == self.offset:
            return
        if self._traveller:
            self._traveller.stop()
            self._traveller = None
        self.offset = offset
        if offset is not None:
            self._traveller = time_machine.travel(_real_time() + offset, tick=True)
            self._traveller.start()
            time.time()  # a traveller's clock starts to run when it is first read
        for watcher in self._watchers:
            watcher()

    def set_now(self, now: datetime) -> None:
        self.set_offset(now.timestamp() - _real_time())

    def advance(self, seconds: float) -> None:
        self.set_offset((self.offset or 0.0) + seconds)

    def reset(self) -> None:
        self.set_offset(None)

    def as_json(self) -> dict[str, object]:
        return {"now": stamp(), "real": self.offset is None}


def stamp() -> str:
    """The present instant of the stack, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
