"""Ids and instants as PayPal writes them. Everything this stand-in makes up begins with ``MOCK``."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta, timezone

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PACIFIC = timezone(timedelta(hours=-7), "PDT")


def new_id(prefix: str = "MOCK", length: int = 17) -> str:
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(length - len(prefix)))


def now() -> datetime:
    return datetime.now(UTC)


def stamp(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def milliseconds(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"


def pacific(instant: datetime) -> str:
    """``2022-08-26T18:25:57.449PDT``: how the vault's events tell the time."""
    local = instant.astimezone(PACIFIC)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}PDT"
