"""Reads a raw message as strictly as SES does, and takes it apart for people to look at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

LONGEST_LINE = 998
"""RFC 5321: 1000 with its CRLF."""


class Unreadable(Exception):
    """SES would answer ``BadRequestException``."""


@dataclass(frozen=True, slots=True)
class Parts:
    text: str | None
    html: str | None
    ics: str | None


def read(raw: bytes) -> EmailMessage:
    _check_bytes(raw)
    message = message_from_bytes(raw, _class=EmailMessage, policy=SMTP)
    for part in message.walk():
        if part.defects:
            raise Unreadable(f"Malformed MIME: {type(part.defects[0]).__name__}")
    if len(message.get_all("From", [])) != 1:
        raise Unreadable("Exactly one 'From' header is required")
    return message


def parts(message: EmailMessage) -> Parts:
    """The first part of each kind; line ends of the calendar as they came."""
    found: dict[str, str] = {}
    for part in message.walk():
        if part.is_multipart():
            continue
        data = part.get_payload(decode=True)
        if isinstance(data, bytes):
            found.setdefault(part.get_content_type(), data.decode(part.get_content_charset("utf-8")))
    text, html = (found.get(f"text/{kind}") for kind in ("plain", "html"))
    return Parts(text=_unix(text), html=_unix(html), ics=found.get("text/calendar"))


def _unix(text: str | None) -> str | None:
    return None if text is None else text.replace("\r\n", "\n")


def _check_bytes(raw: bytes) -> None:
    if not raw.isascii():
        raise Unreadable("The message contains bytes outside 7-bit ASCII")
    if re.search(rb"\r(?!\n)|(?<!\r)\n", raw):
        raise Unreadable("Lines must end with CRLF")
    if any(len(line) > LONGEST_LINE for line in raw.split(b"\r\n")):
        raise Unreadable("A line is longer than 998 characters")
