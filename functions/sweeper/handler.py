"""Every five minutes: takes up whatever is still owed, due or not handled."""

from __future__ import annotations

from typing import Any

from shared import bootstrap
from shared.usecases.sweep import sweep

books = bootstrap.books()


def handler(_event: dict[str, Any], _context: object) -> dict[str, int]:
    return {"taken_up": sweep(books)}
