"""What the SES stand-in knows: which domains may send, and every message it took."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

from local.ses import mime
from local.ses.events import Event, events_of
from local.ses.message import Sending, StoredMessage

_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TAG_VALUE = re.compile(r"[A-Za-z0-9_.@-]{1,256}")
_ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+")
MOST_RECIPIENTS = 50


class Refusal(Exception):
    """SES's answer when it does not take a message: its exception's name, HTTP status and words."""

    def __init__(self, name: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.name = name
        self.detail = detail
        self.status = status


class SesState:
    """``on_sent`` is told each event that SES would publish, after the message was taken.

    ``sending_enabled`` is the account's switch: off, every message is refused.
    """

    def __init__(self, *, verified_domains: Collection[str]) -> None:
        self._seed = frozenset(verified_domains)
        self.on_sent: Callable[[Event], None] = lambda _: None
        self.reset()

    def reset(self) -> None:
        self.verified_domains = set(self._seed)
        self.sending_enabled = True
        self.messages: list[StoredMessage] = []

    def mailbox(self, to: str | None = None) -> list[dict[str, Any]]:
        """Oldest first, as the control address lists them."""
        return [m.as_json() for m in self.messages if to is None or _among(to, m.sending.recipients)]

    def find(self, message_id: str) -> StoredMessage | None:
        return next((m for m in self.messages if m.id == message_id), None)

    def accept(self, sending: Sending) -> StoredMessage:
        """Raises ``Refusal``."""
        if not self.sending_enabled:
            raise Refusal("SendingPausedException", "Sending is paused for this account")
        _check_recipients(sending.recipients)
        _check_tags(sending.tags)
        message = _read(sending.raw)
        source = _source(message)
        for address in {source, sending.source or source}:
            self._check_verified(address)
        stored = _stored(sending, message, source)
        self.messages.append(stored)
        for event in events_of(stored):
            self.on_sent(event)
        return stored

    def is_verified(self, domain: str) -> bool:
        return domain.lower() in self.verified_domains

    def _check_verified(self, address: str) -> None:
        if not self.is_verified(address.rpartition("@")[2]):
            raise Refusal(
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in region"
                f" US-EAST-1: {address}",
            )


def _among(address: str, recipients: tuple[str, ...]) -> bool:
    return address.lower() in (recipient.lower() for recipient in recipients)


def _check_recipients(recipients: tuple[str, ...]) -> None:
    if not 0 < len(recipients) <= MOST_RECIPIENTS:
        raise Refusal("BadRequestException", f"Recipient count must be 1 to {MOST_RECIPIENTS}")
    if not all(_ADDRESS.fullmatch(recipient) for recipient in recipients):
        raise Refusal("BadRequestException", "Illegal address")


def _check_tags(tags: dict[str, str]) -> None:
    if not all(_TAG.fullmatch(name) and _TAG_VALUE.fullmatch(value) for name, value in tags.items()):
        raise Refusal("BadRequestException", "Invalid message tag")


def _read(raw: bytes) -> EmailMessage:
    try:
        return mime.read(raw)
    except mime.Unreadable as error:
        raise Refusal("BadRequestException", str(error)) from error


def _source(message: EmailMessage) -> str:
    addresses = message["From"].addresses
    if len(addresses) != 1:
        raise Refusal("BadRequestException", "Illegal From address")
    return str(addresses[0].addr_spec)


def _stored(sending: Sending, message: EmailMessage, source: str) -> StoredMessage:
    message_id = f"{secrets.token_hex(8)}-{uuid4()}-000000"
    now = datetime.now(UTC)
    added_by_ses = {"Date": format_datetime(now), "Message-ID": f"<{message_id}@email.amazonses.com>"}
    return StoredMessage(
        id=message_id,
        sending=sending,
        sender=str(message["From"]),
        source=source,
        subject=str(message["Subject"] or ""),
        parts=mime.parts(message),
        headers={**{name: str(value) for name, value in message.items()}, **added_by_ses},
        sent_at=now,
    )
