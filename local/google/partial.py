"""Partial answers: ``fields=nextPageToken,items(id,start,extendedProperties/private)``.

Source: https://developers.google.com/workspace/calendar/api/guides/performance#partial-response
"""

from __future__ import annotations

import re
from typing import Any

from local.google.errors import GoogleError

TOKENS = re.compile(r"[A-Za-z]+|\*|[(),/]")


def only(answer: dict[str, Any], fields: str | None) -> Any:
    """What was asked for of an answer; all of it when nothing particular was."""
    return answer if fields is None else _Selection(fields).of(answer)


class _Selection:
    """``{name: what of it}``; an empty one selects everything."""

    def __init__(self, fields: str) -> None:
        self._fields = fields
        self._tokens = TOKENS.findall(fields)
        if not self._tokens or "".join(self._tokens) != fields.replace(" ", ""):
            raise self._refusal()
        self._tree = self._list()
        if self._tokens:
            raise self._refusal()

    def of(self, answer: Any) -> Any:
        return _picked(answer, self._tree)

    def _list(self) -> dict[str, Any]:
        found = self._path()
        while self._next_is(","):
            found |= self._path()
        return found

    def _path(self) -> dict[str, Any]:
        if not self._tokens or not (name := self._tokens.pop(0)).strip("(),/"):
            raise self._refusal()
        if self._next_is("/"):
            return {name: self._path()}
        if not self._next_is("("):
            return {name: {}}
        inner = self._list()
        if not self._next_is(")"):
            raise self._refusal()
        return {name: inner}

    def _next_is(self, token: str) -> bool:
        if self._tokens[:1] != [token]:
            return False
        self._tokens.pop(0)
        return True

    def _refusal(self) -> GoogleError:
        return GoogleError(
            400,
            "invalidParameter",
            f"Invalid field selection {self._fields}",
            location=("fields", "parameter"),
        )


def _picked(value: Any, tree: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_picked(each, tree) for each in value]
    if not tree or "*" in tree or not isinstance(value, dict):
        return value
    return {name: _picked(value[name], inner) for name, inner in tree.items() if name in value}
