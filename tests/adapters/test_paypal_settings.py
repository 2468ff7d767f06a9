"""What the local stack gives its functions of PayPal is enough to pay, and to tell its webhooks from forged ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from local import environment, template
from local.paypal.courier import Courier
from local.twilio.state import TwilioState
from shared import bootstrap
from shared.adapters.paypal_signature import AskingPayPal, CheckingCertificates
from tests.adapters.paypal_rig import Receiver, Shop
from tests.engine import TEMPLATE

BUILT = (bootstrap.config, bootstrap._paypal_api, bootstrap.webhook_verifier, bootstrap.gateway)


@pytest.fixture
def given(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Puts the local environment of a function into this process."""

    def put(folder: str, **parameters: str) -> None:
        twilio = TwilioState()
        chosen = environment.parameters("http://site", "http://signin", shop.state, twilio) | parameters
        function = template.read(TEMPLATE, chosen).functions[folder]
        urls = dict.fromkeys(environment.PORTS, "http://127.0.0.1:1") | {"paypal": shop.state.base_url}
        for name, value in environment.environment_of({}, urls, "{}", shop.state, twilio)(function).items():
            monkeypatch.setenv(name, value)

    for built in BUILT:
        built.cache_clear()
    yield put
    for built in BUILT:
        built.cache_clear()


@pytest.mark.parametrize(("choice", "kind"), [("api", AskingPayPal), ("offline", CheckingCertificates)])
def test_webhooks_are_told_from_forged_ones_either_way(
    given: Callable[..., None],
    shop: Shop,
    receiver: Receiver,
    deliver: Callable[[], None],
    choice: str,
    kind: type,
) -> None:
    given("paypal_webhook", PayPalWebhookVerification=choice)
    verifier = bootstrap.webhook_verifier()
    assert isinstance(verifier, kind)
    shop.approved()
    deliver()
    [(headers, body)] = receiver.taken
    assert verifier.verify(headers, body)
    assert not verifier.verify(headers, body.replace(b"APPROVED", b"VOIDED"))
    event_id = shop.state.webhook_log()[0]["id"]
    asyncio.run(Courier(shop.state, receiver.url).send(event_id, tamper="authority"))
    assert not verifier.verify(*receiver.taken[-1])


@pytest.mark.parametrize("folder", ["health", "checkout", "paypal_webhook", "effects", "sweeper"])
def test_a_function_with_the_secret_reaches_the_stand_in(given: Callable[..., None], folder: str) -> None:
    given(folder)
    assert bootstrap.gateway().check() == "mock"
    assert bootstrap.config().paypal_client_id


def test_a_function_without_paypal_is_given_nothing_of_it(given: Callable[..., None]) -> None:
    given("book_free")
    assert bootstrap.config().paypal_client_id is None
