"""PayPal slow, down or silent, tokens running out: on a real socket, against a server told how to answer."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from shared import observability
from shared.adapters import paypal_api
from shared.adapters.paypal import PayPalGateway
from shared.domain.errors import DomainError, PaymentDeclined, PaymentProviderUnavailable
from shared.usecases.ports import (
    AlreadyCaptured,
    OutcomeUnknown,
    TryAgainLater,
    WillNeverWork,
)
from tests.paypal_script import (
    CAPTURE,
    CAPTURE_ORDER,
    CREATE_ORDER,
    DOWN,
    GET_CAPTURE,
    GET_ORDER,
    LOST,
    NOW,
    ORDER,
    REFUND_CAPTURE,
    TOKEN,
    captured,
    connect,
    create,
    created,
    only,
    order,
    refund,
    refunded,
    refusal,
    token,
)
from tests.scripted_server import Answer, ScriptedServer, scripted_server


@pytest.fixture(scope="module")
def running() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def server(running: ScriptedServer) -> ScriptedServer:
    running.requests.clear()
    running.script.clear()
    running.on(TOKEN, token())
    return running


@pytest.fixture
def gateway(server: ScriptedServer) -> PayPalGateway:
    return connect(server.url)


# Lost answers, slowness, refusals on the way

CALLS: dict[str, tuple[str, Answer, Callable[[PayPalGateway], Any]]] = {
    "create_order": (CREATE_ORDER, created(), create),
    "get_order": (GET_ORDER, order("APPROVED"), lambda gateway: gateway.get_order(ORDER)),
    "capture": (
        CAPTURE_ORDER,
        order("COMPLETED", {"captures": [captured()]}),
        lambda gateway: gateway.capture(ORDER, request_id="capture-1"),
    ),
    "get_capture": (GET_CAPTURE, Answer(200, captured()), lambda gateway: gateway.get_capture(CAPTURE)),
    "refund": (REFUND_CAPTURE, Answer(201, refunded()), refund),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("trouble", [DOWN, LOST, Answer(500, b""), Answer(201, {}, delay=0.6)])
def test_a_lost_answer_is_asked_for_once_more_under_the_same_name(
    server: ScriptedServer,
    gateway: PayPalGateway,
    call: str,
    trouble: Answer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paypal_api, "READ_SECONDS", 0.3)
    line, good, ask = CALLS[call]
    server.on(line, trouble, good)
    ask(gateway)
    first, second = server.asked(line)
    assert first.body == second.body
    assert first.headers.get("PayPal-Request-Id") == second.headers.get("PayPal-Request-Id")
    assert first.method == "GET" or first.headers["PayPal-Request-Id"]


@pytest.mark.parametrize("call", CALLS)
def test_paypal_is_never_asked_a_third_time(
    server: ScriptedServer, gateway: PayPalGateway, call: str
) -> None:
    line, good, ask = CALLS[call]
    server.on(line, DOWN, LOST, good)
    with pytest.raises((DomainError, TryAgainLater)):
        ask(gateway)
    assert len(server.asked(line)) == 2


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [400, 403, 409, 422, 429])
def test_a_refusal_is_not_tried_again(
    server: ScriptedServer, gateway: PayPalGateway, call: str, status: int
) -> None:
    line, good, ask = CALLS[call]
    server.on(line, refusal("OF_TOMORROW", status), good)
    with pytest.raises((DomainError, TryAgainLater, WillNeverWork)):
        ask(gateway)
    assert len(server.asked(line)) == 1


@pytest.mark.parametrize("after", [refusal("RATE_LIMIT_REACHED", 429), refusal("PERMISSION_DENIED", 403)])
def test_a_doubt_is_not_ended_by_an_answer_to_another_question(
    server: ScriptedServer, gateway: PayPalGateway, after: Answer
) -> None:
    server.on(CAPTURE_ORDER, LOST, after)
    with pytest.raises(OutcomeUnknown):
        gateway.capture(ORDER, request_id="capture-1")
    server.on(REFUND_CAPTURE, LOST, after)
    with pytest.raises(OutcomeUnknown):
        refund(gateway)


def test_a_doubt_ends_with_a_plain_answer(server: ScriptedServer, gateway: PayPalGateway) -> None:
    server.on(CAPTURE_ORDER, LOST, refusal("INSTRUMENT_DECLINED"))
    with pytest.raises(PaymentDeclined):
        gateway.capture(ORDER, request_id="capture-1")
    server.on(CAPTURE_ORDER, LOST, refusal("ORDER_ALREADY_CAPTURED"))
    with pytest.raises(AlreadyCaptured):
        gateway.capture(ORDER, request_id="capture-1")


def test_what_never_left_was_not_done() -> None:
    with scripted_server() as gone:
        gone.on(TOKEN, replace(token(), headers={"Connection": "close"}))
        gateway = connect(gone.url)
        assert gateway.check() == "initialized"
    with pytest.raises(PaymentProviderUnavailable):
        gateway.capture(ORDER, request_id="capture-1")
    with pytest.raises(TryAgainLater) as caught:
        refund(gateway)
    assert type(caught.value) is TryAgainLater
    assert gateway.check().startswith("error: PayPal does not answer as it should (")


@pytest.mark.parametrize("trouble", [DOWN, LOST, refusal("RATE_LIMIT_REACHED", 429), Answer(200, {})])
def test_without_a_token_nothing_was_asked(
    server: ScriptedServer, gateway: PayPalGateway, trouble: Answer
) -> None:
    server.on(TOKEN, trouble)
    with pytest.raises(PaymentProviderUnavailable):
        gateway.capture(ORDER, request_id="capture-1")
    with pytest.raises(TryAgainLater) as caught:
        refund(gateway)
    assert type(caught.value) is TryAgainLater
    assert set(server.lines()) == {TOKEN}


def test_a_capture_lost_before_its_token_ran_out_stays_in_doubt(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    server.on(TOKEN, token(expires_in=0), DOWN)
    server.on(CAPTURE_ORDER, LOST)
    with pytest.raises(OutcomeUnknown):
        gateway.capture(ORDER, request_id="capture-1")


def test_nobody_waits_longer_than_the_timeouts(
    server: ScriptedServer, gateway: PayPalGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paypal_api, "READ_SECONDS", 0.2)
    server.on(CAPTURE_ORDER, Answer(201, {}, delay=1.5))
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        gateway.capture(ORDER, request_id="capture-1")
    assert time.monotonic() - started < 1.4


def test_a_connection_is_kept_for_the_next_call_but_not_after_a_pause(
    server: ScriptedServer, gateway: PayPalGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on(GET_ORDER, order("APPROVED"))
    gateway.get_order(ORDER)
    gateway.get_order(ORDER)
    assert len({request.connection for request in server.requests}) == 1
    monkeypatch.setattr(paypal_api, "IDLE_SECONDS", 0)
    gateway.get_order(ORDER)
    assert len({request.connection for request in server.requests}) == 2


# The token


def test_the_token_is_asked_for_with_the_credentials(server: ScriptedServer, gateway: PayPalGateway) -> None:
    server.on(GET_ORDER, order("APPROVED"))
    gateway.get_order(ORDER)
    sent = only(server.asked(TOKEN))
    credentials = base64.b64encode(b"client-id:client-secret").decode()
    assert sent.headers["Authorization"] == f"Basic {credentials}"
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent.body == b"grant_type=client_credentials"


def test_the_token_is_kept_until_shortly_before_it_ends(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    server.on(GET_ORDER, order("APPROVED"))
    server.on(TOKEN, token("FIRST"), token("SECOND"))
    with time_machine.travel(NOW, tick=True) as clock:
        gateway.get_order(ORDER)
        clock.shift(timedelta(hours=8, minutes=50))
        gateway.get_order(ORDER)
        clock.shift(timedelta(minutes=9))
        gateway.get_order(ORDER)
    used = [request.headers["Authorization"] for request in server.asked(GET_ORDER)]
    assert used == ["Bearer FIRST", "Bearer FIRST", "Bearer SECOND"]


@pytest.mark.parametrize("call", CALLS)
def test_a_token_paypal_no_longer_takes_is_renewed_once(
    server: ScriptedServer, gateway: PayPalGateway, call: str
) -> None:
    line, good, ask = CALLS[call]
    server.on(TOKEN, token("FIRST"), token("SECOND"))
    server.on(line, Answer(401, {"error": "invalid_token"}), good)
    ask(gateway)
    assert [sent.headers["Authorization"] for sent in server.asked(line)] == ["Bearer FIRST", "Bearer SECOND"]
    server.on(line, Answer(401, {"error": "invalid_token"}))
    with pytest.raises((DomainError, TryAgainLater)):
        ask(gateway)
    assert len(server.asked(line)) == 4


def test_the_machines_own_logins_and_proxies_are_not_used(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    server.on(GET_ORDER, order("APPROVED"))
    connect(server.url).get_order(ORDER)
    assert only(server.asked(GET_ORDER)).headers["Authorization"] == "Bearer TOKEN"


# The health page


def test_the_health_page_says_initialized_once_paypal_takes_the_credentials(
    server: ScriptedServer, gateway: PayPalGateway
) -> None:
    assert gateway.check() == "initialized"
    assert connect(server.url, mock=True).check() == "mock"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(401, {"error": "invalid_client"}), "error: PayPal refuses PAYPAL_CLIENT_ID"),
        (DOWN, "error: PayPal does not answer as it should (503 SERVICE_UNAVAILABLE)"),
        (Answer(200, b"<html>"), "error: PayPal does not answer as it should"),
    ],
)
def test_the_health_page_says_what_is_wrong(
    server: ScriptedServer, gateway: PayPalGateway, answer: Answer, says: str
) -> None:
    server.on(TOKEN, answer)
    assert gateway.check().startswith(says)
    assert connect(server.url, mock=True).check().startswith(says)


# What is told and logged


class Listener:
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def before(self, target: str, operation: str) -> None: ...

    def after(self, target: str, operation: str, seconds: float, outcome: str) -> None:
        self.told.append((f"{target}.{operation}", outcome))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    listener = Listener()
    monkeypatch.setattr(observability, "_listeners", [listener])
    return listener.told


@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_told_to_who_listens(
    server: ScriptedServer, gateway: PayPalGateway, call: str, told: list[tuple[str, str]]
) -> None:
    line, good, ask = CALLS[call]
    server.on(line, DOWN, good)
    ask(gateway)
    assert told == [("paypal.token", "ok"), (f"paypal.{call}", "PayPalTrouble"), (f"paypal.{call}", "ok")]


def test_a_refusal_is_logged_with_paypals_word_for_it_and_nothing_else(
    server: ScriptedServer, gateway: PayPalGateway, caplog: pytest.LogCaptureFixture, capsys: Any
) -> None:
    secret = refusal("INSTRUMENT_DECLINED")
    secret.body["details"][0]["value"] = "alex@example.com"
    secret.body["links"] = [{"href": "alex@example.com"}]
    server.on(CAPTURE_ORDER, replace(secret, headers={"Paypal-Debug-Id": "f00d"}))
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(json.dumps(record.__dict__, default=str))  # type: ignore[method-assign]
    observability.logger.addHandler(handler)
    try:
        with pytest.raises(PaymentDeclined):
            gateway.capture(ORDER, request_id="capture-1")
    finally:
        observability.logger.removeHandler(handler)
    written = "\n".join(lines)
    assert "INSTRUMENT_DECLINED" in written
    assert "f00d" in written
    for hidden in ("alex@example.com", "TOKEN", "client-secret", "Words that PayPal"):
        assert hidden not in written
