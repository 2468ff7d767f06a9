"""The daily comparison: none on books that agree, and each difference told once, by its own name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.appointment import AppointmentStatus, CalendarStatus
from shared.domain.attention import AttentionKind
from shared.domain.money import Money
from shared.domain.package import PackageStatus
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.reconciliation import (
    Books,
    CalendarSays,
    Difference,
    DifferenceKind,
    PayPalSays,
    Session,
    SoldPackage,
    differences,
    to_ask_about,
)
from shared.domain.settlement import (
    CaptureState,
    CaptureStatus,
    OrderState,
    OrderStatus,
    RefundState,
    RefundStatus,
)
from shared.domain.statements import CalendarEvent, LedgerEntry, LedgerKind
from shared.domain.time import Interval

K, S = DifferenceKind, PaymentStatus
NOW = datetime(2026, 11, 23, 13, tzinfo=UTC)
BEFORE = NOW - timedelta(hours=6)
JUST_NOW = NOW - timedelta(minutes=14)
START = NOW + timedelta(days=3)
SPAN = Interval(NOW, NOW + timedelta(days=180))
HOUR = timedelta(hours=1)


def cad(value: str) -> Money:
    return Money.of(value, "CAD")


def payment_id(number: int) -> str:
    return f"{number:032x}"


@dataclass
class Facts:
    """What each side says, to be changed at will."""

    payments: dict[str, Payment] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    packages: dict[str, SoldPackage] = field(default_factory=dict)
    orders: dict[str, OrderState | None] = field(default_factory=dict)
    ledger: list[LedgerEntry] = field(default_factory=list)
    events: list[CalendarEvent] = field(default_factory=list)

    def found(self, now: datetime = NOW) -> list[Difference]:
        books = Books(self.payments, self.sessions, self.packages)
        paypal = PayPalSays(self.orders, self.ledger)
        return differences(books, paypal, CalendarSays(SPAN, self.events), now)

    def told(self) -> list[tuple[DifferenceKind, str]]:
        return [(each.kind, each.subject_id) for each in self.found()]

    def pay(self, number: int = 1, **changes: Any) -> str:
        """A payment that PayPal has taken, in every book."""
        own = payment_id(number)
        fields: dict[str, Any] = {
            "client_id": "alex",
            "service": "single",
            "amount": cad("150.00"),
            "status": S.CAPTURED,
            "created_at": BEFORE,
            "updated_at": BEFORE,
            "order_id": f"ORDER{number}",
            "capture_id": f"CAPTURE{number}",
        }
        self.payments[own] = Payment(id=own, **(fields | changes))
        amount = self.payments[own].amount
        self.orders[own] = order(number, amount, CaptureStatus.COMPLETED)
        self.ledger.append(
            LedgerEntry(id=f"CAPTURE{number}", kind=LedgerKind.CAPTURE, amount=amount, custom_id=own)
        )
        return own

    def session(self, number: int = 1, **changes: Any) -> str:
        own = payment_id(number)
        start = START + timedelta(hours=2 * number)
        fields: dict[str, Any] = {
            "status": AppointmentStatus.CONFIRMED,
            "time": Interval(start, start + HOUR),
            "calendar_status": CalendarStatus.WRITTEN,
            "updated_at": BEFORE,
        }
        self.sessions[own] = Session(id=own, **(fields | changes))
        self.events.append(CalendarEvent(session_id=own, time=self.sessions[own].time))
        return own

    def paid_session(self, number: int = 1) -> str:
        self.session(number, payment_id=payment_id(number))
        return self.pay(number)

    def package(self, number: int = 1, status: PackageStatus = PackageStatus.ACTIVE) -> str:
        own = self.pay(number, service="package", amount=cad("500.00"))
        self.packages[own] = SoldPackage(id=own, status=status, updated_at=BEFORE)
        return own

    def change(self, own: str, **changes: Any) -> None:
        self.payments[own] = replace(self.payments[own], **changes)

    def change_session(self, own: str, **changes: Any) -> None:
        self.sessions[own] = replace(self.sessions[own], **changes)

    def end(self, own: str, status: AppointmentStatus = AppointmentStatus.CANCELLED) -> None:
        """Its session ended, and the calendar knows."""
        self.change_session(own, status=status)
        self.events = [event for event in self.events if event.session_id != own]

    def give_back(self, own: str, value: str, status: RefundStatus = RefundStatus.COMPLETED) -> None:
        """PayPal gives it back, and its order and ledger say so."""
        known = self.orders[own]
        assert known is not None
        refund = RefundState(id=f"REFUND{len(known.refunds)}", status=status, amount=cad(value))
        [capture] = known.captures
        whole = cad(value) == capture.amount and status is RefundStatus.COMPLETED
        after = CaptureStatus.REFUNDED if whole else CaptureStatus.PARTIALLY_REFUNDED
        self.orders[own] = replace(
            known, captures=(replace(capture, status=after),), refunds=(*known.refunds, refund)
        )
        if status is RefundStatus.COMPLETED:
            self.ledger.append(
                LedgerEntry(id=refund.id, kind=LedgerKind.REFUND, amount=cad(value), capture_id=capture.id)
            )

    def take_again(self, own: str) -> str:
        entry = LedgerEntry(id="AGAIN", kind=LedgerKind.CAPTURE, amount=cad("150.00"), custom_id=own)
        self.ledger.append(entry)
        return entry.id

    def without_money(self, own: str, status: OrderStatus = OrderStatus.CREATED) -> None:
        known = self.orders[own]
        assert known is not None
        self.orders[own] = replace(known, status=status, captures=())
        self.ledger = [entry for entry in self.ledger if entry.custom_id != own]


def order(number: int, amount: Money, status: CaptureStatus) -> OrderState:
    own = payment_id(number)
    capture = CaptureState(id=f"CAPTURE{number}", status=status, amount=amount, custom_id=own)
    return OrderState(
        id=f"ORDER{number}",
        status=OrderStatus.COMPLETED,
        amount=amount,
        custom_id=own,
        captures=(capture,),
    )


@pytest.fixture
def facts() -> Facts:
    return Facts()


# Books that agree


def cancelled_with_a_fee(facts: Facts) -> None:
    own = facts.paid_session()
    facts.end(own)
    facts.give_back(own, "75.00")
    facts.change(
        own, status=S.PARTIALLY_REFUNDED, refunded=Decimal("75.00"), fee=Decimal("75.00"), refunds_made=1
    )


def followed_refund_of_a_standing_session(facts: Facts) -> None:
    own = facts.paid_session()
    facts.give_back(own, "150.00")
    facts.change(own, status=S.REFUNDED, refunded=Decimal("150.00"))


def refunded_package(facts: Facts) -> None:
    own = facts.package(status=PackageStatus.REFUNDED)
    facts.give_back(own, "166.67")
    facts.change(own, status=S.PARTIALLY_REFUNDED, refunded=Decimal("166.67"))


def never_paid(facts: Facts) -> None:
    own = facts.pay(status=S.EXPIRED, capture_id=None)
    facts.without_money(own)
    facts.session(status=AppointmentStatus.EXPIRED, calendar_status=CalendarStatus.OWED)
    facts.events.clear()


def order_that_paypal_forgot(facts: Facts) -> None:
    never_paid(facts)
    facts.orders = dict.fromkeys(facts.orders)


def pending(facts: Facts) -> None:
    own = facts.paid_session()
    facts.change(own, status=S.PENDING)
    facts.without_money(own)
    facts.orders[own] = order(1, cad("150.00"), CaptureStatus.PENDING)
    facts.end(own, AppointmentStatus.HELD)


def money_of_another_business(facts: Facts) -> None:
    for custom_id in (None, "shop-order-17", "WooCommerce {1}"):
        facts.ledger.append(
            LedgerEntry(id="OTHER", kind=LedgerKind.CAPTURE, amount=cad("9.00"), custom_id=custom_id)
        )
    facts.ledger.append(
        LedgerEntry(id="OTHER-BACK", kind=LedgerKind.REFUND, amount=cad("9.00"), capture_id="OTHER")
    )


def second_capture_given_back(facts: Facts) -> None:
    again = facts.take_again(facts.paid_session())
    facts.ledger.append(
        LedgerEntry(id="AGAIN-BACK", kind=LedgerKind.REFUND, amount=cad("150.00"), capture_id=again)
    )


def a_person_has_it(facts: Facts) -> None:
    own = facts.paid_session()
    facts.change(own, status=S.NEEDS_REVIEW)
    facts.end(own, AppointmentStatus.EXPIRED)


def a_refund_that_failed(facts: Facts) -> None:
    own = facts.paid_session()
    facts.change(own, status=S.REFUND_FAILED, refund_due=Decimal("150.00"))
    facts.end(own)


def past_session_without_an_event(facts: Facts) -> None:
    facts.session(time=Interval(NOW - HOUR, NOW), status=AppointmentStatus.CONFIRMED)
    facts.events.clear()


def event_on_its_way(facts: Facts) -> None:
    facts.session(calendar_status=CalendarStatus.OWED)
    facts.events.clear()


def refund_on_its_way(facts: Facts) -> None:
    own = facts.paid_session()
    facts.end(own)
    facts.give_back(own, "150.00", RefundStatus.PENDING)
    facts.change(own, status=S.REFUNDING, refund_due=Decimal("150.00"))


def capture_the_sweeper_is_at(facts: Facts) -> None:
    own = facts.paid_session()
    facts.change(own, status=S.CAPTURING)
    facts.end(own, AppointmentStatus.HELD)


def late_money_on_its_way_back_by_hand(facts: Facts) -> None:
    own = facts.paid_session()
    facts.change(own, status=S.EXPIRED)
    facts.end(own, AppointmentStatus.EXPIRED)
    facts.give_back(own, "150.00", RefundStatus.PENDING)


def fee_kept_and_second_capture_given_back(facts: Facts) -> None:
    cancelled_with_a_fee(facts)
    again = facts.take_again(payment_id(1))
    facts.ledger.append(
        LedgerEntry(id="AGAIN-BACK", kind=LedgerKind.REFUND, amount=cad("150.00"), capture_id=again)
    )


def refunded_order_that_paypal_forgot(facts: Facts) -> None:
    followed_refund_of_a_standing_session(facts)
    facts.orders[payment_id(1)] = None


def cancelled_without_its_payment(facts: Facts) -> None:
    facts.end(facts.session(payment_id=payment_id(1)))


AGREEING: list[Callable[[Facts], Any]] = [
    Facts.paid_session,
    Facts.package,
    Facts.session,
    cancelled_with_a_fee,
    followed_refund_of_a_standing_session,
    refunded_package,
    never_paid,
    order_that_paypal_forgot,
    pending,
    money_of_another_business,
    second_capture_given_back,
    a_person_has_it,
    a_refund_that_failed,
    past_session_without_an_event,
    event_on_its_way,
    refund_on_its_way,
    capture_the_sweeper_is_at,
    late_money_on_its_way_back_by_hand,
    fee_kept_and_second_capture_given_back,
    refunded_order_that_paypal_forgot,
    cancelled_without_its_payment,
]


@pytest.mark.parametrize("tell", AGREEING, ids=lambda tell: tell.__name__)
def test_where_all_agree_nothing_is_told(facts: Facts, tell: Callable[[Facts], Any]) -> None:
    tell(facts)
    assert facts.found() == []


# Differences


def lost_booking(facts: Facts) -> None:
    """A crash after the capture, and nobody took the time again: the payment never heard."""
    own = facts.paid_session()
    facts.change(own, status=S.EXPIRED, capture_id=None)
    facts.end(own, AppointmentStatus.EXPIRED)


def lost_package(facts: Facts) -> None:
    facts.package(status=PackageStatus.LAPSED)


def cancelled_and_kept(facts: Facts) -> None:
    facts.end(facts.paid_session())


def half_given_back(facts: Facts) -> None:
    cancelled_with_a_fee(facts)
    facts.change(payment_id(1), fee=Decimal("0.00"))


def paid_for_nothing(facts: Facts) -> None:
    facts.pay()


def not_captured(facts: Facts) -> None:
    facts.without_money(facts.paid_session())


def pending_but_confirmed(facts: Facts) -> None:
    not_captured(facts)
    facts.orders[payment_id(1)] = order(1, cad("150.00"), CaptureStatus.PENDING)


def unknown_to_paypal(facts: Facts) -> None:
    not_captured(facts)
    facts.orders[payment_id(1)] = None


def paid_in_the_books_alone(facts: Facts) -> None:
    facts.end(facts.paid_session())
    facts.without_money(payment_id(1))


def payment_gone(facts: Facts) -> None:
    facts.session(payment_id=payment_id(1))


def captured_twice(facts: Facts) -> None:
    facts.take_again(facts.paid_session())


def another_amount(facts: Facts) -> None:
    own = facts.paid_session()
    facts.orders[own] = order(1, cad("1.50"), CaptureStatus.COMPLETED)


def another_currency(facts: Facts) -> None:
    own = facts.paid_session()
    usd = Money.of("150.00", "USD")
    back = RefundState(id="BACK", status=RefundStatus.COMPLETED, amount=usd)
    facts.orders[own] = replace(order(1, usd, CaptureStatus.COMPLETED), refunds=(back,))


def refunded_in_the_dashboard(facts: Facts) -> None:
    facts.give_back(facts.paid_session(), "150.00")


def refunded_in_part_in_the_dashboard(facts: Facts) -> None:
    facts.give_back(facts.paid_session(), "50.00")


def rest_refunded_in_the_dashboard_after_a_cancellation(facts: Facts) -> None:
    own = facts.paid_session()
    facts.end(own)
    facts.give_back(own, "150.00")
    facts.change(
        own, status=S.PARTIALLY_REFUNDED, refunded=Decimal("75.00"), fee=Decimal("75.00"), refunds_made=1
    )


def refunded_in_the_ledger_alone(facts: Facts) -> None:
    facts.paid_session()
    facts.ledger.append(
        LedgerEntry(id="BACK", kind=LedgerKind.REFUND, amount=cad("150.00"), capture_id="CAPTURE1")
    )


def refund_that_paypal_never_made(facts: Facts) -> None:
    own = facts.paid_session()
    facts.end(own)
    facts.change(own, status=S.REFUNDED, refunded=Decimal("150.00"), fee=Decimal("150.00"))


def foreign_money(facts: Facts) -> None:
    facts.ledger.append(
        LedgerEntry(id="CAPTURE9", kind=LedgerKind.CAPTURE, amount=cad("150.00"), custom_id=payment_id(1))
    )


def capturing_for_days(facts: Facts) -> None:
    own = facts.paid_session()
    facts.change(own, status=S.CAPTURING, created_at=NOW - timedelta(hours=25), updated_at=NOW)
    facts.end(own, AppointmentStatus.HELD)


def refunding_for_days(facts: Facts) -> None:
    own = facts.paid_session()
    facts.end(own)
    facts.change_session(own, updated_at=NOW - timedelta(hours=25))
    facts.change(own, status=S.REFUNDING, refund_due=Decimal("150.00"), updated_at=NOW)


def no_event(facts: Facts) -> None:
    facts.session()
    facts.events.clear()


def event_that_failed(facts: Facts) -> None:
    facts.session(calendar_status=CalendarStatus.FAILED)
    facts.events.clear()


def event_moved(facts: Facts) -> None:
    facts.session()
    facts.events = [replace(facts.events[0], time=Interval(START + 9 * HOUR, START + 10 * HOUR))]


def event_made_longer(facts: Facts) -> None:
    facts.session()
    time = facts.events[0].time
    facts.events = [replace(facts.events[0], time=Interval(time.start, time.end + HOUR))]


def event_of_a_cancelled_session(facts: Facts) -> None:
    facts.session(status=AppointmentStatus.CANCELLED)


def event_of_no_session(facts: Facts) -> None:
    facts.events.append(CalendarEvent(session_id=payment_id(1), time=Interval(START, START + HOUR)))


OUR = AttentionKind.DIFFERENCE
DIFFERENT: list[tuple[Callable[[Facts], Any], DifferenceKind, AttentionKind]] = [
    (lost_booking, K.CAPTURED_NOT_CONFIRMED, OUR),
    (lost_package, K.CAPTURED_NOT_CONFIRMED, OUR),
    (cancelled_and_kept, K.CAPTURED_NOT_CONFIRMED, OUR),
    (half_given_back, K.CAPTURED_NOT_CONFIRMED, OUR),
    (paid_for_nothing, K.CAPTURED_NOT_CONFIRMED, OUR),
    (not_captured, K.CONFIRMED_NOT_CAPTURED, OUR),
    (pending_but_confirmed, K.CONFIRMED_NOT_CAPTURED, OUR),
    (unknown_to_paypal, K.CONFIRMED_NOT_CAPTURED, OUR),
    (paid_in_the_books_alone, K.CONFIRMED_NOT_CAPTURED, OUR),
    (payment_gone, K.CONFIRMED_NOT_CAPTURED, OUR),
    (captured_twice, K.CAPTURED_TWICE, OUR),
    (another_amount, K.AMOUNT_DIFFERS, OUR),
    (another_currency, K.AMOUNT_DIFFERS, OUR),
    (refunded_in_the_dashboard, K.REFUNDS_DIFFER, AttentionKind.REFUNDED_BUT_BOOKED),
    (refunded_in_part_in_the_dashboard, K.REFUNDS_DIFFER, OUR),
    (rest_refunded_in_the_dashboard_after_a_cancellation, K.REFUNDS_DIFFER, OUR),
    (refunded_in_the_ledger_alone, K.REFUNDS_DIFFER, AttentionKind.REFUNDED_BUT_BOOKED),
    (refund_that_paypal_never_made, K.REFUNDS_DIFFER, OUR),
    (capturing_for_days, K.PAYMENT_STUCK, OUR),
    (refunding_for_days, K.PAYMENT_STUCK, OUR),
    (no_event, K.EVENT_MISSING, OUR),
    (event_that_failed, K.EVENT_MISSING, OUR),
    (event_moved, K.EVENT_MOVED, OUR),
    (event_made_longer, K.EVENT_MOVED, OUR),
    (event_of_a_cancelled_session, K.EVENT_LEFT_OVER, OUR),
    (event_of_no_session, K.EVENT_LEFT_OVER, OUR),
]
TELLERS = [tell for tell, _, _ in DIFFERENT]


def test_every_kind_of_difference_is_tried() -> None:
    assert {kind for _, kind, _ in DIFFERENT} | {K.UNKNOWN_MONEY} == set(K)


@pytest.mark.parametrize(
    ("tell", "kind", "attention"), DIFFERENT, ids=lambda it: getattr(it, "__name__", None)
)
def test_a_difference_is_told_once_by_its_own_name(
    facts: Facts, tell: Callable[[Facts], Any], kind: DifferenceKind, attention: AttentionKind
) -> None:
    tell(facts)
    [found] = facts.found()
    assert (found.kind, found.subject_id, found.attention) == (kind, payment_id(1), attention)


def test_money_that_bears_our_mark_and_is_no_payment_of_ours_is_told_by_paypals_id(facts: Facts) -> None:
    foreign_money(facts)
    back = LedgerEntry(
        id="BACK",
        kind=LedgerKind.REFUND,
        amount=cad("150.00"),
        capture_id="CAPTURE9",
        custom_id=payment_id(1),
    )
    facts.ledger.append(back)
    [found] = facts.found()
    assert (found.kind, found.subject_id) == (K.UNKNOWN_MONEY, "CAPTURE9")
    assert found.attention is AttentionKind.UNKNOWN_PAYMENT


@pytest.mark.parametrize("tell", TELLERS, ids=lambda tell: tell.__name__)
def test_no_detail_tells_whose_it_is(facts: Facts, tell: Callable[[Facts], Any]) -> None:
    tell(facts)
    assert all("alex" not in each.detail for each in facts.found())


@pytest.mark.parametrize(
    "tell", [lost_booking, not_captured, refunded_in_the_dashboard, no_event, payment_gone]
)
def test_a_session_that_moved_a_moment_ago_is_left_for_the_next_time(
    facts: Facts, tell: Callable[[Facts], Any]
) -> None:
    tell(facts)
    facts.change_session(payment_id(1), updated_at=JUST_NOW)
    assert facts.found() == []
    assert len(facts.found(NOW + timedelta(minutes=2))) == 1


@pytest.mark.parametrize("tell", [lost_booking, not_captured, refunded_in_the_dashboard, lost_package])
def test_a_payment_that_moved_a_moment_ago_is_left_for_the_next_time(
    facts: Facts, tell: Callable[[Facts], Any]
) -> None:
    tell(facts)
    facts.change(payment_id(1), updated_at=JUST_NOW)
    assert facts.found() == []
    assert len(facts.found(NOW + timedelta(minutes=2))) == 1


def test_payments_are_asked_about_that_moved_or_that_the_ledger_names(facts: Facts) -> None:
    since = NOW - timedelta(days=7)
    old = since - timedelta(days=30)
    for number in range(1, 6):
        facts.pay(number, updated_at=old)
    facts.ledger.clear()
    facts.change(payment_id(1), updated_at=since)
    facts.change(payment_id(5), updated_at=NOW, order_id=None)
    ledger = [
        LedgerEntry(id="X", kind=LedgerKind.CAPTURE, amount=cad("1.00"), custom_id=payment_id(2)),
        LedgerEntry(id="Y", kind=LedgerKind.REFUND, amount=cad("1.00"), capture_id="CAPTURE3"),
    ]
    books = Books(facts.payments, {}, {})
    assert [each.id for each in to_ask_about(books, ledger, since)] == [payment_id(n) for n in (1, 2, 3)]


# Whatever else there is


@given(
    st.lists(st.sampled_from(["session", "package", "free"]), max_size=8),
    st.sampled_from(DIFFERENT),
    st.randoms(use_true_random=False),
)
def test_among_any_books_that_agree_one_difference_is_found_and_nothing_else(
    others: list[str], case: tuple[Callable[[Facts], Any], DifferenceKind, AttentionKind], random: Any
) -> None:
    tell, kind, _ = case
    facts = Facts()
    tell(facts)
    for number, other in enumerate(others, 2):
        add = {"session": facts.paid_session, "package": facts.package, "free": facts.session}[other]
        add(number)
    random.shuffle(facts.ledger)
    random.shuffle(facts.events)
    for name in ("payments", "sessions", "orders"):
        shuffled = list(getattr(facts, name).items())
        random.shuffle(shuffled)
        setattr(facts, name, dict(shuffled))
    assert facts.told() == [(kind, payment_id(1))]
