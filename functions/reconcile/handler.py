"""Once a day: PayPal, the books and the calendar are compared; the answer is what `make reconcile` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from shared import bootstrap
from shared.usecases.reconcile import reconcile

sources = bootstrap.sources()


def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    return asdict(reconcile(sources))
