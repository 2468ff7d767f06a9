"""One contract for cancelled and moved bookings, on the in-memory fake and on the real engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local import engine
from shared.adapters.dynamodb.attention import DynamoAttention
from shared.adapters.dynamodb.changes import DynamoChanges
from shared.adapters.dynamodb.packages import DynamoPackages
from shared.adapters.dynamodb.payments import DynamoPayments
from shared.adapters.dynamodb.table import Table
from shared.domain import changes as steps
from shared.domain import checkout
from shared.domain.appointment import Actor, AppointmentStatus
from shared.domain.changes import Case
from shared.domain.checkout import Corrections
from shared.domain.effects import owed_for_booking
from shared.domain.errors import IdempotencyKeyReused, SlotTaken
from shared.domain.payment import PaymentStatus
from shared.domain.policy import Action
from shared.domain.schedule import DEFAULT_SCHEDULE, LONGEST_BUFFER_MINUTES, Schedule
from shared.domain.service import LONGEST_SESSION_MINUTES
from shared.domain.time import Interval
from shared.usecases.ports import AlreadyBooked, Booked, BookingMoved, DiaryChanged, PaymentMoved, Request
from tests import invariants
from tests.builders import NOW, START, appointment
from tests.contract.test_payments import bundle, capture_of, session
from tests.contract.test_store import DynamoStore
from tests.fakes import FakeStore

SPAN = Interval(START - timedelta(days=9), START + timedelta(days=20))
HOUR = timedelta(hours=1)
A_WEEK_ON = START + timedelta(days=7)


class DynamoEverything(DynamoStore, DynamoPayments, DynamoPackages, DynamoChanges, DynamoAttention):
    """All ports of the contract on one table."""

    saved_methods = True


Store = DynamoEverything | FakeStore


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "fake":
        fake = FakeStore()
        fake.saved_methods = True
        fake.seed()
        yield fake
        return
    endpoint, name = request.getfixturevalue("dynamodb"), request.getfixturevalue("table_name")
    dynamo = DynamoEverything(Table(engine.client("dynamodb", endpoint), name))
    dynamo.seed()
    yield dynamo
    invariants.check(endpoint, name)


@pytest.fixture
def free(store: Store) -> Case:
    booked = appointment()
    store.book_free(booked, "asked", store.diary(SPAN), owed_for_booking(booked, NOW))
    return read(store, booked.id)


@pytest.fixture
def paid(store: Store) -> Case:
    return read(store, buy(store, session()).payment.id)


@pytest.fixture
def from_package(store: Store) -> Case:
    package = buy(store, bundle(order="PACKAGE"))
    booked = appointment(
        service="package", duration_minutes=60, promo_code=None, package_id=package.payment.id
    )
    store.book_from_package(booked, "asked", store.diary(SPAN), owed_for_booking(booked, NOW))
    return read(store, booked.id)


def buy(store: Store, ordered: Any, method: str | None = None) -> Any:
    store.hold(ordered, store.diary(SPAN))
    begun = checkout.begin_capture(ordered, NOW, Corrections())
    store.change(ordered, begun, actor="alex")
    capture = capture_of(ordered, f"CAPTURE-{ordered.payment.order_id}")
    done = checkout.confirm(begun.after, capture, NOW, Corrections(), answered=True, saved_method=method)
    store.change(begun.after, done, actor="alex")
    return done.after


def read(store: Store, appointment_id: str) -> Case:
    case = store.case(appointment_id).case
    assert case is not None
    return case


def cancel(store: Store, case: Case, **more: Any) -> Case:
    cost = steps.quoted(case, Action.CANCEL, Actor.CLIENT, NOW)
    store.change_booking(case, steps.cancel(case, cost, Actor.CLIENT, NOW, "ill"), actor="alex", **more)
    return read(store, case.appointment.id)


def move(store: Store, case: Case, to: Any, **more: Any) -> Case:
    change = steps.move(case, to, DEFAULT_SCHEDULE, Actor.CLIENT, NOW)
    relied_on = more.pop("relied_on", None) or store.diary(SPAN)
    store.change_booking(case, change, actor="alex", relied_on=relied_on, **more)
    return read(store, case.appointment.id)


def claimed(store: Store) -> list[Interval]:
    return sorted(claim.interval for claim in store.diary(SPAN).claims)


def book(store: Store, later: int, client: str = "blake", **changes: Any) -> None:
    other = appointment(client, later, **changes)
    store.book_free(other, "asked", store.diary(SPAN), owed_for_booking(other, NOW))


def test_a_case_has_what_it_was_paid_with(store: Store, free: Case) -> None:
    assert (free.paid_with, free.price, free.currency) == ("promo_code", 0, None)
    assert store.case("f" * 32).case is None


def test_a_paid_case_has_its_price(paid: Case) -> None:
    assert (paid.paid_with, str(paid.price), paid.currency) == ("payment", "150.00", "USD")


def test_a_packages_case_has_its_share(from_package: Case) -> None:
    assert (from_package.paid_with, round(from_package.price, 4)) == ("package", 50)


def test_cancelling_frees_the_time_and_gives_the_code_back(store: Store, free: Case) -> None:
    cancelled = cancel(store, free).appointment
    assert (cancelled.status, cancelled.sequence) == (AppointmentStatus.CANCELLED, 1)
    assert (cancelled.cancelled_by, cancelled.cancel_reason) == (Actor.CLIENT, "ill")
    assert cancelled.credit_returned is True
    diary = store.diary(SPAN)
    assert (diary.claims, diary.freed) == ((), (free.appointment.session,))
    reading = store.promo("WIMD25", "alex", NOW)
    assert reading.promo is not None
    assert (reading.promo.used, reading.used_by_client) == (0, False)
    book(store, 0, "alex")
    (listed, shown) = store.appointments_of("alex", NOW, None, 10).items
    assert {listed.appointment.status, shown.appointment.status} == {"confirmed", "cancelled"}


def test_once_its_event_is_gone_a_time_that_was_left_is_like_any_other(store: Store, free: Case) -> None:
    moved = move(store, free, START + 9 * HOUR)
    assert finish_calendar(store, moved.appointment.id, 0) == (free.appointment.session,)
    assert finish_calendar(store, moved.appointment.id, 1) == ()
    cancel(store, moved)
    assert finish_calendar(store, moved.appointment.id, 2) == ()


def finish_calendar(store: Store, appointment_id: str, sequence: int) -> tuple[Interval, ...]:
    """The times that are left afterwards."""
    effect = store.lease_effect(appointment_id, f"calendar_event-{sequence}", NOW)
    assert effect is not None
    store.finish_effect(effect, NOW, None)
    return store.diary(SPAN).freed


def test_what_a_correction_owes_is_in_no_changes_way(store: Store) -> None:
    """The one is numbered by the payment's version, the others by the booking's sequence."""
    bought = buy(store, session())
    corrected = checkout.answer(bought, NOW, Corrections(phone="+14165550199"))
    store.change(bought, corrected, actor="alex")
    case = read(store, bought.payment.id)
    for number in range(corrected.after.payment.version):
        case = move(store, case, START + (number % 2 + 1) * 2 * HOUR)
    cancel(store, case)


def test_cancelling_a_paid_session_owes_the_refund_at_once(store: Store, paid: Case) -> None:
    after = cancel(store, paid)
    assert after.payment is not None
    assert after.payment.status is PaymentStatus.REFUND_DUE
    assert str(after.payment.refund_due) == "75.00"
    assert str(after.payment.fee) == "75.00"
    owed = {effect for _, effect in store.due_effects(NOW)}
    assert {"calendar_event-1", "client_cancelled_mail-1", "coach_cancelled_mail-1"} < owed
    assert any(effect.startswith("refund-") for effect in owed)


def test_cancelling_a_packages_session_in_time_returns_it(store: Store, from_package: Case) -> None:
    early = replace(from_package.appointment, start=START + timedelta(days=9))
    moved = move(store, from_package, early.start)
    assert moved.package is not None
    assert moved.package.sessions_used == 1
    unmoved = replace(moved, appointment=replace(moved.appointment, reschedules_used=0))
    cost = steps.quoted(unmoved, Action.CANCEL, Actor.CLIENT, NOW)
    store.change_booking(moved, steps.cancel(unmoved, cost, Actor.CLIENT, NOW, None), actor="alex")
    package = read(store, moved.appointment.id).package
    assert package is not None
    assert package.sessions_used == 0


def test_what_was_cancelled_or_moved_meanwhile_is_not_changed_again(store: Store, paid: Case) -> None:
    move(store, paid, START + 2 * HOUR)
    with pytest.raises(BookingMoved):
        cancel(store, paid)
    with pytest.raises(BookingMoved):
        move(store, paid, START + 3 * HOUR)
    cancel(store, read(store, paid.appointment.id))
    with pytest.raises(BookingMoved):
        cancel(store, paid)


@pytest.mark.parametrize("minutes", [-90, -30, 5, 30, 60, 7 * 24 * 60, 5 * 24 * 60])
def test_a_move_changes_just_what_differs(store: Store, paid: Case, minutes: int) -> None:
    to = START + timedelta(minutes=minutes)
    moved = move(store, paid, to).appointment
    assert (moved.start, moved.sequence, moved.reschedules_used) == (to, 1, 1)
    assert claimed(store) == [Interval(to, to + HOUR)]
    assert store.diary(SPAN).freed == (paid.appointment.session,)
    with pytest.raises(SlotTaken):
        book(store, minutes + 30)


def test_the_old_time_can_be_booked_at_once_and_the_loser_of_a_race_keeps_it(
    store: Store, paid: Case
) -> None:
    book(store, 120)
    with pytest.raises(SlotTaken):
        move(store, paid, START + 2 * HOUR)
    assert read(store, paid.appointment.id) == paid
    move(store, paid, START + 4 * HOUR)
    book(store, 0, "casey")


def test_a_move_relies_on_the_settings_it_was_decided_under(store: Store, paid: Case) -> None:
    relied_on = store.diary(SPAN)
    store.change_settings(store.settings())
    with pytest.raises(DiaryChanged):
        move(store, paid, A_WEEK_ON, relied_on=relied_on)
    assert read(store, paid.appointment.id) == paid


@pytest.mark.parametrize("to", [START + 2 * HOUR, A_WEEK_ON], ids=["same week", "another week"])
def test_under_a_daily_limit_a_move_relies_on_the_weeks_it_read(store: Store, paid: Case, to: Any) -> None:
    limited = replace(store.settings().schedule, daily_limit=5)
    store.change_settings(replace(store.settings(), schedule=limited))
    relied_on = store.diary(SPAN)
    book(store, int((to - START).total_seconds()) // 60 + 90)
    with pytest.raises(DiaryChanged):
        move(store, paid, to, relied_on=relied_on)
    move(store, paid, to)


def test_a_key_is_used_for_one_change(store: Store, free: Case, paid_elsewhere: Case) -> None:
    request = Request("e" * 32, "cancel", Booked(free.appointment))
    cancel(store, free, request=request)
    reading = store.case(free.appointment.id, request.id)
    assert (reading.earlier_request, reading.earlier_answer) == ("cancel", request.answer)
    with pytest.raises(IdempotencyKeyReused):
        cancel(store, paid_elsewhere, request=Request("e" * 32, "another"))


def test_what_a_change_was_answered_is_kept_with_its_payment(store: Store, paid: Case) -> None:
    cancelled, first = Request("e" * 32, "cancel", Booked(paid.appointment, paid.payment)), paid.payment
    cancel(store, paid, request=cancelled)
    reading = store.case(paid.appointment.id, cancelled.id)
    assert reading.earlier_answer == cancelled.answer == Booked(paid.appointment, first)
    assert reading.case is not None
    assert reading.case.payment != first
    assert store.case(paid.appointment.id).earlier_answer is None


@pytest.fixture
def paid_elsewhere(store: Store) -> Case:
    return read(store, buy(store, session("alex", 240, order="ELSEWHERE")).payment.id)


WIDEST = replace(
    DEFAULT_SCHEDULE,
    buffer_before_minutes=LONGEST_BUFFER_MINUTES,
    buffer_after_minutes=LONGEST_BUFFER_MINUTES,
    daily_limit=9,
)
A_MONDAY = START + timedelta(days=6)
"""Under a daily limit it touches the week before, too."""


@pytest.fixture
def longest(store: Store) -> Case:
    """The longest session under the longest buffers, paid for, a daily limit in force."""
    store.change_settings(replace(store.settings(), schedule=WIDEST))
    ordered = session()
    assert ordered.booking is not None
    widest = replace(
        ordered.booking,
        duration_minutes=LONGEST_SESSION_MINUTES,
        buffer_before_minutes=LONGEST_BUFFER_MINUTES,
        buffer_after_minutes=LONGEST_BUFFER_MINUTES,
    )
    return read(store, buy(store, replace(ordered, booking=widest)).payment.id)


@pytest.mark.parametrize("later", [HOUR, 3 * HOUR, A_MONDAY - START])
def test_the_longest_session_there_can_be_moves_in_one_transaction(
    store: Store, longest: Case, later: timedelta
) -> None:
    change = steps.move(longest, START + later, WIDEST, Actor.CLIENT, NOW)
    request = Request("e" * 32, "move")
    relied_on = store.diary(SPAN)
    store.change_booking(longest, change, actor="alex", relied_on=relied_on, request=request)
    assert claimed(store) == [change.after.claim]


def test_the_longest_session_there_can_be_is_cancelled_in_one_transaction(
    store: Store, longest: Case
) -> None:
    cancel(store, longest, request=Request("e" * 32, "cancel"))
    assert claimed(store) == []


# A fee


@pytest.fixture
def ask_fee(store: Store) -> Callable[..., Any]:
    def ask_fee(case: Case, to: Any, schedule: Schedule = DEFAULT_SCHEDULE) -> Any:
        hold = steps.hold_for(case, to, schedule, "f" * 32, NOW)
        open_fee = session("alex", order="FEE").payment
        fee = checkout.Checkout(replace(open_fee, id=hold.id), hold, None, "fee")
        store.hold(fee, store.diary(SPAN))
        return fee

    return ask_fee


def pay_fee(store: Store, fee: Any, case: Case) -> None:
    begun = checkout.begin_capture(fee, NOW, Corrections())
    store.change(fee, begun, actor="alex")
    paid = checkout.take_fee(begun.after, capture_of(fee, "FEE-CAPTURE"), NOW, answered=True)
    change = steps.move_to(case, fee.booking, NOW, fee.payment.amount.amount)
    store.move_paid(begun.after, paid, case, change, actor="alex")


@pytest.mark.parametrize("minutes", [30, -30, 180, 7 * 24 * 60])
def test_a_fee_holds_the_new_time_and_moves_the_session_when_it_is_paid(
    store: Store, paid: Case, ask_fee: Any, minutes: int
) -> None:
    to = START + timedelta(minutes=minutes)
    fee = ask_fee(paid, to)
    with pytest.raises(SlotTaken):
        book(store, minutes + (30 if minutes > 0 else 0))
    assert read(store, paid.appointment.id) == paid
    assert [each.appointment.id for each in store.appointments_of("alex", NOW, None, 9).items] == [
        paid.appointment.id
    ]
    pay_fee(store, fee, paid)
    moved = read(store, paid.appointment.id)
    assert moved.appointment.start == to
    assert moved.payment is not None
    assert str(moved.payment.fee) == "150.00"
    assert claimed(store) == [Interval(to, to + HOUR)]
    done = store.checkout(fee.payment.id)
    assert done is not None
    assert done.stands


@pytest.mark.parametrize("later", [HOUR, 3 * HOUR, A_MONDAY - START])
def test_the_longest_session_there_can_be_moves_in_one_transaction_with_its_fee(
    store: Store, longest: Case, ask_fee: Any, later: timedelta
) -> None:
    fee = ask_fee(longest, START + later, WIDEST)
    pay_fee(store, fee, longest)
    assert claimed(store) == [fee.booking.claim]


def test_a_fee_hold_that_ends_leaves_the_session_where_it_was(store: Store, paid: Case, ask_fee: Any) -> None:
    fee = ask_fee(paid, START + timedelta(minutes=30))
    store.change(fee, checkout.expire(fee, NOW), actor="system")
    assert claimed(store) == [paid.appointment.session]
    assert read(store, paid.appointment.id) == paid
    book(store, 60)


def test_a_fee_does_not_move_what_was_changed_meanwhile(store: Store, paid: Case, ask_fee: Any) -> None:
    fee = ask_fee(paid, START + 3 * HOUR)
    cancel(store, paid)
    with pytest.raises((BookingMoved, PaymentMoved)):
        pay_fee(store, fee, paid)


# A fee charged to a saved method


@pytest.fixture
def saving(store: Store) -> Case:
    """Paid with a method that was saved."""
    return read(store, buy(store, session(), "method-1").payment.id)


def begin_charge(store: Store, case: Case, to: Any, request: Request | None = None) -> Any:
    cost = steps.quoted(case, Action.RESCHEDULE, Actor.CLIENT, NOW)
    fee = steps.charge_for_move(case, cost, to, DEFAULT_SCHEDULE, "f" * 32, "charge", NOW)
    store.hold(fee, store.diary(SPAN), request=request)
    return fee


def test_a_case_has_the_method_saved_with_its_payment_until_that_is_taken_back(
    store: Store, saving: Case
) -> None:
    assert saving.saved_method == "method-1"
    store.forget_method("method-2", NOW)
    assert read(store, saving.appointment.id) == saving
    store.forget_method("method-1", NOW)
    store.forget_method("method-1", NOW)
    assert read(store, saving.appointment.id) == replace(saving, saved_method=None)


def test_a_method_may_be_saved_later_and_with_a_package(store: Store, from_package: Case) -> None:
    assert from_package.saved_method is None
    bought = store.checkout(from_package.appointment.package_id or "")
    assert bought is not None
    store.change(bought, checkout.save_method(bought, "method-1", NOW), actor="system")
    assert read(store, from_package.appointment.id).saved_method == "method-1"


def test_a_method_taken_back_before_it_was_known_is_not_had(store: Store) -> None:
    store.forget_method("method-1", NOW)
    assert read(store, buy(store, session(), "method-1").payment.id).saved_method is None


def test_a_charge_is_written_with_its_hold_before_paypal_is_asked(store: Store, saving: Case) -> None:
    request = Request("e" * 32, "move")
    fee = begin_charge(store, saving, A_WEEK_ON, request)
    assert store.checkout(fee.payment.id) == fee
    assert (fee.payment.charges, fee.payment.order_id) == ("method-1", None)
    with pytest.raises(SlotTaken):
        book(store, 7 * 24 * 60)
    reading = store.case(saving.appointment.id, request.id)
    assert (reading.earlier_request, reading.earlier_answer) == ("move", None)
    assert store.due_payments(NOW + checkout.CAPTURE_LEASE) == [fee.payment.id]
    with pytest.raises(AlreadyBooked):
        store.hold(fee, store.diary(SPAN), request=request)


def test_a_charge_moves_the_session_and_adopts_its_order(store: Store, saving: Case) -> None:
    fee = begin_charge(store, saving, A_WEEK_ON)
    again = checkout.charge_again(fee, NOW)
    store.change(fee, again, actor="system")
    capture = replace(capture_of(fee, "FEE-CAPTURE"), order_id="FEE-ORDER")
    paid = checkout.take_fee(again.after, capture, NOW, answered=True)
    change = steps.move_to(saving, fee.booking, NOW, fee.payment.amount.amount)
    store.move_paid(again.after, paid, saving, change, actor="alex")
    assert read(store, saving.appointment.id).appointment.start == A_WEEK_ON
    assert store.order("FEE-ORDER").payment_id == fee.payment.id
    assert store.payment_of_capture("FEE-CAPTURE") == fee.payment.id
    done = store.checkout(fee.payment.id)
    assert done is not None
    assert (done.payment.order_id, done.payment.status) == ("FEE-ORDER", PaymentStatus.CAPTURED)


def test_a_charge_does_not_adopt_an_order_that_is_anothers(store: Store, saving: Case) -> None:
    fee = begin_charge(store, saving, A_WEEK_ON)
    capture = replace(capture_of(fee, "FEE-CAPTURE"), order_id=saving.payment and saving.payment.order_id)
    paid = checkout.take_fee(fee, capture, NOW, answered=True)
    change = steps.move_to(saving, fee.booking, NOW, fee.payment.amount.amount)
    with pytest.raises(PaymentMoved):
        store.move_paid(fee, paid, saving, change, actor="alex")
    assert read(store, saving.appointment.id) == saving


def test_a_charge_that_came_to_nothing_leaves_the_session_where_it_was(store: Store, saving: Case) -> None:
    fee = begin_charge(store, saving, A_WEEK_ON)
    store.change(fee, checkout.end_charge(fee, NOW), actor="system")
    assert read(store, saving.appointment.id) == saving
    assert claimed(store) == [saving.appointment.session]
    book(store, 7 * 24 * 60)


@pytest.mark.parametrize("later", [HOUR, 3 * HOUR, A_MONDAY - START])
def test_the_longest_session_there_can_be_moves_in_one_transaction_with_its_charge(
    store: Store, longest: Case, later: timedelta
) -> None:
    case = replace(longest, saved_method="method-1")
    cost = steps.quoted(case, Action.RESCHEDULE, Actor.CLIENT, NOW)
    fee = steps.charge_for_move(case, cost, START + later, WIDEST, "f" * 32, "charge", NOW)
    store.hold(fee, store.diary(SPAN), request=Request("e" * 32, "move"))
    capture = replace(capture_of(fee, "FEE-CAPTURE"), order_id="FEE-ORDER")
    paid = checkout.take_fee(fee, capture, NOW, answered=True)
    store.move_paid(fee, paid, longest, steps.move_to(longest, fee.booking, NOW, cost.fee), actor="alex")
    assert claimed(store) == [fee.booking.claim]


# A fee for cancelling a package's session


@pytest.fixture
def late(store: Store) -> Case:
    """A session of a package that was bought with a method that was saved."""
    package = buy(store, bundle(order="PACKAGE"), "method-1")
    booked = appointment(
        service="package", duration_minutes=60, promo_code=None, package_id=package.payment.id
    )
    store.book_from_package(booked, "asked", store.diary(SPAN), owed_for_booking(booked, NOW))
    return read(store, booked.id)


def fee_of(store: Store, case: Case) -> Any:
    fee = store.checkout(case.appointment.payment_id or "")
    assert fee is not None
    return fee


def sessions_used(store: Store, case: Case) -> int:
    package = read(store, case.appointment.id).package
    assert package is not None
    return package.sessions_used


def take_fee(store: Store, fee: Any, case: Case, capture: str = "FEE-CAPTURE") -> None:
    captured = replace(capture_of(fee, capture), order_id="FEE-ORDER")
    paid, returned = checkout.take_charge(fee, captured, NOW), steps.return_credit(case, NOW)
    store.return_credit(fee, paid, case, returned, actor="system")


def test_cancelling_owes_the_charge_in_the_same_transaction(store: Store, late: Case) -> None:
    after = cancel(store, late)
    assert claimed(store) == []
    fee = fee_of(store, after)
    assert after.fee == fee.payment
    assert (fee.booking, fee.package, fee.payment.cancels) == (None, None, late.appointment.id)
    assert (str(fee.payment.amount), fee.payment.charges) == ("25.00", "method-1")
    assert (fee.payment.id, "charge-1") in store.due_effects(NOW)
    assert store.due_payments(NOW) == [fee.payment.id]
    assert (sessions_used(store, after), after.appointment.credit_returned) == (1, False)
    booked = store.booked(late.appointment.id)
    assert booked is not None
    assert booked.payment == fee.payment
    (listed,) = store.appointments_of("alex", NOW, None, 9).items
    assert listed.payment == fee.payment


def test_a_cancel_that_loses_owes_no_charge(store: Store, late: Case) -> None:
    move(store, late, START + 3 * HOUR)
    with pytest.raises(BookingMoved):
        cancel(store, late)
    assert store.due_payments(NOW) == []
    moved = cancel(store, read(store, late.appointment.id))
    with pytest.raises(BookingMoved):
        cancel(store, late)
    assert store.due_payments(NOW) == [moved.appointment.payment_id]


def test_the_captured_fee_and_the_session_it_brings_back_are_one(store: Store, late: Case) -> None:
    case = cancel(store, late)
    fee = fee_of(store, case)
    begun = checkout.begin_charge(fee, NOW)
    store.change(fee, begun, actor="system")
    take_fee(store, begun.after, case)
    done = fee_of(store, case)
    assert (done.payment.status, str(done.payment.fee)) == (PaymentStatus.CAPTURED, "25.00")
    assert (sessions_used(store, case), read(store, case.appointment.id).appointment.credit_returned) == (
        0,
        True,
    )
    assert store.order("FEE-ORDER").payment_id == store.payment_of_capture("FEE-CAPTURE") == fee.payment.id
    assert any(effect.startswith("client_fee_mail-") for _, effect in store.due_effects(NOW))
    assert store.due_payments(NOW) == []
    for again in (begun.after, fee):
        with pytest.raises((PaymentMoved, BookingMoved)):
            take_fee(store, again, case)
    assert sessions_used(store, case) == 0


def test_a_fee_whose_capture_is_anothers_brings_nothing_back(store: Store, late: Case) -> None:
    case = cancel(store, late)
    fee = fee_of(store, case)
    begun = checkout.begin_charge(fee, NOW)
    store.change(fee, begun, actor="system")
    with pytest.raises(PaymentMoved):
        take_fee(store, begun.after, case, "CAPTURE-PACKAGE")
    assert (fee_of(store, case), sessions_used(store, case)) == (begun.after, 1)


def test_a_charge_is_begun_by_one_put_off_and_ended(store: Store, late: Case) -> None:
    case = cancel(store, late)
    fee = fee_of(store, case)
    begun = checkout.begin_charge(fee, NOW)
    store.change(fee, begun, actor="system")
    with pytest.raises(PaymentMoved):
        store.change(fee, begun, actor="system")
    assert store.due_payments(NOW) == []
    put_off = checkout.put_off_charge(begun.after, NOW + HOUR)
    store.change(begun.after, put_off, actor="system")
    assert fee_of(store, case) == put_off.after
    assert store.due_payments(NOW + HOUR) == [fee.payment.id]
    ended = checkout.end_charge(put_off.after, NOW + HOUR)
    store.change(put_off.after, ended, actor="system")
    assert (fee_of(store, case).payment.status, sessions_used(store, case)) == (PaymentStatus.EXPIRED, 1)
    assert store.due_payments(NOW + 9 * HOUR) == []
