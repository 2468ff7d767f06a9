"""PayPal's REST API as a wire: token, timeouts, one repeat, and errors by their issue.

Source: https://developer.paypal.com/api/rest/
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import requests
from requests.exceptions import ConnectionError as NotConnected
from requests.exceptions import ConnectTimeout, RequestException
from urllib3.exceptions import MaxRetryError, NewConnectionError

from shared.observability import logger, outside_call

CONNECT_SECONDS = 2
READ_SECONDS = 8
TOKEN_MARGIN_SECONDS = 300
IDLE_SECONDS = 30
"""A connection older than that may have died while the function was frozen: it would cost a client a timeout."""

MALFORMED = "MALFORMED_ANSWER"

MENDABLE = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})

Headers = Mapping[str, str]
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class PayPalTrouble(Exception):
    """PayPal did not do it, or we can't know: then ``maybe_done``. ``status`` is 0 where no answer came.

    ``issue`` is PayPal's own word for what is wrong, or the failure's type; never personal data.
    """

    def __init__(self, issue: str, status: int = 0, *, maybe_done: bool = False) -> None:
        super().__init__(f"{status} {issue}" if status else issue)
        self.issue = issue
        self.status = status
        self.maybe_done = maybe_done

    @property
    def passing(self) -> bool:
        """No answer, or PayPal's own trouble: the same request may work in a moment."""
        return self.status == 0 or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def lasting(self) -> bool:
        """PayPal refuses this request, today and tomorrow; keys, rights and quotas can be mended."""
        return self.status // 100 == 4 and self.status not in MENDABLE  # noqa: PLR2004


class PayPalApi:
    """``api_base`` is ``https://api-m.paypal.com``, the sandbox's, or a stand-in's. Not for several threads."""

    def __init__(self, *, api_base: str, client_id: str, client_secret: str) -> None:
        self._base = api_base.rstrip("/")
        self._credentials = (client_id, client_secret)
        self._session = requests.Session()
        # Neither a .netrc's password instead of our token, nor a proxy of the machine.
        self._session.trust_env = False
        self._used_at = 0.0
        self._token: str | None = None
        self._token_expires_at = 0.0

    def get(self, operation: str, path: str) -> Any:
        return self._twice(operation, "GET", path, None, {})

    def post(self, operation: str, path: str, body: bytes, request_id: str | None = None) -> Any:
        """Without a request id the call must be one that changes nothing at PayPal: it may be sent twice."""
        headers = {"Content-Type": "application/json", "Prefer": "return=representation"}
        if request_id:
            headers["PayPal-Request-Id"] = request_id
        return self._twice(operation, "POST", path, body, headers)

    def authenticate(self) -> str:
        """A new token, kept until shortly before it ends."""
        answer = self._exchange(
            "token", "POST", "/v1/oauth2/token", b"grant_type=client_credentials", _FORM, self._credentials
        )
        try:
            token, lifetime = str(answer["access_token"]), float(answer["expires_in"])
        except (LookupError, TypeError, ValueError):
            raise PayPalTrouble(MALFORMED, HTTPStatus.OK) from None
        self._token, self._token_expires_at = token, time.time() + lifetime - TOKEN_MARGIN_SECONDS
        return token

    def _twice(self, operation: str, method: str, path: str, body: bytes | None, headers: Headers) -> Any:
        try:
            return self._authorized(operation, method, path, body, headers)
        except PayPalTrouble as trouble:
            if not trouble.passing:
                raise
            in_doubt = trouble.maybe_done
        try:
            return self._authorized(operation, method, path, body, headers)
        except PayPalTrouble as trouble:
            trouble.maybe_done |= in_doubt
            raise

    def _authorized(
        self, operation: str, method: str, path: str, body: bytes | None, headers: Headers
    ) -> Any:
        try:
            return self._exchange(operation, method, path, body, self._bearer(headers))
        except PayPalTrouble as trouble:
            if trouble.status != HTTPStatus.UNAUTHORIZED or self._token is None:
                raise
        self._token = None
        return self._exchange(operation, method, path, body, self._bearer(headers))

    def _bearer(self, headers: Headers) -> Headers:
        token = self._token if time.time() < self._token_expires_at else None
        return {**headers, "Authorization": f"Bearer {token or self._new_token()}"}

    def _new_token(self) -> str:
        self._token = None
        try:
            return self.authenticate()
        except PayPalTrouble as trouble:
            # Whatever its status, what the token is for never left, and was not judged.
            status = trouble.status if trouble.passing else HTTPStatus.UNAUTHORIZED
            raise PayPalTrouble(f"TOKEN_{trouble.issue}", status) from None

    def _exchange(
        self,
        operation: str,
        method: str,
        path: str,
        body: bytes | None,
        headers: Headers,
        auth: tuple[str, str] | None = None,
    ) -> Any:
        self._drop_idle_connections()
        try:
            with outside_call("paypal", operation):
                response = self._session.request(
                    method,
                    self._base + path,
                    data=body,
                    headers={"Accept": "application/json", **headers},
                    auth=auth,
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                )
                if response.status_code // 100 != 2:  # noqa: PLR2004
                    raise _refusal(operation, response)
        except RequestException as failure:
            raise PayPalTrouble(type(failure).__name__, maybe_done=not _never_left(failure)) from None
        try:
            return json.loads(response.content, parse_float=Decimal)
        except ValueError:
            raise PayPalTrouble(MALFORMED, response.status_code, maybe_done=True) from None

    def _drop_idle_connections(self) -> None:
        now = time.monotonic()
        if now - self._used_at > IDLE_SECONDS:
            self._session.close()
        self._used_at = now


def _refusal(operation: str, response: requests.Response) -> PayPalTrouble:
    status = response.status_code
    issue, debug_id = _issue(response)
    logger.warning(
        "paypal refused",
        operation=operation,
        status=status,
        issue=issue,
        debug_id=response.headers.get("Paypal-Debug-Id") or debug_id,
    )
    return PayPalTrouble(issue, status, maybe_done=status >= HTTPStatus.INTERNAL_SERVER_ERROR)


def _issue(response: requests.Response) -> tuple[str, str | None]:
    try:
        answer = response.json()
        details = answer.get("details") or [{}]
        word = details[0].get("issue") or answer.get("name") or answer.get("error")
        return str(word or f"HTTP_{response.status_code}"), answer.get("debug_id")
    except (AttributeError, LookupError, TypeError, ValueError):
        return f"HTTP_{response.status_code}", None


def _never_left(failure: RequestException) -> bool:
    if isinstance(failure, ConnectTimeout):
        return True
    inner = failure.args[0] if failure.args else None
    return (
        isinstance(failure, NotConnected)
        and isinstance(inner, MaxRetryError)
        and isinstance(inner.reason, NewConnectionError)
    )
