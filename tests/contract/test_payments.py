"""One contract for checkouts, on the in-memory fake and on the real engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from local import engine
from shared.adapters.dynamodb.attention import DynamoAttention
from shared.adapters.dynamodb.payments import DynamoPayments
from shared.adapters.dynamodb.table import Table
from shared.domain import checkout as steps
from shared.domain import refunds
from shared.domain.appointment import AppointmentStatus
from shared.domain.checkout import CAPTURE_LEASE, HOLD, Checkout, Corrections
from shared.domain.effects import owed_for_booking
from shared.domain.errors import IdempotencyKeyReused, SlotTaken
from shared.domain.package import PackageStatus
from shared.domain.payment import PaymentStatus
from shared.domain.settlement import CaptureState, CaptureStatus
from shared.domain.time import Interval
from shared.usecases.ports import AlreadyBooked, DiaryChanged, PaymentMoved, Request
from tests import invariants
from tests.builders import NOW, START, appointment, package, payment
from tests.contract.test_store import DynamoStore
from tests.fakes import FakeStore

WEEK = Interval(START - timedelta(days=3), START + timedelta(days=4))
SAID_NOTHING = Corrections()


class DynamoEverything(DynamoStore, DynamoPayments, DynamoAttention):
    """All ports of the contract on one table."""


Store = DynamoEverything | FakeStore


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "fake":
        fake = FakeStore()
        fake.seed()
        yield fake
        return
    endpoint, name = request.getfixturevalue("dynamodb"), request.getfixturevalue("table_name")
    dynamo = DynamoEverything(Table(engine.client("dynamodb", endpoint), name))
    dynamo.seed()
    yield dynamo
    invariants.check(endpoint, name)


def session(client: str = "alex", minutes_later: int = 0, order: str = "ORDER", **changes: Any) -> Checkout:
    """An open order for a session, held from ``NOW`` on."""
    made: datetime = changes.pop("made", NOW)
    booking = appointment(
        client,
        minutes_later,
        service="single",
        duration_minutes=60,
        status=AppointmentStatus.HELD,
        hold_until=made + HOLD,
        promo_code=None,
        created_at=made,
        updated_at=made,
        **changes,
    )
    booking = replace(booking, payment_id=booking.id)
    return Checkout(_open_payment(booking.id, client, order, made), booking, None, "asked")


def bundle(client: str = "alex", order: str = "ORDER") -> Checkout:
    """An open order for a package."""
    bought = package(client, status=PackageStatus.ORDERED)
    return Checkout(_open_payment(bought.id, client, order, NOW), None, bought, "asked")


def _open_payment(payment_id: str, client: str, order: str, made: datetime) -> Any:
    return payment(
        client,
        id=payment_id,
        status=PaymentStatus.ORDERED,
        order_id=order,
        capture_id=None,
        approve_url="https://paypal.example/approve",
        check_at=made + HOLD,
        created_at=made,
        updated_at=made,
    )


def capture_of(checkout: Checkout, capture_id: str = "CAPTURE") -> CaptureState:
    return CaptureState(id=capture_id, status=CaptureStatus.COMPLETED, amount=checkout.payment.amount)


@pytest.fixture
def hold(store: Store) -> Callable[[Checkout], Checkout]:
    def hold(checkout: Checkout) -> Checkout:
        store.hold(checkout, store.diary(WEEK))
        return checkout

    return hold


@pytest.fixture
def move(store: Store) -> Callable[[Checkout, steps.Change], Checkout]:
    def move(before: Checkout, change: steps.Change) -> Checkout:
        store.change(before, change, actor="alex")
        return change.after

    return move


@pytest.fixture
def confirmed(hold: Any, move: Any) -> Checkout:
    held = hold(session())
    begun: Checkout = move(held, steps.begin_capture(held, NOW, SAID_NOTHING))
    done: Checkout = move(begun, steps.confirm(begun, capture_of(begun), NOW, SAID_NOTHING, answered=True))
    return done


def claims(store: Store) -> list[str]:
    return [claim.appointment_id for claim in store.diary(WEEK).claims]


@pytest.mark.parametrize(
    "made", [session(backup_start=START + timedelta(days=1)), bundle()], ids=["session", "package"]
)
def test_a_checkout_reads_back_as_it_was_made(store: Store, hold: Any, made: Checkout) -> None:
    hold(made)
    assert store.checkout(made.payment.id) == made
    assert store.checkout_facts(WEEK, made.payment.id).earlier == made
    assert store.order("ORDER").payment_id == made.payment.id
    assert store.checkout("f" * 32) is None
    assert store.order("UNKNOWN").payment_id is None


def test_a_checkout_is_made_once(store: Store, hold: Any) -> None:
    made = hold(session())
    with pytest.raises(AlreadyBooked):
        hold(made)
    with pytest.raises(AlreadyBooked):
        hold(session("blake", 120, order="ORDER"))
    assert claims(store) == [made.payment.id]


def test_a_key_that_made_a_free_booking_is_known(store: Store) -> None:
    booked = appointment()
    store.book_free(booked, "asked", store.diary(WEEK), owed_for_booking(booked, NOW))
    facts = store.checkout_facts(WEEK, booked.id)
    assert (facts.earlier, facts.key_used_elsewhere) == (None, True)
    facts = store.checkout_facts(WEEK, "f" * 32, booked.id)
    assert (facts.earlier, facts.key_used_elsewhere) == (None, True)


@pytest.mark.parametrize("made", [session(), bundle()], ids=["session", "package"])
def test_a_key_that_made_the_other_kind_of_purchase_is_known(store: Store, hold: Any, made: Checkout) -> None:
    assert not store.checkout_facts(WEEK, "f" * 32, made.payment.id).key_used_elsewhere
    hold(made)
    assert store.checkout_facts(WEEK, "f" * 32, made.payment.id).key_used_elsewhere
    assert not store.checkout_facts(WEEK, made.payment.id, "f" * 32).key_used_elsewhere
    assert not store.checkout_facts(WEEK, "f" * 32).key_used_elsewhere


def test_a_hold_keeps_others_out_until_it_ends_to_the_second(store: Store, hold: Any) -> None:
    hold(session("alex"))
    at_its_end = NOW + HOLD
    with pytest.raises(SlotTaken):
        hold(session("blake", 30, order="B", made=at_its_end))
    hold(session("casey", 30, order="C", made=at_its_end + timedelta(seconds=1)))


def test_a_hold_does_not_keep_its_own_client_out_but_a_payment_does(
    store: Store, hold: Any, move: Any
) -> None:
    first = hold(session("alex", order="A"))
    second = hold(session("alex", 30, order="B"))
    with pytest.raises(SlotTaken):
        hold(session("blake", 30, order="X"))
    begun = move(second, steps.begin_capture(second, NOW, SAID_NOTHING))
    with pytest.raises(SlotTaken):
        hold(session("alex", 60, order="C"))
    with pytest.raises(SlotTaken):
        move(first, steps.begin_capture(first, NOW, SAID_NOTHING))
    move(first, steps.expire(first, NOW))
    assert claims(store) == [begun.payment.id]


def test_a_hold_relies_on_the_settings_it_was_decided_under(store: Store) -> None:
    relied_on = store.diary(WEEK)
    store.change_settings(store.settings())
    with pytest.raises(DiaryChanged):
        store.hold(session(), relied_on)
    assert claims(store) == []


def test_each_change_names_the_state_it_was_decided_on(store: Store, hold: Any, move: Any) -> None:
    held = hold(session())
    begun = move(held, steps.begin_capture(held, NOW, SAID_NOTHING))
    with pytest.raises(PaymentMoved):
        move(held, steps.begin_capture(held, NOW, SAID_NOTHING))
    with pytest.raises(PaymentMoved):
        move(held, steps.give_up(held, NOW))
    assert store.checkout(held.payment.id) == begun


def test_what_the_buyer_says_anew_is_kept(store: Store, hold: Any, move: Any) -> None:
    held = hold(session())
    said = Corrections(phone="+16045550123", answers={"Topic?": "Rest"})
    move(held, steps.begin_capture(held, NOW, said))
    found = store.checkout(held.payment.id)
    assert found is not None
    assert found.booking is not None
    assert (found.booking.phone, found.booking.answers) == ("+16045550123", {"Topic?": "Rest"})
    assert found.booking.timezone == "America/Toronto"


def test_a_confirmed_session_has_its_time_for_good_and_owes_what_every_booking_owes(
    store: Store, hold: Any, confirmed: Checkout
) -> None:
    with pytest.raises(SlotTaken):
        hold(session("blake", 30, order="B", made=NOW + timedelta(days=365)))
    (claim,) = store.diary(WEEK).claims
    assert claim.hold_until is None
    assert len(store.due_effects(NOW)) == 3
    assert store.payment_of_capture("CAPTURE") == confirmed.payment.id
    booked = store.booked(confirmed.payment.id)
    assert booked is not None
    assert (booked.appointment.status, booked.payment) == (AppointmentStatus.CONFIRMED, confirmed.payment)
    assert store.appointments_of("alex", NOW, None, 10).items == (booked,)


def test_a_capture_pays_for_one_thing(store: Store, hold: Any, move: Any, confirmed: Checkout) -> None:
    other = hold(session("blake", 120, order="B"))
    begun = move(other, steps.begin_capture(other, NOW, SAID_NOTHING))
    with pytest.raises(PaymentMoved):
        move(begun, steps.confirm(begun, capture_of(begun), NOW, SAID_NOTHING, answered=True))
    assert store.checkout(other.payment.id) == begun


def test_a_hold_that_ended_is_listed_no_more_and_its_time_is_free(store: Store, hold: Any, move: Any) -> None:
    held = hold(session())
    assert len(store.appointments_of("alex", NOW, None, 10).items) == 1
    assert store.appointments_of("alex", NOW + HOLD + timedelta(seconds=1), None, 10).items == ()
    expired = move(held, steps.expire(held, NOW))
    assert store.appointments_of("alex", NOW, None, 10).items == ()
    assert claims(store) == []
    hold(session("blake", order="B"))
    with pytest.raises(SlotTaken):
        move(expired, steps.begin_capture(expired, NOW, SAID_NOTHING))


def test_a_late_payer_gets_the_time_back_while_it_is_free(store: Store, hold: Any, move: Any) -> None:
    held = hold(session())
    expired = move(held, steps.expire(held, NOW))
    begun = move(expired, steps.begin_capture(expired, NOW, SAID_NOTHING))
    move(begun, steps.confirm(begun, capture_of(begun), NOW, SAID_NOTHING, answered=True))
    assert claims(store) == [held.payment.id]
    assert len(store.appointments_of("alex", NOW, None, 10).items) == 1


def test_ending_a_hold_frees_only_what_is_still_its_own(store: Store, hold: Any, move: Any) -> None:
    held = hold(session("alex"))
    later = NOW + HOLD + timedelta(seconds=1)
    other = hold(session("blake", 30, order="B", made=later))
    move(held, steps.expire(held, later))
    assert claims(store) == [other.payment.id]
    with pytest.raises(SlotTaken):
        hold(session("casey", 60, order="C", made=later))
    hold(session("casey", -30, order="D", made=later))


def test_a_change_that_changes_no_stored_word_of_the_booking_is_written(
    store: Store, hold: Any, move: Any
) -> None:
    """Times are stored to the second."""
    held = hold(session())
    expired = move(held, steps.expire(held, NOW))
    given_up = steps.give_up(expired, NOW + timedelta(milliseconds=400))
    booking = replace(given_up.after.booking, status=AppointmentStatus.EXPIRED)
    move(expired, replace(given_up, after=replace(given_up.after, booking=booking)))
    found = store.checkout(held.payment.id)
    assert found is not None
    assert found.payment.given_up


@pytest.mark.parametrize("ending", [steps.expire, steps.give_up], ids=["expired", "given up"])
def test_a_package_that_was_not_paid_lapses(store: Store, hold: Any, move: Any, ending: Any) -> None:
    ordered = hold(bundle())
    move(ordered, ending(ordered, NOW))
    found = store.checkout(ordered.payment.id)
    assert found is not None
    assert found.package is not None
    assert found.package.status is PackageStatus.LAPSED


def test_a_package_that_was_paid_can_be_booked_from(store: Store, hold: Any, move: Any) -> None:
    ordered = hold(bundle())
    begun = move(ordered, steps.begin_capture(ordered, NOW, SAID_NOTHING))
    done = move(begun, steps.confirm(begun, capture_of(begun), NOW, SAID_NOTHING, answered=True))
    assert store.checkout(ordered.payment.id) == done
    assert done.package.sessions_remaining == 3
    assert len(store.due_effects(NOW)) == 2


def test_what_waits_for_something_comes_due(store: Store, hold: Any, move: Any) -> None:
    held = hold(session())
    assert store.due_payments(NOW + HOLD - timedelta(seconds=1)) == []
    assert store.due_payments(NOW + HOLD) == [held.payment.id]
    begun = move(held, steps.begin_capture(held, NOW, SAID_NOTHING))
    assert store.due_payments(NOW + CAPTURE_LEASE) == [held.payment.id]
    move(begun, steps.confirm(begun, capture_of(begun), NOW, SAID_NOTHING, answered=True))
    assert store.due_payments(NOW + timedelta(days=9)) == []


def test_what_can_not_be_settled_now_lets_others_go_first(store: Store, hold: Any, move: Any) -> None:
    first, second = hold(session()), hold(session("blake", 120, order="B"))
    due = NOW + HOLD
    store.look_later(first.payment.id, due + timedelta(minutes=5))
    assert store.due_payments(due) == [second.payment.id]
    assert store.due_payments(due + timedelta(minutes=5)) == [second.payment.id, first.payment.id]
    assert store.checkout(first.payment.id) == first
    begun = move(first, steps.begin_capture(first, due, SAID_NOTHING))
    assert begun.payment.check_at is not None
    assert first.payment.id in store.due_payments(begun.payment.check_at)
    move(begun, steps.confirm(begun, capture_of(begun), due, SAID_NOTHING, answered=True))
    store.look_later(first.payment.id, due + timedelta(minutes=5))
    assert store.due_payments(due + timedelta(days=9)) == [second.payment.id]


def test_a_key_is_used_for_one_request(store: Store, hold: Any) -> None:
    first, second = hold(session(order="A")), hold(session("alex", 120, order="B"))
    request = Request("e" * 32, "pay A")
    store.change(first, steps.begin_capture(first, NOW, SAID_NOTHING), actor="alex", request=request)
    assert store.order("A", request.id).earlier_request == "pay A"
    assert store.order("A").earlier_request is None
    other = Request("e" * 32, "pay B")
    with pytest.raises(IdempotencyKeyReused):
        store.change(second, steps.begin_capture(second, NOW, SAID_NOTHING), actor="alex", request=other)
    assert store.checkout(second.payment.id) == second


def test_money_that_has_to_go_back_is_owed_with_what_a_person_should_know(
    store: Store, hold: Any, move: Any
) -> None:
    held = hold(session())
    begun = move(held, steps.begin_capture(held, NOW, SAID_NOTHING))
    lost = move(begun, steps.owe_back(begun, capture_of(begun), NOW))
    assert lost.payment.refund_due == held.payment.amount.amount
    assert sorted(effect for _, effect in store.due_effects(NOW)) == ["client_time_lost_mail-3", "refund-3"]
    assert claims(store) == []
    assert [each.subject_id for each in store.open_attention()] == [held.payment.id]


def test_disputes_and_refunds_read_back(store: Store, hold: Any, move: Any, confirmed: Checkout) -> None:
    disputed = move(confirmed, refunds.open_dispute(confirmed, "PP-D-1", NOW))
    closed = move(disputed, refunds.close_dispute(disputed, "PP-D-1", NOW))
    assert store.checkout(confirmed.payment.id) == closed
    assert closed.payment.status is PaymentStatus.CAPTURED
