"""Webhook events and their way to the API: signed, tried again for three days, or held, repeated and forged."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from local.paypal.authority import CERTIFICATES_PATH, Authority, signed_message
from local.paypal.errors import PayPalError
from local.paypal.events import as_sent, event_of
from local.paypal.marks import milliseconds, now, stamp

Json = dict[str, Any]
Tamper = Literal["body", "signature", "authority", "host", "webhook", "replay"]

MOST_TRIES = 25
PATIENCE = timedelta(days=3)
ALGORITHM = "SHA256withRSA"
SIGNATURE = "PAYPAL-TRANSMISSION-SIG"
OTHER_WEBHOOK = "MOCKWEBHOOK000002"
FOREIGN_HOST = "https://api.paypal.com.certificates.example"


@dataclass(frozen=True, slots=True)
class Transmission:
    """One signed message as it goes over the wire."""

    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Delivery:
    """An event and its journey. ``due`` is none once it is over."""

    event: Json
    body: bytes
    created: datetime
    due: datetime | None
    held: bool
    transmission: Transmission | None = None
    """Signed at the first try; the next ones repeat it."""

    statuses: list[int | None] = field(default_factory=list)
    """What each try was answered; none where there was no answer."""

    @property
    def id(self) -> str:
        return str(self.event["id"])

    @property
    def state(self) -> str:
        if self.held:
            return "held"
        if self.due is not None:
            return "pending"
        return "delivered" if self.was_taken else "failed"

    @property
    def was_taken(self) -> bool:
        return bool(self.statuses) and is_success(self.statuses[-1])

    def note(self, status: int | None) -> None:
        """The answer to a try, and when the next one is."""
        self.statuses.append(status)
        tries = len(self.statuses)
        self.due = None if is_success(status) or tries >= MOST_TRIES else self.created + _wait(tries)

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "event_type": self.event["event_type"],
            "state": self.state,
            "created_at": milliseconds(self.created),
            "tries": len(self.statuses),
            "last_status": self.statuses[-1] if self.statuses else None,
            "next_try_at": milliseconds(self.due) if self.due and not self.held else None,
            "event": self.event,
        }


class Webhooks:
    def __init__(self, base_url: str, webhook_id: str, authority: Authority) -> None:
        self._base_url = base_url
        self._webhook_id = webhook_id
        self._authority = authority
        self._forger = Authority()
        self.deliveries: list[Delivery] = []
        self.delivering = True

    def reset(self) -> None:
        self.deliveries = []
        self.delivering = True

    def publish(self, kind: str, resource: Json) -> None:
        at = now()
        event = event_of(kind, resource, at, self._base_url)
        self.deliveries.append(
            Delivery(event=event, body=as_sent(event), created=at, due=at, held=not self.delivering)
        )

    def set_delivering(self, delivering: bool) -> None:
        """Off, new events wait; on, everything goes out that waited."""
        self.delivering = delivering
        for delivery in self.deliveries:
            delivery.held = not delivering and delivery.due is not None

    def due(self) -> list[Delivery]:
        at = now()
        return [each for each in self.deliveries if not each.held and each.due is not None and each.due <= at]

    def find(self, event_id: str) -> Delivery:
        for delivery in self.deliveries:
            if delivery.id == event_id:
                return delivery
        raise PayPalError("INVALID_RESOURCE_ID", field="event_id", value=event_id, location="path")

    def transmit(self, delivery: Delivery) -> Transmission:
        """The message of the next automatic try."""
        delivery.transmission = delivery.transmission or self.sign(delivery.body)
        return delivery.transmission

    def resend(self, delivery: Delivery, tamper: Tamper | None = None) -> Transmission:
        """A message sent by hand: signed afresh, unless it is a forgery or the replay of an old one."""
        match tamper:
            case "replay":
                return self.transmit(delivery)
            case "authority":
                return self.sign(delivery.body, authority=self._forger)
            case "host":
                return self.sign(delivery.body, certificates=FOREIGN_HOST)
            case "webhook":
                return self.sign(delivery.body, webhook_id=OTHER_WEBHOOK)
        genuine = self.sign(delivery.body)
        return _altered(genuine, tamper) if tamper else genuine

    def sign(
        self,
        body: bytes,
        *,
        authority: Authority | None = None,
        certificates: str | None = None,
        webhook_id: str | None = None,
    ) -> Transmission:
        at = now()
        leaf = (authority or self._authority).leaf(at)
        transmission_id, time = str(uuid.uuid4()), stamp(at)
        message = signed_message(transmission_id, time, webhook_id or self._webhook_id, body)
        host = certificates or self._base_url
        headers = {
            "PAYPAL-TRANSMISSION-ID": transmission_id,
            "PAYPAL-TRANSMISSION-TIME": time,
            SIGNATURE: leaf.sign(message),
            "PAYPAL-CERT-URL": f"{host}{CERTIFICATES_PATH}/{leaf.id}",
            "PAYPAL-AUTH-ALGO": ALGORITHM,
            "PAYPAL-AUTH-VERSION": "v2",
            "Content-Type": "application/json",
            "User-Agent": "PayPal/AUHD-214.0-58843054",
        }
        return Transmission(headers, body)

    def certificate(self, certificate_id: str) -> bytes | None:
        """Forged ones are served too: what they look like shall not give them away."""
        leaf = self._authority.find(certificate_id) or self._forger.find(certificate_id)
        return leaf.pem if leaf else None

    def verifies(self, asked: Json, event: bytes) -> bool:
        """Whether this account's webhook sent these very bytes under these headers."""
        prefix = f"{self._base_url}{CERTIFICATES_PATH}/"
        url = str(asked.get("cert_url", ""))
        known = asked.get("webhook_id") == self._webhook_id and asked.get("auth_algo") == ALGORITHM
        message = signed_message(
            str(asked.get("transmission_id")), str(asked.get("transmission_time")), self._webhook_id, event
        )
        signature = str(asked.get("transmission_sig", ""))
        return (
            known
            and url.startswith(prefix)
            and self._authority.verifies(url.removeprefix(prefix), signature, message)
        )


def is_success(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def _wait(tries: int) -> timedelta:
    """From the event to its next try: soon at first, the last one after three days."""
    wait: timedelta = PATIENCE * (tries / (MOST_TRIES - 1)) ** 4
    return wait


def _altered(genuine: Transmission, tamper: Literal["body", "signature"]) -> Transmission:
    if tamper == "body":
        return Transmission(genuine.headers, _one_byte_changed(genuine.body))
    signature = genuine.headers[SIGNATURE]
    return Transmission(
        {**genuine.headers, SIGNATURE: signature[64:128] + signature[:64] + signature[128:]}, genuine.body
    )


def _one_byte_changed(body: bytes) -> bytes:
    """Still JSON: a digit of the event's id."""
    at = body.index(b"WH-MOCK") + len(b"WH-MOCK")
    return body[:at] + (b"1" if body[at : at + 1] == b"0" else b"0") + body[at + 1 :]
