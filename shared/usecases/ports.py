"""What the use cases need from the world. Each is shaped by what the business does, not by a product's API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shared.domain.appointment import Appointment
from shared.domain.diary import Diary, Settings
from shared.domain.effects import Effect
from shared.domain.money import Money
from shared.domain.payment import Payment
from shared.domain.promo import Promo
from shared.domain.settlement import CaptureState, OrderState, RefundState
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


class DiaryChanged(Exception):
    """Settings or a full day changed after they were read: read again and decide again."""


@dataclass(frozen=True, slots=True)
class PromoReading:
    """A code as one client sees it; ``promo`` is None when there is no such code."""

    promo: Promo | None
    used_by_client: bool
    misses: int
    """Unknown codes this client named in the present window."""


@dataclass(frozen=True, slots=True)
class EarlierBooking:
    """The booking an earlier request of the same key made, just as it was answered then."""

    as_booked: Appointment
    fingerprint: str


class AlreadyBooked(Exception):
    """This very booking exists: an earlier try of the same request made it."""


@dataclass(frozen=True, slots=True)
class FreeBookingFacts:
    """All that decides a free booking, from one read."""

    diary: Diary
    promo: PromoReading
    earlier: EarlierBooking | None


@dataclass(frozen=True, slots=True)
class Page:
    items: tuple[Appointment, ...]
    next: str | None


class BookingStore(Protocol):
    """The state of the business. Each writing method is one transaction; none is load-and-save."""

    def seed(self) -> None:
        """Puts services, schedule and promo codes where there are none; changes nothing that exists."""

    def check(self) -> None:
        """Raises when the table can't be read."""

    def settings(self) -> Settings: ...

    def diary(self, span: Interval) -> Diary: ...

    def promo(self, code: str, client_id: str, now: datetime) -> PromoReading: ...

    def count_miss(self, client_id: str, now: datetime) -> None:
        """Notes that the client named an unknown promo code."""

    def free_booking_facts(
        self, span: Interval, code: str, client_id: str, appointment_id: str, now: datetime
    ) -> FreeBookingFacts: ...

    def book_free(
        self, appointment: Appointment, fingerprint: str, relied_on: Diary, effects: Sequence[Effect]
    ) -> None:
        """Claims the time, uses the code, writes the booking and what it owes: all or nothing.

        Raises ``AlreadyBooked``, ``DiaryChanged``, ``PromoAlreadyUsed``, ``PromoExhausted``, ``SlotTaken``,
        ``TooManyRequests``, ``TemporarilyUnavailable``.
        """

    def appointment(self, appointment_id: str) -> Appointment | None: ...

    def appointments(self, ids: Sequence[str]) -> list[Appointment]: ...

    def appointments_of(self, client_id: str, now: datetime, cursor: str | None, limit: int) -> Page:
        """Upcoming ones first, the next on top; then past ones, the latest on top.

        Raises ``InvalidInput`` for a cursor it did not give.
        """


class EffectStore(Protocol):
    """What is owed to the world, and how far it is paid off."""

    def due_effects(self, now: datetime) -> list[tuple[str, str]]:
        """``(appointment id, effect id)`` of what is owed and due: candidates, the lease decides."""

    def lease_effect(self, appointment_id: str, effect_id: str, now: datetime) -> Effect | None:
        """Takes it over for its lease; None when it is not owed, not due, or someone else's."""

    def postpone_effect(self, effect: Effect, due_at: datetime, error: str) -> None: ...

    def bury_effect(self, effect: Effect, error: str) -> None:
        """Gives it up: a person has to look."""

    def finish_effect(self, effect: Effect, now: datetime, provider_id: str | None) -> None:
        """It is done. Again and again does no harm."""

    def confirm_sent(self, appointment_id: str, effect_id: str, provider_id: str, now: datetime) -> None:
        """The mail service's own word that it took the message; unknown effects are ignored."""


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


@dataclass(frozen=True, slots=True)
class CreatedOrder:
    """``approve_url`` is where the buyer approves it."""

    order_id: str
    approve_url: str


class AlreadyCaptured(Exception):
    """The order was captured before: read it, and adopt its capture."""


class AlreadyRefunded(Exception):
    """Nothing is left to refund, or this very refund was made before: read the order."""


class RefundRefused(WillNeverWork):
    """The provider refuses this refund: a person has to look."""


class PaymentGateway(Protocol):
    """The payment provider. A write may be repeated under the same ``request_id``: it is done once."""

    def create_order(
        self,
        payment: Payment,
        *,
        description: str,
        return_url: str,
        cancel_url: str,
        request_id: str,
        vault: bool = False,
    ) -> CreatedOrder:
        """An order over the payment's amount, for the buyer to approve. ``vault`` asks to save the method.

        Raises ``PaymentProviderUnavailable``: there is no order, or one nobody knows of.
        """

    def get_order(self, order_id: str) -> OrderState | None:
        """The order with its captures and refunds; None when the provider does not know it (any more).

        Raises ``PaymentProviderUnavailable``.
        """

    def capture(self, order_id: str, *, request_id: str) -> OrderState:
        """Takes the money of an approved order. The answer is to be judged: it may be pending or declined.

        Nothing was taken: ``OrderNotApproved``, ``PaymentDeclined``, ``PaymentProviderUnavailable``, or
        ``WillNeverWork`` where trying again changes nothing. To be found out by reading the order:
        ``AlreadyCaptured``, ``OutcomeUnknown``.
        """

    def get_capture(self, capture_id: str) -> CaptureState | None:
        """None when the provider does not know it. Raises ``PaymentProviderUnavailable``."""

    def refund(self, capture_id: str, amount: Money | None, *, request_id: str, note: str) -> RefundState:
        """Gives back ``amount``, or all that is left. ``note`` is shown to the buyer, at most 255 characters.

        The answer may be pending or failed. Raises ``AlreadyRefunded``, ``RefundRefused``, ``TryAgainLater``
        (not done) or ``OutcomeUnknown``.
        """

    def check(self) -> str:
        """One word for the health page: ``initialized``, ``mock``, or ``error: …`` with what to do."""


class WebhookVerifier(Protocol):
    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the provider itself sent exactly this ``body``.

        Raises ``PaymentProviderUnavailable`` when that can't be found out now.
        """
