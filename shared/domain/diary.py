"""The coach's diary as the system knows it: the settings, and what bookings claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.domain.errors import NotFound
from shared.domain.schedule import Schedule
from shared.domain.service import Service
from shared.domain.time import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the coach may edit. ``version`` rises with every edit, so that a decision can name what it relied on."""

    schedule: Schedule
    services: Mapping[str, Service]
    version: int

    def service(self, service_id: str) -> Service:
        """Raises ``NotFound`` for a service the coach does not offer."""
        try:
            return self.services[service_id]
        except KeyError:
            raise NotFound("There is no such service.") from None


@dataclass(frozen=True, slots=True)
class Claim:
    """The time one appointment keeps from all others: its session and its buffers."""

    appointment_id: str
    client_id: str
    interval: Interval
    session_start: datetime
    hold_until: datetime | None
    paying: bool = False
    """Its client is paying for it: until that is done, not even they may have the time otherwise."""

    def is_held(self, now: datetime) -> bool:
        """Whether it is a hold, and alive."""
        return self.hold_until is not None and self.hold_until >= now

    def binds(self, client_id: str, now: datetime) -> bool:
        """Whether it keeps ``client_id`` out: a hold that ran out binds nobody, a live one not its own client."""
        if self.hold_until is None:
            return True
        return self.is_held(now) and (self.paying or self.client_id != client_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diary:
    """One consistent-enough reading: the settings, and every claim that may meet the span read.

    ``week_versions`` tells, for each week read, how many writes it had seen: what a decision under a daily
    limit relied on.
    """

    settings: Settings
    claims: tuple[Claim, ...]
    week_versions: Mapping[str, int] = field(default_factory=dict)
    freed: tuple[Interval, ...] = ()
    """Times of sessions that were cancelled or moved away: their events may still stand in the coach's calendar."""

    def without(self, appointment_id: str) -> Diary:
        """As if that appointment were not there: a booking being moved never blocks itself."""
        others = tuple(claim for claim in self.claims if claim.appointment_id != appointment_id)
        return replace(self, claims=others)

    def binding(self, client_id: str, now: datetime) -> list[Claim]:
        return [claim for claim in self.claims if claim.binds(client_id, now)]


def intervals(claims: Iterable[Claim]) -> list[Interval]:
    return [claim.interval for claim in claims]
