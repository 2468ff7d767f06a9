"""Google around one coach: a calendar, the service account it is shared with, and what may go wrong."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.google.calendar import Event, EventCalendar, whole_days
from local.google.errors import GoogleError, TokenError

SERVICE_ACCOUNT = "booking@coach-booking-local.iam.gserviceaccount.com"
GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token"
"""What Google's own library always names as the audience, whatever the key's ``token_uri`` says."""

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUTH = "https://www.googleapis.com/auth/"
KNOWN_SCOPES = frozenset(
    AUTH + name
    for name in (
        "calendar",
        "calendar.readonly",
        "calendar.events",
        "calendar.events.readonly",
        "calendar.freebusy",
        "calendar.events.freebusy",
        "calendar.calendars.readonly",
    )
)
TOKEN_LIFETIME = timedelta(hours=1)
LEEWAY_SECONDS = 60


class GoogleState:
    """``lock`` guards everything: requests and the coach's own hand may come from different threads.

    The knobs: ``sharing`` is the service account's role on the coach's calendar; ``freebusy_error`` a reason
    reported for that calendar inside a 200; ``refusal`` status and reason with which every call is refused;
    ``key_valid`` is False once the service account's key was withdrawn.
    """

    sharing: Literal["writer", "freeBusyReader", "none"]
    freebusy_error: str | None
    refusal: tuple[int, str] | None
    key_valid: bool

    def __init__(self, base_url: str, calendar_id: str, timezone: str = "America/Toronto") -> None:
        self.lock = RLock()
        self._base_url = base_url.rstrip("/")
        self._calendar_id = calendar_id
        self._timezone = timezone
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._key_id = secrets.token_hex(20)
        self._tokens: dict[str, tuple[datetime, frozenset[str]]] = {}
        self.reset()

    def reset(self) -> None:
        """Empty calendars and nothing wrong. The key and the tokens stay: clients hold them."""
        with self.lock:
            self.coach = EventCalendar(self._calendar_id, self._timezone)
            self.own = EventCalendar(SERVICE_ACCOUNT, "UTC")
            self.sharing = "writer"
            self.freebusy_error = None
            self.refusal = None
            self.key_valid = True

    def service_account(self) -> dict[str, str]:
        """The key file as Google's console hands it out."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "coach-booking-local",
            "private_key_id": self._key_id,
            "private_key": pem.decode(),
            "client_email": SERVICE_ACCOUNT,
            "client_id": "100000000000000000000",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": f"{self._base_url}/token",
            "universe_domain": "googleapis.com",
        }

    def coach_events(self) -> list[Event]:
        with self.lock:
            return json.loads(json.dumps(self.coach.standing()))  # type: ignore[no-any-return]

    def add_event(
        self,
        start: str,
        end: str,
        summary: str = "",
        transparency: Literal["opaque", "transparent"] = "opaque",
        all_day: bool = False,
        invited: Literal["needsAction", "declined", "tentative", "accepted"] | None = None,
    ) -> Event:
        """By the coach's own hand, or an invitation and the coach's answer to it.

        Raises ``GoogleError`` for times that make no event.
        """
        moments: tuple[dict[str, str], dict[str, str]] = {"dateTime": start}, {"dateTime": end}
        if all_day:
            moments = whole_days(start, end, self._timezone)
        body: Event = {
            "summary": summary,
            "transparency": transparency,
            "start": moments[0],
            "end": moments[1],
        }
        if invited:
            body["attendees"] = [{"email": self._calendar_id, "self": True, "responseStatus": invited}]
        with self.lock:
            return self.coach.insert(body, creator=self._calendar_id)

    def delete_event(self, event_id: str) -> None:
        """By the coach's own hand. Raises ``GoogleError`` for one that is not there."""
        with self.lock:
            self.coach.delete(event_id)

    def grant(self, grant_type: str, assertion: str) -> dict[str, Any]:
        """An access token for a JWT the key has signed (RFC 7523)."""
        if grant_type != JWT_GRANT:
            raise TokenError("unsupported_grant_type", "Invalid grant_type")
        scopes = frozenset(self._claims(assertion)["scope"].split())
        if not scopes or not scopes <= KNOWN_SCOPES:
            raise TokenError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = f"ya29.{secrets.token_urlsafe(32)}"
        self._tokens[token] = (datetime.now(UTC) + TOKEN_LIFETIME, scopes)
        return {
            "access_token": token,
            "expires_in": int(TOKEN_LIFETIME.total_seconds()) - 1,
            "token_type": "Bearer",
        }

    def admit(self, authorization: str, accepted: frozenset[str]) -> None:
        """Lets a call with a live token of one of the accepted scopes pass."""
        expiry, scopes = self._tokens.get(authorization.removeprefix("Bearer "), (None, frozenset()))
        if expiry is None or expiry <= datetime.now(UTC) or not self.key_valid:
            raise GoogleError(401, "authError", "Invalid Credentials", location=("Authorization", "header"))
        if self.refusal:
            raise GoogleError(*self.refusal, "Refused.", domain="usageLimits")
        if not scopes & accepted:
            raise GoogleError(
                403, "insufficientPermissions", "Request had insufficient authentication scopes."
            )

    def calendar(self, calendar_id: str) -> tuple[EventCalendar, str]:
        """A calendar and the service account's role on it; ``primary`` is the caller's own."""
        if calendar_id in {"primary", SERVICE_ACCOUNT}:
            return self.own, "owner"
        if calendar_id != self._calendar_id or self.sharing == "none":
            raise GoogleError(404, "notFound", "Not Found")
        return self.coach, self.sharing

    def _claims(self, assertion: str) -> dict[str, Any]:
        if not self.key_valid:
            raise TokenError("invalid_grant", "Invalid JWT Signature.")
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                self._key.public_key(),
                algorithms=["RS256"],
                audience=[f"{self._base_url}/token", GOOGLE_TOKEN_URI],
                issuer=SERVICE_ACCOUNT,
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "aud", "exp", "iat", "scope"]},
            )
        except jwt.InvalidTokenError as wrong:
            raise TokenError("invalid_grant", f"Invalid JWT: {wrong}") from wrong
        if claims["exp"] - claims["iat"] > TOKEN_LIFETIME.total_seconds():
            raise TokenError("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes).")
        return claims
