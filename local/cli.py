"""``python -m local.cli``: the control address from the command line; ``make control ARGS="clock --advance 3h"``."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import requests

from local.paypal import commands as paypal

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Call(NamedTuple):
    method: str
    path: str
    body: dict[str, Any] | None = None


def seconds(text: str) -> float:
    """``90``, ``45m``, ``3h``, ``2d`` or ``1d12h``."""
    if not re.fullmatch(r"-?(\d+(\.\d+)?[smhd]?)+", text):
        raise argparse.ArgumentTypeError(f"{text} is no length of time such as 45m or 3h")
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    total = sum(float(number) * UNITS[unit or "s"] for number, unit in parts)
    return -total if text.startswith("-") else total


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="make control ARGS=…", description="Shows and moves the local stack.")
    top.add_argument("--home", type=Path, default=Path(".local"), help="the folder of endpoints.json")
    commands = top.add_subparsers(dest="command", required=True)

    clock = commands.add_parser("clock", help="read or set the time").add_mutually_exclusive_group()
    clock.add_argument("--now", help="2026-11-23T13:00:00Z")
    clock.add_argument("--advance", type=seconds, help="3h, 45m, 2d")
    clock.add_argument("--real", action="store_true")

    token = commands.add_parser("token", help="a bearer token as sign-in would give")
    token.add_argument("email")
    token.add_argument("--role", choices=("client", "coach"), default="client")

    commands.add_parser("run", help="run a schedule now").add_argument("schedule")
    commands.add_parser("settle", help="let everything happen that is due")
    commands.add_parser("mailbox", help="the mails that were sent").add_argument("--to")
    commands.add_parser("texts", help="the texts that were sent").add_argument("--to")
    log = commands.add_parser("notifications", help="every message about a booking or package")
    log.add_argument("subject", metavar="ID")
    commands.add_parser("calls", help="the outside calls").add_argument("--clear", action="store_true")
    commands.add_parser("reset", help="everything back to the seeds")
    _add_calendar(commands.add_parser("calendar", help="the coach's Google calendar"))
    paypal.add_to(commands.add_parser("paypal", help="the buyer, the bank and the webhooks"))
    _add_fault(commands.add_parser("faults", help="make a service slow, failing or silent"))
    _add_crash(commands.add_parser("crash", help="let a function's process die at an outside call"))
    return top


def _add_calendar(command: argparse.ArgumentParser) -> None:
    command.add_argument("--add", nargs=2, metavar=("START", "END"))
    command.add_argument("--summary", default="")
    command.add_argument("--all-day", action="store_true")
    command.add_argument("--free", action="store_true", help="an event that leaves the coach free")
    command.add_argument("--delete", metavar="ID")


def _add_fault(command: argparse.ArgumentParser) -> None:
    command.add_argument("target", nargs="?")
    command.add_argument("effect", nargs="?", choices=("refuse", "status", "delay", "drop_response"))
    command.add_argument("--match", help='"POST /token", or an operation of dynamodb')
    command.add_argument("--status-code", type=int)
    command.add_argument("--seconds", type=float)
    command.add_argument("--times", type=int)
    command.add_argument("--after", type=int)
    command.add_argument("--clear", action="store_true")


def _add_crash(command: argparse.ArgumentParser) -> None:
    command.add_argument("function", nargs="?")
    moment = command.add_mutually_exclusive_group(required=True)
    moment.add_argument("--before", metavar="CALL", help="google.freebusy")
    moment.add_argument("--after", metavar="CALL")
    moment.add_argument("--clear", action="store_true")
    command.add_argument("--times", type=int)


def call(arguments: argparse.Namespace) -> Call:
    return CALLS[arguments.command](arguments)


def _clock(given: argparse.Namespace) -> Call:
    body = _given(now=given.now, advance_seconds=given.advance, real=given.real or None)
    return Call("PUT", "/clock", body) if body else Call("GET", "/clock")


def _sent(path: str) -> Callable[[argparse.Namespace], Call]:
    return lambda given: Call("GET", f"{path}?to={quote(given.to)}" if given.to else path)


def _calendar(given: argparse.Namespace) -> Call:
    if given.delete:
        return Call("DELETE", f"/calendar/events/{quote(given.delete)}")
    if not given.add:
        return Call("GET", "/calendar/events")
    start, end = given.add
    transparency = "transparent" if given.free else "opaque"
    event = {"start": start, "end": end, "summary": given.summary, "all_day": given.all_day}
    return Call("POST", "/calendar/events", {**event, "transparency": transparency})


def _faults(given: argparse.Namespace) -> Call:
    if given.clear:
        return Call("DELETE", "/faults")
    names = ("target", "effect", "match", "status_code", "seconds", "times", "after")
    body = _given(**{name: getattr(given, name) for name in names})
    return Call("POST", "/faults", body) if body else Call("GET", "/faults")


def _crash(given: argparse.Namespace) -> Call:
    if given.clear:
        return Call("DELETE", "/crash")
    names = ("function", "before", "after", "times")
    return Call("POST", "/crash", _given(**{name: getattr(given, name) for name in names}))


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


CALLS: dict[str, Callable[[argparse.Namespace], Call]] = {
    "clock": _clock,
    "token": lambda given: Call("POST", "/tokens", {"email": given.email, "role": given.role}),
    "run": lambda given: Call("POST", "/run", {"schedule": given.schedule}),
    "settle": lambda _: Call("POST", "/settle"),
    "mailbox": _sent("/mailbox"),
    "texts": _sent("/texts"),
    "notifications": lambda given: Call("GET", f"/notifications?subject={quote(given.subject)}"),
    "calendar": _calendar,
    "paypal": lambda given: Call(*paypal.call(given)),
    "calls": lambda given: Call("DELETE" if given.clear else "GET", "/calls"),
    "faults": _faults,
    "crash": _crash,
    "reset": lambda _: Call("PUT", "/reset"),
}


def main() -> int:
    arguments = parser().parse_args()
    endpoints = arguments.home / "endpoints.json"
    if not endpoints.exists():
        print("the local stack is not running: start it with `make run`", file=sys.stderr)
        return 1
    address = json.loads(endpoints.read_text())["control"]
    method, path, body = call(arguments)
    answer = requests.request(method, address + path, json=body, timeout=120)
    print(json.dumps(answer.json(), indent=2, ensure_ascii=False))
    return 0 if answer.ok else 1


if __name__ == "__main__":
    sys.exit(main())
