"""A server on loopback that answers as it is told to, and notes what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """``drops``: the connection ends in the middle of the answer, after the work is done."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0
    drops: bool = False

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class ScriptedServer:
    url: str
    requests: list[Request] = field(default_factory=list)
    script: dict[str, list[Answer]] = field(default_factory=dict)

    def on(self, line: str, *answers: Answer) -> None:
        """``line`` is ``POST /path``; its answers come in turn, and the last one stays."""
        self.script[line] = list(answers)

    def asked(self, line: str) -> list[Request]:
        return [request for request in self.requests if f"{request.method} {request.path}" == line]

    def lines(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]

    def answer(self, line: str) -> Answer:
        answers = self.script.get(line, [Answer(404, {"name": "NOT_SCRIPTED"})])
        return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: in two, the second waits for the first's receipt

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.requests.append(Request(self.command, self.path, self.headers, body, self.client_address[1]))
            answer = told.answer(f"{self.command} {self.path}")
            time.sleep(answer.delay)
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.content) + answer.drops))
                self.end_headers()
                self.wfile.write(answer.content)
            except OSError:  # the client gave up waiting
                self.close_connection = True
            if answer.drops:
                self.close_connection = True

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told = ScriptedServer(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield told
    server.shutdown()
    server.server_close()
