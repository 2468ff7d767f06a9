"""A thousand webhooks that PayPal never sent, against the real verifiers and the real table: none is taken."""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from local import engine
from local.paypal.app import create_app
from local.paypal.authority import Authority as OtherAuthority
from local.paypal.state import PayPalState
from local.paypal.webhooks import FOREIGN_HOST, OTHER_WEBHOOK, Transmission
from shared import bootstrap
from shared.adapters.dynamodb.changes import DynamoChanges
from shared.adapters.dynamodb.inbox import DynamoInbox
from shared.adapters.dynamodb.payments import DynamoPayments
from shared.adapters.dynamodb.store import DynamoBookings
from shared.adapters.dynamodb.table import Table
from shared.adapters.paypal_api import PayPalApi
from shared.adapters.paypal_signature import AskingPayPal, CheckingCertificates
from shared.usecases.checkout import Purchase, Shop, begin_checkout
from shared.usecases.till import Till
from tests import invariants
from tests.adapters.paypal_rig import loopback, served
from tests.builders import START, caller
from tests.certificates import SANDBOX_NAME, Authority, rsa_key, sign
from tests.handlers.conftest import Stage
from tests.scripted_server import Answer, ScriptedServer, scripted_server

FORGERIES = 1000
SEED = 20261124
CERTIFICATES = "/v1/notifications/certs"
YEAR = timedelta(days=365)

Row = dict[str, Any]


@pytest.fixture(scope="module")
def paypal() -> Iterator[PayPalState]:
    listening, base_url = loopback()
    state = PayPalState(base_url)
    with served(create_app(state), listening):
        yield state


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ScriptedServer]:
    """A second place that certificates may come from: those of one authority that is trusted."""
    with scripted_server() as server:
        ours = Authority()
        server.on("GET /root", Answer(200, ours.root))
        for name, chain in {
            "good": ours.chain(),
            "expired": ours.chain(ends_in=timedelta(days=-1)),
            "not-yet-valid": ours.chain(ends_in=timedelta(days=7301)),
            "another-name": ours.chain("www.paypal.com"),
            "authority": ours.chain(authority=True),
            "untrusted": Authority("Another Root").chain(),
            "nothing": b"",
        }.items():
            server.on(f"GET {CERTIFICATES}/{name}", Answer(200, chain))
        yield server


def checking(paypal: PayPalState, elsewhere: ScriptedServer) -> CheckingCertificates:
    roots = paypal.root_certificate.encode() + elsewhere.script["GET /root"][0].content
    origins = {paypal.base_url: SANDBOX_NAME, elsewhere.url: SANDBOX_NAME}
    return CheckingCertificates(paypal.webhook_id, origins=origins, roots=roots)


def asking(paypal: PayPalState, _: ScriptedServer) -> AskingPayPal:
    api = PayPalApi(api_base=paypal.base_url, client_id=paypal.client_id, client_secret=paypal.client_secret)
    return AskingPayPal(api, paypal.webhook_id)


@pytest.fixture
def table(dynamodb: str, table_name: str) -> Table:
    return Table(engine.client("dynamodb", dynamodb), table_name)


@pytest.fixture
def genuine(stage: Stage, paypal: PayPalState, table: Table, monkeypatch: pytest.MonkeyPatch) -> Transmission:
    """What PayPal sends of an order that a buyer has just approved; taken, it would move money."""
    payments, bookings = DynamoPayments(table), DynamoBookings(table)
    bookings.seed()
    till = Till(payments, DynamoChanges(table), stage.paypal, stage.calendar, stage.clock)
    monkeypatch.setattr(bootstrap, "till", lambda: till)
    monkeypatch.setattr(bootstrap, "inbox", lambda: DynamoInbox(table))
    wanted = Purchase(
        service="single", currency="CAD", start=START, phone="+14165550123", timezone="America/Toronto"
    )
    checkout = begin_checkout(
        Shop(payments, bookings, stage.calendar, stage.paypal, "https://a.example", "https://b.example"),
        stage.clock.now(),
        caller=caller("alex"),
        wanted=wanted,
        idempotency_key="key",
    )
    order_id = str(checkout.payment.order_id)
    stage.paypal.approve(order_id)
    unit = {
        "custom_id": checkout.payment.id,
        "amount": {"currency_code": "CAD", "value": "150.00", "breakdown": {}},
    }
    event = {
        "id": "WH-1",
        "event_version": 1.0,
        "event_type": "CHECKOUT.ORDER.APPROVED",
        "resource": {"id": order_id, "purchase_units": [unit], "note": "é \u00e9"},
    }
    return paypal.webhooks.sign(json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode())


