"""The flows of money, disturbed at each of their outside calls in turn.

One undisturbed run of each flow shows which function makes which calls there. Every call becomes some cases, so
that a new one can't be forgotten; each case is another client's, at another time.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from local.stack import Stack
from tests.crash import buyer as clients
from tests.crash.buyer import Buyer
from tests.crash.flows import Flow

OUTBOX = frozenset({"lease_effect", "finish_effect", "postpone_effect", "bury_effect"})
BEGINNINGS = frozenset({"lease_effect", "due_effects", "open_events", "due_payments"})
"""Each begins something else that the same invocation does."""

TOKENS_END = {"hours": 12}
"""After that every access token, PayPal's and Google's, has to be fetched again."""

USUAL = {"pending_refunds": False, "vault": False, "saved_method_declines": False}
"""What PayPal does for an account."""

ADDRESSES = {
    "paypal.token": "POST /v1/oauth2/token",
    "paypal.verify_webhook": "POST /v1/notifications/verify-webhook-signature",
    "paypal.create_order": "POST /v2/checkout/orders",
    "paypal.charge": "POST /v2/checkout/orders",
    "paypal.get_order": "GET /v2/checkout/orders/*",
    "paypal.capture": "POST /v2/checkout/orders/*/capture",
    "paypal.refund": "POST /v2/payments/captures/*/refund",
    "paypal.get_capture": "GET /v2/payments/captures/*",
    "paypal.ledger": "GET /v1/reporting/transactions",
    "google.token": "POST /token",
    "google.freebusy": "POST /calendar/v3/freeBusy",
    "google.list_events": "GET /calendar/v3/calendars/*",
    "google.insert_event": "POST /calendar/v3/calendars/*",
    "google.update_event": "PUT /calendar/v3/calendars/*",
    "google.delete_event": "DELETE /calendar/v3/calendars/*",
    "ses.send_email": "POST *",
    "twilio.send_message": "POST *",
    "twilio.find_messages": "GET *",
}
"""Under which requests the stand-ins know the calls."""

ATTEMPTS = {"paypal": 2, "dynamodb": 2, "google": 1, "ses": 1, "twilio": 1}
"""How often one call is sent before it counts as failed."""

CHANGES_NOTHING = frozenset(
    {
        *("dynamodb.appointment", "dynamodb.appointments", "dynamodb.cells"),
        *("dynamodb.booked", "dynamodb.booked_fee"),
        *("dynamodb.case", "dynamodb.case_package", "dynamodb.known_effects", "dynamodb.method"),
        *("dynamodb.checkout", "dynamodb.checkout_facts", "dynamodb.diary", "dynamodb.due_effects"),
        *("dynamodb.due_payments", "dynamodb.open_events", "dynamodb.order", "dynamodb.payment_of_capture"),
        *("dynamodb.settings", "google.freebusy", "google.list_events", "google.token"),
        *("paypal.get_order", "paypal.get_capture", "paypal.ledger", "paypal.token", "paypal.verify_webhook"),
        "twilio.find_messages",
    }
)
"""The loss of such an answer is no different from never having asked."""

PATIENCE_SECONDS = {"paypal": 8, "dynamodb": 3, "google": 3}
"""After which we hear no answer any more; what was asked for may be done later still."""

TIMED = frozenset(
    {
        *("checkout paypal.create_order", "checkout paypal.capture", "effects paypal.refund"),
        *("reschedule paypal.charge", "effects paypal.charge"),
        *("checkout google.freebusy", "effects google.insert_event"),
        *("checkout dynamodb.hold", "checkout dynamodb.confirmed"),
        *("cancel dynamodb.cancelled", "reschedule dynamodb.moved", "reschedule dynamodb.move_paid"),
    }
)
"""Timeouts take as long as they take, so just the calls that matter most meet one."""

TRIES = 3
"""How many clients a case may take: on a busy machine, another function may be faster to pay an effect off."""

TIMEOUT = "times out"
DEATHS = {"dies before it": "before", "dies after it": "after"}


class Call(NamedTuple):
    """The ``nth`` of its name, from 0, that this function makes in the flow; ``nth_of_all`` that anyone makes
    to where it goes."""

    function: str
    name: str
    nth: int = 0
    nth_of_all: int = 0

    @property
    def target(self) -> str:
        return self.name.partition(".")[0]

    @property
    def operation(self) -> str:
        return self.name.partition(".")[2]

    def __str__(self) -> str:
        return f"{self.function} {self.name}" + (f" #{self.nth + 1}" if self.nth else "")


@dataclass(frozen=True)
class Case:
    flow: Flow
    call: Call
    trouble: str

    def __str__(self) -> str:
        return f"{self.flow.name}: {self.call}: {self.trouble}"


@dataclass
class Ran:
    """One client's case, or none, and what went wrong on the way."""

    flow: Flow
    buyer: Buyer
    case: Case | None = None
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return str(self.case) if self.case else f"{self.flow.name}: undisturbed"


