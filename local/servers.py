"""Several HTTP servers on loopback in one event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"
GOODBYE_SECONDS = 2
BACKLOG = 1024
HEAD_BYTES = 256 * 1024
"""What is read of a request's head before the gateway itself can say that it is too large."""


class PortTaken(Exception):
    """Something else listens there."""


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to the stack, which has several servers to stop."""
        yield


class Servers:
    def __init__(self) -> None:
        self._running: list[tuple[_Server, asyncio.Task[None]]] = []

    async def serve(self, app: ASGIApp, port: int) -> None:
        # With its protocol named, asyncio sends small packets at once; else answers wait 40 ms for an ack.
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        server = _Server(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_level="error",
                access_log=False,
                server_header=False,
                date_header=False,  # up to a second old when the clock is moved
                backlog=BACKLOG,
                timeout_graceful_shutdown=GOODBYE_SECONDS,
                h11_max_incomplete_event_size=HEAD_BYTES,
            )
        )
        listener.listen(BACKLOG)
        self._running.append((server, asyncio.create_task(server.serve([listener]))))

    async def stop(self) -> None:
        for server, _ in self._running:
            server.should_exit = True
        await asyncio.gather(*(task for _, task in self._running))