def call(stage: Stage, message: Transmission, *, encoded: bool = False) -> int:
    event = stage.event("paypal_webhook/order_approved")
    for name in [name for name in event["headers"] if name.startswith("paypal-")]:
        del event["headers"][name]
    event["headers"] |= {name.lower(): value for name, value in message.headers.items()}
    event["isBase64Encoded"] = encoded
    event["body"] = base64.b64encode(message.body).decode() if encoded else message.body.decode()
    return int(stage.invoke("paypal_webhook", event)["statusCode"])


@dataclass
class Forger:
    """Someone who recorded one genuine webhook, and has authorities, hosts and patience of their own."""

    paypal: PayPalState
    elsewhere: ScriptedServer
    genuine: Transmission
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    authority: OtherAuthority = field(default_factory=OtherAuthority)

    def ways(self) -> dict[str, Callable[[], Transmission]]:
        return {
            "one byte altered": self.altered_byte,
            "truncated": lambda: self.body(self.genuine.body[: self.place(self.genuine.body)]),
            "one byte more": self.added_byte,
            "written again": lambda: self.body(json.dumps(json.loads(self.genuine.body)).encode()),
            "other fields": lambda: self.body(self.genuine.body.replace(b"APPROVED", b"APPROVEd")),
            "another body": lambda: self.body(json.dumps({"id": self.chance.random()}).encode()),
            "a header altered": self.altered_header,
            "a header missing": self.missing_header,
            "no header at all": lambda: Transmission({}, self.genuine.body),
            "another algorithm": lambda: self.headers("PAYPAL-AUTH-ALGO", "SHA1withRSA"),
            "another authority": lambda: self.paypal.webhooks.sign(
                self.genuine.body, authority=self.authority
            ),
            "another host": lambda: self.paypal.webhooks.sign(self.genuine.body, certificates=FOREIGN_HOST),
            "another webhook": lambda: self.paypal.webhooks.sign(self.genuine.body, webhook_id=OTHER_WEBHOOK),
            "a certificate that does not serve": self.bad_certificate,
            "an address that is not PayPal's": self.tricked_address,
            "recorded a year ago": self.recorded,
            "recorded a year ago, its certificate renewed": self.recorded_and_certified,
        }

    def place(self, body: bytes) -> int:
        return self.chance.randrange(len(body))

    def body(self, body: bytes) -> Transmission:
        return Transmission(self.genuine.headers, body)

    def headers(self, name: str, value: str) -> Transmission:
        return Transmission({**self.genuine.headers, name: value}, self.genuine.body)

    def altered_byte(self) -> Transmission:
        body = bytearray(self.genuine.body)
        body[self.place(body)] ^= 1 << self.chance.randrange(8)
        return self.body(bytes(body))

    def added_byte(self) -> Transmission:
        at = self.place(self.genuine.body)
        return self.body(
            self.genuine.body[:at] + self.chance.choice([b" ", b"0", b"}"]) + self.genuine.body[at:]
        )

    def signed_header(self) -> str:
        """The version is the one that nothing depends on."""
        names = [name for name in self.genuine.headers if name.startswith("PAYPAL-")]
        return self.chance.choice([name for name in names if name != "PAYPAL-AUTH-VERSION"])

    def altered_header(self) -> Transmission:
        name = self.signed_header()
        value = self.genuine.headers[name]
        at = self.chance.randrange(len(value))
        other = self.chance.choice([each for each in "AZaz09" if each != value[at]])
        return self.headers(name, value[:at] + other + value[at + 1 :])

    def missing_header(self) -> Transmission:
        gone = self.signed_header()
        kept = {name: value for name, value in self.genuine.headers.items() if name != gone}
        return Transmission(kept, self.genuine.body)

    def bad_certificate(self) -> Transmission:
        kinds = ["expired", "not-yet-valid", "another-name", "authority", "untrusted", "nothing", "gone"]
        return self.certified_by(self.chance.choice(kinds), datetime.now(UTC))

    def certified_by(self, certificate: str, at: datetime) -> Transmission:
        transmission, time = "103e3700-8b0c-11ef-8695-6b62a8a99ac4", at.strftime("%Y-%m-%dT%H:%M:%SZ")
        signature = sign(self.genuine.body, self.paypal.webhook_id, transmission, time, rsa_key("leaf"))
        return Transmission(
            {
                **self.genuine.headers,
                "PAYPAL-TRANSMISSION-ID": transmission,
                "PAYPAL-TRANSMISSION-TIME": time,
                "PAYPAL-TRANSMISSION-SIG": signature,
                "PAYPAL-CERT-URL": f"{self.elsewhere.url}{CERTIFICATES}/{certificate}",
            },
            self.genuine.body,
        )

    def tricked_address(self) -> Transmission:
        url = self.genuine.headers["PAYPAL-CERT-URL"]
        scheme, host, path = url[:7], url[7:].partition("/")[0], url[7:].partition("/")[2]
        return self.headers(
            "PAYPAL-CERT-URL",
            self.chance.choice(
                [
                    f"https://{host}/{path}",
                    f"{scheme}user:word@{host}/{path}",
                    f"{scheme}{host}@evil.example/{path}",
                    f"{scheme}{host}.evil.example/{path}",
                    f"{scheme}{host}0/{path}",
                    f"{scheme}{host.partition(':')[0]}/{path}",
                    f"{scheme}localhost:{host.partition(':')[2]}/{path}",
                    f"{scheme}{host}\\@evil.example/{path}",
                    f"{url}?x=1",
                    f"{url}#x",
                    f" {url}",
                    f"//{host}/{path}",
                    f"http://api.sandbox.paypal.com/{path}",
                    f"https://evil.example/{host}/{path}",
                    "file:///etc/ssl/cert.pem",
                ]
            ),
        )

    def recorded(self) -> Transmission:
        with time_machine.travel(datetime.now(UTC) - YEAR, tick=True):
            return self.paypal.webhooks.sign(self.genuine.body)

    def recorded_and_certified(self) -> Transmission:
        """Genuine in every respect but its age."""
        return self.certified_by("good", datetime.now(UTC) - YEAR)


