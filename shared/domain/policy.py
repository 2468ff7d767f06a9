"""The cancellation policy: one table, spoken by the API, the widget and the mails alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from shared.domain.appointment import Actor
from shared.domain.money import CENT
from shared.domain.payment import NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``notice`` is elapsed time to the start, and just so much is in time; the fee is a share of the price."""

    notice: timedelta = timedelta(hours=48)
    fee_share: Decimal = Decimal("0.50")
    free_reschedules: int = 1


POLICY = Policy()


class Action(StrEnum):
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"


class PaidWith(StrEnum):
    PROMO_CODE = "promo_code"
    PAYMENT = "payment"
    PACKAGE = "package"


class Reason(StrEnum):
    """Why it costs what it costs."""

    FREE_SESSION = "free_session"
    BY_COACH = "by_coach"
    IN_TIME = "in_time"
    SHORT_NOTICE = "short_notice"
    MOVED_BEFORE = "moved_before"


class Refunding(StrEnum):
    """What the coach chose when cancelling: all of it goes back, what the policy says, or nothing."""

    FULL = "full"
    POLICY = "policy"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the policy looks at. ``price`` is one session's, in its currency; a package's share may be unrounded.

    ``refunding`` counts for the coach alone: a client has no choice.
    """

    action: Action
    actor: Actor
    paid_with: PaidWith
    price: Decimal
    notice: timedelta
    reschedules_used: int
    refunding: Refunding = Refunding.FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Amounts in the currency of the price, with two decimals. ``refund`` is what goes back of this session's price.

    ``returned`` tells that the promo code's use or the package's session can be used again. ``charged`` tells that
    the fee is taken from the saved payment method. Where it can't be, a client who moves is asked to approve it; a
    package's session that is cancelled is not returned, and nothing is charged instead.
    """

    fee: Decimal
    refund: Decimal
    returned: bool
    reason: Reason
    charged: bool = False


def quote(terms: Terms, policy: Policy = POLICY) -> Quote:
    reason, paid = _reason(terms, policy), terms.paid_with is PaidWith.PAYMENT
    cancels = terms.action is Action.CANCEL
    if cancels and terms.actor is Actor.COACH and terms.refunding is Refunding.NONE:
        return Quote(
            fee=_cents(terms.price) if paid else NOTHING, refund=NOTHING, returned=False, reason=reason
        )
    fee = _share(terms.price, policy.fee_share) if reason in _COSTS else NOTHING
    refund = _cents(terms.price) - fee if cancels and paid else NOTHING
    return Quote(fee=fee, refund=refund, returned=cancels and not paid, reason=reason)


_COSTS = frozenset({Reason.SHORT_NOTICE, Reason.MOVED_BEFORE})


def _reason(terms: Terms, policy: Policy) -> Reason:
    if terms.actor is Actor.COACH and terms.refunding is not Refunding.POLICY:
        return Reason.BY_COACH
    if terms.paid_with is PaidWith.PROMO_CODE:
        return Reason.FREE_SESSION
    if terms.notice < policy.notice:
        return Reason.SHORT_NOTICE
    if terms.reschedules_used >= policy.free_reschedules:
        return Reason.MOVED_BEFORE
    return Reason.IN_TIME


def _share(price: Decimal, share: Decimal) -> Decimal:
    """Rounded once, half up."""
    return _cents(price * share)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
