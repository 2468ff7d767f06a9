"""PayPal around one business account: everything it knows, and what a person may do to it from outside."""

from __future__ import annotations

import secrets
from decimal import Decimal
from threading import RLock
from typing import Any, Literal

from local.paypal.account import Account
from local.paypal.amounts import Money
from local.paypal.authority import Authority
from local.paypal.disputes import Disputes, Winner
from local.paypal.oauth import Tokens
from local.paypal.order import Outcome
from local.paypal.orders import Orders
from local.paypal.payments import Payments
from local.paypal.replay import RequestIds
from local.paypal.vault import Vault
from local.paypal.webhooks import Delivery, Tamper, Transmission, Webhooks

Json = dict[str, Any]

CLIENT_ID = "MOCK-coach-booking-on-this-machine"
WEBHOOK_ID = "MOCKWEBHOOK000001"


class PayPalState:
    """``lock`` guards everything: requests and the control address may come from different threads.

    ``processing_seconds`` is how long PayPal thinks about what moves money: within it, a second request with
    the same id is refused.
    """

    client_id = CLIENT_ID
    webhook_id = WEBHOOK_ID

    def __init__(self, base_url: str, *, processing_seconds: float = 0.02) -> None:
        self.lock = RLock()
        self.base_url = base_url.rstrip("/")
        self.processing_seconds = processing_seconds
        self.client_secret = secrets.token_urlsafe(32)
        self.tokens = Tokens(self.client_id, self.client_secret)
        self._authority = Authority()
        self.webhooks = Webhooks(self.base_url, self.webhook_id, self._authority)
        self.reset()

    def reset(self) -> None:
        """An account without history. The credentials, tokens and certificates stay: clients hold them."""
        with self.lock:
            self.webhooks.reset()
            publish = self.webhooks.publish
            self.account = Account()
            self.request_ids = RequestIds()
            self.payments = Payments(self.base_url, self.account, publish)
            self.vault = Vault(self.base_url, self.account, publish)
            self.orders = Orders(self.base_url, self.account, self.payments, self.vault, publish)
            self.disputes = Disputes(self.base_url, self.payments, publish)

    @property
    def root_certificate(self) -> str:
        """PEM of what a verifier of webhooks has to trust."""
        return self._authority.root_certificate

    def catch_up(self) -> None:
        """What happens by itself as time passes."""
        with self.lock:
            self.orders.catch_up()
            self.vault.catch_up()

    def ledger(self) -> dict[str, list[Json]]:
        self.catch_up()
        with self.lock:
            payments, base = self.payments, self.base_url
            return {
                "orders": [self.orders.view(order) for order in self.orders.all.values()],
                "captures": [
                    {**capture.view(base), "order_id": capture.order_id}
                    for capture in payments.captures.values()
                ],
                "refunds": [
                    {**refund.view(base), "capture_id": refund.capture.id}
                    for refund in payments.refunds.values()
                ],
                "payment_tokens": [token.view(base) for token in self.vault.tokens.values()],
            }

    def approve(self, order_id: str, outcome: Outcome = "approve") -> Json:
        """What the buyer does. Raises ``PayPalError`` or ``ValueError``, as all of these do."""
        self.catch_up()
        with self.lock:
            return self.orders.view(self.orders.approve(order_id, outcome))

    def settle_capture(self, capture_id: str, outcome: Literal["completed", "denied", "declined"]) -> Json:
        """``declined`` differs from ``denied`` in its event's name alone: PayPal's documents have both."""
        with self.lock:
            return self.payments.settle(capture_id, outcome).view(self.base_url)

    def refund_by_hand(self, capture_id: str, amount: Decimal | None = None) -> Json:
        """In PayPal's own dashboard: ``amount`` in the capture's currency, or all that is left."""
        with self.lock:
            money = self.payments.find(capture_id).amount
            part = {"amount": Money(money.currency, amount).as_json()} if amount else {}
            return self.payments.refund(capture_id, part).view(self.base_url)

    def settle_refund(self, refund_id: str, outcome: Literal["completed", "failed"]) -> Json:
        with self.lock:
            return self.payments.settle_refund(refund_id, outcome).view(self.base_url)

    def open_dispute(self, capture_id: str) -> Json:
        with self.lock:
            return self.disputes.open(capture_id)

    def escalate_dispute(self, dispute_id: str) -> Json:
        with self.lock:
            return self.disputes.escalate(dispute_id)

    def resolve_dispute(self, dispute_id: str, winner: Winner) -> Json:
        with self.lock:
            return self.disputes.resolve(dispute_id, winner)

    def revoke_token(self, token_id: str) -> None:
        """The buyer withdraws a saved payment method in their own account."""
        with self.lock:
            self.vault.delete(token_id, by_merchant=False)

    def set_vault(self, enabled: bool) -> None:
        self.account.vault = enabled

    def set_delivery(self, deliver: bool) -> None:
        with self.lock:
            self.webhooks.set_delivering(deliver)

    def webhook_log(self) -> list[Json]:
        self.catch_up()
        with self.lock:
            return [delivery.as_json() for delivery in self.webhooks.deliveries]

    def due_deliveries(self) -> list[Delivery]:
        self.catch_up()
        with self.lock:
            return self.webhooks.due()

    def resend(self, event_id: str, tamper: Tamper | None = None) -> Transmission:
        with self.lock:
            return self.webhooks.resend(self.webhooks.find(event_id), tamper)
