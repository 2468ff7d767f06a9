"""Webhooks of the stand-in: what they say, that they are signed, and that they come again."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.x509.verification import VerificationError

from local.paypal.events import KINDS
from tests.adapters.paypal_rig import VAULT, WALLET, Receiver, Shop, conforms, later, send, verify_offline

Headers = dict[str, str]
VERIFY = "/v1/notifications/verify-webhook-signature"


def by_api(shop: Shop, headers: Headers, event: bytes, **changes: str) -> str:
    """PayPal's own judgement, the event's bytes spliced into the question."""
    names = ("auth-algo", "cert-url", "transmission-id", "transmission-sig", "transmission-time")
    asked = {name.replace("-", "_"): headers[f"paypal-{name}"] for name in names}
    asked |= {"webhook_id": shop.state.webhook_id, **changes}
    conforms(
        {**asked, "webhook_event": json.loads(event)}, "notifications_webhooks_v1", "verify_webhook_signature"
    )
    content = json.dumps(asked)[:-1].encode() + b', "webhook_event": ' + event + b"}"
    token = {"Authorization": f"Bearer {shop.token()}", "Content-Type": "application/json"}
    answer = requests.post(shop.state.base_url + VERIFY, data=content, headers=token, timeout=10)
    assert answer.status_code == 200
    return str(answer.json()["verification_status"])


# What happens is told


def test_a_payment_is_told_in_events_of_paypals_shape(shop: Shop, receiver: Receiver, deliver: Any) -> None:
    capture = shop.captured(invoice_id="I-1")
    deliver()
    assert sorted(receiver.types()) == ["CHECKOUT.ORDER.APPROVED", "PAYMENT.CAPTURE.COMPLETED"]
    by_type = {event["event_type"]: event for event in receiver.events()}
    approved = by_type["CHECKOUT.ORDER.APPROVED"]["resource"]
    completed = by_type["PAYMENT.CAPTURE.COMPLETED"]["resource"]
    for event in by_type.values():
        conforms(event, "notifications_webhooks_v1", "event")
        assert event["id"].startswith("WH-MOCK")
    assert approved["status"] == "APPROVED"
    assert approved["purchase_units"][0]["custom_id"] == "payment-1"
    assert approved["purchase_units"][0]["amount"]["breakdown"] == {}
    assert completed["id"] == capture["id"]
    assert completed["supplementary_data"]["related_ids"]["order_id"] == approved["id"]
    assert (completed["custom_id"], completed["invoice_id"]) == ("payment-1", "I-1")
    assert completed["links"][2]["href"].endswith(f"/v2/checkout/orders/{approved['id']}")


def test_a_body_does_not_survive_being_parsed_and_written_again(
    shop: Shop, receiver: Receiver, deliver: Any
) -> None:
    shop.approved()
    deliver()
    [(_, body)] = receiver.taken
    assert b'"breakdown":{}' in body and b'"quantity":1.0' in body and "Zoë".encode() in body
    assert json.dumps(json.loads(body)).encode() != body


def test_a_refund_event_names_the_refund_and_points_to_the_capture(shop: Shop) -> None:
    capture = shop.captured()
    refund = shop.refund(capture["id"]).json()
    event = shop.state.webhook_log()[-1]["event"]
    assert (event["event_type"], event["resource_type"]) == ("PAYMENT.CAPTURE.REFUNDED", "refund")
    assert event["resource"]["id"] == refund["id"]
    [up] = [link["href"] for link in event["resource"]["links"] if link["rel"] == "up"]
    assert up.endswith(f"/v2/payments/captures/{capture['id']}")
    assert event["resource"]["seller_payable_breakdown"]["total_refunded_amount"]["value"] == "150.00"


def test_every_event_paypal_names_can_happen(shop: Shop) -> None:
    state = shop.state
    state.set_vault(True)
    for outcome in ("completed", "denied", "declined"):
        state.settle_capture(shop.captured("pending")["id"], outcome)
    lost = shop.captured()["id"]
    dispute = state.open_dispute(lost)["dispute_id"]
    state.escalate_dispute(dispute)
    state.resolve_dispute(dispute, "buyer")
    shop.refund(shop.captured()["id"])
    saved = shop.order(WALLET | VAULT)["id"]
    state.approve(saved)
    shop.capture(saved)
    shop.call("DELETE", f"/v3/vault/payment-tokens/{state.ledger()['payment_tokens'][0]['id']}")
    shop.approved()
    with later(hours=4):
        assert {event["event_type"] for event in state.webhook_log()} == set(KINDS)


def test_the_vaults_events_keep_their_odd_times_and_name_the_order(shop: Shop) -> None:
    shop.state.set_vault(True)
    order_id = shop.order(WALLET | VAULT)["id"]
    shop.state.approve(order_id)
    shop.capture(order_id)
    event = next(each for each in shop.state.webhook_log() if "VAULT" in each["event_type"])["event"]
    assert (event["resource_type"], event["resource_version"]) == ("payment_token", "3.0")
    assert event["resource"]["metadata"]["order_id"] == order_id
    assert event["resource"]["time_created"].endswith("PDT")


# Signatures


def test_a_webhook_is_verified_offline_and_by_paypal(shop: Shop, receiver: Receiver, deliver: Any) -> None:
    shop.captured()
    deliver()
    for headers, body in receiver.taken:
        assert headers["paypal-auth-algo"] == "SHA256withRSA"
        assert headers["paypal-cert-url"].startswith(f"{shop.state.base_url}/v1/notifications/certs/CERT-")
        verify_offline(shop, headers, body)
        assert by_api(shop, headers, body) == "SUCCESS"


def test_paypal_judges_the_bytes_and_not_what_they_mean(shop: Shop, receiver: Receiver, deliver: Any) -> None:
    shop.approved()
    deliver()
    [(headers, body)] = receiver.taken
    assert by_api(shop, headers, body) == "SUCCESS"
    for rewritten in (
        json.dumps(json.loads(body)).encode(),
        body.replace(b'"breakdown":{}', b'"breakdown":[]'),
        body.replace(b'"quantity":1.0', b'"quantity":1'),
    ):
        assert rewritten != body
        assert by_api(shop, headers, rewritten) == "FAILURE"
        with pytest.raises(InvalidSignature):
            verify_offline(shop, headers, rewritten)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook_id": "OTHER"},
        {"auth_algo": "SHA1withRSA"},
        {"transmission_id": "another-one"},
        {"transmission_time": "2020-01-01T00:00:00Z"},
        {"cert_url": "https://api.paypal.com/v1/notifications/certs/CERT-1"},
        {"transmission_sig": "AAAA"},
    ],
)
def test_paypal_denies_what_it_did_not_send(
    shop: Shop, receiver: Receiver, deliver: Any, change: dict[str, str]
) -> None:
    shop.approved()
    deliver()
    assert by_api(shop, *receiver.taken[0], **change) == "FAILURE"


def test_the_question_itself_must_be_well_formed(shop: Shop) -> None:
    assert shop.call("POST", VERIFY, {"webhook_id": "x"}).status_code == 400
    assert shop.call("POST", VERIFY, ["no object"]).status_code == 400


def test_a_year_later_there_is_a_new_certificate(shop: Shop, receiver: Receiver, deliver: Any) -> None:
    shop.approved()
    deliver()
    with later(days=365):
        shop.approved()
        deliver()
        first, last = receiver.taken[0], receiver.taken[-1]
        assert first[0]["paypal-cert-url"] != last[0]["paypal-cert-url"]
        verify_offline(shop, *last)


# Forgeries


@pytest.mark.parametrize("tamper", ["body", "signature", "authority", "host", "webhook"])
def test_a_forgery_is_no_forgery_of_ours(shop: Shop, receiver: Receiver, tamper: Any) -> None:
    shop.approved()
    assert send(shop, receiver, tamper=tamper) == [200]
    [(headers, body)] = receiver.taken
    json.loads(body)
    assert by_api(shop, headers, body) == "FAILURE"
    if tamper != "host":
        with pytest.raises((InvalidSignature, VerificationError)):
            verify_offline(shop, headers, body)
    else:
        assert not headers["paypal-cert-url"].startswith(shop.state.base_url)


def test_a_replay_is_the_first_message_to_the_byte(shop: Shop, receiver: Receiver, deliver: Any) -> None:
    shop.approved()
    deliver()
    with later(days=200):
        send(shop, receiver, tamper="replay")
        send(shop, receiver)
    first, replayed, afresh = receiver.taken
    assert replayed == first
    assert afresh[1] == first[1]
    assert afresh[0]["paypal-transmission-id"] != first[0]["paypal-transmission-id"]
