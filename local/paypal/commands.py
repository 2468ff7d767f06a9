"""``make control ARGS="paypal …"``: PayPal's part of the control address from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

CONTROL = "/paypal"

Call = tuple[str, str, dict[str, Any] | None]
"""Method, path and body."""


def add_to(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True)
    actions.add_parser("ledger", help="orders, captures, refunds and saved payment methods")

    approve = actions.add_parser("approve", help="what the buyer does with an order")
    approve.add_argument("id")
    approve.add_argument("--outcome", choices=("approve", "decline", "pending"), default="approve")

    settle = actions.add_parser("settle", help="ends a pending capture")
    settle.add_argument("id")
    settle.add_argument("outcome", choices=("completed", "denied"))

    refund = actions.add_parser("refund", help="gives a capture back, in PayPal's own dashboard")
    refund.add_argument("id")
    refund.add_argument("--amount")

    webhooks = actions.add_parser(
        "webhooks", help="events and what became of them"
    ).add_mutually_exclusive_group()
    webhooks.add_argument("--hold", action="store_true")
    webhooks.add_argument("--deliver", action="store_true")

    send = actions.add_parser("send", help="sends an event again")
    send.add_argument("id")
    send.add_argument("--times", type=int, default=1)
    send.add_argument("--tamper", choices=("body", "signature", "authority", "host", "webhook", "replay"))

    actions.add_parser("vault", help="whether payment methods may be saved").add_argument(
        "state", choices=("on", "off")
    )


def call(given: argparse.Namespace) -> Call:
    return CALLS[given.action](given)


def _post(path: str, **body: Any) -> Call:
    given = {name: value for name, value in body.items() if value is not None}
    return "POST", f"{CONTROL}/{path}", given


def _webhooks(given: argparse.Namespace) -> Call:
    if given.hold or given.deliver:
        return "PUT", f"{CONTROL}/webhooks", {"deliver": given.deliver}
    return "GET", f"{CONTROL}/webhooks", None


CALLS: dict[str, Callable[[argparse.Namespace], Call]] = {
    "ledger": lambda _: ("GET", f"{CONTROL}/ledger", None),
    "approve": lambda given: _post(f"orders/{quote(given.id)}/approve", outcome=given.outcome),
    "settle": lambda given: _post(f"captures/{quote(given.id)}/settle", outcome=given.outcome),
    "refund": lambda given: _post(f"captures/{quote(given.id)}/refund", amount=given.amount),
    "webhooks": _webhooks,
    "send": lambda given: _post(f"webhooks/{quote(given.id)}/send", times=given.times, tamper=given.tamper),
    "vault": lambda given: ("PUT", f"{CONTROL}/account", {"vault": given.state == "on"}),
}
