"""POST /webhooks/paypal: a reason to look at a payment, for whoever PayPal is and for nobody else."""

from __future__ import annotations

import base64
import io
import json
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.appointment import AppointmentStatus
from shared.domain.attention import AttentionKind
from shared.domain.checkout import Checkout
from shared.domain.errors import TemporarilyUnavailable, TooManyRequests
from shared.domain.payment import PaymentStatus
from shared.domain.settlement import CaptureStatus
from shared.usecases.checkout import Purchase, begin_checkout
from tests.builders import START, caller
from tests.fake_paypal import DOWN
from tests.fakes import FakeVerifier
from tests.handlers.conftest import Answer, Stage

PURCHASE = Purchase(
    service="single", currency="CAD", start=START, phone="+14165550123", timezone="America/Toronto"
)
SAMPLE_PAYMENT = "9f1c0a7e5b2d4c6f8a3e1d0b7c5f2a94"


@pytest.fixture
def order(stage: Stage) -> Checkout:
    """Approved by its buyer, who never came back."""
    checkout = begin_checkout(
        stage.shop(), stage.clock.now(), caller=caller("alex"), wanted=PURCHASE, idempotency_key="key"
    )
    stage.paypal.approve(str(checkout.payment.order_id))
    return checkout


def event(name: str, about: Checkout | None = None, **changes: Any) -> dict[str, Any]:
    """The body of a sample; ``about`` puts our ids in the places of the sample's."""
    body = Stage.event(f"paypal_webhook/{name}")["body"]
    if about is not None:
        order_id = str(about.payment.order_id)
        ids = {SAMPLE_PAYMENT: about.payment.id, "5O190127TN364715T": order_id}
        for ours, theirs in {**ids, "3C679366HH908993F": f"CAPTURE-{order_id}"}.items():
            body = body.replace(ours, theirs)
    loaded: dict[str, Any] = json.loads(body)
    return {**loaded, **changes}


def send(stage: Stage, what: dict[str, Any] | str) -> Answer:
    return stage.call("paypal_webhook/order_approved", body=what)


def sweep(stage: Stage, **later: float) -> None:
    stage.clock.at += timedelta(**later)
    stage.invoke("sweeper", stage.event("sweeper/scheduled"))


def paid(stage: Stage, order: Checkout) -> Checkout:
    found = stage.store.checkout(order.payment.id)
    assert found is not None
    return found


def status(stage: Stage, order: Checkout) -> tuple[PaymentStatus, AppointmentStatus]:
    found = paid(stage, order)
    assert found.booking is not None
    return found.payment.status, found.booking.status


def open_events(stage: Stage) -> list[str]:
    return [each.event.id for each in stage.store.open_events(stage.clock.now() + timedelta(days=9))]


def noted(stage: Stage) -> list[tuple[AttentionKind, str]]:
    return [(each.kind, each.subject_id) for each in stage.store.open_attention()]


CONFIRMED = (PaymentStatus.CAPTURED, AppointmentStatus.CONFIRMED)
HELD = (PaymentStatus.ORDERED, AppointmentStatus.HELD)


# What a webhook brings about


def test_the_buyer_approved_and_left_and_the_webhook_goes_on(stage: Stage, order: Checkout) -> None:
    assert send(stage, event("order_approved", order)).status == 200
    assert status(stage, order) == CONFIRMED
    assert stage.paypal.captured_money == 1
    assert open_events(stage) == []


def test_what_the_webhook_says_of_money_is_never_believed(stage: Stage, order: Checkout) -> None:
    stage.paypal.orders[str(order.payment.order_id)] = replace(
        stage.paypal.orders[str(order.payment.order_id)], captures=()
    )
    stage.paypal.declining = True
    assert send(stage, event("capture_completed", order)).status == 200
    assert status(stage, order)[0] is PaymentStatus.DECLINED