class Town:
    """A stack, and all the clients who buy there. ``newcomer`` makes one of a name."""

    def __init__(self, stack: Stack, newcomer: Callable[[str], Buyer]) -> None:
        self.stack = stack
        self.began = time.monotonic()
        self.ran: list[Ran] = []
        self.called: set[str] = set()
        """The names of all calls in disturbed flows."""
        self._newcomer = newcomer
        self._numbers = itertools.count()
        stack.control("PUT", "/paypal/webhooks", {"deliver": False})
        for schedule in ("reminders", "reconcile"):
            # Of clients before this one, as the days pass: what comes in between would be by chance.
            stack.control("PUT", f"/schedules/{schedule}", {"enabled": False})

    def undisturbed(self, flow: Flow) -> list[dict[str, Any]]:
        """The calls that it made."""
        clients.later(self.stack, **TOKENS_END)
        ran = self._begin(flow, None)
        self.stack.control("DELETE", "/calls")
        self._go_on(ran)
        self.ran.append(ran)
        calls: list[dict[str, Any]] = self.stack.control("GET", "/calls")
        return [call for call in calls if call["function"] in flow.functions]

    def disturbed(self, case: Case) -> None:
        for _ in range(TRIES):
            if case.call.operation == "token":
                clients.later(self.stack, **TOKENS_END)
            ran = self._begin(case.flow, case)
            self.ran.append(ran)
            self._arm(case)
            self.stack.control("DELETE", "/calls")
            self._go_on(ran)
            self.called |= {
                f"{each['target']}.{each['operation']}" for each in self.stack.control("GET", "/calls")
            }
            if self._came_to_it(case):
                return
        ran.wrong.append("it never came to that call")

    def _begin(self, flow: Flow, case: Case | None) -> Ran:
        self.stack.control("PUT", "/paypal/account", {**USUAL, **flow.account})
        ran = Ran(flow, self._newcomer(f"buyer{next(self._numbers)}"), case)
        _take(ran, flow.given)
        return ran

    def _go_on(self, ran: Ran) -> None:
        """And then webhooks come late, and time passes."""
        _take(ran, ran.flow.then)
        clients.deliver(self.stack)
        clients.later(self.stack, minutes=20)

    def _arm(self, case: Case) -> None:
        call = case.call
        if case.trouble in DEATHS:
            plan = {DEATHS[case.trouble]: call.name, "function": call.function, "skip": call.nth}
            self.stack.control("POST", "/crash", plan)
            return
        if call.target == "dynamodb":
            met = {"match": f"{call.function}.{call.operation}", "after": call.nth}
        else:
            met = {"match": ADDRESSES[call.name], "after": call.nth_of_all}
        self.stack.control("POST", "/faults", {"target": call.target, **met, **troubles(call)[case.trouble]})

    def _came_to_it(self, case: Case) -> bool:
        """And no trouble is left for the next one."""
        armed = "/crash" if case.trouble in DEATHS else "/faults"
        left = self.stack.control("GET", armed)
        self.stack.control("DELETE", armed)
        return bool(left == [] if case.trouble in DEATHS else left[0]["hits"])


