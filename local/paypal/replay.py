"""``PayPal-Request-Id``: the same id is the same request, for as long as PayPal remembers it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from local.paypal.errors import PayPalError
from local.paypal.marks import now

LIFETIMES = {
    "create": timedelta(hours=6),
    "capture": timedelta(hours=6),
    "refund": timedelta(days=45),
}
LONGEST_REQUEST_ID = 108


class RequestIds:
    """Ids are kept for each operation, and only of requests that succeeded: a refused one may be tried again."""

    def __init__(self) -> None:
        self._done: dict[tuple[str, str], tuple[datetime, str]] = {}
        self._busy: set[str] = set()

    def find(self, operation: str, request_id: str | None) -> str | None:
        """What an earlier request with this id made. Whatever else it asked is not compared."""
        at, made = self._done.get((operation, request_id or ""), (None, None))
        if at is None or now() - at >= LIFETIMES[operation]:
            return None
        return made

    def keep(self, operation: str, request_id: str | None, made: str) -> None:
        if request_id is not None:
            self._done[operation, request_id] = (now(), made)

    @contextmanager
    def alone(self, *claims: str) -> Iterator[None]:
        """Of two requests at once for the same thing, the second is refused."""
        if self._busy.intersection(claims):
            raise PayPalError("PREVIOUS_REQUEST_IN_PROGRESS")
        self._busy.update(claims)
        try:
            yield
        finally:
            self._busy.difference_update(claims)


def check(request_id: str | None) -> None:
    if request_id is not None and not 1 <= len(request_id) <= LONGEST_REQUEST_ID:
        raise PayPalError("INVALID_STRING_LENGTH", field="PayPal-Request-Id")
