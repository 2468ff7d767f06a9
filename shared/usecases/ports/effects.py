"""What is owed to the world after a booking, and the letters that pay a part of it off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shared.domain.appointment import Appointment
from shared.domain.effects import Effect, EffectStatus
from shared.domain.money import Money
from shared.domain.package import Package
from shared.domain.payment import Payment


class EffectStore(Protocol):
    """What is owed to the world, and how far it is paid off."""

    def owe(self, effects: Sequence[Effect]) -> int:
        """Writes those that were never owed before; how many that were."""

    def effects_of(self, subject_id: str) -> list[Effect]:
        """All that were ever owed for it."""

    def due_effects(self, now: datetime) -> list[tuple[str, str]]:
        """``(appointment id, effect id)`` of what is owed and due: candidates, the lease decides."""

    def lease_effect(self, subject_id: str, effect_id: str, now: datetime) -> Effect | None:
        """Takes it over for its lease; None when it is not owed, not due, or someone else's."""

    def postpone_effect(self, effect: Effect, due_at: datetime, error: str) -> None: ...

    def bury_effect(self, effect: Effect, error: str) -> None:
        """Gives it up: a person has to look."""

    def finish_effect(self, effect: Effect, now: datetime, provider_id: str | None) -> None:
        """It is done, and no event of ours is where the session was before. Again and again does no harm."""

    def suppress_effect(self, effect: Effect, now: datetime, reason: str) -> None:
        """It ends without a message, as it should."""

    def confirm_sent(self, subject_id: str, effect_id: str, provider_id: str, now: datetime) -> None:
        """The mail service's own word that it took the message, whatever we thought; unknown effects are ignored."""

    def note_undelivered(
        self, subject_id: str, effect_id: str, provider_id: str, status: EffectStatus, error: str
    ) -> bool:
        """The mail service's own word on what became of the message; False for an unknown effect."""


class LetterKind(StrEnum):
    CLIENT_BOOKED = "client_booked"
    COACH_BOOKED = "coach_booked"
    CLIENT_MOVED = "client_moved"
    COACH_MOVED = "coach_moved"
    CLIENT_CANCELLED = "client_cancelled"
    COACH_CANCELLED = "coach_cancelled"
    CLIENT_REMINDER = "client_reminder"
    CLIENT_PAYMENT_PENDING = "client_payment_pending"
    CLIENT_PAYMENT_FAILED = "client_payment_failed"
    CLIENT_TIME_LOST = "client_time_lost"
    CLIENT_REFUNDED = "client_refunded"
    CLIENT_FEE = "client_fee"
    CLIENT_PACKAGE = "client_package"
    COACH_PACKAGE = "coach_package"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One email about one appointment or package; ``payment`` is what was to pay for it, None where nothing was.

    ``that_day`` is the coach's day around an appointment, for the coach's copies. ``change_fee`` is what moving or
    cancelling would cost now, for a reminder; None where it costs nothing.
    """

    kind: LetterKind
    about: Appointment | Package
    payment: Payment | None = None
    coach_timezone: str
    that_day: Sequence[Appointment] = ()
    change_fee: Money | None = None
    effect_id: str
    """Named to the mail service as a tag, so that its own record of the sending can be matched to ours."""


class Mailer(Protocol):
    def send(self, letter: Letter) -> str:
        """Sends it once, without any retry of its own; the answer is the provider's message id.

        Raises ``TryAgainLater`` (surely not sent), ``OutcomeUnknown`` (may have been sent) or ``WillNeverWork``.
        """

    def check(self) -> str:
        """One word for the health page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text message to an appointment's client.

    ``owed_at`` is the earliest it can have been sent; ``again`` tells that somebody may have sent it since.
    """

    kind: LetterKind
    about: Appointment
    owed_at: datetime
    again: bool


class Texter(Protocol):
    def send(self, text: Text) -> str:
        """Sends it once, without any retry of its own; one that may have been sent is looked for first.

        The answer is the provider's message id. Raises ``NotToBeSent``, ``WillNeverWork``, or ``TryAgainLater``, even
        where it may have been sent: the next try looks.
        """


class Invitations(Protocol):
    def invitation(self, appointment: Appointment) -> bytes:
        """The appointment as an iCalendar file (RFC 5545), CRLF line ends."""
