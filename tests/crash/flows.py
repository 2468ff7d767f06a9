"""Every way in which a client's money moves, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.crash.buyer import Buyer, Step

FUNCTIONS = frozenset({"checkout", "paypal_webhook", "effects", "mail_events", "sweeper"})


@dataclass(frozen=True, eq=False)
class Flow:
    """``given`` happens undisturbed, as another flow disturbs it; ``then`` is what the matrix disturbs.

    ``ends`` are the statuses the payment may have when all is over, each with whether what it is for stands then.
    """

    name: str
    given: tuple[Step, ...]
    then: tuple[Step, ...]
    ends: Mapping[str, bool] = field(default_factory=dict)
    account: Mapping[str, bool] = field(default_factory=dict)
    """What PayPal does for the coach's account otherwise than it does usually."""

    functions: frozenset[str] = FUNCTIONS
    """Whose calls are disturbed."""


def _approve(buyer: Buyer) -> None:
    buyer.approve()


def _pay(buyer: Buyer) -> None:
    buyer.pay()


def look(**by: float) -> Step:
    return lambda buyer: buyer.later(**by)


def refund_by_hand(amount: str | None = None) -> Step:
    def step(buyer: Buyer) -> None:
        path = f"/paypal/captures/{buyer.capture()['id']}/refund"
        buyer.stack.control("POST", path, {"amount": amount} if amount else {})

    return step


def bank_says(outcome: str) -> Step:
    def step(buyer: Buyer) -> None:
        path = f"/paypal/captures/{buyer.capture()['id']}/settle"
        buyer.stack.control("POST", path, {"outcome": outcome})

    return step


def refund_ends(outcome: str) -> Step:
    def step(buyer: Buyer) -> None:
        path = f"/paypal/refunds/{buyer.refund()['id']}/settle"
        buyer.stack.control("POST", path, {"outcome": outcome})

    return step


def refunds_pend_no_more(buyer: Buyer) -> None:
    buyer.stack.control("PUT", "/paypal/account", {"pending_refunds": False})


def _dispute(buyer: Buyer) -> None:
    path = f"/paypal/captures/{buyer.capture()['id']}/dispute"
    buyer.dispute_id = buyer.stack.control("POST", path)["dispute_id"]


def _dispute_is_won_by(winner: str) -> Step:
    def step(buyer: Buyer) -> None:
        path = f"/paypal/disputes/{buyer.dispute_id}/resolve"
        buyer.stack.control("POST", path, {"winner": winner})

    return step


REFUNDS_PEND = {"pending_refunds": True}
"""PayPal takes its time over refunds."""

NOW = look(seconds=0)
SESSION = (Buyer.order_session,)
APPROVED = (Buyer.order_session, _approve)
PAID = (*APPROVED, _pay, NOW, Buyer.webhooks)
PENDING = (*SESSION, lambda buyer: buyer.approve("pending"))
WAIT_FOR_BANK = (lambda buyer: buyer.pay(202), NOW, Buyer.webhooks)
LOST = (*APPROVED, Buyer.lose_the_time)

FLOWS = (
    Flow("a session, in the browser", (), PAID, {"captured": True}),
    Flow("a package, in the browser", (), (Buyer.order_package, _approve, _pay, NOW), {"captured": True}),
    Flow(
        "a session, in the browser, after PayPal told",
        APPROVED,
        (Buyer.webhooks, _pay),
        {"captured": True},
    ),
    Flow(
        "a session, paid for before it is approved",
        SESSION,
        (lambda buyer: buyer.pay(409), _approve, lambda buyer: buyer.pay(key="pay again"), NOW),
        {"captured": True},
    ),
    Flow("a session, tab closed, PayPal tells", APPROVED, (Buyer.webhooks,), {"captured": True}),
    Flow("a session, tab closed, nobody tells", APPROVED, (look(minutes=16),), {"captured": True}),
    Flow(
        "a package, tab closed, PayPal tells",
        (Buyer.order_package, _approve),
        (Buyer.webhooks,),
        {"captured": True},
    ),
    Flow(
        "a package, tab closed, nobody tells",
        (Buyer.order_package, _approve),
        (look(minutes=16),),
        {"captured": True},
    ),
    Flow(
        "pending, then completed",
        PENDING,
        (*WAIT_FOR_BANK, bank_says("completed"), Buyer.webhooks),
        {"captured": True},
    ),
    Flow(
        "pending, then denied",
        PENDING,
        (*WAIT_FOR_BANK, bank_says("denied"), Buyer.webhooks),
        {"denied": False},
    ),
    Flow(
        "pending, then completed, nobody tells",
        (*PENDING, *WAIT_FOR_BANK),
        (bank_says("completed"), look(minutes=61)),
        {"captured": True},
    ),
    Flow(
        "pending, and the buyer says something else",
        (*PENDING, *WAIT_FOR_BANK),
        (
            lambda buyer: buyer.pay(202, key="pay again", phone="+16045550123"),
            bank_says("completed"),
            Buyer.webhooks,
        ),
        {"captured": True},
    ),
    Flow(
        "declined, then paid otherwise",
        SESSION,
        (
            lambda buyer: buyer.approve("decline"),
            lambda buyer: buyer.pay(402),
            _approve,
            lambda buyer: buyer.pay(key="pay otherwise"),
            NOW,
        ),
        {"captured": True},
    ),
    Flow("paid, and the time lost", LOST, (look(minutes=1), Buyer.webhooks), {"refunded": False}),
    Flow(
        "paid, the time lost, the refund pending",
        LOST,
        (look(minutes=1), refund_ends("completed"), Buyer.webhooks, look(minutes=61)),
        {"refunded": False},
        account=REFUNDS_PEND,
    ),
    Flow(
        "given up, and approved all the same",
        SESSION,
        (Buyer.give_up, _approve, Buyer.webhooks, look(minutes=181), Buyer.webhooks),
        {"expired": False},
    ),
    Flow("run out unpaid", SESSION, (look(minutes=16),), {"expired": False}),
    Flow("a package run out unpaid", (Buyer.order_package,), (look(minutes=181),), {"expired": False}),
    Flow("given back by hand", PAID, (refund_by_hand(), Buyer.webhooks), {"refunded": True}),
    Flow(
        "given back by hand in part",
        PAID,
        (refund_by_hand("50.00"), Buyer.webhooks),
        {"partially_refunded": True},
    ),
    Flow(
        "given back by hand in parts, one of which takes days",
        PAID,
        (
            refund_by_hand("50.00"),
            refunds_pend_no_more,
            refund_by_hand("20.00"),
            Buyer.webhooks,
            look(minutes=61),
            refund_ends("completed"),
            Buyer.webhooks,
        ),
        {"partially_refunded": True},
        account=REFUNDS_PEND,
    ),
    Flow(
        "disputed, and won by the buyer",
        PAID,
        (_dispute, Buyer.webhooks, _dispute_is_won_by("buyer"), Buyer.webhooks),
        {"refunded": True},
    ),
    Flow(
        "refused without a reason",
        APPROVED,
        (Buyer.pay_and_be_refused, look(minutes=61)),
        {"needs_review": False, "captured": True},
    ),
)
