"""Texts through Twilio's HTTP API.

Source: https://www.twilio.com/docs/messaging/api/message-resource. It takes no request id of ours: a message that may
have been sent is looked for among those to its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NoReturn

import requests
from requests.exceptions import RequestException

from shared.adapters import texts
from shared.observability import outside_call
from shared.usecases.ports import NotToBeSent, Text, TryAgainLater, WillNeverWork

CONNECT_SECONDS = 2
READ_SECONDS = 8
PAGE = 100
"""Newest first. Nobody is texted that often between two tries."""

CLOCKS_DIFFER = timedelta(minutes=1)
REPLIED_STOP = 21610
"""Source: https://www.twilio.com/docs/api/errors/21610"""

NOT_ALLOWED = 20003
"""The keys are wrong, or the account is suspended. Source: https://www.twilio.com/docs/api/errors/20003"""

MENDABLE = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class TwilioTexter:
    """Implements ``Texter``. ``api_base`` is ``https://api.twilio.com``, or a stand-in's; ``sender`` one of the
    account's numbers in E.164, or its alphanumeric id."""

    def __init__(
        self, *, api_base: str, account_sid: str, auth_token: str, sender: str, coach_name: str
    ) -> None:
        self._url = f"{api_base.rstrip('/')}/2010-04-01/Accounts/{account_sid}/Messages.json"
        self._credentials = (account_sid, auth_token)
        self._sender = sender
        self._coach_name = coach_name

    def send(self, text: Text) -> str:
        body = texts.body(text, self._coach_name)
        parties = {"To": text.about.phone, "From": self._sender}
        if text.again and (sent := self._find(parties, text, body)) is not None:
            return sent
        message = self._ask("send_message", "POST", data={**parties, "Body": body})
        return _field(message, "sid")

    def _find(self, parties: Mapping[str, str], text: Text, body: str) -> str | None:
        """Not by ``DateSent``: a message that is still queued has none."""
        page = self._ask("find_messages", "GET", params={**parties, "PageSize": str(PAGE)})
        earliest = text.owed_at - CLOCKS_DIFFER
        try:
            return next(
                (
                    str(message["sid"])
                    for message in page["messages"]
                    # A trial account puts words of its own before ours.
                    if message["body"].endswith(body)
                    and parsedate_to_datetime(message["date_created"]) >= earliest
                ),
                None,
            )
        except (AttributeError, LookupError, TypeError, ValueError):
            raise TryAgainLater("malformed answer") from None

    def _ask(self, operation: str, method: str, **request: Mapping[str, str]) -> Any:
        """Once, on a connection of its own: texts are few, and what idled while frozen may be dead."""
        try:
            with outside_call("twilio", operation), requests.Session() as session:
                # Neither a .netrc's password instead of our token, nor a proxy of the machine.
                session.trust_env = False
                answer = session.request(
                    method,
                    self._url,
                    auth=self._credentials,
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    **request,  # type: ignore[arg-type]
                )
                if not answer.ok or answer.is_redirect:
                    _refuse(answer)
                return answer.json()
        except RequestException as failure:
            raise TryAgainLater(f"Twilio: {type(failure).__name__}") from None


def _refuse(answer: requests.Response) -> NoReturn:
    """By Twilio's code alone: its words repeat the number."""
    status, code = answer.status_code, _code(answer)
    word = f"Twilio {code or f'HTTP {status}'}"
    if code == REPLIED_STOP:
        raise NotToBeSent(f"{word}: the client replied STOP")
    final = status // 100 == 4 and status not in MENDABLE and code != NOT_ALLOWED  # noqa: PLR2004
    raise WillNeverWork(word) if final else TryAgainLater(word)


def _code(answer: requests.Response) -> int | None:
    try:
        return int(answer.json()["code"])
    except (LookupError, TypeError, ValueError):
        return None


def _field(message: Any, name: str) -> str:
    try:
        return str(message[name])
    except (LookupError, TypeError):
        raise TryAgainLater("malformed answer") from None
