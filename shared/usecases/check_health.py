"""The operator asks whether every part works."""

from __future__ import annotations

from collections.abc import Callable

OK = "ok"
WORKING = frozenset({OK, "initialized", "mock"})


def part(check: Callable[[], str | None]) -> str:
    """What the part says of itself; ``error: …`` with the kind of failure when it can't even do that."""
    try:
        return check() or OK
    except Exception as failure:
        return (
            f"error: {failure if type(failure).__name__ == 'ConfigurationError' else type(failure).__name__}"
        )


def all_work(parts: dict[str, str]) -> bool:
    return all(state in WORKING for state in parts.values())
