"""One contract for what clients are told in the app, on the in-memory fake and on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from local import engine
from shared.adapters.dynamodb.notices import DynamoNotices
from shared.adapters.dynamodb.table import Table
from shared.domain.errors import InvalidInput
from shared.domain.notices import Notice, NoticeKind
from shared.usecases.ports import NoticeStore
from tests.builders import NOW, START
from tests.fakes import FakeStore

SUBJECT = "0" * 32


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[NoticeStore]:
    if request.param == "fake":
        yield FakeStore()
        return
    endpoint, name = request.getfixturevalue("dynamodb"), request.getfixturevalue("table_name")
    yield DynamoNotices(Table(engine.client("dynamodb", endpoint), name))


def notice(number: int = 0, client: str = "alex") -> Notice:
    return Notice(
        id=f"{SUBJECT}.client_moved_mail-{number}",
        client_id=client,
        kind=NoticeKind.MOVED,
        subject_id=SUBJECT,
        start=START,
        noted_at=NOW + timedelta(minutes=number),
    )


def test_it_reads_back_as_it_was_posted_first(store: NoticeStore) -> None:
    about_money = replace(notice(1), kind=NoticeKind.REFUNDED, start=None)
    store.post(notice())
    store.post(replace(notice(), noted_at=NOW + timedelta(hours=1)))
    store.post(about_money)
    assert store.notices_of("alex", None, 10).items == (about_money, notice())


def test_what_a_client_was_told_about_one_booking(store: NoticeStore) -> None:
    other = replace(notice(2), id=f"{'1' * 32}.client_moved_mail-0", subject_id="1" * 32)
    for each in (notice(), notice(1), other, notice(3, client="blake")):
        store.post(each)
    found = sorted(store.notices_about("alex", SUBJECT), key=lambda each: each.noted_at)
    assert found == [notice(), notice(1)]


def test_it_is_its_clients_alone(store: NoticeStore) -> None:
    store.post(notice())
    assert store.notices_of("blake", None, 10).items == ()
    assert store.read_notice("blake", notice().id) is None
    assert store.notices_of("alex", None, 10).items == (notice(),)


def test_it_is_read_once_it_was_read_and_a_repeat_of_it_too(store: NoticeStore) -> None:
    store.post(notice())
    read = replace(notice(), read=True)
    assert store.read_notice("alex", notice().id) == read
    assert store.read_notice("alex", notice().id) == read
    store.post(notice())
    assert store.notices_of("alex", None, 10).items == (read,)
    assert store.read_notice("alex", "no such") is None


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
def test_the_latest_is_on_top_and_every_page_follows_the_last(store: NoticeStore, size: int) -> None:
    for number in range(5):
        store.post(notice(number))
    listed: list[Notice] = []
    cursor = None
    while True:
        page = store.notices_of("alex", cursor, size)
        assert len(page.items) <= size
        listed += page.items
        cursor = page.next
        if cursor is None:
            break
    assert listed == [notice(number) for number in reversed(range(5))]


@pytest.mark.parametrize("cursor", ["x", "!!", "eA==", "ÿ", ""])
def test_a_made_up_cursor_is_refused(store: NoticeStore, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        store.notices_of("alex", cursor, 10)
