"""Text that clients typed, made inert for headers, mails and calendars."""

from __future__ import annotations

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode's bidirectional embeddings, overrides and isolates: they make text read as what it is not."""


def plain(text: str) -> str:
    """Without control, reordering and unencodable characters; every line end is ``\\n``."""
    return "".join(c for c in _LINE_ENDS.sub("\n", text) if c in "\n\t" or _harmless(c))


def one_line(text: str, limit: int = 200) -> str:
    """``plain`` on one line of at most ``limit`` characters, and no RFC 2047 word in disguise."""
    line = " ".join(plain(text).split()).replace("=?", "= ?")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _harmless(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs"} and character not in _REORDERING
