"""What a change of a booking costs, by the policy and by what can be charged; and what it leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import changes, checkout
from shared.domain.appointment import Actor, AppointmentStatus
from shared.domain.changes import Case, quoted
from shared.domain.effects import EffectKind
from shared.domain.money import Money
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.policy import Action, Reason, Refunding
from shared.domain.settlement import CaptureState, CaptureStatus
from tests.builders import NOW, appointment, package, payment

CANCEL, RESCHEDULE = Action.CANCEL, Action.RESCHEDULE
IN_TIME, LATE = timedelta(hours=48), timedelta(hours=47, minutes=59, seconds=59)
TORONTO = ZoneInfo("America/Toronto")
AFTER_CLOCKS_WENT_BACK = datetime(2026, 11, 2, 10, tzinfo=TORONTO).astimezone(UTC)
AFTER_CLOCKS_WENT_FORWARD = datetime(2026, 3, 9, 10, tzinfo=TORONTO).astimezone(UTC)
"""On the Monday: the change was on the Sunday."""


def paid(notice: timedelta = LATE, used: int = 0, method: str | None = None, price: str = "150.00") -> Case:
    booked = appointment(
        start=NOW + notice, service="single", duration_minutes=60, promo_code=None, reschedules_used=used
    )
    return Case(booked, payment(amount=price, id=booked.id), saved_method=method)


def packaged(
    notice: timedelta = LATE, used: int = 0, method: str | None = None, price: str = "500.00"
) -> Case:
    bought = package(sessions_used=1)
    booked = appointment(
        start=NOW + notice,
        service="package",
        duration_minutes=60,
        promo_code=None,
        package_id=bought.id,
        reschedules_used=used,
    )
    money = payment(amount=price, id=bought.id)
    return Case(booked, package=bought, package_payment=money, saved_method=method)


@pytest.mark.parametrize(
    ("kind", "action", "notice", "used", "without", "saved"),
    [
        # fee, refund, credit returned; charged where a method is saved
        (paid, CANCEL, IN_TIME, 0, ("0.00", "150.00", False), ("0.00", "150.00", False, False)),
        (paid, CANCEL, LATE, 0, ("75.00", "75.00", False), ("75.00", "75.00", False, False)),
        (paid, CANCEL, IN_TIME, 1, ("75.00", "75.00", False), ("75.00", "75.00", False, False)),
        (paid, RESCHEDULE, IN_TIME, 0, ("0.00", "0.00", False), ("0.00", "0.00", False, False)),
        (paid, RESCHEDULE, LATE, 0, ("75.00", "0.00", False), ("75.00", "0.00", False, True)),
        (paid, RESCHEDULE, IN_TIME, 1, ("75.00", "0.00", False), ("75.00", "0.00", False, True)),
        (packaged, CANCEL, IN_TIME, 0, ("0.00", "0.00", True), ("0.00", "0.00", True, False)),
        (packaged, CANCEL, LATE, 0, ("0.00", "0.00", False), ("83.33", "0.00", True, True)),
        (packaged, CANCEL, IN_TIME, 1, ("0.00", "0.00", False), ("83.33", "0.00", True, True)),
        (packaged, CANCEL, LATE, 1, ("0.00", "0.00", False), ("83.33", "0.00", True, True)),
        (packaged, RESCHEDULE, IN_TIME, 0, ("0.00", "0.00", False), ("0.00", "0.00", False, False)),
        (packaged, RESCHEDULE, LATE, 0, ("83.33", "0.00", False), ("83.33", "0.00", False, True)),
        (packaged, RESCHEDULE, IN_TIME, 1, ("83.33", "0.00", False), ("83.33", "0.00", False, True)),
    ],
)
def test_each_row_with_and_without_a_saved_method(
    kind: type[Case],
    action: Action,
    notice: timedelta,
    used: int,
    without: tuple[str, str, bool],
    saved: tuple[str, str, bool, bool],
) -> None:
    for method, expected in ((None, (*without, False)), ("method", saved)):
        found = quoted(kind(notice, used, method), action, Actor.CLIENT, NOW)  # type: ignore[arg-type]
        assert (str(found.fee), str(found.refund), found.returned, found.charged) == expected


@pytest.mark.parametrize("method", [None, "method"])
@pytest.mark.parametrize("start", [AFTER_CLOCKS_WENT_BACK, AFTER_CLOCKS_WENT_FORWARD])
def test_the_boundary_is_elapsed_time_across_a_clock_change(start: datetime, method: str | None) -> None:
    for case in (paid(method=method), packaged(method=method)):
        moved = replace(case, appointment=replace(case.appointment, start=start))
        exactly = quoted(moved, CANCEL, Actor.CLIENT, start - IN_TIME)
        assert (exactly.fee, exactly.reason, exactly.charged) == (0, Reason.IN_TIME, False)
        late = quoted(moved, CANCEL, Actor.CLIENT, start - LATE)
        assert late.reason is Reason.SHORT_NOTICE
        assert late.charged is bool(method and case.package)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("used", [0, 1])
@pytest.mark.parametrize("kind", [paid, packaged])
def test_the_coach_takes_no_fee_whatever_is_saved(kind: type[Case], used: int, action: Action) -> None:
    found = quoted(kind(LATE, used, "method"), action, Actor.COACH, NOW)  # type: ignore[arg-type]
    assert (found.fee, found.charged) == (0, False)
    assert found.returned is (kind is packaged and action is CANCEL)  # type: ignore[comparison-overlap]


def test_the_coach_who_goes_by_the_policy_has_the_session_used_up_and_nothing_charged() -> None:
    found = quoted(packaged(method="method"), CANCEL, Actor.COACH, NOW, Refunding.POLICY)
    assert (found.fee, found.charged, found.returned) == (0, False, False)


@pytest.mark.parametrize(("price", "fee"), [("500.00", "83.33"), ("100.00", "16.67"), ("0.09", "0.02")])
def test_half_a_share_is_rounded_once_and_half_up(price: str, fee: str) -> None:
    assert str(quoted(packaged(method="m", price=price), CANCEL, Actor.CLIENT, NOW).fee) == fee


cents = st.decimals(min_value="0.01", max_value="9999.99", places=2)
notices = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=9))
methods = st.sampled_from([None, "method"])


@given(price=cents, notice=notices, used=st.integers(0, 2), method=methods, actor=st.sampled_from(Actor))
def test_of_a_paid_session_fee_and_refund_are_what_was_captured(
    price: Decimal, notice: timedelta, used: int, method: str | None, actor: Actor
) -> None:
    case = paid(notice, used, method, str(price))
    found = quoted(case, CANCEL, actor, NOW)
    assert found.fee + found.refund == price
    assert 0 <= found.fee <= price
    after = changes.cancel(case, found, actor, NOW, None)
    assert after.payment is not None
    assert (after.payment.fee, after.payment.refund_due, after.charge) == (found.fee, found.refund, None)


@given(
    price=cents,
    back=st.decimals(min_value="0", max_value="1", places=2),
    notice=notices,
    used=st.integers(0, 2),
)
def test_never_more_goes_back_than_was_captured(
    price: Decimal, back: Decimal, notice: timedelta, used: int
) -> None:
    gone = (price * back).quantize(Decimal("0.01"))
    case = paid(notice, used, price=str(price))
    assert case.payment is not None
    case = replace(case, payment=replace(case.payment, refunded=gone))
    found = quoted(case, CANCEL, Actor.CLIENT, NOW)
    assert 0 <= found.refund <= price - gone
    after = changes.cancel(case, found, Actor.CLIENT, NOW, None).payment
    assert after is not None
    assert after.refund_due <= price


@given(
    price=cents,
    notice=notices,
    used=st.integers(0, 2),
    method=methods,
    actor=st.sampled_from(Actor),
    action=st.sampled_from(Action),
)
def test_of_a_package_session_at_most_half_its_share_is_charged(
    price: Decimal, notice: timedelta, used: int, method: str | None, actor: Actor, action: Action
) -> None:
    case = packaged(notice, used, method, str(price))
    found = quoted(case, action, actor, NOW)
    assert found.refund == 0
    assert 0 <= found.fee <= (price / 6).quantize(Decimal("0.01")) + Decimal("0.01")
    assert found.charged is bool(found.fee and method)
    if action is CANCEL:
        assert bool(found.fee) <= found.charged
        change = changes.cancel(case, found, actor, NOW, None)
        assert (change.charge is not None) is found.charged
        assert change.returns is (found.returned and not found.charged)
        assert change.after.credit_returned is change.returns


# What is owed for it


@pytest.fixture
def case() -> Case:
    return packaged(method="method")


def charged(case: Case) -> Payment:
    cost = quoted(case, CANCEL, Actor.CLIENT, NOW)
    change = changes.cancel(case, cost, Actor.CLIENT, NOW, None)
    assert change.charge is not None
    return change.charge.payment


def test_the_fee_is_owed_with_the_cancellation_under_an_id_of_the_sessions(case: Case) -> None:
    cost = quoted(case, CANCEL, Actor.CLIENT, NOW)
    change = changes.cancel(case, cost, Actor.CLIENT, NOW, None)
    assert change.after.status is AppointmentStatus.CANCELLED
    fee = charged(case)
    assert (fee.status, str(fee.amount), fee.charges) == (PaymentStatus.CREATED, "83.33", "method")
    assert (change.after.payment_id, fee.cancels, fee.check_at) == (fee.id, case.appointment.id, NOW)
    assert charged(case).id == fee.id != charged(packaged(method="method")).id
    assert len(fee.charge_request_id) <= 108
    owed = {(effect.subject_id, effect.kind) for effect in change.effects}
    assert (fee.id, EffectKind.CHARGE) in owed
    assert (case.appointment.id, EffectKind.CALENDAR_EVENT) in owed


def test_what_is_taken_is_kept_and_told(case: Case) -> None:
    begun = checkout.begin_charge(checkout.Checkout(charged(case), None, None, "asked"), NOW)
    assert (begun.event, begun.after.leased(NOW)) == ("charge_begun", True)
    capture = CaptureState(
        id="C", status=CaptureStatus.COMPLETED, amount=Money.of("83.33", "USD"), order_id="O"
    )
    taken = checkout.take_charge(begun.after, capture, NOW)
    fee = taken.after.payment
    assert (fee.status, str(fee.fee), fee.order_id, fee.check_at) == (
        PaymentStatus.CAPTURED,
        "83.33",
        "O",
        None,
    )
    assert [effect.kind for effect in taken.effects] == [EffectKind.CLIENT_FEE_MAIL]
    returned = changes.return_credit(case, NOW)
    assert (returned.returns, returned.after.credit_returned) == (True, True)


def test_what_was_surely_not_taken_is_begun_anew(case: Case) -> None:
    begun = checkout.begin_charge(checkout.Checkout(charged(case), None, None, "asked"), NOW).after
    later = NOW + timedelta(seconds=5)
    put_off = checkout.put_off_charge(begun, later).after
    assert (put_off.payment.status, put_off.payment.check_at) == (PaymentStatus.CREATED, later)
    assert put_off.payment.charge_request_id == begun.payment.charge_request_id
    assert (
        begun.payment.charge_request_id == checkout.charge_again(begun, NOW).after.payment.charge_request_id
    )
