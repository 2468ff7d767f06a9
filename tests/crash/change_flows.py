"""Every way in which a client's plans change, step by step, and reminders of all kinds of sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tests.crash.buyer import Step
from tests.crash.changer import Changer
from tests.crash.flows import FUNCTIONS, Flow

REMINDERS = frozenset({"reminders"})
CHANGES = frozenset({"cancel", "reschedule"})

CALLED = frozenset(
    {
        *("dynamodb.case", "dynamodb.case_package", "dynamodb.cancelled", "dynamodb.moved"),
        *("dynamodb.move_paid", "dynamodb.known_effects", "dynamodb.owe"),
        *("dynamodb.strike_freed", "google.delete_event"),
    }
)
"""What nothing else in the matrix calls."""


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


def _flow(name: str, given: tuple[Step, ...], then: tuple[Step, ...], *outcomes: End) -> ChangeFlow:
    return ChangeFlow(name, given, then, outcomes=frozenset(outcomes))


def _approve(client: Changer) -> None:
    client.approve()


def _decline(client: Changer) -> None:
    client.approve("decline")


def _look(**by: float) -> Step:
    return lambda client: client.later(**by)


FREE = (Changer.book_free, Changer.webhooks)
SINGLE = (Changer.buy_session, Changer.webhooks)
FROM_PACKAGE = (Changer.use_package, Changer.webhooks)
CANCEL = (Changer.cancel, Changer.webhooks)
MOVE = (Changer.move, Changer.webhooks)

LATE_SINGLE = (Changer.soon, *SINGLE, Changer.to_another_week)
LATE_FROM_PACKAGE = (Changer.soon, *FROM_PACKAGE, Changer.within_the_week)
APPROVED = (*LATE_SINGLE, Changer.ask_fee, _approve)
PAY_FEE = (Changer.pay_fee, Changer.webhooks)

FREE_MOVED = End("confirmed", moved=True, used=1)
SINGLE_MOVED = End("confirmed", moved=True, kept="150.00")
PACKAGE_MOVED = End("confirmed", moved=True, kept="500.00", used=1)
MOVED_LATE = SINGLE_MOVED._replace(fee="75.00")
PACKAGE_MOVED_LATE = PACKAGE_MOVED._replace(fee="83.33")
SINGLE_STANDS = SINGLE_MOVED._replace(moved=False)
CANCELLED_LATE = End("cancelled", kept="75.00")

CHANGE_FLOWS = (
    _flow("a free session cancelled", (Changer.soon, *FREE), CANCEL, End("cancelled")),
    _flow("a session cancelled in time", (Changer.far, *SINGLE), CANCEL, End("cancelled")),
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
        "a free session moved within the week",
        (Changer.soon, *FREE, Changer.within_the_week),
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
        (_look(minutes=16), _look(seconds=0)),
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
        "a fee given up, and approved all the same",
        (*LATE_SINGLE, Changer.ask_fee),
        (Changer.give_up, _approve, Changer.webhooks, _look(minutes=181), Changer.webhooks),
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
        (Changer.cancel, _look(minutes=1), Changer.webhooks),
        CANCELLED_LATE,
        # Somebody looked before the client tried again.
        End("cancelled", moved=True, kept="75.00", fee="75.00"),
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
