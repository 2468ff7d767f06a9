"""Ports that fail as the network does, and requests that die in the middle of a call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from shared.domain.errors import CalendarUnavailable, PaymentProviderUnavailable, TemporarilyUnavailable
from shared.usecases.ports import OutcomeUnknown, TryAgainLater

NOT_DONE: dict[str, type[Exception]] = {
    "busy": CalendarUnavailable,
    "foreign": CalendarUnavailable,
    "written": CalendarUnavailable,
    "put_event": TryAgainLater,
    "remove_event": TryAgainLater,
    "send": TryAgainLater,
    "create_order": PaymentProviderUnavailable,
    "get_order": PaymentProviderUnavailable,
    "get_capture": PaymentProviderUnavailable,
    "capture": PaymentProviderUnavailable,
    "charge": PaymentProviderUnavailable,
    "ledger": PaymentProviderUnavailable,
    "refund": TryAgainLater,
}
"""What a port raises when nothing was done; the store's calls are the ones not named."""

IN_DOUBT = NOT_DONE | dict.fromkeys(
    ("put_event", "remove_event", "send", "capture", "charge", "refund"), OutcomeUnknown
)
"""What it raises when nobody can tell."""


class Died(BaseException):
    """The process is gone: no handler of ours catches it."""


@dataclass
class Fate:
    """What befalls the calls. ``down`` names ports and how they fail until it is lifted: ``refused``, ``unheard``
    (not done, in doubt) or ``lost`` (done, in doubt). ``dies_in`` counts the calls (of that name, where one is named)
    until one strikes, ``how`` it does: one of these, or the process ``dies before`` or ``dies after`` the call, or
    somebody else comes ``between before`` or ``between after`` it.
    """

    down: dict[str, str] = field(default_factory=dict)
    dies_in: int = 0
    how: str = ""
    only: str = ""
    watch: Callable[[str, tuple[Any, ...]], None] = lambda *_: None
    """Told of each call that was done."""
    between: Callable[[], None] = lambda: None
    """What somebody else does then."""
    _requests: int = field(default_factory=threading.get_ident)

    def lift(self) -> None:
        self.down, self.dies_in = {}, 0

    def of(self, port: str, call: str) -> str:
        # What runs beside the request only reads, and in no certain order: it is never the call that is struck.
        if self.dies_in and self.only in {"", call} and threading.get_ident() == self._requests:
            self.dies_in -= 1
            if not self.dies_in:
                return self.how
        return self.down.get(port, "")

    @contextmanager
    def spared(self) -> Any:
        """For what the rest of the world does by itself."""
        before = self.down, self.dies_in
        self.lift()
        yield
        self.down, self.dies_in = before

    def strike(
        self, calls: int, how: str, *, only: str = "", between: Callable[[], None] = lambda: None
    ) -> None:
        """One of the calls to come."""
        self.dies_in, self.how, self.only, self.between = calls, how, only, between


@dataclass
class Fragile:
    """``port`` in front of any of our fakes; ``inner`` may be exchanged for a new one."""

    port: str
    fate: Fate
    inner: Any = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            how = self.fate.of(self.port, name)
            if how == "refused":
                raise NOT_DONE.get(name, TemporarilyUnavailable)("down")
            if how == "unheard":
                raise IN_DOUBT.get(name, TemporarilyUnavailable)("no word")
            if how == "dies before":
                raise Died
            if how == "between before":
                self.fate.between()
            answer = found(*args, **kwargs)
            self.fate.watch(name, args)
            if how == "between after":
                self.fate.between()
            if how == "lost":
                raise IN_DOUBT.get(name, TemporarilyUnavailable)("lost")
            if how == "dies after":
                raise Died
            return answer

        return call