def test_the_same_event_again_is_answered_and_does_nothing(stage: Stage, order: Checkout) -> None:
    said = event("order_approved", order)
    send(stage, said)
    asked = len(stage.paypal.calls)
    assert [send(stage, said).status for _ in range(3)] == [200] * 3
    assert len(stage.paypal.calls) == asked


@pytest.mark.parametrize("reverse", [False, True])
def test_events_in_any_order_end_alike(stage: Stage, order: Checkout, reverse: bool) -> None:
    names = ["order_approved", "capture_pending", "capture_declined", "capture_denied", "capture_completed"]
    for name in reversed(names) if reverse else names:
        assert send(stage, event(name, order)).status == 200
    assert status(stage, order) == CONFIRMED
    assert stage.paypal.captured_money == 1


def test_the_same_event_many_times_at_once_captures_once(stage: Stage, order: Checkout) -> None:
    said, answers = event("order_approved", order), []
    send(stage, event("order_approved", id="WH-warm-up", event_type="OTHER"))
    contenders = [threading.Thread(target=lambda: answers.append(send(stage, said).status)) for _ in range(8)]
    for each in contenders:
        each.start()
    for each in contenders:
        each.join()
    assert set(answers) <= {200, 503} and 200 in answers
    assert (status(stage, order), stage.paypal.captured_money) == (CONFIRMED, 1)


def test_a_pending_capture_is_settled_when_paypal_says_it_moved(stage: Stage, order: Checkout) -> None:
    stage.paypal.next_capture = CaptureStatus.PENDING
    send(stage, event("order_approved", order))
    assert status(stage, order) == (PaymentStatus.PENDING, AppointmentStatus.HELD)
    stage.paypal.settle_capture(str(order.payment.order_id), CaptureStatus.COMPLETED)
    assert send(stage, event("capture_completed_older", order)).status == 200
    assert status(stage, order) == CONFIRMED


def test_a_late_denial_does_not_demote_what_is_confirmed(stage: Stage, order: Checkout) -> None:
    send(stage, event("order_approved", order))
    assert send(stage, event("capture_denied", order)).status == 200
    assert status(stage, order) == CONFIRMED


def test_a_refund_made_in_paypals_dashboard_is_followed_by_its_capture(stage: Stage, order: Checkout) -> None:
    send(stage, event("order_approved", order))
    stage.paypal.refund_by_hand(str(order.payment.order_id), "150.00")
    assert send(stage, event("capture_refunded", order)).status == 200
    assert paid(stage, order).payment.status is PaymentStatus.REFUNDED
    assert noted(stage) == [(AttentionKind.REFUNDED_BUT_BOOKED, order.payment.id)]


def test_a_dispute_is_followed_to_its_end(stage: Stage, order: Checkout) -> None:
    send(stage, event("order_approved", order))
    assert send(stage, event("dispute_created", order)).status == 200
    assert send(stage, event("dispute_updated", order)).status == 200
    assert paid(stage, order).payment.status is PaymentStatus.DISPUTED
    assert noted(stage) == [(AttentionKind.DISPUTE, order.payment.id)]
    assert send(stage, event("dispute_resolved", order)).status == 200
    assert paid(stage, order).payment.status is PaymentStatus.CAPTURED


def test_a_dispute_that_is_over_before_it_began_stays_over(stage: Stage, order: Checkout) -> None:
    send(stage, event("order_approved", order))
    for name in ("dispute_resolved", "dispute_created", "dispute_updated"):
        assert send(stage, event(name, order)).status == 200
    assert paid(stage, order).payment.status is PaymentStatus.CAPTURED


@pytest.mark.parametrize("name", ["order_approved", "capture_completed"])
def test_without_our_own_id_the_payment_is_found_by_paypals(stage: Stage, order: Checkout, name: str) -> None:
    said = event(name, order)
    text = json.dumps(said).replace(f'"custom_id": "{order.payment.id}", ', "")
    assert "custom_id" not in text
    assert send(stage, text).status == 200
    assert status(stage, order) == CONFIRMED


