"""From a bearer token to whom it speaks for."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any

import jwt

from shared.adapters.manage_links import TOKEN_TYPE, ManageLinks
from shared.adapters.signing_keys import SigningKeys
from shared.domain.caller import Caller, Party, Role, TokenRefused

LEEWAY_SECONDS = 60
MIN_SECRET_BYTES = 32
"""RFC 7518 §3.2: a key of at least the size of the hash."""

MAX_NAME = 100
MAX_EMAIL = 254

ROLE_CLAIMS = ("cognito:groups", "groups", "roles")
COACH_GROUP = "coach"

_ONE_ADDRESS = re.compile(r"""[^\s@<>(),;:\\"\[\]]+@[^\s@<>(),;:\\"\[\]]+""")
"""Strict on purpose: a comma or a line end in an address would reach other mailboxes."""


class TokenVerifier:
    """Checks tokens of an OpenID Connect issuer (``keys``), of a site's own login (``shared_secret``), and of mails.

    The token's type and algorithm choose between them before any key is touched, so a public key can never serve
    as the shared secret; an algorithm without a configured key is refused like any foreign one.
    """

    def __init__(
        self,
        *,
        keys: SigningKeys | None,
        audience: str | None,
        shared_secret: str | None,
        app_secret: str,
        coach_email: str,
    ) -> None:
        if keys and not audience:
            raise ValueError(
                "JWT_AUDIENCE must be set with JWT_ISSUER: any client of the issuer could call otherwise"
            )
        if shared_secret and len(shared_secret.encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"JWT_SHARED_SECRET must have at least {MIN_SECRET_BYTES} bytes")
        self._keys = keys
        self._audience = audience
        self._shared_secret = shared_secret
        self._app_secret = app_secret.encode()
        self._manage_links = ManageLinks(app_secret)
        self._coach_email = coach_email.casefold()

    def verify(self, token: str) -> Party:
        """Raises ``TokenRefused``, or ``KeysUnavailable`` when the issuer's keys are out of reach."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") == TOKEN_TYPE:
                return self._manage_links.read(token)
            match header.get("alg"):
                case "RS256" | "ES256" as algorithm if self._keys:
                    return self._issuers(token, algorithm, header.get("kid"), self._keys)
                case "HS256" if self._shared_secret:
                    return self._sites_own(token, self._shared_secret)
        except jwt.PyJWTError as error:
            raise TokenRefused(type(error).__name__) from None
        raise TokenRefused("AlgorithmNotAllowed")

    def _issuers(self, token: str, algorithm: str, key_id: str | None, keys: SigningKeys) -> Caller:
        key = keys.find(key_id)
        if key is None:
            raise TokenRefused("UnknownKey")
        claims = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=keys.issuer,
            audience=self._audience,
            leeway=LEEWAY_SECONDS,
            options={
                "require": ["iss", "aud", "exp", "iat", "sub", "email"],
                "enforce_minimum_key_length": True,
            },
        )
        return self._caller(
            claims, claims["sub"], claims["email"], proved=_says(claims, "email_verified", "true")
        )

    def _sites_own(self, token: str, secret: str) -> Caller:
        """A site's own login may number its users, or know them by their address alone."""
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            audience=self._audience,
            leeway=LEEWAY_SECONDS,
            options={
                "require": ["exp"],
                "verify_aud": self._audience is not None,
                "verify_sub": False,
            },
        )
        subject = claims.get("sub") or claims.get("email")
        email = claims.get("email") or subject
        return self._caller(claims, subject, email, proved=not _says(claims, "email_verified", "false"))

    def _caller(self, claims: Mapping[str, Any], subject: object, email: object, *, proved: bool) -> Caller:
        if not isinstance(subject, str | int) or not subject:
            raise TokenRefused("NoSubject")
        if not isinstance(email, str) or len(email) > MAX_EMAIL or not _ONE_ADDRESS.fullmatch(email):
            raise TokenRefused("NoEmailAddress")
        is_coach = COACH_GROUP in _groups(claims) or (proved and email.casefold() == self._coach_email)
        return Caller(
            client_id=self._client_id(claims.get("iss", ""), subject),
            email=email,
            name=_name(claims),
            role=Role.COACH if is_coach else Role.CLIENT,
        )

    def _client_id(self, issuer: object, subject: str | int) -> str:
        return hmac.new(self._app_secret, f"{issuer}|{subject}".encode(), "sha256").hexdigest()[:32]


def _groups(claims: Mapping[str, Any]) -> set[str]:
    groups: set[str] = set()
    for claim in ROLE_CLAIMS:
        value = claims.get(claim)
        if isinstance(value, str):
            groups.update(value.split())
        elif isinstance(value, list):
            groups.update(item for item in value if isinstance(item, str))
    return groups


def _says(claims: Mapping[str, Any], claim: str, word: str) -> bool:
    """Some issuers write booleans as text."""
    return str(claims.get(claim)).lower() == word


def _name(claims: Mapping[str, Any]) -> str:
    name = claims.get("name")
    return " ".join(name.split())[:MAX_NAME] if isinstance(name, str) else ""
