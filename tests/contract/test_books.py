"""One contract for reading all that is written down, on the in-memory fake and on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from local import engine
from shared.adapters.dynamodb.reading import DynamoBooks
from shared.adapters.dynamodb.table import Table
from shared.domain.appointment import CalendarStatus
from shared.domain.checkout import Change, Checkout
from shared.domain.effects import owed_for_booking
from shared.domain.package import PackageStatus
from shared.domain.payment import PaymentStatus
from shared.domain.reconciliation import Books, Session, SoldPackage
from tests.builders import NOW, appointment
from tests.contract.test_payments import WEEK, DynamoEverything, bundle, session
from tests.fakes import FakeStore


class DynamoReader(DynamoEverything, DynamoBooks):
    """The books beside all that writes them."""


Store = DynamoReader | FakeStore


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "fake":
        fake = FakeStore()
        fake.seed()
        yield fake
        return
    endpoint, name = request.getfixturevalue("dynamodb"), request.getfixturevalue("table_name")
    dynamo = DynamoReader(Table(engine.client("dynamodb", endpoint), name))
    dynamo.seed()
    yield dynamo


def hold(store: Store, checkout: Checkout) -> Checkout:
    store.hold(checkout, store.diary(WEEK))
    return checkout


def test_an_empty_table_has_empty_books(store: Store) -> None:
    assert store.books() == Books({}, {}, {})


def test_everything_is_in_the_books_and_nothing_about_whose_it_is(store: Store) -> None:
    free = appointment("sam", minutes_later=180)
    store.book_free(free, "asked", store.diary(WEEK), owed_for_booking(free, NOW))
    held = hold(store, session())
    bought = hold(store, bundle(order="PACKAGE"))
    assert bought.package is not None
    paid = replace(
        bought,
        payment=bought.payment.become(PaymentStatus.CAPTURED, NOW, capture_id="CAPTURE"),
        package=replace(bought.package, status=PackageStatus.ACTIVE),
    )
    store.change(bought, Change(paid, "confirmed"), actor="alex")
    books = store.books()
    assert books.payments == {
        held.payment.id: held.payment,
        bought.payment.id: paid.payment,
    }
    assert books.packages == {
        bought.payment.id: SoldPackage(id=bought.payment.id, status=PackageStatus.ACTIVE, updated_at=NOW)
    }
    assert books.sessions == {
        each.id: Session(
            id=each.id,
            status=each.status,
            time=each.session,
            calendar_status=CalendarStatus.OWED,
            updated_at=NOW,
            payment_id=each.payment_id,
        )
        for each in (free, held.booking)
        if each is not None
    }
    assert "example.com" not in repr(books)


def test_every_page_of_the_table_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {hold(store, session(f"client{n}", 75 * n, f"ORDER{n}")).payment.id for n in range(3)}
    if isinstance(store, DynamoReader):
        whole, scans = store.table.client.scan, []

        def page(**asked: Any) -> Any:
            scans.append(asked)
            return whole(**asked, Limit=5)

        monkeypatch.setattr(store.table.client, "scan", page)
        assert set(store.books().sessions) == made
        assert len(scans) > 3
    assert set(store.books().payments) == made
