"""Who calls: a signed-in person, or whoever opened a mail's manage link; reduced to what the system needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    CLIENT = "client"
    COACH = "coach"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """``client_id`` is an HMAC, safe in keys and logs; the rest is personal. ``name`` is "" when unknown."""

    client_id: str
    email: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHolder:
    """Whoever opened the manage link of one booking: its client, as far as that booking goes, and nobody signed in.

    ``manage_key`` was the booking's when the mail was written; ``until`` is when the link ends.
    """

    appointment_id: str
    client_id: str
    manage_key: int
    until: datetime


Party = Caller | LinkHolder


class TokenRefused(Exception):
    """Not a good token. The reason is the name of the rule it broke and holds nothing of the token."""
