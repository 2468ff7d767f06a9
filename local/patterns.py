"""Event patterns of EventBridge and of stream filters: nested objects whose leaves list what may be there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    return isinstance(event, Mapping) and all(
        _field_matches(wanted, event, name) for name, wanted in pattern.items()
    )


def _field_matches(wanted: Any, event: Mapping[str, Any], name: str) -> bool:
    if isinstance(wanted, Mapping):
        return matches(wanted, event.get(name))
    return any(_leaf_matches(one, event, name) for one in wanted)


def _leaf_matches(wanted: Any, event: Mapping[str, Any], name: str) -> bool:
    present = event.get(name)
    if not isinstance(wanted, Mapping):
        return wanted in present if isinstance(present, list) else bool(wanted == present)
    (operator, argument), *_ = wanted.items()
    match operator:
        case "exists":
            return (name in event) is bool(argument)
        case "prefix":
            return isinstance(present, str) and present.startswith(argument)
        case "anything-but":
            return name in event and present not in (argument if isinstance(argument, list) else [argument])
    raise ValueError(f"the local stack does not know the pattern operator {operator}")
