"""The token in a mail's manage link: whoever has it may see and change that one booking."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

import jwt

from shared.domain.appointment import Appointment
from shared.domain.caller import LinkHolder

TOKEN_TYPE = "manage+jwt"  # noqa: S105
"""Stands in the token's header (RFC 8725 §3.11), and chooses the key before any is touched."""

AUDIENCE = "manage"
CLAIMS = ["aud", "sub", "client", "key", "exp"]


class ManageLinks:
    """Signs with a key of its own, derived from ``app_secret``: whoever can sign sign-in tokens can't make these.

    No text that a client's id is made of has no "|" in it, so that no id tells of this key.
    """

    def __init__(self, app_secret: str) -> None:
        self._key = hmac.digest(app_secret.encode(), b"manage links", "sha256")

    def token(self, appointment: Appointment) -> str:
        """The same token for the same booking at the same time, so that a mail tried again is the same mail."""
        claims = {
            "aud": AUDIENCE,
            "sub": appointment.session_id,
            "client": appointment.client.id,
            "key": appointment.manage_key,
            "exp": int(appointment.manage_until.timestamp()),
        }
        return jwt.encode(claims, self._key, "HS256", headers={"typ": TOKEN_TYPE})

    def read(self, token: str) -> LinkHolder:
        """Raises ``jwt.PyJWTError``. Whether the booking still has that key, only its reader can tell."""
        claims = jwt.decode(
            token, self._key, algorithms=["HS256"], audience=AUDIENCE, options={"require": CLAIMS}
        )
        return LinkHolder(
            appointment_id=claims["sub"],
            client_id=claims["client"],
            manage_key=claims["key"],
            until=datetime.fromtimestamp(claims["exp"], UTC),
        )
