from __future__ import annotations

from typing import Any

import pytest

from local.cli import call, parser


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("clock", ("GET", "/clock", None)),
        ("clock --advance 3h", ("PUT", "/clock", {"advance_seconds": 10_800.0})),
        ("clock --advance 1d12h", ("PUT", "/clock", {"advance_seconds": 129_600.0})),
        ("clock --now 2026-11-23T13:00:00Z", ("PUT", "/clock", {"now": "2026-11-23T13:00:00Z"})),
        ("clock --real", ("PUT", "/clock", {"real": True})),
        ("token a@example.com", ("POST", "/tokens", {"email": "a@example.com", "role": "client"})),
        ("run sweeper", ("POST", "/run", {"schedule": "sweeper"})),
        ("settle", ("POST", "/settle", None)),
        ("mailbox --to a+b@example.com", ("GET", "/mailbox?to=a%2Bb%40example.com", None)),
        ("texts --to +14165550123", ("GET", "/texts?to=%2B14165550123", None)),
        ("notifications abc", ("GET", "/notifications?subject=abc", None)),
        ("calendar --delete abc", ("DELETE", "/calendar/events/abc", None)),
        ("faults", ("GET", "/faults", None)),
        ("faults google status --status-code 429 --times 2",
         ("POST", "/faults", {"target": "google", "effect": "status", "status_code": 429, "times": 2})),
        ("faults --clear", ("DELETE", "/faults", None)),
        ("crash book_free --after dynamodb.book_free",
         ("POST", "/crash", {"function": "book_free", "after": "dynamodb.book_free"})),
        ("crash --clear", ("DELETE", "/crash", None)),
        ("calls --clear", ("DELETE", "/calls", None)),
        ("paypal ledger", ("GET", "/paypal/ledger", None)),
        ("paypal approve MOCK1 --outcome pending",
         ("POST", "/paypal/orders/MOCK1/approve", {"outcome": "pending"})),
        ("paypal settle MOCK2 denied", ("POST", "/paypal/captures/MOCK2/settle", {"outcome": "denied"})),
        ("paypal refund MOCK2 --amount 50.00", ("POST", "/paypal/captures/MOCK2/refund", {"amount": "50.00"})),
        ("paypal refund MOCK2", ("POST", "/paypal/captures/MOCK2/refund", {})),
        ("paypal webhooks", ("GET", "/paypal/webhooks", None)),
        ("paypal webhooks --hold", ("PUT", "/paypal/webhooks", {"deliver": False})),
        ("paypal webhooks --deliver", ("PUT", "/paypal/webhooks", {"deliver": True})),
        ("paypal send WH-1 --times 3 --tamper body",
         ("POST", "/paypal/webhooks/WH-1/send", {"times": 3, "tamper": "body"})),
        ("paypal vault on", ("PUT", "/paypal/account", {"vault": True})),
        ("reset", ("PUT", "/reset", None)),
    ],
)  # fmt: skip
def test_a_command_is_one_call_of_the_control_address(words: str, expected: tuple[str, str, Any]) -> None:
    assert tuple(call(parser().parse_args(words.split()))) == expected


@pytest.mark.parametrize("words", ["clock --advance soon", "crash book_free", "nonsense"])
def test_a_command_that_means_nothing_is_refused(words: str) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(words.split())
