"""The outside calls that there are in the code, by name, wherever an adapter makes one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared"
TARGETS = {
    "adapters/dynamodb/*.py": "dynamodb",
    "adapters/paypal*.py": "paypal",
    "adapters/google_*.py": "google",
    "adapters/ses.py": "ses",
    "domain/checkout.py": "dynamodb",
    "domain/changes.py": "dynamodb",
}
THROUGH = frozenset({"table", "_api"})
"""Whose methods take a call's name first."""

NAMED = {"_call": 0, "_done": 0, "_exchange": 0, "_get": 0, "outside_call": 1, "write": 1}
NAMED |= {"Change": 1, "BookingChange": 2}
"""Where these take a call's name. Each step of a checkout or a booking is a transaction of its own name."""


def all_calls() -> set[str]:
    """``dynamodb.hold`` and so on."""
    return {
        f"{target}.{name}"
        for pattern, target in TARGETS.items()
        for file in SHARED.glob(pattern)
        for name in _names(ast.parse(file.read_text()))
    }


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(value=ast.Attribute(attr=owner)) if owner in THROUGH:
                place = 0
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in NAMED:
                place = NAMED[name]
            case _:
                continue
        match node.args[place : place + 1]:
            case [ast.Constant(value=str(said))]:
                yield said
