"""A browser on the whole local stack, on a fixed Monday evening."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.client import Client
from tests.e2e.stack import ROOT, Stack, running
from tests.e2e.world import World

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=15_000)
"""Milliseconds: machines that run many tests at once take their time."""

NewClient = Callable[..., Client]


@pytest.fixture(scope="session")
def whole_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    assert (ROOT / "site/dist/coach-booking.js").exists(), "build the site first: make test does"
    with running(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def stack(whole_stack: Stack) -> Stack:
    whole_stack.reset()
    return whole_stack


@pytest.fixture
def world(stack: Stack) -> World:
    return World(stack)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: while Playwright runs, no other test can run an event loop of its own."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_client(browser: Browser, stack: Stack) -> Iterator[NewClient]:
    """Another person with a browser of their own; at the end, none of them saw an error in its console."""
    clients: list[Client] = []

    def make(
        email: str = "robin@example.com", *, width: int = 1440, height: int = 900, **more: Any
    ) -> Client:
        settings: dict[str, Any] = {
            "timezone_id": "America/Toronto",
            "locale": "en-CA",
            "reduced_motion": "reduce",
            **more,
        }
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        context.set_default_timeout(20_000)
        clients.append(Client(context, stack, email))
        return clients[-1]

    yield make
    complaints = [complaint for client in clients for complaint in client.complaints]
    for client in clients:
        client.context.close()
    assert not complaints


@pytest.fixture
def client(new_client: NewClient) -> Client:
    return new_client()