def test_our_own_id_is_enough_to_find_the_payment(stage: Stage, order: Checkout) -> None:
    resource = {"id": "A-CAPTURE-NEVER-HEARD-OF", "custom_id": order.payment.id}
    assert send(stage, event("capture_completed", resource=resource)).status == 200
    assert status(stage, order) == CONFIRMED


@pytest.mark.parametrize("encoded", [False, True])
def test_the_body_is_verified_as_it_was_sent(stage: Stage, order: Checkout, encoded: bool) -> None:
    seen = []

    class Noting(FakeVerifier):
        def verify(self, headers: Any, body: bytes) -> bool:
            seen.append(body)
            return True

    stage.verifier = Noting()
    body = json.dumps(event("order_approved", order), indent=1).replace('"1.0"', "1.0").encode() + b" \n"
    sent = stage.event("paypal_webhook/order_approved")
    sent |= {
        "isBase64Encoded": encoded,
        "body": base64.b64encode(body).decode() if encoded else body.decode(),
    }
    assert stage.invoke("paypal_webhook", sent)["statusCode"] == 200
    assert seen == [body]
    assert status(stage, order) == CONFIRMED


# What is none of our business


@pytest.mark.parametrize(
    "said",
    [
        event("capture_completed", event_type="PAYMENT.SALE.COMPLETED"),
        event("capture_completed", resource={"id": "1", "custom_id": "another shop's order 12"}),
    ],
)
def test_what_does_not_concern_us_is_answered_and_not_kept(stage: Stage, said: dict[str, Any]) -> None:
    assert send(stage, said).status == 200
    assert (open_events(stage), stage.paypal.calls) == ([], [])


@pytest.mark.parametrize(
    "name", ["payment_token_created", "payment_token_deleted", "payment_token_deletion_initiated"]
)
def test_a_saved_method_is_taken_note_of(stage: Stage, name: str) -> None:
    assert send(stage, event(name)).status == 200
    assert (open_events(stage), stage.paypal.calls, noted(stage)) == ([], [], [])


# What can't be done yet


def test_the_webhook_comes_before_the_payment_is_written(stage: Stage) -> None:
    """As when the store was down between PayPal's answer and ours, and the buyer's page tried again."""
    unwritten = event("capture_completed")
    answer = send(stage, unwritten)
    assert (answer.status, answer.json["code"]) == (503, "temporarily_unavailable")
    assert open_events(stage) == [unwritten["id"]]
    checkout = begin_checkout(
        stage.shop(), stage.clock.now(), caller=caller("alex"), wanted=PURCHASE, idempotency_key="key"
    )
    stage.paypal.approve(str(checkout.payment.order_id))
    written = event("capture_completed", checkout)
    assert written["id"] == unwritten["id"]
    assert send(stage, written).status == 200
    assert (status(stage, checkout), open_events(stage)) == (CONFIRMED, [])


def test_paypal_is_down_and_the_sweeper_finishes_it(stage: Stage, order: Checkout) -> None:
    stage.paypal.fails_before["get_order"] = DOWN
    answer = send(stage, event("order_approved", order))
    assert (answer.status, answer.json["code"]) == (503, "payment_provider_unavailable")
    assert answer.headers["Retry-After"] == "10"
    assert (status(stage, order), len(open_events(stage))) == (HELD, 1)
    sweep(stage, minutes=3)
    assert (status(stage, order), len(open_events(stage))) == (HELD, 1)
    stage.paypal.fails_before.clear()
    sweep(stage, minutes=5)
    assert (status(stage, order), open_events(stage), noted(stage)) == (CONFIRMED, [], [])


def test_a_webhook_that_can_not_be_verified_now_shall_come_again(stage: Stage, order: Checkout) -> None:
    stage.verifier = FakeVerifier(failing=DOWN)
    assert send(stage, event("order_approved", order)).status == 503
    assert (status(stage, order), open_events(stage)) == (HELD, [])


