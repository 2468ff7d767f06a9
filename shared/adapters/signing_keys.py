"""The public keys of an OpenID Connect issuer, found through its discovery document.

OpenID Connect Discovery 1.0 §4, RFC 7517.
``http.client`` because a richer client costs a cold start 50 ms or more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from shared.observability import outside_call

ALGORITHMS = frozenset({"RS256", "ES256"})

CONNECT_SECONDS = 1.5
READ_SECONDS = 3.0
MAX_BYTES = 150_000

KEEP_SECONDS = 3600
UNKNOWN_KEY_PAUSE_SECONDS = 60
FAILURE_PAUSE_SECONDS = 10


class KeysUnavailable(Exception):
    """The issuer can't be asked and none of its keys is known: whether a token is good can't be said."""


class SigningKeys:
    """An issuer's keys, kept in the process.

    They are read again after an hour, and for an unknown key id at most once a minute, so that made-up ids
    can't hammer the issuer. While the issuer is down, the keys known so far stay good.
    """

    def __init__(self, issuer: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self._monotonic = monotonic
        self._keys: dict[str, PyJWK] = {}
        self._stale_at = self._may_read_at = monotonic()

    def find(self, key_id: str | None) -> PyJWK | None:
        """The key of that id, or None if the issuer has no such key. Raises ``KeysUnavailable``.

        An issuer with one key alone may leave the id out of its tokens (OpenID Connect Core 1.0 §10.1).
        """
        now = self._monotonic()
        unknown = key_id is not None and key_id not in self._keys
        if (unknown or now >= self._stale_at) and now >= self._may_read_at:
            self._read(now)
        if not self._keys:
            raise KeysUnavailable(self.issuer)
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id)

    def _read(self, now: float) -> None:
        try:
            with outside_call("signin", "keys"):
                self._keys = self._fetch()
        except (OSError, HTTPException, ValueError, LookupError, KeysUnavailable):
            self._may_read_at = now + FAILURE_PAUSE_SECONDS
        else:
            self._stale_at = now + KEEP_SECONDS
            self._may_read_at = now + UNKNOWN_KEY_PAUSE_SECONDS

    def _fetch(self) -> dict[str, PyJWK]:
        discovery = _get_json(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if discovery["issuer"] != self.issuer:
            raise KeysUnavailable("the discovery document names another issuer")
        if urlsplit(discovery["jwks_uri"]).scheme != urlsplit(self.issuer).scheme:
            raise KeysUnavailable("the keys lie behind another scheme than the issuer")
        keys = _usable(_get_json(discovery["jwks_uri"])["keys"])
        if not keys:
            raise KeysUnavailable("the issuer shows no key we can use")
        return keys


def _usable(entries: Iterable[dict[str, Any]]) -> dict[str, PyJWK]:
    keys = {}
    for entry in entries:
        if "kid" not in entry or entry.get("use", "sig") != "sig":
            continue
        try:
            key = PyJWK(entry)
        except PyJWTError:  # a kind of key newer than this code must not hide its neighbours
            continue
        if key.algorithm_name in ALGORITHMS:
            keys[entry["kid"]] = key
    return keys


def _get_json(url: str) -> dict[str, Any]:
    address = urlsplit(url)
    connect = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = connect(address.netloc, timeout=CONNECT_SECONDS)
    try:
        connection.connect()
        connection.sock.settimeout(READ_SECONDS)
        connection.request(
            "GET", urlunsplit(address._replace(scheme="", netloc="")), headers={"Accept": "application/json"}
        )
        response = connection.getresponse()
        if response.status != 200:  # noqa: PLR2004 — a redirect is refused too: the issuer names its own addresses
            raise KeysUnavailable(f"status {response.status}")
        body = response.read(MAX_BYTES + 1)
    finally:
        connection.close()
    if len(body) > MAX_BYTES:
        raise KeysUnavailable("the answer is too large")
    document = json.loads(body)
    if not isinstance(document, dict):
        raise KeysUnavailable("the answer is no JSON object")
    return document
