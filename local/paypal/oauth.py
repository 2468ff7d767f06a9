"""PayPal's token endpoint: client credentials for a bearer token that lives nine hours."""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import datetime, timedelta
from typing import Any

from local.paypal.errors import TokenRefused
from local.paypal.marks import new_id, now, stamp

LIFETIME = timedelta(hours=9)
SCOPES = (
    "https://uri.paypal.com/services/payments/payment",
    "https://uri.paypal.com/services/payments/refund",
    "https://uri.paypal.com/services/applications/webhooks",
    "https://api.paypal.com/v1/payments/.*",
)
VAULT_SCOPES = (
    "https://uri.paypal.com/services/vault/payment-tokens/read",
    "https://uri.paypal.com/services/vault/payment-tokens/readwrite",
    "Braintree:Vault",
)


class Tokens:
    def __init__(self, client_id: str, client_secret: str) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self._expiries: dict[str, datetime] = {}

    def grant(self, authorization: str, grant_type: str, *, vault: bool) -> dict[str, Any]:
        """Raises ``TokenRefused``."""
        if not self._is_client(authorization):
            raise TokenRefused(401, "invalid_client", "Client Authentication failed")
        if grant_type != "client_credentials":
            raise TokenRefused(400, "unsupported_grant_type", "unsupported grant_type")
        token = f"A21AA{secrets.token_urlsafe(64)}"
        self._expiries[token] = now() + LIFETIME
        return {
            "scope": " ".join(SCOPES + (VAULT_SCOPES if vault else ())),
            "access_token": token,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": int(LIFETIME.total_seconds()),
            "nonce": f"{stamp(now())}{new_id(length=43)}",
        }

    def admits(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        expiry = self._expiries.get(token)
        return scheme.lower() == "bearer" and expiry is not None and now() < expiry

    def _is_client(self, authorization: str) -> bool:
        scheme, _, credentials = authorization.partition(" ")
        try:
            given = base64.b64decode(credentials, validate=True)
        except binascii.Error:
            return False
        expected = f"{self.client_id}:{self.client_secret}".encode()
        return scheme.lower() == "basic" and secrets.compare_digest(given, expected)