def test_a_fault_of_ours_lets_paypal_send_it_again(
    stage: Stage, order: Checkout, logged: io.StringIO
) -> None:
    stage.paypal.fails_before["get_order"] = ZeroDivisionError("personal words")
    answer = send(stage, event("order_approved", order))
    assert (answer.status, len(open_events(stage))) == (500, 1)
    assert "ZeroDivisionError" in logged.getvalue()
    assert "personal words" not in logged.getvalue()


def test_a_payment_everybody_is_at_just_now_is_looked_at_later(
    stage: Stage, order: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PayPal is not told to slow down: it is to send again."""

    def contended(*_: Any, **__: Any) -> None:
        raise TooManyRequests("now")

    with monkeypatch.context() as patched:
        patched.setattr(stage.store, "change", contended)
        answer = send(stage, event("order_approved", order))
    assert (answer.status, answer.json["code"]) == (503, "temporarily_unavailable")
    assert len(open_events(stage)) == 1


def test_the_store_is_down(stage: Stage, order: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any) -> bool:
        raise TemporarilyUnavailable("down")

    with monkeypatch.context() as patched:
        patched.setattr(stage.store, "receive", down)
        assert send(stage, event("order_approved", order)).status == 503
    assert send(stage, event("order_approved", order)).status == 200
    assert status(stage, order) == CONFIRMED


def test_money_of_a_payment_nobody_knows_is_put_before_a_person_after_a_day(
    stage: Stage, logged: io.StringIO
) -> None:
    said = event("capture_completed")
    assert send(stage, said).status == 503
    sweep(stage, hours=23)
    assert (open_events(stage), noted(stage)) == ([said["id"]], [])
    sweep(stage, hours=1)
    assert open_events(stage) == []
    assert noted(stage) == [(AttentionKind.UNKNOWN_PAYMENT, "3C679366HH908993F")]
    assert '"NeedsAttention":1' in logged.getvalue()
    assert send(stage, said).status == 200


# Who is refused


def test_a_webhook_that_is_not_paypals_is_refused_and_changes_nothing(stage: Stage, order: Checkout) -> None:
    stage.verifier = FakeVerifier(genuine=False)
    answer = send(stage, event("order_approved", order))
    assert (answer.status, answer.json["code"]) == (400, "webhook_refused")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (status(stage, order), open_events(stage), stage.paypal.calls[1:]) == (HELD, [], [])


@pytest.mark.parametrize("body", ["", "{}", "[]", "no JSON", "\x00", '{"id": "WH-1"}', "[" * 100_000])
def test_what_is_signed_and_no_event_is_refused(stage: Stage, body: str) -> None:
    assert send(stage, body).status == 400
    assert open_events(stage) == []


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_any_body_is_looked_at_as_bytes(stage: Stage, content_type: str) -> None:
    stage.verifier = FakeVerifier(genuine=False)
    headers = {"content-type": content_type}
    assert stage.call("paypal_webhook/order_approved", headers=headers, body="a=%zz&b").status == 400


def test_a_webhook_without_a_body_is_refused(stage: Stage) -> None:
    sent = stage.event("paypal_webhook/order_approved")
    del sent["body"]
    assert stage.invoke("paypal_webhook", sent)["statusCode"] == 400


def test_a_body_larger_than_any_event_is_not_even_verified(stage: Stage) -> None:
    stage.verifier = FakeVerifier(failing=AssertionError("verified"))
    assert send(stage, " " * (256 * 1024 + 1)).status == 400


def test_nothing_of_a_body_is_logged(stage: Stage, order: Checkout, logged: io.StringIO) -> None:
    said = event("order_approved", order)
    said["resource"]["payer"] = {"name": {"given_name": "Zebulon"}, "email_address": "zebulon@example.com"}
    send(stage, said)
    assert said["id"] in logged.getvalue()
    assert "ebulon" not in logged.getvalue()
