"""Proof Key for Code Exchange (RFC 7636) for a provider that knows none: S256 alone, and always asked for."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

import flask

AUTHORIZE = "/oauth2/authorize"
TOKEN = "/oauth2/token"


class Pkce:
    """Remembers the challenge behind each code, and lets a code be redeemed only with its verifier, once."""

    def __init__(self, app: flask.Flask) -> None:
        self._challenges: dict[str, str] = {}
        app.before_request(self._check)
        app.after_request(self._remember)

    def _check(self) -> tuple[dict[str, str], int] | None:
        request = flask.request
        if request.path == AUTHORIZE and request.args.get("code_challenge_method") != "S256":
            return {"error": "invalid_request", "error_description": "PKCE with S256 is required"}, 400
        if request.path == TOKEN and request.form.get("grant_type") == "authorization_code":
            challenge = self._challenges.pop(request.form.get("code", ""), "")
            digest = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
            expected = urlsafe_b64encode(digest).rstrip(b"=").decode()
            if not hmac.compare_digest(expected, challenge):
                return {"error": "invalid_grant", "error_description": "wrong code_verifier"}, 400
        if request.path == TOKEN and "Authorization" not in request.headers:
            _present_public_client(request)
        return None

    def _remember(self, response: flask.Response) -> flask.Response:
        if flask.request.path == AUTHORIZE and response.location:
            for code in parse_qs(urlsplit(response.location).query).get("code", []):
                self._challenges[code] = flask.request.args.get("code_challenge", "")
        return response


def _present_public_client(request: flask.Request) -> None:
    """Older providers take no client without a secret, and any secret from an unregistered one."""
    name = request.form.get("client_id", "")
    request.environ["HTTP_AUTHORIZATION"] = "Basic " + b64encode(f"{name}:none".encode()).decode()
