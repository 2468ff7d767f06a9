"""One contract for packages, on the in-memory fake and on the real engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local import engine
from shared.adapters.dynamodb.package_items import package_record
from shared.adapters.dynamodb.packages import DynamoPackages
from shared.adapters.dynamodb.payment_items import payment_record
from shared.adapters.dynamodb.table import Table
from shared.domain.appointment import Appointment
from shared.domain.effects import owed_for_booking
from shared.domain.errors import InvalidInput, PackageExhausted, SlotTaken
from shared.domain.package import Package, PackageStatus
from shared.domain.payment import Payment
from shared.domain.schedule import LONGEST_BUFFER_MINUTES
from shared.domain.service import LONGEST_SESSION_MINUTES
from shared.domain.time import Interval
from shared.usecases.ports import AlreadyBooked, DiaryChanged, PackagePage
from tests import invariants
from tests.builders import NOW, START, appointment, package, payment
from tests.contract.test_store import DynamoStore
from tests.fakes import FakeStore

WEEK = Interval(START - timedelta(days=3), START + timedelta(days=4))
HOUR = 60


class DynamoPackageStore(DynamoStore, DynamoPackages):
    def put_package(self, package: Package, payment: Payment) -> None:
        self._put(package_record(package))
        self._put({**payment_record(payment), "fingerprint": "asked"})


Store = DynamoPackageStore | FakeStore


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "fake":
        fake = FakeStore()
        fake.seed()
        yield fake
        return
    endpoint, name = request.getfixturevalue("dynamodb"), request.getfixturevalue("table_name")
    dynamo = DynamoPackageStore(Table(engine.client("dynamodb", endpoint), name))
    dynamo.seed()
    yield dynamo
    invariants.check(endpoint, name)


@pytest.fixture
def own(store: Store) -> Callable[..., Package]:
    """A package in the store, with its payment."""

    def own(client: str = "alex", **changes: Any) -> Package:
        bought = package(client, **changes)
        store.put_package(bought, _payment_of(bought))
        return bought

    return own


@pytest.fixture
def book(store: Store) -> Callable[[Appointment], Appointment]:
    def book(booking: Appointment) -> Appointment:
        relied_on = store.diary(WEEK)
        store.book_from_package(booking, "asked", relied_on, owed_for_booking(booking, NOW))
        return booking

    return book


def session(of: Package, minutes_later: int = 0, **changes: Any) -> Appointment:
    fields = {
        "client": of.client.id,
        "service": of.service,
        "duration_minutes": of.duration_minutes,
        "package_id": of.id,
        "promo_code": None,
    }
    return appointment(minutes_later=minutes_later, **{**fields, **changes})


def used(store: Store, bought: Package) -> int:
    found = store.package_facts(WEEK, bought.id, "f" * 32).package
    assert found is not None
    return found.sessions_used


def shown(page: PackagePage) -> list[str]:
    return [each.package.id for each in page.items]


def _payment_of(bought: Package) -> Payment:
    return payment(bought.client.id, "500.00", "CAD", id=bought.id, service="package")


def test_a_package_reads_back_as_it_was_bought(store: Store, own: Any) -> None:
    bought = own()
    (listed,) = store.packages_of("alex", None, 10).items
    assert (listed.package, listed.payment) == (bought, _payment_of(bought))
    assert store.package_facts(WEEK, bought.id, "f" * 32).package == bought
    assert store.package_facts(WEEK, "f" * 32, "f" * 32).package is None


def test_a_session_uses_one_up_and_claims_its_time(store: Store, own: Any, book: Any) -> None:
    bought = own()
    made = book(session(bought, backup_start=START + timedelta(days=1), answers={"Topic?": "Work"}))
    facts = store.package_facts(WEEK, bought.id, made.id)
    assert facts.package == replace(bought, sessions_used=1, updated_at=NOW)
    assert facts.earlier is not None
    assert (facts.earlier.as_booked, facts.earlier.fingerprint) == (made, "asked")
    (claim,) = facts.diary.claims
    assert (claim.appointment_id, claim.interval) == (made.id, Interval(START, START + timedelta(hours=1)))
    assert store.appointment(made.id) == made
    assert sorted(effect for subject, effect in store.due_effects(NOW) if subject == made.id) == [
        "calendar_event-0",
        "client_booked_mail-0",
        "coach_booked_mail-0",
    ]
    (listed,) = store.appointments_of("alex", NOW, None, 10).items
    assert (listed.appointment, listed.payment) == (made, None)


def test_no_more_sessions_than_were_bought(store: Store, own: Any, book: Any) -> None:
    bought = own(sessions_total=2)
    book(session(bought))
    book(session(bought, HOUR))
    with pytest.raises(PackageExhausted):
        book(session(bought, 2 * HOUR))
    assert used(store, bought) == 2
    assert len(store.diary(WEEK).claims) == 2


@pytest.mark.parametrize("status", [each for each in PackageStatus if each is not PackageStatus.ACTIVE])
def test_only_an_active_package_is_used(store: Store, own: Any, book: Any, status: PackageStatus) -> None:
    bought = own(status=status)
    with pytest.raises(PackageExhausted):
        book(session(bought))
    assert used(store, bought) == 0
    assert not store.diary(WEEK).claims


def test_anothers_package_is_not_used(store: Store, own: Any, book: Any) -> None:
    bought = own("alex")
    with pytest.raises(PackageExhausted):
        book(session(bought, client="blake"))
    assert used(store, bought) == 0


def test_a_package_that_is_none_is_not_made_by_using_it(store: Store, own: Any, book: Any) -> None:
    with pytest.raises(PackageExhausted):
        book(session(package()))
    assert store.packages_of("alex", None, 10).items == ()


def test_a_taken_time_uses_nothing_up(store: Store, own: Any, book: Any) -> None:
    alex, blake = own("alex"), own("blake")
    book(session(alex))
    with pytest.raises(SlotTaken):
        book(session(blake, 55))
    assert used(store, blake) == 0


def test_a_package_and_a_promo_code_meet_in_the_same_cells(store: Store, own: Any, book: Any) -> None:
    book(session(own()))
    free = appointment("blake", 30)
    with pytest.raises(SlotTaken):
        store.book_free(free, "asked", store.diary(WEEK), owed_for_booking(free, NOW))


def test_the_same_booking_again_is_recognised_before_anything_else(store: Store, own: Any, book: Any) -> None:
    bought = own(sessions_total=1)
    made = book(session(bought))
    with pytest.raises(AlreadyBooked):
        book(made)
    assert used(store, bought) == 1


def test_a_decision_under_old_settings_is_refused(store: Store, own: Any) -> None:
    bought = own()
    relied_on = store.diary(WEEK)
    store.change_settings(relied_on.settings)
    booking = session(bought)
    with pytest.raises(DiaryChanged):
        store.book_from_package(booking, "asked", relied_on, owed_for_booking(booking, NOW))
    assert (store.appointment(booking.id), used(store, bought)) == (None, 0)


def test_under_a_daily_limit_two_decisions_on_one_reading_cannot_both_stand(store: Store, own: Any) -> None:
    bought = own()
    settings = store.settings()
    store.change_settings(replace(settings, schedule=replace(settings.schedule, daily_limit=1)))
    relied_on = store.package_facts(WEEK, bought.id, "f" * 32).diary
    first, second = session(bought), session(bought, 2 * HOUR)
    store.book_from_package(first, "asked", relied_on, owed_for_booking(first, NOW))
    with pytest.raises(DiaryChanged):
        store.book_from_package(second, "asked", relied_on, owed_for_booking(second, NOW))
    assert used(store, bought) == 1


def test_the_longest_claim_there_can_be_fits_one_transaction(store: Store, own: Any, book: Any) -> None:
    settings = store.settings()
    store.change_settings(replace(settings, schedule=replace(settings.schedule, daily_limit=9)))
    longest = own(duration_minutes=LONGEST_SESSION_MINUTES)
    book(
        session(
            longest,
            buffer_before_minutes=LONGEST_BUFFER_MINUTES,
            buffer_after_minutes=LONGEST_BUFFER_MINUTES,
        )
    )
    assert len(store.diary(WEEK).claims) == 1


def test_a_clients_list_has_the_latest_first_and_only_what_was_paid(store: Store, own: Any) -> None:
    made = [own(created_at=NOW + timedelta(minutes=n)).id for n in range(4)]
    own(status=PackageStatus.ORDERED)
    own(status=PackageStatus.LAPSED, created_at=NOW + timedelta(minutes=2, seconds=30))
    refunded = own(status=PackageStatus.REFUNDED, created_at=NOW + timedelta(hours=1)).id
    own("blake")
    expected = [refunded, *reversed(made)]
    assert shown(store.packages_of("alex", None, 10)) == expected
    for size in range(1, 8):
        listed: list[str] = []
        cursor = None
        while True:
            page = store.packages_of("alex", cursor, size)
            assert len(page.items) <= size
            listed += shown(page)
            cursor = page.next
            if cursor is None:
                break
        assert listed == expected, size
    assert store.packages_of("casey", None, 10) == PackagePage((), None)


@pytest.mark.parametrize("cursor", ["x", "!!", "eA==", "ÿ", ""])
def test_a_made_up_cursor_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        store.packages_of("alex", cursor, 10)
