"""The outside calls that there are in the code, by name, wherever an adapter makes one."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared"
TARGETS = {
    "adapters/dynamodb/*.py": "dynamodb",
    "adapters/paypal*.py": "paypal",
    "adapters/google_*.py": "google",
    "adapters/ses.py": "ses",
    "adapters/twilio.py": "twilio",
    "domain/checkout.py": "dynamodb",
    "domain/refunds.py": "dynamodb",
    "domain/changes.py": "dynamodb",
}
THROUGH = frozenset({"table", "_api"})
"""Whose methods take a call's name first."""

NAMED = {"_ask": 0, "_call": 0, "_done": 0, "_exchange": 0, "_get": 0, "outside_call": 1, "write": 1}
NAMED |= {"read": 1, "Change": 1, "BookingChange": 2}
"""Where these take a call's name. Each step of a checkout or a booking is a transaction of its own name."""

ELSEWHERE = {
    "a free session, killed at each call in test_crashes.py": {
        *("dynamodb.free_booking_facts", "dynamodb.book_free"),
    },
    "a session from a package, in test_package_crashes.py": {
        *("dynamodb.package_facts", "dynamodb.book_from_package"),
    },
    "lists to look at, and codes to try: nothing follows from them": {
        *("dynamodb.appointments_of", "dynamodb.packages_of", "dynamodb.payments"),
        *("dynamodb.notices_of", "dynamodb.read_notice", "dynamodb.promo", "dynamodb.count_miss"),
        *("dynamodb.effects_of", "dynamodb.notices_about"),
    },
    "the daily comparison, which only reads": {
        *("dynamodb.scan_books", "dynamodb.open_attention"),
    },
    "names in the audit trail alone: written in the transactions of move_paid and return_credit": {
        *("dynamodb.fee_taken", "dynamodb.credit_returned"),
    },
    "after hours of failing, for a person: handlers/test_money_in_trouble.py": {
        *("dynamodb.bury_effect", "dynamodb.note_attention", "dynamodb.refund_put_off"),
    },
    "a mail that did not arrive: handlers/test_mails_that_did_not_arrive.py": {
        "dynamodb.note_undelivered",
    },
    "a saved method that PayPal tells of late, or was withdrawn: handlers/test_saved_methods.py": {
        *("dynamodb.method_saved", "dynamodb.forget_method"),
    },
    "PayPal's word that it has taken nothing, and can't now: handlers/test_late_package_sessions.py": {
        "dynamodb.charge_put_off",
    },
    "a message that is not to be sent any more: handlers/test_texting.py": {
        "dynamodb.suppress_effect",
    },
    "setting up, and looking whether it is": {
        *("dynamodb.check", "dynamodb.seed", "ses.get_email_identity"),
    },
    "the other way to verify a webhook: adapters/test_paypal_signature.py": {
        "paypal.certificate",
    },
}
"""What is in none of the flows, and why."""


def all_calls() -> set[str]:
    """``dynamodb.hold`` and so on."""
    return {
        f"{target}.{name}"
        for pattern, target in TARGETS.items()
        for file in SHARED.glob(pattern)
        for name in _names(ast.parse(file.read_text()))
    }


def elsewhere() -> set[str]:
    return {name for names in ELSEWHERE.values() for name in names}


def unaccounted(*accounted: Collection[str]) -> set[str]:
    """What is neither among these nor named above, and what is not in the code any more."""
    return all_calls() ^ elsewhere().union(*accounted)


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(value=ast.Attribute(attr=owner)) if owner in THROUGH:
                place = 0
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in NAMED:
                place = NAMED[name]
            case _:
                continue
        match node.args[place : place + 1]:
            case [ast.Constant(value=str(said))]:
                yield said
