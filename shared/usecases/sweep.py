"""Every few minutes: whatever is owed and due is taken up, whether or not its first nudge arrived."""

from __future__ import annotations

from shared.usecases.deliver_effects import World, deliver_all


def sweep(world: World) -> int:
    """The number of effects taken up."""
    return deliver_all(world, world.effects.due_effects(world.clock.now()))
