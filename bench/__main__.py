"""``make bench``: speed and size, as ratios within one run of one machine. Nothing here passes or fails."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from starlette.applications import Starlette

from bench import calls, cold_start, open_times
from local import engine
from local.environment import AUDIENCE, COACH_EMAIL, MAIL_FROM, TABLE
from local.google.app import create_app as google_app
from local.google.state import GoogleState
from local.paypal.app import create_app as paypal_app
from local.paypal.state import PayPalState
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
        with Stack(Path(home) / "cold") as stack, _outside() as outside:
            environment = _environment(stack.urls["dynamodb"], stack.urls["ses"], outside)
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


def _environment(dynamodb: str, ses: str, outside: dict[str, str]) -> dict[str, str]:
    """What the functions find on Lambda, at the addresses of stand-ins."""
    return {
        **engine.CREDENTIALS,
        **outside,
        "STAGE": "local",
        "TABLE_NAME": TABLE,
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
        "AWS_ENDPOINT_URL_SESV2": ses,
        "COACH_EMAIL": COACH_EMAIL,
        "COACH_GOOGLE_CALENDAR_ID": COACH_EMAIL,
        "MAIL_FROM": MAIL_FROM,
        "SITE_URL": "http://127.0.0.1/",
        "JWT_AUDIENCE": AUDIENCE,
        "JWT_SHARED_SECRET": secrets.token_urlsafe(32),
        "APP_SECRET": secrets.token_urlsafe(32),
        "PATH": os.environ["PATH"],
    }


@contextmanager
def _outside() -> Iterator[dict[str, str]]:
    """Stand-ins of Google and PayPal on the machine's clock, and what the functions are told of them."""
    with ExitStack() as running:
        sockets = [socket.create_server((HOST, 0)) for _ in range(2)]
        google_url, paypal_url = (f"http://{HOST}:{each.getsockname()[1]}" for each in sockets)
        google, paypal = GoogleState(google_url, COACH_EMAIL), PayPalState(paypal_url)
        for app, listening in zip((google_app(google), paypal_app(paypal)), sockets, strict=True):
            running.enter_context(_served(app, listening))
        yield {
            "GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(google.service_account()),
            "GOOGLE_CALENDAR_API_BASE": f"{google_url}/calendar/v3/",
            "PAYPAL_API_BASE": paypal_url,
            "PAYPAL_CLIENT_ID": paypal.client_id,
            "PAYPAL_CLIENT_SECRET": paypal.client_secret,
        }


@contextmanager
def _served(app: Starlette, listening: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
