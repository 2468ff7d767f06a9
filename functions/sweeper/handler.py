"""Every five minutes: pays off whatever is still owed and due."""

from __future__ import annotations

from typing import Any

from shared import bootstrap
from shared.usecases.sweep import sweep

world = bootstrap.world()


def handler(_event: dict[str, Any], _context: object) -> dict[str, int]:
    return {"taken_up": sweep(world)}
