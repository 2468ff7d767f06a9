"""What the use cases need from the world. Each is shaped by what the business does, not by a product's API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shared.domain.appointment import Appointment
from shared.domain.time import Interval


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, in UTC."""


class TryAgainLater(Exception):
    """The other side can't do it now, or we can't know whether it did: the effect stays owed."""


class OutcomeUnknown(TryAgainLater):
    """The request left, and no answer came: it may have been done."""


class WillNeverWork(Exception):
    """The other side refuses for good: trying again changes nothing, a person has to look."""


class Calendar(Protocol):
    """The coach's calendar."""

    def busy(self, span: Interval) -> list[Interval]:
        """When the coach is busy within ``span``, read now. Raises ``CalendarUnavailable``."""

    def put_event(self, appointment: Appointment) -> None:
        """Makes the event exist as the appointment says; again and again does no harm.

        Raises ``TryAgainLater`` or ``WillNeverWork``.
        """

    def remove_event(self, appointment_id: str) -> None:
        """Makes the event not exist. Raises ``TryAgainLater`` or ``WillNeverWork``."""

    def check(self) -> str:
        """One word for the health page: ``initialized``, ``mock``, or ``error: …`` with what to do."""


class LetterKind(StrEnum):
    CLIENT_BOOKED = "client_booked"
    COACH_BOOKED = "coach_booked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One email about one appointment. ``that_day`` is the coach's day around it, for the coach's copies."""

    kind: LetterKind
    appointment: Appointment
    coach_timezone: str
    that_day: Sequence[Appointment] = ()
    effect_id: str
    """Named to the mail service as a tag, so that its own record of the sending can be matched to ours."""


class Mailer(Protocol):
    def send(self, letter: Letter) -> str:
        """Sends it once, without any retry of its own; the answer is the provider's message id.

        Raises ``TryAgainLater`` (surely not sent), ``OutcomeUnknown`` (may have been sent) or ``WillNeverWork``.
        """

    def check(self) -> str:
        """One word for the health page."""


class Invitations(Protocol):
    def invitation(self, appointment: Appointment) -> bytes:
        """The appointment as an iCalendar file (RFC 5545), CRLF line ends."""
