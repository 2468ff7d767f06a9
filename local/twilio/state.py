"""What the Twilio stand-in knows: one account, every message it took, and the numbers it refuses."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

_E164 = re.compile(r"\+[1-9]\d{6,14}")
LONGEST_BODY = 1600
TRIAL_WORDS = "Sent from your Twilio trial account - "
SENDER = "+15005550006"
"""The number that Twilio's own test credentials send from."""

WORDS = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    21211: "The 'To' number is not a valid phone number.",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number provided is not a valid, message-capable Twilio phone number for this account.",
    21608: "The number is unverified. Trial accounts cannot send messages to unverified numbers.",
    21610: "Attempt to send to unsubscribed recipient",
    21617: "The concatenated message body exceeds the 1600 character limit",
}
STATUSES = {20003: 401, 20404: 404}
"""Others are 400."""


class Refusal(Exception):
    """Twilio's answer when it does not do it. Source: https://www.twilio.com/docs/usage/twilios-response"""

    def __init__(self, code: int) -> None:
        super().__init__(WORDS.get(code, "The message was refused."))
        self.code = code
        self.status = STATUSES.get(code, 400)

    def body(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


@dataclass(frozen=True, slots=True)
class Message:
    sid: str
    to: str
    sender: str
    body: str
    created: datetime

    def as_json(self) -> dict[str, str]:
        """As the control address lists it."""
        sent_at = self.created.isoformat(timespec="seconds").replace("+00:00", "Z")
        return {"id": self.sid, "to": self.to, "from": self.sender, "body": self.body, "sent_at": sent_at}


class TwilioState:
    """``refused`` are numbers with the code that a message to them meets. A ``trial`` account puts words of its own
    before each message."""

    def __init__(self) -> None:
        self.account_sid = f"AC{secrets.token_hex(16)}"
        self.auth_token = secrets.token_hex(16)
        self.reset()

    def reset(self) -> None:
        self.messages: list[Message] = []
        self.refused: dict[str, int] = {}
        self.trial = False

    def authenticate(self, credentials: tuple[str, str] | None, account_sid: str) -> None:
        """Raises ``Refusal``."""
        if credentials != (self.account_sid, self.auth_token):
            raise Refusal(20003)
        if account_sid != self.account_sid:
            raise Refusal(20404)

    def create(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Raises ``Refusal``."""
        to, body = self._checked(form)
        message = Message(
            sid=f"SM{secrets.token_hex(16)}",
            to=to,
            sender=SENDER,
            body=f"{TRIAL_WORDS if self.trial else ''}{body}",
            created=datetime.now(UTC),
        )
        self.messages.append(message)
        return self._resource(message)

    def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """The newest first; of a filter it does not know, Twilio takes no notice."""
        wanted = [
            message
            for message in reversed(self.messages)
            if query.get("To", message.to) == message.to
            and query.get("From", message.sender) == message.sender
        ]
        size = int(query.get("PageSize", "50"))
        shown = wanted[:size]
        return {
            "messages": [self._resource(message) for message in shown],
            "page": 0,
            "page_size": size,
            "start": 0,
            "end": max(len(shown) - 1, 0),
            "next_page_uri": f"/2010-04-01/Accounts/{self.account_sid}/Messages.json?Page=1"
            if len(wanted) > size
            else None,
        }

    def listed(self, to: str | None) -> list[dict[str, str]]:
        """Oldest first."""
        return [message.as_json() for message in self.messages if to in {None, message.to}]

    def _checked(self, form: Mapping[str, str]) -> tuple[str, str]:
        for name, code in (("To", 21604), ("From", 21603), ("Body", 21602)):
            if not form.get(name):
                raise Refusal(code)
        to, body = form["To"], form["Body"]
        if not _E164.fullmatch(to):
            raise Refusal(21211)
        if form["From"] != SENDER:
            raise Refusal(21606)
        if len(body) > LONGEST_BODY:
            raise Refusal(21617)
        if to in self.refused:
            raise Refusal(self.refused[to])
        return to, body

    def _resource(self, message: Message) -> dict[str, Any]:
        """As it is while it is queued: without a date of sending."""
        created = format_datetime(message.created)
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": message.body,
            "date_created": created,
            "date_sent": None,
            "date_updated": created,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": message.sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "sid": message.sid,
            "status": "queued",
            "subresource_uris": {},
            "to": message.to,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Messages/{message.sid}.json",
        }
