"""The cancellation policy, row by row and on both sides of every boundary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.appointment import Actor
from shared.domain.policy import Action, PaidWith, Quote, Reason, Refunding, Terms, quote

CANCEL, RESCHEDULE = Action.CANCEL, Action.RESCHEDULE
PROMO, PAYMENT, PACKAGE = PaidWith.PROMO_CODE, PaidWith.PAYMENT, PaidWith.PACKAGE
IN_TIME, LATE = timedelta(hours=48), timedelta(hours=47, minutes=59, seconds=59)
PRICE = {PROMO: Decimal(0), PAYMENT: Decimal("150.00"), PACKAGE: Decimal(500) / 3}


def ask(
    paid_with: PaidWith,
    action: Action,
    notice: timedelta,
    used: int,
    actor: Actor = Actor.CLIENT,
    price: Decimal | None = None,
    refunding: Refunding = Refunding.FULL,
) -> Quote:
    return quote(
        Terms(
            action=action,
            actor=actor,
            paid_with=paid_with,
            price=PRICE[paid_with] if price is None else price,
            notice=notice,
            reschedules_used=used,
            refunding=refunding,
        )
    )


@pytest.mark.parametrize(
    ("paid_with", "action", "notice", "used", "fee", "refund", "returned", "reason"),
    [
        (PROMO, CANCEL, IN_TIME, 0, "0.00", "0.00", True, Reason.FREE_SESSION),
        (PROMO, CANCEL, timedelta(seconds=1), 3, "0.00", "0.00", True, Reason.FREE_SESSION),
        (PROMO, RESCHEDULE, LATE, 2, "0.00", "0.00", False, Reason.FREE_SESSION),
        (PAYMENT, CANCEL, IN_TIME, 0, "0.00", "150.00", False, Reason.IN_TIME),
        (PAYMENT, CANCEL, IN_TIME, 1, "75.00", "75.00", False, Reason.MOVED_BEFORE),
        (PAYMENT, CANCEL, LATE, 0, "75.00", "75.00", False, Reason.SHORT_NOTICE),
        (PAYMENT, CANCEL, LATE, 1, "75.00", "75.00", False, Reason.SHORT_NOTICE),
        (PAYMENT, RESCHEDULE, IN_TIME, 0, "0.00", "0.00", False, Reason.IN_TIME),
        (PAYMENT, RESCHEDULE, LATE, 0, "75.00", "0.00", False, Reason.SHORT_NOTICE),
        (PAYMENT, RESCHEDULE, IN_TIME, 1, "75.00", "0.00", False, Reason.MOVED_BEFORE),
        (PACKAGE, CANCEL, IN_TIME, 0, "0.00", "0.00", True, Reason.IN_TIME),
        (PACKAGE, CANCEL, LATE, 0, "83.33", "0.00", True, Reason.SHORT_NOTICE),
        (PACKAGE, CANCEL, IN_TIME, 1, "83.33", "0.00", True, Reason.MOVED_BEFORE),
        (PACKAGE, RESCHEDULE, IN_TIME, 0, "0.00", "0.00", False, Reason.IN_TIME),
        (PACKAGE, RESCHEDULE, LATE, 0, "83.33", "0.00", False, Reason.SHORT_NOTICE),
        (PACKAGE, RESCHEDULE, IN_TIME, 1, "83.33", "0.00", False, Reason.MOVED_BEFORE),
    ],
)
def test_each_row_of_the_table(
    paid_with: PaidWith,
    action: Action,
    notice: timedelta,
    used: int,
    fee: str,
    refund: str,
    returned: bool,
    reason: Reason,
) -> None:
    assert ask(paid_with, action, notice, used) == Quote(
        fee=Decimal(fee), refund=Decimal(refund), returned=returned, reason=reason
    )


@pytest.mark.parametrize("notice", [IN_TIME, LATE, timedelta(0), timedelta(hours=-1)])
@pytest.mark.parametrize("used", [0, 1, 5])
@pytest.mark.parametrize("paid_with", PaidWith)
def test_the_coach_never_costs_the_client_anything(paid_with: PaidWith, used: int, notice: timedelta) -> None:
    cancelled = ask(paid_with, CANCEL, notice, used, Actor.COACH)
    assert (cancelled.fee, cancelled.reason) == (0, Reason.BY_COACH)
    assert cancelled.refund == (Decimal("150.00") if paid_with is PAYMENT else 0)
    assert cancelled.returned is (paid_with is not PAYMENT)
    assert ask(paid_with, RESCHEDULE, notice, used, Actor.COACH).fee == 0


def test_notice_is_elapsed_time_also_where_clocks_change() -> None:
    toronto = ZoneInfo("America/Toronto")
    start = datetime(2026, 11, 2, 10, tzinfo=toronto).astimezone(UTC)  # clocks went back on November 1
    same_wall_clock = datetime(2026, 10, 31, 10, tzinfo=toronto).astimezone(UTC)
    assert start - same_wall_clock == timedelta(hours=49)
    assert ask(PAYMENT, CANCEL, start - same_wall_clock - timedelta(hours=1), 0).fee == 0
    assert ask(PAYMENT, CANCEL, start - same_wall_clock - timedelta(hours=1, seconds=1), 0).fee == 75


@given(
    price=st.decimals(min_value="0.01", max_value="9999.99", places=2),
    notice=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9)),
    used=st.integers(0, 3),
    actor=st.sampled_from(Actor),
)
def test_what_a_cancelled_payment_costs_and_gives_back_is_what_was_paid(
    price: Decimal, notice: timedelta, used: int, actor: Actor
) -> None:
    found = ask(PAYMENT, CANCEL, notice, used, actor, price)
    assert found.fee + found.refund == price
    assert 0 <= found.fee <= price
    assert found.fee == found.fee.quantize(Decimal("0.01"))


def test_half_a_cent_is_the_coachs() -> None:
    found = ask(PAYMENT, CANCEL, LATE, 0, price=Decimal("99.99"))
    assert (found.fee, found.refund) == (Decimal("50.00"), Decimal("49.99"))


@pytest.mark.parametrize(
    ("paid_with", "refunding", "fee", "refund", "returned", "reason"),
    [
        (PROMO, Refunding.POLICY, "0.00", "0.00", True, Reason.FREE_SESSION),
        (PROMO, Refunding.NONE, "0.00", "0.00", False, Reason.BY_COACH),
        (PAYMENT, Refunding.FULL, "0.00", "150.00", False, Reason.BY_COACH),
        (PAYMENT, Refunding.POLICY, "75.00", "75.00", False, Reason.SHORT_NOTICE),
        (PAYMENT, Refunding.NONE, "150.00", "0.00", False, Reason.BY_COACH),
        (PACKAGE, Refunding.FULL, "0.00", "0.00", True, Reason.BY_COACH),
        (PACKAGE, Refunding.POLICY, "83.33", "0.00", True, Reason.SHORT_NOTICE),
        (PACKAGE, Refunding.NONE, "0.00", "0.00", False, Reason.BY_COACH),
    ],
)
def test_the_coach_may_choose_otherwise(
    paid_with: PaidWith, refunding: Refunding, fee: str, refund: str, returned: bool, reason: Reason
) -> None:
    found = ask(paid_with, CANCEL, LATE, 0, Actor.COACH, refunding=refunding)
    assert (str(found.fee), str(found.refund), found.returned, found.reason) == (
        fee,
        refund,
        returned,
        reason,
    )


@pytest.mark.parametrize("refunding", Refunding)
def test_a_client_has_no_choice(refunding: Refunding) -> None:
    assert ask(PAYMENT, CANCEL, LATE, 0, refunding=refunding) == ask(PAYMENT, CANCEL, LATE, 0)
