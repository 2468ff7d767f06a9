"""Messages between the stack and its workers: JSON, each after its length in four bytes."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

LENGTH_BYTES = 4


def pack(message: dict[str, Any]) -> bytes:
    body = json.dumps(message).encode()
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


async def read(reader: asyncio.StreamReader) -> dict[str, Any]:
    """Raises ``IncompleteReadError`` when the other side is gone."""
    length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
    message: dict[str, Any] = json.loads(await reader.readexactly(length))
    return message


def receive(connection: socket.socket) -> dict[str, Any] | None:
    """The next message, or none when the other side is gone."""
    head = _exactly(connection, LENGTH_BYTES)
    body = _exactly(connection, int.from_bytes(head, "big")) if head else b""
    message: dict[str, Any] | None = json.loads(body) if body else None
    return message


def _exactly(connection: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = connection.recv(count - len(parts))
        if not part:
            return b""
        parts += part
    return bytes(parts)
