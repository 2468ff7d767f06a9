"""How the stand-in's webhooks travel: tried again, held back, repeated, out of order."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from local.paypal.courier import Courier
from local.paypal.webhooks import MOST_TRIES
from tests.adapters.paypal_rig import Receiver, Shop, later, send, verify_offline


def announce(shop: Shop) -> None:
    """An event that time changes nothing about."""
    shop.state.webhooks.publish("CUSTOMER.DISPUTE.UPDATED", {})


def test_what_is_not_taken_comes_again_25_times_in_three_days(
    shop: Shop, receiver: Receiver, deliver: Any
) -> None:
    receiver.answers = [500]
    announce(shop)
    started = datetime.now(UTC)
    with time_machine.travel(started, tick=False) as clock:
        deliver()
        while next_try := shop.state.webhook_log()[0]["next_try_at"]:
            deliver()
            tries = len(receiver.taken)
            clock.move_to(datetime.fromisoformat(next_try) + timedelta(milliseconds=1))
            deliver()
            assert len(receiver.taken) == tries + 1
        assert timedelta(days=2, hours=23) < datetime.now(UTC) - started < timedelta(days=3, minutes=1)
    assert len(receiver.taken) == MOST_TRIES == 25
    assert len({body for _, body in receiver.taken}) == 1
    assert shop.state.webhook_log()[0]["state"] == "failed"


def test_once_taken_it_does_not_come_again(shop: Shop, receiver: Receiver, deliver: Any) -> None:
    receiver.answers = [503, 204]
    announce(shop)
    deliver()
    with later(minutes=5):
        deliver()
    with later(days=2):
        deliver()
    [logged] = shop.state.webhook_log()
    assert (len(receiver.taken), logged["state"], logged["tries"]) == (2, "delivered", 2)


def test_an_address_that_does_not_answer_is_tried_again(shop: Shop, receiver: Receiver) -> None:
    announce(shop)
    asyncio.run(Courier(shop.state, "http://127.0.0.1:1/webhooks/paypal").drain())
    [logged] = shop.state.webhook_log()
    assert (logged["state"], logged["last_status"]) == ("pending", None)
    with later(minutes=5):
        asyncio.run(Courier(shop.state, receiver.url).drain())
    assert receiver.types() == ["CUSTOMER.DISPUTE.UPDATED"]


def test_held_back_events_go_out_when_they_are_let(shop: Shop, receiver: Receiver, deliver: Any) -> None:
    shop.state.set_delivery(False)
    shop.captured()
    deliver()
    assert not receiver.taken
    assert {each["state"] for each in shop.state.webhook_log()} == {"held"}
    shop.state.set_delivery(True)
    deliver()
    assert len(receiver.taken) == 2


def test_an_event_to_be_tried_again_is_held_back_too(shop: Shop, receiver: Receiver, deliver: Any) -> None:
    receiver.answers = [500]
    announce(shop)
    deliver()
    shop.state.set_delivery(False)
    with later(hours=1):
        deliver()
    assert len(receiver.taken) == 1


def test_held_back_events_can_be_sent_in_any_order(shop: Shop, receiver: Receiver) -> None:
    shop.state.set_delivery(False)
    shop.captured()
    courier = Courier(shop.state, receiver.url)
    for logged in reversed(shop.state.webhook_log()):
        asyncio.run(courier.send(logged["id"]))
    assert receiver.types() == ["PAYMENT.CAPTURE.COMPLETED", "CHECKOUT.ORDER.APPROVED"]


def test_one_event_is_sent_several_times_at_once(shop: Shop, receiver: Receiver) -> None:
    announce(shop)
    assert send(shop, receiver, times=5) == [200] * 5
    assert len(receiver.taken) == 5
    assert len({event["id"] for event in receiver.events()}) == 1
    for headers, body in receiver.taken:
        verify_offline(shop, headers, body)


def test_a_reset_forgets_everything_but_the_credentials(shop: Shop) -> None:
    token = f"Bearer {shop.token()}"
    shop.captured()
    shop.state.set_delivery(False)
    shop.state.reset()
    assert not any(shop.state.ledger().values())
    assert shop.state.webhook_log() == []
    assert shop.call("GET", "/v2/checkout/orders/X", Authorization=token).status_code == 404
    announce(shop)
    assert shop.state.webhook_log()[0]["state"] == "pending"
