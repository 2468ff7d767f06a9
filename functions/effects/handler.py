"""Stream worker: each new outbox row is a nudge to pay off what it owes."""

from __future__ import annotations

from typing import Any

from shared import bootstrap
from shared.usecases.deliver_effects import deliver_all

world = bootstrap.world()


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """A row that can't even be taken up stays owed: the sweeper will take it up."""
    return {"taken_up": deliver_all(world, bootstrap.effects_named_in(event))}
