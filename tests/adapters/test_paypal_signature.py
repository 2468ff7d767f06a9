"""Webhooks signed by an authority of the tests' own: only PayPal's own are taken, whichever way they are checked."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from shared.adapters import paypal_api, paypal_signature
from shared.adapters.paypal_api import PayPalApi
from shared.adapters.paypal_signature import (
    LIVE_CERTIFICATES,
    SANDBOX_CERTIFICATES,
    AskingPayPal,
    CheckingCertificates,
)
from shared.domain.errors import PaymentProviderUnavailable
from shared.usecases.ports import WebhookVerifier
from tests.certificates import SANDBOX_NAME, Authority, rsa_key, sign
from tests.paypal_specs import assert_conforms
from tests.scripted_server import Answer, ScriptedServer, scripted_server

SAMPLE = Path(__file__).parents[2] / "events" / "paypal_webhook" / "order_approved.json"
BODY: bytes = json.loads(SAMPLE.read_text())["body"].encode()
EXACT = b'{"id":"WH-1","event_version":1.0,"resource":{"amount":{"breakdown":{}},"name":"\xc3\xa9\\u00e9"}} '

WEBHOOK = "8PT597110X687430LKGECATA"
CERTIFICATE = "/v1/notifications/certs/CERT-360caa42-fca2a594-5edc0ebc"
VERIFY = "POST /v1/notifications/verify-webhook-signature"
Headers = dict[str, str]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def running() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def server(running: ScriptedServer, authority: Authority) -> ScriptedServer:
    running.requests.clear()
    running.script.clear()
    running.on("POST /v1/oauth2/token", Answer(200, {"access_token": "TOKEN", "expires_in": 32_400}))
    running.on(f"GET {CERTIFICATE}", Answer(200, authority.chain()))
    return running


@pytest.fixture
def offline(server: ScriptedServer, authority: Authority) -> CheckingCertificates:
    return check_certificates(server, authority)


def check_certificates(
    server: ScriptedServer, authority: Authority, webhook_id: str | None = WEBHOOK
) -> CheckingCertificates:
    return CheckingCertificates(webhook_id, origins={server.url: SANDBOX_NAME}, roots=authority.root)


@pytest.fixture
def asking(server: ScriptedServer) -> AskingPayPal:
    return AskingPayPal(api(server), WEBHOOK)


def api(server: ScriptedServer) -> PayPalApi:
    return PayPalApi(api_base=server.url, client_id="id", client_secret="secret")


def just_now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def signed(server: ScriptedServer, body: bytes = BODY, **changes: str) -> Headers:
    transmission, time = "103e3700-8b0c-11ef-8695-6b62a8a99ac4", just_now()
    return {
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-auth-version": "v2",
        "paypal-cert-url": server.url + CERTIFICATE,
        "paypal-transmission-id": transmission,
        "paypal-transmission-time": time,
        "paypal-transmission-sig": sign(body, WEBHOOK, transmission, time, rsa_key("leaf")),
        **changes,
    }


# By PayPal's certificate


@pytest.mark.parametrize("body", [BODY, EXACT, b"", "é".encode()])
def test_what_paypal_signed_is_taken(
    server: ScriptedServer, offline: CheckingCertificates, body: bytes
) -> None:
    assert offline.verify(signed(server, body), body)


def test_headers_are_found_however_they_are_written(
    server: ScriptedServer, offline: CheckingCertificates
) -> None:
    assert offline.verify({name.upper(): value for name, value in signed(server).items()}, BODY)


def test_the_certificate_is_fetched_once(server: ScriptedServer, offline: CheckingCertificates) -> None:
    for _ in range(3):
        assert offline.verify(signed(server), BODY)
    assert server.lines() == [f"GET {CERTIFICATE}"]


def test_one_byte_altered_is_refused_wherever_it_is(
    server: ScriptedServer, offline: CheckingCertificates
) -> None:
    headers = signed(server)
    for position in range(len(BODY)):
        altered = bytearray(BODY)
        altered[position] ^= 1
        assert not offline.verify(headers, bytes(altered))
    assert offline.verify(headers, BODY)


def test_a_body_written_again_is_another_body(server: ScriptedServer, offline: CheckingCertificates) -> None:
    headers = signed(server, EXACT)
    assert not offline.verify(headers, json.dumps(json.loads(EXACT)).encode())
    assert not offline.verify(headers, EXACT.strip())


def test_a_signature_for_another_webhook_is_refused(server: ScriptedServer, authority: Authority) -> None:
    assert not check_certificates(server, authority, "0EH40505U7160970P").verify(signed(server), BODY)


@pytest.mark.parametrize("webhook_id", [None, ""])
def test_without_a_webhook_id_nothing_is_taken_and_nobody_asked(
    server: ScriptedServer, authority: Authority, webhook_id: str | None
) -> None:
    transmission, time = "t", just_now()
    for named in ("", "None"):
        signature = sign(BODY, named, transmission, time, rsa_key("leaf"))
        headers = signed(server) | {
            "paypal-transmission-id": transmission,
            "paypal-transmission-sig": signature,
        }
        assert not check_certificates(server, authority, webhook_id).verify(headers, BODY)
        assert not AskingPayPal(api(server), webhook_id).verify(headers, BODY)
    assert server.lines() == []


@pytest.mark.parametrize(
    "name",
    ["paypal-cert-url", "paypal-transmission-id", "paypal-transmission-time", "paypal-transmission-sig"],
)
@pytest.mark.parametrize("value", [None, "", "x" * 501])
def test_a_header_that_is_missing_or_no_header_of_paypals_is_refused(
    server: ScriptedServer, offline: CheckingCertificates, asking: AskingPayPal, name: str, value: str | None
) -> None:
    headers = {key: other for key, other in signed(server).items() if key != name}
    if value is not None:
        headers[name] = value
    assert not offline.verify(headers, BODY)
    assert not asking.verify(headers, BODY)
    assert server.lines() == []


@pytest.mark.parametrize("algorithm", [None, "none", "SHA1withRSA", "sha256withrsa", "SHA256withECDSA"])
def test_no_other_algorithm_is_taken(
    server: ScriptedServer, offline: CheckingCertificates, asking: AskingPayPal, algorithm: str | None
) -> None:
    headers = signed(server)
    del headers["paypal-auth-algo"]
    if algorithm:
        headers["paypal-auth-algo"] = algorithm
    assert not offline.verify(headers, BODY)
    assert not asking.verify(headers, BODY)


@pytest.mark.parametrize("signature", ["not base64!", "AAAA", "é", "=", "AAAA\n"])
def test_a_signature_that_is_none_is_refused(
    server: ScriptedServer, offline: CheckingCertificates, signature: str
) -> None:
    assert not offline.verify(signed(server) | {"paypal-transmission-sig": signature}, BODY)


@pytest.mark.parametrize("noise", ["\n", " ", "~"])
def test_a_signature_written_otherwise_is_not_the_one_sent(
    server: ScriptedServer, offline: CheckingCertificates, noise: str
) -> None:
    headers = signed(server)
    signature = headers["paypal-transmission-sig"]
    headers["paypal-transmission-sig"] = signature[:9] + noise + signature[9:]
    assert not offline.verify(headers, BODY)


def test_a_signature_by_another_key_is_refused(server: ScriptedServer, offline: CheckingCertificates) -> None:
    headers = signed(server)
    headers["paypal-transmission-sig"] = sign(
        BODY,
        WEBHOOK,
        headers["paypal-transmission-id"],
        headers["paypal-transmission-time"],
        rsa_key("somebody else's"),
    )
    assert not offline.verify(headers, BODY)


# Which certificates


Chain = Callable[[Authority], bytes]
UNTRUSTED: dict[str, Chain] = {
    "another authority's": lambda _: Authority("Another Root").chain(),
    "another authority's, beside our root": lambda ours: Authority("Another Root").chain() + ours.root,
    "a namesake authority's": lambda ours: Authority("Test Root ").issue() + ours.intermediate,
    "without the intermediate": lambda ours: ours.issue(),
    "for another name": lambda ours: ours.chain("www.paypal.com"),
    "for a name that ends alike": lambda ours: ours.chain(f"x.{SANDBOX_NAME}"),
    "for live, where the sandbox's belongs": lambda ours: ours.chain("messageverificationcerts.paypal.com"),
    "expired": lambda ours: ours.chain(ends_in=timedelta(days=-1)),
    "not yet valid": lambda ours: ours.chain(ends_in=timedelta(days=7301)),
    "an authority's own": lambda ours: ours.chain(authority=True),
    "of another kind of key": lambda ours: ours.chain(key=ec.generate_private_key(ec.SECP256R1())),
    "none": lambda _: b"",
    "no certificate": lambda _: b"<html>",
    "cut off": lambda ours: ours.issue()[:500],
    "too large": lambda ours: ours.chain() + b"\n" * 65_536,
}


@pytest.mark.parametrize("chain", UNTRUSTED)
def test_a_certificate_that_does_not_lead_to_the_roots_in_paypals_name_is_refused(
    server: ScriptedServer, authority: Authority, offline: CheckingCertificates, chain: str
) -> None:
    server.on(f"GET {CERTIFICATE}", Answer(200, UNTRUSTED[chain](authority)))
    assert not offline.verify(signed(server), BODY)


def test_a_refused_certificate_is_not_kept(
    server: ScriptedServer, authority: Authority, offline: CheckingCertificates
) -> None:
    server.on(f"GET {CERTIFICATE}", Answer(200, Authority("Another Root").chain()))
    assert not offline.verify(signed(server), BODY)
    server.on(f"GET {CERTIFICATE}", Answer(200, authority.chain()))
    assert offline.verify(signed(server), BODY)


def test_a_kept_certificate_is_no_longer_trusted_once_it_ran_out_and_is_fetched_anew(
    server: ScriptedServer, authority: Authority, offline: CheckingCertificates
) -> None:
    import time_machine

    assert offline.verify(signed(server), BODY)
    with time_machine.travel(timedelta(days=400), tick=True):
        assert not offline.verify(signed(server), BODY)
        server.on(f"GET {CERTIFICATE}", Answer(200, authority.chain()))
        assert offline.verify(signed(server), BODY)


@pytest.mark.parametrize(
    ("later", "taken"),
    [
        (timedelta(days=3), True),  # PayPal's own last try
        (timedelta(days=4, seconds=-5), True),
        (timedelta(days=4, seconds=5), False),
        (timedelta(days=365), False),
    ],
)
def test_a_message_is_taken_as_long_as_paypal_may_send_it_and_a_recording_of_it_is_not(
    server: ScriptedServer, asking: AskingPayPal, authority: Authority, later: timedelta, taken: bool
) -> None:
    import time_machine

    headers = signed(server)
    answers(server)
    with time_machine.travel(later, tick=True):
        server.on(f"GET {CERTIFICATE}", Answer(200, authority.chain()))
        assert check_certificates(server, authority).verify(headers, BODY) is taken
        assert asking.verify(headers, BODY) is taken


@pytest.mark.parametrize("time", ["yesterday", "2026-11-23", "2126-11-23T13:05:08", "1795439108"])
def test_a_time_that_is_none_is_refused_even_if_it_is_signed(
    server: ScriptedServer, offline: CheckingCertificates, time: str
) -> None:
    headers = signed(server) | {"paypal-transmission-time": time}
    transmission = headers["paypal-transmission-id"]
    headers["paypal-transmission-sig"] = sign(BODY, WEBHOOK, transmission, time, rsa_key("leaf"))
    assert not offline.verify(headers, BODY)


# Where certificates come from


ELSEWHERE = (
    "https://evil.example{path}",
    "http://api.sandbox.paypal.com{path}",
    "https://api.sandbox.paypal.com:8443{path}",
    "https://api.sandbox.paypal.com.evil.example{path}",
    "https://evil.example/api.sandbox.paypal.com{path}",
    "https://api.sandbox.paypal.com@evil.example{path}",
    "https://user:word@api.sandbox.paypal.com{path}",
    "https://API.sandbox.paypal.com{path}",
    "https://api.sandbox.paypal.com\\@evil.example{path}",
    "https://api.sandbox.paypal.com{path}?x=https://evil.example",
    "https://api.sandbox.paypal.com{path}#x",
    "https://api.sandbox.paypal.com{path}\n",
    " https://api.sandbox.paypal.com{path}",
    "https://www.paypal.com{path}",
    "https://sandbox.paypal.com{path}",
    "https://api-sandbox.paypal.com{path}",
    "//api.sandbox.paypal.com{path}",
    "file:///etc/ssl/cert.pem",
    "https://api.sandbox.paypal.com",
    "https://127.0.0.1{path}",
    "https://[::1]{path}",
)


@pytest.mark.parametrize("url", ELSEWHERE)
@pytest.mark.parametrize("origins", [LIVE_CERTIFICATES, SANDBOX_CERTIFICATES])
def test_no_other_place_is_even_asked(
    server: ScriptedServer,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    origins: Mapping[str, str],
) -> None:
    def unwanted(*_: Any, **__: Any) -> None:
        raise AssertionError("a certificate was fetched")

    monkeypatch.setattr(paypal_signature, "_download", unwanted)
    verifier = CheckingCertificates(WEBHOOK, origins=origins, roots=authority.root)
    assert not verifier.verify(signed(server) | {"paypal-cert-url": url.format(path=CERTIFICATE)}, BODY)


@pytest.mark.parametrize("host", ["api.paypal.com", "api-m.paypal.com"])
@pytest.mark.parametrize("port", ["", ":443"])
@pytest.mark.parametrize("of", ["live", "sandbox"])
def test_paypals_own_places_are_asked_and_each_must_show_its_own_name(
    server: ScriptedServer,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    port: str,
    of: str,
) -> None:
    sandbox = of == "sandbox"
    origins = SANDBOX_CERTIFICATES if sandbox else LIVE_CERTIFICATES
    host = host.replace(".paypal", ".sandbox.paypal") if sandbox else host
    right = SANDBOX_NAME if sandbox else "messageverificationcerts.paypal.com"
    wrong = "messageverificationcerts.paypal.com" if sandbox else SANDBOX_NAME
    headers = signed(server) | {"paypal-cert-url": f"https://{host}{port}{CERTIFICATE}"}
    for name, genuine in ((right, True), (wrong, False)):
        served = authority.chain(name)
        monkeypatch.setattr(paypal_signature, "_download", lambda _, served=served: served)
        verifier = CheckingCertificates(WEBHOOK, origins=origins, roots=authority.root)
        assert verifier.verify(headers, BODY) is genuine


def test_the_live_system_does_not_take_the_sandboxs_certificates() -> None:
    assert not LIVE_CERTIFICATES.keys() & SANDBOX_CERTIFICATES.keys()


def test_a_redirect_is_not_followed(
    server: ScriptedServer, authority: Authority, offline: CheckingCertificates
) -> None:
    server.on(f"GET {CERTIFICATE}", Answer(302, b"", headers={"Location": "/elsewhere"}))
    server.on("GET /elsewhere", Answer(200, authority.chain()))
    assert not offline.verify(signed(server), BODY)
    assert server.asked("GET /elsewhere") == []


def test_a_certificate_that_is_not_there_is_a_forgery(
    server: ScriptedServer, offline: CheckingCertificates
) -> None:
    server.on(f"GET {CERTIFICATE}", Answer(404, b"no"))
    assert not offline.verify(signed(server), BODY)


@pytest.mark.parametrize(
    "trouble", [Answer(503, b""), Answer(200, b"x", drops=True), Answer(200, b"", delay=0.6)]
)
def test_a_certificate_that_can_not_be_had_now_leaves_the_question_open(
    server: ScriptedServer, offline: CheckingCertificates, trouble: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paypal_signature, "READ_SECONDS", 0.3)
    server.on(f"GET {CERTIFICATE}", trouble)
    with pytest.raises(PaymentProviderUnavailable):
        offline.verify(signed(server), BODY)


def test_nobody_there_leaves_the_question_open(server: ScriptedServer, authority: Authority) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        verifier = CheckingCertificates(WEBHOOK, origins={nobody: SANDBOX_NAME}, roots=authority.root)
        with pytest.raises(PaymentProviderUnavailable):
            verifier.verify(signed(server) | {"paypal-cert-url": nobody + CERTIFICATE}, BODY)
        with pytest.raises(PaymentProviderUnavailable):
            AskingPayPal(PayPalApi(api_base=nobody, client_id="i", client_secret="s"), WEBHOOK).verify(
                signed(server), BODY
            )


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_the_public_roots_are_the_default_and_do_not_know_our_authority(server: ScriptedServer) -> None:
    verifier = CheckingCertificates(WEBHOOK, origins={server.url: SANDBOX_NAME})
    assert not verifier.verify(signed(server), BODY)


def test_a_thousand_alterations_none_taken(
    server: ScriptedServer, authority: Authority, offline: CheckingCertificates
) -> None:
    other = "/v1/notifications/certs/CERT-other"
    server.on(f"GET {other}", Answer(200, Authority("Another Root").chain()))
    genuine = signed(server)
    chance = random.Random(20261124)
    for _ in range(1000):
        headers, body = dict(genuine), bytearray(BODY)
        what = chance.choice(["flip", "cut", "add", "header", "url", "another"])
        if what == "flip":
            for _ in range(chance.randint(1, 8)):
                body[chance.randrange(len(body))] = chance.randrange(256)
        elif what == "cut":
            del body[chance.randrange(len(body)) :]
        elif what == "add":
            body.insert(chance.randrange(len(body)), chance.randrange(256))
        elif what == "header":
            name = chance.choice([name for name in headers if name != "paypal-auth-version"])
            position = chance.randrange(len(headers[name]))
            headers[name] = (
                headers[name][:position] + chance.choice("AZaz09~") + headers[name][position + 1 :]
            )
        elif what == "url":
            headers["paypal-cert-url"] = server.url + other
        else:
            body = bytearray(chance.randbytes(chance.randint(0, 300)))
        if (headers, bytes(body)) != (genuine, BODY):
            assert not offline.verify(headers, bytes(body)), (what, headers)
    assert offline.verify(genuine, BODY)


# By asking PayPal


def answers(server: ScriptedServer, verdict: str = "SUCCESS") -> None:
    server.on(VERIFY, Answer(200, {"verification_status": verdict}))


@pytest.mark.parametrize("body", [BODY, EXACT])
def test_paypal_is_asked_about_the_very_bytes(
    server: ScriptedServer, asking: AskingPayPal, body: bytes
) -> None:
    answers(server)
    headers = signed(server, body)
    assert asking.verify(headers, body)
    sent = server.asked(VERIFY)[0]
    assert sent.body.endswith(b'"webhook_event": ' + body + b"}")
    question = sent.json
    del question["webhook_event"]
    assert question == {
        "auth_algo": "SHA256withRSA",
        "cert_url": headers["paypal-cert-url"],
        "transmission_id": headers["paypal-transmission-id"],
        "transmission_sig": headers["paypal-transmission-sig"],
        "transmission_time": headers["paypal-transmission-time"],
        "webhook_id": WEBHOOK,
    }


def test_the_question_is_the_one_paypal_documents(server: ScriptedServer, asking: AskingPayPal) -> None:
    answers(server)
    asking.verify(signed(server), BODY)
    assert_conforms(
        "notifications_webhooks_v1.json", "verify_webhook_signature", server.asked(VERIFY)[0].json
    )


def test_paypals_no_is_a_no(server: ScriptedServer, asking: AskingPayPal) -> None:
    answers(server, "FAILURE")
    assert not asking.verify(signed(server), BODY)


def test_a_question_paypal_finds_malformed_is_a_no(server: ScriptedServer, asking: AskingPayPal) -> None:
    server.on(VERIFY, Answer(400, {"name": "VALIDATION_ERROR"}))
    assert not asking.verify(signed(server), BODY)


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(503, {}),
        Answer(429, {"name": "RATE_LIMIT_REACHED"}),
        Answer(403, {"name": "PERMISSION_DENIED"}),
        Answer(200, {"verification_status": "SUCCESS"}, drops=True),
        Answer(200, {"verification_status": "SUCCESS"}, delay=0.6),
        Answer(200, {"verification_status": "success"}),
        Answer(200, {}),
        Answer(200, []),
        Answer(200, b"SUCCESS"),
        Answer(302, b"", headers={"Location": "/elsewhere"}),
    ],
)
def test_no_clear_answer_leaves_the_question_open(
    server: ScriptedServer, asking: AskingPayPal, trouble: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paypal_api, "READ_SECONDS", 0.3)
    server.on(VERIFY, trouble)
    with pytest.raises(PaymentProviderUnavailable):
        asking.verify(signed(server), BODY)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"id": "WH-1"',
        b'{}, "webhook_id": "0EH40505U7160970P"',
        b'{}, "webhook_event": {}',
        b"{}}",
        b"{} {}",
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b'{"a": ' + b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_object_can_not_answer_the_question_itself(
    server: ScriptedServer, asking: AskingPayPal, body: bytes
) -> None:
    answers(server)
    assert not asking.verify(signed(server, body), body)
    assert server.asked(VERIFY) == []


def test_neither_way_falls_back_on_the_other(
    server: ScriptedServer, offline: CheckingCertificates, asking: AskingPayPal
) -> None:
    answers(server, "SUCCESS")
    assert not offline.verify(signed(server), BODY + b" ")
    assert server.asked(VERIFY) == []
    answers(server, "FAILURE")
    server.requests.clear()
    assert not asking.verify(signed(server), BODY)
    assert server.asked(f"GET {CERTIFICATE}") == []


def test_both_keep_the_contract(offline: CheckingCertificates, asking: AskingPayPal) -> None:
    verifiers: list[WebhookVerifier] = [offline, asking]
    assert all(verifier.verify({}, BODY) is False for verifier in verifiers)
