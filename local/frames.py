"""Messages between the stack and its workers: a head in JSON and a body of bytes, each after its length."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

LENGTHS = struct.Struct(">II")


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    text = json.dumps(head).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


async def read(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
    """Raises ``IncompleteReadError`` when the other side is gone."""
    head, body = LENGTHS.unpack(await reader.readexactly(LENGTHS.size))
    return json.loads(await reader.readexactly(head)), await reader.readexactly(body)


def receive(connection: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """The next message, or none when the other side is gone."""
    lengths = _exactly(connection, LENGTHS.size)
    if not lengths:
        return None
    head, body = LENGTHS.unpack(lengths)
    return json.loads(_exactly(connection, head)), _exactly(connection, body)


def _exactly(connection: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = connection.recv(count - len(parts))
        if not part:
            return b""
        parts += part
    return bytes(parts)
