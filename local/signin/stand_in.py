"""Sign-in on loopback: ``oidc-provider-mock`` with PKCE, CORS, a page of its own, and people who exist."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import flask
import jinja2
import jwt
import oidc_provider_mock
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from local.signin.pkce import AUTHORIZE, Pkce

CLIENT_EMAIL = "alex@example.com"
TOKEN_SECONDS = 30 * 24 * 3600
"""Tokens for programs live long, and from long ago: they move the clock by days, both ways."""


class SignIn:
    """Anybody may sign in with any address. It is the subject too, so both roads lead to the same client."""

    def __init__(self, host: str, port: int, audience: str, shared_secret: str, coach_email: str) -> None:
        self._host, self._port = host, port
        self._audience = audience
        self._shared_secret = shared_secret
        self._coach_email = coach_email
        self._server: BaseWSGIServer | None = None

    @property
    def issuer(self) -> str:
        return f"http://{self._host}:{self._port}"

    def start(self) -> None:
        os.environ.setdefault("AUTHLIB_INSECURE_TRANSPORT", "1")  # plain HTTP, on loopback alone
        server = make_server(self._host, self._port, self._app(), threaded=True, request_handler=_Quiet)
        self._server, self._port = server, server.server_port
        threading.Thread(target=server.serve_forever, args=(0.05,), name="signin", daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def issue_token(self, email: str, role: str) -> str:
        """What sign-in would say of that person, but signed with the shared secret."""
        now = int(time.time())
        claims = {
            **self._claims(email),
            "iss": self.issuer,
            "sub": email,
            "aud": self._audience,
            "iat": now - TOKEN_SECONDS,
            "exp": now + TOKEN_SECONDS,
            "groups": [role],
        }
        return jwt.encode(claims, self._shared_secret, algorithm="HS256")

    def _claims(self, email: str) -> dict[str, Any]:
        return {
            "email": email,
            "email_verified": True,
            "name": email.partition("@")[0].replace(".", " ").title(),
            "groups": ["coach" if email == self._coach_email else "client"],
        }

    def _app(self) -> flask.Flask:
        app: flask.Flask = oidc_provider_mock.app(
            user_claims=[
                oidc_provider_mock.User(sub=email, claims=self._claims(email))
                for email in (CLIENT_EMAIL, self._coach_email)
            ]
        )
        app.jinja_loader = jinja2.FileSystemLoader(
            [Path(__file__).parent / "pages", Path(oidc_provider_mock.__file__).parent / "templates"]
        )
        app.before_request(self._make_person_known)
        app.after_request(_allow_other_origins)
        Pkce(app)
        return app

    def _make_person_known(self) -> None:
        """Whoever types an address on the sign-in page gets the claims a real sign-in would have."""
        email = flask.request.form.get("sub")
        if flask.request.path == AUTHORIZE and email:
            flask.current_app.test_client().put(f"/users/{email}", json=self._claims(email))


def _allow_other_origins(response: flask.Response) -> flask.Response:
    """The page reads discovery, tokens and keys from another origin, as from a real issuer."""
    if flask.request.path != AUTHORIZE:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "*, Authorization"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
    return response


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """The stack's terminal shows addresses, not requests."""
