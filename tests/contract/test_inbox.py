"""One contract for PayPal's events and for what needs a person, on the in-memory fake and on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local import engine
from shared.adapters.dynamodb import items, keys
from shared.adapters.dynamodb.attention import DynamoAttention
from shared.adapters.dynamodb.inbox import DynamoInbox
from shared.adapters.dynamodb.table import Table
from shared.domain.attention import Attention, AttentionKind
from shared.domain.paypal_events import EventKind, PayPalEvent
from tests.builders import NOW
from tests.fakes import FakeInbox

EVENT = PayPalEvent(
    id="WH-1",
    kind=EventKind.CAPTURE_COMPLETED,
    type="PAYMENT.CAPTURE.COMPLETED",
    sent_at=NOW,
    order_id="5O190127TN364715T",
    capture_id="3C679366HH908993F",
    custom_id="9f1c0a7e5b2d4c6f8a3e1d0b7c5f2a94",
)
LATER = NOW + timedelta(minutes=2)
NOTE = Attention(kind=AttentionKind.DISPUTE, subject_id="1" * 32, detail="PP-D-4012 opened", noted_at=NOW)


class Dynamo(DynamoInbox, DynamoAttention):
    """Both ports on one table."""


@pytest.fixture
def table(dynamodb: str, table_name: str) -> Table:
    return Table(engine.client("dynamodb", dynamodb), table_name)


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[FakeInbox | Dynamo]:
    yield FakeInbox() if request.param == "fake" else Dynamo(request.getfixturevalue("table"))


def test_an_event_is_to_be_handled_until_it_is(store: Any) -> None:
    assert store.receive(EVENT, NOW)
    assert store.receive(EVENT, NOW + timedelta(seconds=1))
    store.handled(EVENT.id, NOW)
    assert not store.receive(EVENT, NOW + timedelta(days=59))
    assert store.receive(replace(EVENT, id="WH-2"), NOW)


def test_an_open_event_reads_back_by_its_name_and_ids(store: Any) -> None:
    events = [
        EVENT,
        PayPalEvent(
            id="WH-2", kind=EventKind.DISPUTE_CREATED, type="CUSTOMER.DISPUTE.CREATED", dispute_id="PP-D-1"
        ),
        PayPalEvent(
            id="WH-3", kind=EventKind.METHOD_SAVED, type="VAULT.PAYMENT-TOKEN.CREATED", vault_id="8kk"
        ),
    ]
    for minutes, event in enumerate(events):
        store.receive(event, NOW - timedelta(minutes=minutes))
    found = store.open_events(LATER)
    assert [(each.event, each.at) for each in found] == [
        (replace(event, sent_at=None), NOW - timedelta(minutes=minutes))
        for minutes, event in reversed(list(enumerate(events)))
    ]


def test_the_sweeper_leaves_an_event_to_its_webhook_for_two_minutes(store: Any) -> None:
    store.receive(EVENT, NOW)
    assert not store.open_events(NOW)
    assert not store.open_events(LATER - timedelta(seconds=1))
    assert store.open_events(LATER)


def test_an_event_that_came_again_keeps_the_time_it_came_first(store: Any) -> None:
    store.receive(EVENT, NOW)
    store.receive(EVENT, NOW + timedelta(hours=1))
    assert [each.at for each in store.open_events(NOW + timedelta(hours=2))] == [NOW]


def test_what_is_handled_is_no_longer_open(store: Any) -> None:
    store.receive(EVENT, NOW)
    store.handled(EVENT.id, NOW)
    store.handled(EVENT.id, NOW + timedelta(minutes=1))
    store.receive(EVENT, LATER)
    assert not store.open_events(NOW + timedelta(days=1))


def test_handling_what_never_came_does_nothing(store: Any) -> None:
    store.handled("WH-9", NOW)
    assert store.receive(replace(EVENT, id="WH-9"), NOW)


def test_what_needs_a_person_is_listed_the_oldest_first(store: Any) -> None:
    older = replace(NOTE, kind=AttentionKind.TIME_LOST, noted_at=NOW - timedelta(days=1))
    for each in (NOTE, older, replace(NOTE, subject_id="2" * 32, noted_at=NOW + timedelta(hours=1))):
        store.note(each)
    listed = store.open_attention()
    assert [each.noted_at for each in listed] == sorted(each.noted_at for each in listed)
    assert listed[:2] == [older, NOTE]


def test_the_same_thing_noted_again_is_the_same_record(store: Any) -> None:
    store.note(NOTE)
    store.note(replace(NOTE, detail="PP-D-4012 escalated"))
    assert [each.detail for each in store.open_attention()] == ["PP-D-4012 escalated"]


# The row


def row(table: Table) -> dict[str, Any]:
    item = table.get("test", keys.inbox(EVENT.id))
    assert item is not None
    return items.load(item)


def test_an_event_outlives_whatever_keeps_it_open_and_goes_two_months_after(table: Table) -> None:
    inbox = DynamoInbox(table)
    inbox.receive(EVENT, NOW)
    assert "expires_at" not in row(table)
    handled = NOW + timedelta(days=400)
    inbox.handled(EVENT.id, handled)
    inbox.handled(EVENT.id, handled + timedelta(days=30))
    expires = datetime.fromtimestamp(int(row(table)["expires_at"]), UTC)
    assert expires == handled + timedelta(days=60)


def test_a_row_holds_a_name_and_ids_and_nothing_else_of_an_event(table: Table) -> None:
    DynamoInbox(table).receive(EVENT, NOW)
    assert set(row(table)) == {"PK", "SK", "kind", "event", "received_at", "GSI1PK", "GSI1SK"}
    assert set(row(table)["event"]) == {"id", "kind", "type", "order_id", "capture_id", "custom_id"}