@pytest.mark.slow
@pytest.mark.parametrize("how", [checking, asking])
def test_a_thousand_forgeries_none_taken_nothing_changed(
    stage: Stage,
    paypal: PayPalState,
    elsewhere: ScriptedServer,
    genuine: Transmission,
    table: Table,
    dynamodb: str,
    how: Any,
) -> None:
    stage.verifier = how(paypal, elsewhere)
    forger = Forger(paypal, elsewhere, genuine)
    ways = list(forger.ways().items())
    before, asked = rows(dynamodb, table), list(stage.paypal.calls)
    refused: Counter[str] = Counter()
    for number in range(FORGERIES):
        way, forge = ways[number % len(ways)]
        message = forge()
        assert message != genuine, way
        # API Gateway hands over as text what is text.
        encoded = not is_text(message.body) or forger.chance.random() < 0.5
        assert call(stage, message, encoded=encoded) == 400, (way, message)
        refused[way] += 1
    assert rows(dynamodb, table) == before
    assert stage.paypal.calls == asked
    print(
        f"\n{refused.total()} forged webhooks, {len(refused)} ways, {how.__name__}: 0 taken, 0 rows changed"
    )

    assert call(stage, genuine) == 200
    assert stage.paypal.captured_money == 1
    assert rows(dynamodb, table) != before


def test_what_is_genuine_but_old_is_refused_for_its_age_alone(
    stage: Stage, paypal: PayPalState, elsewhere: ScriptedServer, genuine: Transmission
) -> None:
    stage.verifier = checking(paypal, elsewhere)
    forger = Forger(paypal, elsewhere, genuine)
    assert call(stage, forger.recorded_and_certified()) == 400
    assert call(stage, forger.certified_by("good", datetime.now(UTC) - timedelta(days=3))) == 200


def rows(endpoint: str, table: Table) -> list[Row]:
    return sorted(invariants.rows(endpoint, table.name), key=lambda row: (row["PK"], row["SK"]))


def is_text(body: bytes) -> bool:
    try:
        return bool(body.decode())
    except UnicodeDecodeError:
        return False
