"""The very bytes of one value inside a JSON object: parsing and writing it again would change them."""

from __future__ import annotations

import json
import re

SPACE = re.compile(r"[ \t\n\r]*")
DECODER = json.JSONDecoder()


def value_of(document: bytes, name: str) -> bytes | None:
    """The value of a top-level member as it was written. Raises ``ValueError`` for what is no JSON object."""
    text = document.decode()
    if not isinstance(json.loads(text), dict):
        raise ValueError("a JSON object is expected")  # noqa: TRY004
    at = _skip(text, _skip(text, 0) + 1)
    while text[at] != "}":
        member, end = DECODER.raw_decode(text, at)
        start = _skip(text, _skip(text, end) + 1)
        _, end = DECODER.raw_decode(text, start)
        if member == name:
            return text[start:end].encode()
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at
    return None


def _skip(text: str, at: int) -> int:
    return SPACE.match(text, at).end()  # type: ignore[union-attr]
