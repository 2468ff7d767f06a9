"""Which route a request takes: as at API Gateway, what is written out beats a variable, and that beats ``+``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from local.template import Route

Found = tuple[Route, dict[str, str]]


class Routes:
    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = sorted(
            ((route, _pattern(route.path)) for route in routes), key=lambda entry: _vagueness(entry[0])
        )

    def find(self, method: str, path: str) -> Found | None:
        for route, pattern in self._routes:
            if route.method in (method, "ANY") and (match := pattern.fullmatch(path)):
                return route, match.groupdict()
        return None


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)(\+?)\}", path)
    pattern = re.escape(parts[0])
    for name, greedy, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        pattern += f"(?P<{name}>{'.+' if greedy else '[^/]+'}){re.escape(text)}"
    return re.compile(pattern)


def _vagueness(route: Route) -> tuple[list[int], bool]:
    segments = [2 if "+}" in part else 1 if "{" in part else 0 for part in route.path.split("/")]
    return segments, route.method == "ANY"
