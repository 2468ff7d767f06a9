"""Cursors of lists: after which entry to go on, opaque to clients."""

from __future__ import annotations

import base64
from collections.abc import Set as AbstractSet

from shared.domain.errors import InvalidInput


def write(part: str, after: str) -> str:
    """``part`` is one character, and tells which part of which list; ``after`` is an entry's sort key."""
    return base64.urlsafe_b64encode(f"{part}{after}".encode()).decode()


def read(cursor: str, parts: AbstractSet[str]) -> tuple[str, str]:
    """Raises ``InvalidInput`` for what is no cursor of those parts."""
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except ValueError:
        text = ""
    if text[:1] not in parts:
        raise InvalidInput("cursor", "this is no cursor of this list")
    return text[0], text[1:]
