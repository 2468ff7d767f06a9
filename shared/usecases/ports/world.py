"""The time, the calendar, and how the world fails."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from shared.domain.appointment import Appointment
from shared.domain.statements import CalendarEvent
from shared.domain.time import Interval


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, in UTC."""

    def pause(self, seconds: float) -> None:
        """Lets a moment pass, for somebody else to finish."""


class TryAgainLater(Exception):
    """The other side can't do it now, or we can't know whether it did: the effect stays owed."""


class OutcomeUnknown(TryAgainLater):
    """The request left, and no answer came: it may have been done."""


class WillNeverWork(Exception):
    """The other side refuses for good: trying again changes nothing, a person has to look."""


class NotToBeSent(Exception):
    """There is nothing to say any more, or it may not be said: it ends without a message, and nobody has to look."""


class Calendar(Protocol):
    """The coach's calendar."""

    def busy(self, span: Interval) -> list[Interval]:
        """When the coach is busy within ``span``, read now. Raises ``CalendarUnavailable``."""

    def foreign(self, span: Interval) -> list[Interval]:
        """When events that are not ours keep the coach busy within ``span``, read now; they may reach beyond it.

        What free/busy can't tell: it merges our events with others. Raises ``CalendarUnavailable``.
        """

    def put_event(self, appointment: Appointment) -> None:
        """Makes the event exist as the appointment says; again and again does no harm.

        Raises ``TryAgainLater`` or ``WillNeverWork``.
        """

    def remove_event(self, appointment_id: str) -> None:
        """Makes the event not exist. Raises ``TryAgainLater`` or ``WillNeverWork``."""

    def written(self, span: Interval) -> list[CalendarEvent] | None:
        """What we wrote into it and is still there within ``span``; None when there is no calendar.

        Raises ``CalendarUnavailable``.
        """

    def check(self) -> str:
        """One word for the health page: ``initialized``, ``mock``, or ``error: …`` with what to do."""
