"""Who calls: a signed-in person, reduced to what the system needs to know."""

from __future__ import annotations

from dataclasses import dataclass
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


class TokenRefused(Exception):
    """Not a good token. The reason is the name of the rule it broke and holds nothing of the token."""
