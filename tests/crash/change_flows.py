"""Every way in which a client's plans change, step by step, and reminders of all kinds of sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from tests.crash.buyer import Step
from tests.crash.changer import Changer
from tests.crash.flows import (
    FUNCTIONS,
    REFUNDS_PEND,
    Flow,
    bank_says,
    look,
    refund_by_hand,
    refund_ends,
    refunds_pend_no_more,
)
from tests.crash.matrix import Call

REMINDERS = frozenset({"reminders"})
CHANGES = frozenset({"cancel", "reschedule"})

CALLED = frozenset(
    {
        *("dynamodb.case", "dynamodb.case_package", "dynamodb.cancelled", "dynamodb.moved"),
        *("dynamodb.move_paid", "dynamodb.known_effects", "dynamodb.owe"),
        *("dynamodb.refund_failed", "dynamodb.strike_freed", "google.delete_event", "google.list_events"),
        "google.update_event",
        # A fee charged to a saved method
        *("paypal.charge", "dynamodb.charge_begun", "dynamodb.charge_repeated", "dynamodb.charge_ended"),
        *("dynamodb.ledger_awaited", "paypal.ledger", "paypal.get_capture", "dynamodb.method"),
        *("dynamodb.return_credit", "dynamodb.booked_fee"),
        "twilio.send_message",
    }
)
"""What nothing else in the matrix calls."""

ONLY_AFTER_TROUBLE = frozenset({"twilio.find_messages"})
"""What just the disturbed ones call."""


def is_own(call: Call) -> bool:
    """The matrix of money disturbs all others."""
    return call.function in CHANGES | REMINDERS or call.name in CALLED


SAVES_METHODS = {"vault": True}
SAVED_METHOD_DECLINES = {"vault": True, "saved_method_declines": True}


class End(NamedTuple):
    """Where the session is in the end, with all that was paid for it and for its move.

    ``kept`` and ``fee`` are what PayPal holds of each; ``used`` counts promo codes' uses and packages' sessions.
    """

    status: str
    moved: bool = False
    kept: str = "0.00"
    fee: str = "0.00"
    used: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class ChangeFlow(Flow):
    outcomes: frozenset[End]
    functions: frozenset[str] = FUNCTIONS | CHANGES


def _flow(
    name: str,
    given: tuple[Step, ...],
    then: tuple[Step, ...],
    *outcomes: End,
    account: Mapping[str, bool] = MappingProxyType({}),
) -> ChangeFlow:
    return ChangeFlow(name, given, then, outcomes=frozenset(outcomes), account=account)


def _approve(client: Changer) -> None:
    client.approve()


def _decline(client: Changer) -> None:
    client.approve("decline")


FREE = (Changer.book_free, Changer.webhooks)
SINGLE = (Changer.buy_session, Changer.webhooks)
FROM_PACKAGE = (Changer.use_package, Changer.webhooks)
CANCEL = (Changer.cancel, Changer.webhooks)
MOVE = (Changer.move, Changer.webhooks)

LATE_SINGLE = (Changer.soon, *SINGLE, Changer.to_another_week)
LATE_FROM_PACKAGE = (Changer.soon, *FROM_PACKAGE, Changer.within_the_week)
APPROVED = (*LATE_SINGLE, Changer.ask_fee, _approve)
PAY_FEE = (Changer.pay_fee, Changer.webhooks)
PENDING = (*LATE_SINGLE, Changer.ask_fee, lambda client: client.approve("pending"))
WAIT_FOR_BANK = (lambda client: client.pay_fee(202), Changer.webhooks)

FREE_MOVED = End("confirmed", moved=True, used=1)
SINGLE_MOVED = End("confirmed", moved=True, kept="150.00")
PACKAGE_MOVED = End("confirmed", moved=True, kept="500.00", used=1)
MOVED_LATE = SINGLE_MOVED._replace(fee="75.00")
PACKAGE_MOVED_LATE = PACKAGE_MOVED._replace(fee="83.33")
SINGLE_STANDS = SINGLE_MOVED._replace(moved=False)
CANCELLED_LATE = End("cancelled", kept="75.00")
CANCELLED = End("cancelled")

CHANGE_FLOWS = (
    _flow("a free session cancelled in time", (Changer.far, *FREE), CANCEL, CANCELLED),
    _flow("a free session cancelled late", (Changer.soon, *FREE), CANCEL, CANCELLED),
    _flow("a session cancelled in time", (Changer.far, *SINGLE), CANCEL, CANCELLED),
    _flow("a session cancelled late", (Changer.soon, *SINGLE), CANCEL, CANCELLED_LATE),
    _flow(
        "a package's session cancelled in time",
        (Changer.far, *FROM_PACKAGE),
        CANCEL,
        End("cancelled", kept="500.00"),
    ),
    _flow(
        "a package's session cancelled late",
        (Changer.soon, *FROM_PACKAGE),
        CANCEL,
        End("cancelled", kept="500.00", used=1),
    ),
    _flow(
        "a session cancelled, the refund pending",
        (Changer.far, *SINGLE),
        (*CANCEL, refund_ends("completed"), Changer.webhooks, look(minutes=61)),
        CANCELLED,
        account=REFUNDS_PEND,
    ),
    _flow(
        "a session cancelled, the refund failed, and made by hand",
        (Changer.far, *SINGLE),
        (
            *CANCEL,
            refund_ends("failed"),
            Changer.webhooks,
            look(minutes=61),
            refunds_pend_no_more,
            refund_by_hand(),
            Changer.webhooks,
        ),
        CANCELLED,
        account=REFUNDS_PEND,
    ),
    _flow(
        "a free session moved in time, to another week",
        (Changer.far, *FREE, Changer.to_another_week),
        MOVE,
        FREE_MOVED,
    ),
    _flow(
        "a free session moved late, within the week",
        (Changer.soon, *FREE, Changer.within_the_week),
        MOVE,
        FREE_MOVED,
    ),
    _flow(
        "a free session moved, its event deleted by the coach",
        (Changer.far, *FREE, Changer.within_the_week, Changer.lose_the_event),
        MOVE,
        FREE_MOVED,
    ),
    _flow(
        "a session moved to another week",
        (Changer.far, *SINGLE, Changer.to_another_week),
        MOVE,
        SINGLE_MOVED,
    ),
    _flow(
        "a package's session moved within the week",
        (Changer.far, *FROM_PACKAGE, Changer.within_the_week),
        MOVE,
        PACKAGE_MOVED,
    ),
    _flow(
        "a session moved late, in the browser",
        LATE_SINGLE,
        (Changer.ask_fee, _approve, *PAY_FEE),
        MOVED_LATE,
    ),
    _flow(
        "a package's session moved late, in the browser",
        LATE_FROM_PACKAGE,
        (Changer.ask_fee, _approve, *PAY_FEE),
        PACKAGE_MOVED_LATE,
    ),
    _flow("a session moved late, tab closed, PayPal tells", APPROVED, (Changer.webhooks,), MOVED_LATE),
    _flow(
        "a session moved late, tab closed, nobody tells",
        APPROVED,
        (look(minutes=16), look(seconds=0)),
        MOVED_LATE,
    ),
    _flow(
        "a fee declined, then paid otherwise",
        (*LATE_SINGLE, Changer.ask_fee),
        (
            _decline,
            lambda client: client.pay_fee(402),
            _approve,
            lambda client: client.pay_fee(key="pay fee otherwise"),
            Changer.webhooks,
        ),
        MOVED_LATE,
    ),
    _flow(
        "a fee pending, then completed",
        PENDING,
        (*WAIT_FOR_BANK, bank_says("completed"), Changer.webhooks),
        MOVED_LATE,
    ),
    _flow(
        "a fee pending, then denied",
        PENDING,
        (*WAIT_FOR_BANK, bank_says("denied"), Changer.webhooks),
        SINGLE_STANDS,
    ),
    _flow(
        "a fee taken, the new time lost",
        (*APPROVED, Changer.lose_the_new_time),
        (look(minutes=1), Changer.webhooks),
        SINGLE_STANDS,
    ),
    _flow(
        "a fee given up, and approved all the same",
        (*LATE_SINGLE, Changer.ask_fee),
        (Changer.give_up, _approve, Changer.webhooks, look(minutes=181), Changer.webhooks),
        SINGLE_STANDS,
    ),
    _flow(
        "a fee approved, the session cancelled, PayPal tells",
        APPROVED,
        (Changer.cancel, Changer.webhooks),
        CANCELLED_LATE,
    ),
    _flow(
        "a fee taken, the session cancelled before that is known",
        (*APPROVED, Changer.pay_fee_unheard),
        (Changer.cancel, look(minutes=1), Changer.webhooks),
        CANCELLED_LATE,
        # Somebody looked before the client tried again.
        End("cancelled", moved=True, kept="75.00", fee="75.00"),
    ),
    _flow(
        "a session moved late, the fee charged to the saved method",
        LATE_SINGLE,
        MOVE,
        MOVED_LATE,
        account=SAVES_METHODS,
    ),
    _flow(
        "a package's session moved late, the fee charged to the saved method",
        LATE_FROM_PACKAGE,
        MOVE,
        PACKAGE_MOVED_LATE,
        account=SAVES_METHODS,
    ),
    _flow(
        "a session moved late, the saved method declined, then the fee approved",
        LATE_SINGLE,
        (Changer.ask_fee, _approve, *PAY_FEE),
        MOVED_LATE,
        account=SAVED_METHOD_DECLINES,
    ),
    _flow(
        "a fee charged, and found by asking again",
        (*LATE_SINGLE, Changer.move_unheard),
        (look(minutes=16), Changer.webhooks),
        MOVED_LATE,
        account=SAVES_METHODS,
    ),
    _flow(
        "a fee charged, and found in PayPal's ledger",
        (*LATE_SINGLE, Changer.move_unheard),
        (look(hours=6), look(hours=4), Changer.webhooks),
        MOVED_LATE,
        account=SAVES_METHODS,
    ),
    _flow(
        "a package's session cancelled late, the fee charged to the saved method",
        (Changer.soon, *FROM_PACKAGE),
        CANCEL,
        End("cancelled", kept="500.00", fee="83.33"),
        account=SAVES_METHODS,
    ),
    _flow(
        "a package's session cancelled late, the saved method declined",
        (Changer.soon, *FROM_PACKAGE),
        CANCEL,
        End("cancelled", kept="500.00", used=1),
        account=SAVED_METHOD_DECLINES,
    ),
    _flow(
        "a free session told of by text",
        (Changer.far, Changer.agree_to_texts),
        FREE,
        FREE_MOVED._replace(moved=False),
    ),
    _flow(
        "a free session told of by text, and cancelled",
        (Changer.far, Changer.agree_to_texts),
        (*FREE, *CANCEL),
        CANCELLED,
    ),
    *(
        ChangeFlow(
            f"reminders of {what}",
            (Changer.in_a_day, *given),
            (Changer.be_reminded,),
            outcomes=frozenset({end}),
            functions=REMINDERS,
        )
        for what, given, end in (
            ("a free session", FREE, FREE_MOVED._replace(moved=False)),
            ("a session", SINGLE, SINGLE_STANDS),
            ("a package's session", FROM_PACKAGE, PACKAGE_MOVED._replace(moved=False)),
        )
    ),
)
