"""PayPal's webhooks, as PayPal writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.domain.paypal_events import EventKind, NotAnEvent, PayPalEvent, read_event

SAMPLES = Path(__file__).parents[2] / "events" / "paypal_webhook"
PAYMENT = "9f1c0a7e5b2d4c6f8a3e1d0b7c5f2a94"
ORDER = "5O190127TN364715T"
CAPTURE = "3C679366HH908993F"
REFUND = "1JU08902781691411"

OF_CAPTURE = {"capture_id": CAPTURE, "order_id": ORDER, "custom_id": PAYMENT}
OF_REFUND = {"refund_id": REFUND, "capture_id": CAPTURE}
OF_DISPUTE = {"dispute_id": "PP-D-4012", "capture_id": CAPTURE, "custom_id": PAYMENT}

NAMED: dict[str, tuple[EventKind, dict[str, str]]] = {
    "order_approved": (EventKind.ORDER_APPROVED, {"order_id": ORDER, "custom_id": PAYMENT}),
    "approval_reversed": (EventKind.APPROVAL_REVERSED, {"order_id": ORDER, "custom_id": PAYMENT}),
    "capture_completed": (EventKind.CAPTURE_COMPLETED, OF_CAPTURE),
    "capture_completed_older": (EventKind.CAPTURE_COMPLETED, OF_CAPTURE),
    "capture_pending": (EventKind.CAPTURE_PENDING, OF_CAPTURE),
    "capture_denied": (EventKind.CAPTURE_DENIED, OF_CAPTURE),
    "capture_declined": (EventKind.CAPTURE_DECLINED, OF_CAPTURE),
    "capture_refunded": (EventKind.CAPTURE_REFUNDED, OF_REFUND),
    "capture_reversed": (EventKind.CAPTURE_REVERSED, OF_REFUND),
    "dispute_created": (EventKind.DISPUTE_CREATED, OF_DISPUTE),
    "dispute_updated": (EventKind.DISPUTE_UPDATED, OF_DISPUTE),
    "dispute_resolved": (EventKind.DISPUTE_RESOLVED, OF_DISPUTE),
    "payment_token_created": (EventKind.METHOD_SAVED, {"vault_id": "8kk8451t", "order_id": ORDER}),
    "payment_token_deleted": (EventKind.METHOD_DELETED, {"vault_id": "8kk8451t"}),
    "payment_token_deletion_initiated": (EventKind.METHOD_DELETION_BEGUN, {"vault_id": "8kk8451t"}),
}
IDS = ("order_id", "capture_id", "refund_id", "dispute_id", "vault_id", "custom_id")


def sample(name: str) -> bytes:
    body: str = json.loads((SAMPLES / f"{name}.json").read_text())["body"]
    return body.encode()


def altered(name: str, **changes: Any) -> PayPalEvent:
    return read_event(json.dumps({**json.loads(sample(name)), **changes}).encode())


def ids(event: PayPalEvent) -> dict[str, str]:
    return {name: getattr(event, name) for name in IDS if getattr(event, name) is not None}


def test_there_is_a_sample_of_every_event_we_ask_for() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(NAMED)
    assert {kind for kind, _ in NAMED.values()} == set(EventKind) - {EventKind.OTHER}


@pytest.mark.parametrize("name", NAMED)
def test_each_event_names_what_it_is_about(name: str) -> None:
    kind, expected = NAMED[name]
    event = read_event(sample(name))
    assert (event.kind, event.type, ids(event)) == (kind, kind.value, expected)
    assert event.id == json.loads(sample(name))["id"]
    assert event.sent_at == datetime(2026, 11, 23, 13, 5, 7, 382_000, tzinfo=UTC)


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("resource", [None, {}, [], "text", 7, {"id": 7, "links": {}, "purchase_units": 1}])
def test_an_event_without_its_parts_still_has_its_name(name: str, resource: Any) -> None:
    event = altered(name, resource=resource)
    assert (event.kind, ids(event)) == (NAMED[name][0], {})


@pytest.mark.parametrize("name", NAMED)
def test_any_part_of_a_resource_may_be_missing_or_of_another_kind(name: str) -> None:
    resource = json.loads(sample(name))["resource"]
    for part in resource:
        for instead in (None, [], {}, [None], "x", 1.0):
            assert altered(name, resource={**resource, part: instead}).kind is NAMED[name][0]


@pytest.mark.parametrize("name", NAMED)
def test_what_is_too_long_for_an_id_is_none(name: str) -> None:
    resource = json.loads(sample(name))["resource"]
    long = json.loads(json.dumps(resource).replace(PAYMENT, "a" * 256).replace(ORDER, "a" * 256))
    found = ids(altered(name, resource=long))
    assert all(len(each) <= 255 for each in found.values())
    with pytest.raises(NotAnEvent):
        altered(name, id="W" * 256)


@pytest.mark.parametrize(
    ("custom_id", "payment_id", "concerns_us"),
    [
        (PAYMENT, PAYMENT, True),
        (None, None, True),
        (PAYMENT.upper(), None, False),
        (PAYMENT[:-1], None, False),
        (f"{PAYMENT}\n", None, False),
        ("order 12 of another shop", None, False),
    ],
)
def test_a_payment_is_ours_by_the_form_of_its_id(
    custom_id: str | None, payment_id: str | None, concerns_us: bool
) -> None:
    resource = {**json.loads(sample("capture_completed"))["resource"], "custom_id": custom_id}
    event = altered("capture_completed", resource=resource)
    assert (event.payment_id, event.concerns_us) == (payment_id, concerns_us)
    assert not altered("capture_completed", resource=resource, event_type="ANYTHING.ELSE").concerns_us


def test_the_refund_of_a_capture_is_not_taken_for_the_capture() -> None:
    event = read_event(sample("capture_refunded"))
    assert event.capture_id != json.loads(sample("capture_refunded"))["resource"]["id"]


def test_a_link_up_to_an_authorization_is_no_order() -> None:
    resource = json.loads(sample("capture_completed_older"))["resource"]
    up = {"rel": "up", "href": "https://api.paypal.com/v2/payments/authorizations/1AB23456CD789012E"}
    assert altered("capture_completed_older", resource={**resource, "links": [up]}).order_id is None


@pytest.mark.parametrize("type_", ["PAYMENT.SALE.COMPLETED", "OTHER", "payment.capture.completed", "X" * 300])
def test_an_event_we_did_not_ask_for_is_kept_by_its_own_name(type_: str) -> None:
    event = altered("capture_completed", event_type=type_)
    assert (event.kind, event.type, ids(event)) == (EventKind.OTHER, type_, {})


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-08-15T12:13:29-07:00", datetime(2026, 8, 15, 19, 13, 29, tzinfo=UTC)),
        ("2026-08-15T12:13:29Z", datetime(2026, 8, 15, 12, 13, 29, tzinfo=UTC)),
        ("2026-08-15T12:13:29.449Z", datetime(2026, 8, 15, 12, 13, 29, 449_000, tzinfo=UTC)),
        ("2026-08-26T18:25:57.449PDT", datetime(2026, 8, 27, 1, 25, 57, 449_000, tzinfo=UTC)),
        ("2026-12-26T18:25:57.449PST", datetime(2026, 12, 27, 2, 25, 57, 449_000, tzinfo=UTC)),
        ("2026-08-15T12:13:29", datetime(2026, 8, 15, 12, 13, 29, tzinfo=UTC)),
        ("yesterday", None),
        ("0001-01-01T00:00:00+10:00", None),
        ("", None),
        (1_795_439_107, None),
        (None, None),
    ],
)
def test_times_are_read_as_far_as_they_can_be(written: Any, instant: datetime | None) -> None:
    assert altered("capture_completed", create_time=written).sent_at == instant


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"WH-1"',
        b"{}",
        b'{"id": "WH-1"}',
        b'{"event_type": "PAYMENT.CAPTURE.COMPLETED"}',
        b'{"id": 1, "event_type": "PAYMENT.CAPTURE.COMPLETED"}',
        b'{"id": "", "event_type": "PAYMENT.CAPTURE.COMPLETED"}',
        b'{"id": "WH-1", "event_type": ["PAYMENT.CAPTURE.COMPLETED"]}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"id": "WH-1"',
    ],
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(NotAnEvent):
        read_event(body)
