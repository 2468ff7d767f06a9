"""A fresh table on the real engine, for whatever has to be proved there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import engine, template

TEMPLATE = Path(__file__).parent.parent / "infra" / "template.yaml"


@contextmanager
def fresh_table(endpoint: str) -> Iterator[str]:
    """The name of an empty table as the template defines it; gone afterwards."""
    name = f"test-{uuid.uuid4().hex}"
    engine.create_table(endpoint, name, dict(template.read(TEMPLATE).table))
    try:
        yield name
    finally:
        engine.delete_table(endpoint, name)