def _take(ran: Ran, steps: Iterable[clients.Step]) -> None:
    for step in steps:
        try:
            step(ran.buyer)
        except Exception as unforeseen:
            ran.wrong.append(f"{type(unforeseen).__name__}: {unforeseen}")


def troubles(call: Call) -> dict[str, dict[str, Any]]:
    """What may befall a call besides the death of its process."""
    times = ATTEMPTS[call.target]
    kinds = {
        "refused": {"effect": "refuse", "times": times},
        "500": {"effect": "status", "status_code": 500, "times": times},
    }
    if call.name not in CHANGES_NOTHING:
        kinds["answer lost"] = {"effect": "drop_response", "times": times}
        if times > 1:
            kinds["first answer lost"] = {"effect": "drop_response", "times": 1}
    if f"{call.function} {call.name}" in TIMED and not call.nth:
        kinds[TIMEOUT] = {"effect": "delay", "seconds": PATIENCE_SECONDS[call.target] + 1, "times": 1}
    return kinds


def plan(
    logs: dict[Flow, list[dict[str, Any]]], is_own: Callable[[Call], bool] = lambda _: True
) -> list[Case]:
    """Each call of every different thing that was done: its process dies before and after it, and it fails.

    To die after a call is to die before the next one: nothing outside knows the difference. So only the last call of
    what a function did has both. And to die once it has looked is to die before it looked: once for all flows.

    Paying off what is owed is the same whichever flow owes it, and so is looking without finding anything to do. Of
    that, what has no call that ``is_own`` is left to the matrix that has.
    """
    cases: dict[tuple[str, ...], Case] = {}

    def add(of: str, *case: Any) -> None:
        flow, call, trouble = case
        if not of and not is_own(call):
            return
        cases.setdefault((of, call.function, call.name, trouble), Case(flow, call, trouble))

    for flow, log in logs.items():
        for errand in errands(log):
            names = [call.name for call in errand]
            whose = flow.name if errand[0].operation not in OUTBOX and set(names) - SAME_FOR_ALL else ""
            if not whose and not any(map(is_own, errand)):
                continue
            this = " ".join([whose, *names])
            for call, before in zip(errand, ["", *names], strict=False):
                add("" if before in CHANGES_NOTHING else this, flow, call, "dies before it")
                for trouble in troubles(call):
                    once = call.name in SAME_FOR_ALL or (call.target, trouble) in ONCE
                    add("" if once else whose, flow, call, trouble)
            add("" if names[-1] in CHANGES_NOTHING else this, flow, errand[-1], "dies after it")
    return list(cases.values())


SAME_FOR_ALL = CHANGES_NOTHING | {
    "dynamodb.receive_event",
    "dynamodb.event_handled",
    "dynamodb.confirm_sent",
}
"""What fails without a word about the money fails alike in every flow."""

ONCE = {
    ("dynamodb", "refused"),
    ("dynamodb", "500"),
    ("dynamodb", "first answer lost"),
    *((target, TIMEOUT) for target in PATIENCE_SECONDS),
}
"""A transaction refused by the network or by the table was not made either way; its repeat is the same one."""


def errands(log: list[dict[str, Any]]) -> Iterator[list[Call]]:
    """The calls of each thing that a function did, in order; fetching a token is a thing of its own."""
    by_function: Counter[tuple[str, str]] = Counter()
    by_address: Counter[tuple[str, str]] = Counter()
    going: dict[str, list[Call]] = {}
    for entry in log:
        function, name = entry["function"], f"{entry['target']}.{entry['operation']}"
        address = entry["target"], ADDRESSES.get(name, name)
        call = Call(function, name, by_function[function, name], by_address[address])
        by_function[function, name] += 1
        by_address[address] += 1
        if call.operation == "token":
            if not call.nth:
                yield [call]
            continue
        if entry["request_id"] in going and call.operation not in BEGINNINGS:
            going[entry["request_id"]].append(call)
            continue
        if entry["request_id"] in going:
            yield going[entry["request_id"]]
        going[entry["request_id"]] = [call]
    yield from going.values()
