"""The diary in the table: the settings and the weeks of a span, read together."""

from __future__ import annotations

from shared.adapters.dynamodb import items, keys
from shared.adapters.dynamodb.table import Found, RawItem
from shared.domain.diary import Diary, Settings
from shared.domain.time import Interval


def wanted(span: Interval) -> list[keys.Key]:
    return [keys.settings(), *(keys.week(monday) for monday in keys.weeks(span))]


def settings(item: RawItem | None) -> Settings:
    if item is None:
        raise RuntimeError("the table is not seeded: there are no settings")
    return items.settings(items.load(item))


def diary(found: Found, span: Interval) -> Diary:
    weeks = {key[0]: item for key, item in found.items() if key[1] == "WEEK"}
    return Diary(
        settings=settings(found.get(keys.pair(keys.settings()))),
        claims=tuple(claim for week in weeks.values() for claim in items.claims(week, span)),
        freed=tuple(session for week in weeks.values() for session in items.freed(week, span)),
        week_versions={key: int(week["version"]["N"]) for key, week in weeks.items()},
    )
