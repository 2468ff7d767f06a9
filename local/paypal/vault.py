"""Saved payment methods: PayPal's payment tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local.paypal.account import EMAIL as PAYER_EMAIL
from local.paypal.account import NAME, PAYER_ID, Account
from local.paypal.errors import PayPalError
from local.paypal.marks import new_id, now, pacific

Json = dict[str, Any]

LATE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentToken:
    id: str
    customer_id: str
    order_id: str
    created: datetime

    def view(self, base_url: str) -> Json:
        return {
            "id": self.id,
            "customer": {"id": self.customer_id},
            "payment_source": {"paypal": {"email_address": PAYER_EMAIL, "payer_id": PAYER_ID, "name": NAME}},
            "links": self.links(base_url),
        }

    def links(self, base_url: str) -> list[Json]:
        own = f"{base_url}/v3/vault/payment-tokens/{self.id}"
        return [
            {"href": own, "rel": "self", "method": "GET"},
            {"href": own, "rel": "delete", "method": "DELETE"},
        ]


class Vault:
    def __init__(self, base_url: str, account: Account, publish: Callable[[str, Json], None]) -> None:
        self._base_url = base_url
        self._account = account
        self._publish = publish
        self._known: set[str] = set()
        self._promised: dict[str, tuple[datetime, str]] = {}
        self.tokens: dict[str, PaymentToken] = {}

    def store(self, order_id: str, customer_id: str | None) -> None:
        """At once, or a little later where the account is slow."""
        customer = customer_id or new_id(length=12)
        if self._account.late_vault:
            self._promised[order_id] = (now() + LATE, customer)
        else:
            self._create(order_id, customer)

    def catch_up(self) -> None:
        """Creates what was promised and is due."""
        for order_id, (due, customer) in list(self._promised.items()):
            if due <= now():
                del self._promised[order_id]
                self._create(order_id, customer)

    def attribute(self, order_id: str) -> Json:
        """``attributes`` of an order's payment source: none, VAULTED, or APPROVED while the token is yet to come."""
        if order_id in self._promised:
            return {"attributes": {"vault": {"status": "APPROVED"}}}
        for token in self.tokens.values():
            if token.order_id == order_id:
                vault = {"id": token.id, "status": "VAULTED", "customer": {"id": token.customer_id}}
                return {"attributes": {"vault": vault | {"links": token.links(self._base_url)}}}
        return {}

    def find(self, token_id: str) -> PaymentToken:
        if token_id not in self.tokens:
            raise PayPalError("INVALID_RESOURCE_ID", field="id", value=token_id, location="path")
        return self.tokens[token_id]

    def check_chargeable(self, token_id: str) -> None:
        if token_id in self.tokens:
            return
        issue = "AGREEMENT_ALREADY_CANCELLED" if token_id in self._known else "TOKEN_ID_NOT_FOUND"
        raise PayPalError(issue, field="/payment_source/paypal/vault_id", value=token_id)

    def delete(self, token_id: str, *, by_merchant: bool) -> None:
        token = self.find(token_id)
        if by_merchant:
            self._tell("DELETION-INITIATED", token)
        del self.tokens[token_id]
        self._tell("DELETED", token)

    def _create(self, order_id: str, customer: str) -> None:
        token = PaymentToken(
            id=new_id("mock", 17).lower(), customer_id=customer, order_id=order_id, created=now()
        )
        self.tokens[token.id] = token
        self._known.add(token.id)
        self._tell("CREATED", token)

    def _tell(self, what: str, token: PaymentToken) -> None:
        resource = token.view(self._base_url) | {
            "time_created": pacific(token.created),
            "metadata": {"order_id": token.order_id},
        }
        self._publish(f"VAULT.PAYMENT-TOKEN.{what}", resource)
