"""The payment provider, and whether a message is really from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.domain.money import Money
from shared.domain.payment import Payment
from shared.domain.settlement import CaptureState, OrderState, RefundState
from shared.domain.statements import LedgerEntry
from shared.domain.time import Interval
from shared.usecases.ports.world import WillNeverWork


@dataclass(frozen=True, slots=True)
class CreatedOrder:
    """``approve_url`` is where the buyer approves it."""

    order_id: str
    approve_url: str


class AlreadyCaptured(Exception):
    """The order was captured before: read it, and adopt its capture."""


class AlreadyRefunded(Exception):
    """Nothing is left to refund, or this very refund was made before: read the order."""


class LedgerClosed(Exception):
    """The account does not let us read its ledger; the message says what to do about it."""


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

    def charge(self, payment: Payment, *, description: str, request_id: str) -> OrderState:
        """Takes the payment from the saved method that it ``charges``, without the buyer, by an order of its own.

        The answer is to be judged. Nothing was taken by this call: ``PaymentDeclined``, by none under this
        ``request_id``, or ``PaymentProviderUnavailable``. To be found out by asking again: ``OutcomeUnknown``.
        """

    def get_capture(self, capture_id: str) -> CaptureState | None:
        """None when the provider does not know it. Raises ``PaymentProviderUnavailable``."""

    def refund(self, capture_id: str, amount: Money | None, *, request_id: str, note: str) -> RefundState:
        """Gives back ``amount``, or all that is left. ``note`` is shown to the buyer, at most 255 characters.

        The answer may be pending or failed. Raises ``AlreadyRefunded``, ``RefundRefused``, ``TryAgainLater``
        (not done) or ``OutcomeUnknown``.
        """

    def ledger(self, span: Interval) -> list[LedgerEntry]:
        """Payments and refunds of the whole account that moved money within ``span``, at most 31 days; what happened
        within the last three hours may be missing.

        Raises ``LedgerClosed`` or ``PaymentProviderUnavailable``.
        """

    def check(self) -> str:
        """One word for the health page: ``initialized``, ``mock``, or ``error: …`` with what to do."""


class WebhookVerifier(Protocol):
    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the provider itself sent exactly this ``body``.

        Raises ``PaymentProviderUnavailable`` when that can't be found out now.
        """
