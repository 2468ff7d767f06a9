"""``make bench``: speed and size, as ratios within one run of one machine. Nothing here passes or fails."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn

from bench import calls, cold_start, open_times
from local import engine
from local.environment import AUDIENCE, COACH_EMAIL, MAIL_FROM, TABLE
from local.google.app import create_app
from local.google.state import GoogleState
from local.servers import HOST
from local.stack import Stack

BUILD = Path(__file__).parent.parent / ".aws-sam" / "build-x86_64"
MEGABYTE = 1024 * 1024

PURE_MS = 1.5
LISTING_MS = 20
LAYER_MB = 60
"""What each is measured against."""


def main() -> None:
    pure = open_times.measure()
    print(f"open times, pure function: {pure:.2f} ms = {pure / PURE_MS:.2f} of {PURE_MS} ms")
    with TemporaryDirectory() as home:
        with Stack(Path(home) / "young") as young, Stack(Path(home) / "old") as old:
            _print_calls(young)
            _print_listings(young, old)
        with Stack(Path(home) / "cold") as stack, _google() as google:
            environment = _environment(stack.urls["dynamodb"], stack.urls["ses"], *google)
            print(cold_start.report(cold_start.measure(environment, BUILD)))
    files = [file for layer in BUILD.glob("*Layer") for file in layer.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files) / MEGABYTE
    print(f"both layers, unpacked: {size:.0f} MB = {size / LAYER_MB:.2f} of {LAYER_MB} MB")


def _print_calls(stack: Stack) -> None:
    for name, made in calls.network_calls(stack).items():
        listed = ", ".join(f"{call} {count}" for call, count in made.items())
        print(f"network calls of one request, {name}: {made.total()} ({listed})")


def _print_listings(young: Stack, old: Stack) -> None:
    taken = calls.listings(young, old)
    print(
        f"open times through the gateway, {calls.FUTURE} bookings to come: {taken.future_only:.1f} ms "
        f"= {taken.future_only / LISTING_MS:.2f} of {LISTING_MS} ms"
    )
    print(
        f"the same after {calls.PAST} past ones: {taken.with_past:.1f} ms "
        f"= {taken.with_past / taken.future_only:.2f} of that"
    )


def _environment(dynamodb: str, ses: str, google: str, service_account: str) -> dict[str, str]:
    """What the functions find on Lambda, at the addresses of stand-ins."""
    return {
        **engine.CREDENTIALS,
        "STAGE": "local",
        "TABLE_NAME": TABLE,
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
        "AWS_ENDPOINT_URL_SESV2": ses,
        "COACH_EMAIL": COACH_EMAIL,
        "COACH_GOOGLE_CALENDAR_ID": COACH_EMAIL,
        "GOOGLE_SERVICE_ACCOUNT_KEY": service_account,
        "GOOGLE_CALENDAR_API_BASE": f"{google}/calendar/v3/",
        "MAIL_FROM": MAIL_FROM,
        "SITE_URL": "http://127.0.0.1/",
        "JWT_AUDIENCE": AUDIENCE,
        "JWT_SHARED_SECRET": secrets.token_urlsafe(32),
        "APP_SECRET": secrets.token_urlsafe(32),
        "PATH": os.environ["PATH"],
    }


@contextmanager
def _google() -> Iterator[tuple[str, str]]:
    """The address of a stand-in on the machine's clock, and the key it knows."""
    listening = socket.create_server((HOST, 0))
    address = f"http://{HOST}:{listening.getsockname()[1]}"
    state = GoogleState(address, COACH_EMAIL)
    server = uvicorn.Server(uvicorn.Config(create_app(state), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield address, json.dumps(state.service_account())
    finally:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
