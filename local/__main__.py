"""``python -m local``: the whole system on loopback, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from local.assembly import Assembly, Settings
from local.engine import EngineError
from local.environment import COACH_EMAIL, SWITCHES
from local.servers import PortTaken
from local.site import DIST, NOT_BUILT

SHOWN = {
    "site": "the booking page, as clients see it",
    "api": "HTTP API, from infra/template.yaml",
    "mailbox": "every mail that was sent",
    "control": "clock, faults, calls: make control ARGS=--help",
}


def _settings() -> Settings:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--data", type=Path, help="keep the table in this folder (otherwise in memory)")
    parser.add_argument("--home", type=Path, default=Path(".local"), help="for endpoints.json and the logs")
    arguments = parser.parse_args()
    port = os.environ.get("PORT", "8000")
    if not port.isdecimal():
        parser.error("PORT is a number")
    switches = {}
    for name, parameter in SWITCHES.items():
        switches[parameter] = os.environ.get(name) or "false"
        if switches[parameter] not in {"true", "false"}:
            parser.error(f"{name} is true or false")
    return Settings(int(port), arguments.home, arguments.data, switches)


async def _run(settings: Settings) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    stack = Assembly(settings)
    stack.check_ports()
    try:
        await stack.start()
        _greet(stack.urls, settings)
        await ended.wait()
    finally:
        await stack.stop()


def _greet(urls: dict[str, str], settings: Settings) -> None:
    print("\n  coach booking, on this machine alone\n")
    for name, purpose in SHOWN.items():
        print(f"  {name:<9} {urls[name]:<28} {purpose}")
    print(f"\n  coach     {COACH_EMAIL}: sign in as this, or as anyone else to be a client")
    print(f"  logs      {settings.home}/logs")
    if not DIST.is_dir():
        print(f"\n  {NOT_BUILT.strip()}")
    print("\n  Ctrl-C stops it.\n", flush=True)


def main() -> int:
    try:
        asyncio.run(_run(_settings()))
    except (EngineError, PortTaken) as error:
        print(f"local stack: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
