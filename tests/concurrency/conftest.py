from __future__ import annotations

from collections.abc import Iterator

import pytest

from local import engine
from local.paypal.app import create_app
from local.paypal.state import PayPalState
from shared.adapters.dynamodb.changes import DynamoChanges
from shared.adapters.dynamodb.payments import DynamoPayments
from shared.adapters.dynamodb.store import DynamoBookings
from shared.adapters.dynamodb.table import Table
from shared.adapters.paypal import PayPalGateway
from shared.adapters.paypal_api import PayPalApi
from shared.usecases.checkout import Shop
from shared.usecases.till import Till
from tests.adapters.paypal_rig import loopback, served
from tests.builders import NOW
from tests.concurrency.errands import StoppedClock
from tests.concurrency.market import Market
from tests.fakes import FakeCalendar


@pytest.fixture(scope="module")
def paypal_server() -> Iterator[PayPalState]:
    listening, base_url = loopback()
    state = PayPalState(base_url)
    with served(create_app(state), listening):
        yield state


@pytest.fixture
def market(dynamodb: str, table_name: str, paypal_server: PayPalState) -> Market:
    return _market(dynamodb, table_name, paypal_server, saves=False)


@pytest.fixture
def saving(dynamodb: str, table_name: str, paypal_server: PayPalState) -> Market:
    """Where PayPal saves payment methods, and fees are charged to them."""
    return _market(dynamodb, table_name, paypal_server, saves=True)


def _market(dynamodb: str, table_name: str, paypal_server: PayPalState, *, saves: bool) -> Market:
    paypal_server.reset()
    paypal_server.set_vault(saves)
    paypal_server.processing_seconds = 0.0
    table = Table(engine.client("dynamodb", dynamodb), table_name)
    payments, store, calendar = DynamoPayments(table), DynamoBookings(table), FakeCalendar()
    changes = DynamoChanges(table, saved_methods=saves)
    store.seed()
    api = PayPalApi(
        api_base=paypal_server.base_url,
        client_id=paypal_server.client_id,
        client_secret=paypal_server.client_secret,
    )
    gateway = PayPalGateway(api, vault_enabled=saves)
    site = "https://coach.example"
    environment = {
        **engine.CREDENTIALS,
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
        "TABLE_NAME": table_name,
        "SITE_URL": site,
        "STAGE": "local",
        "COACH_EMAIL": "coach@example.com",
        "PAYPAL_API_BASE": paypal_server.base_url,
        "PAYPAL_CLIENT_ID": paypal_server.client_id,
        "PAYPAL_CLIENT_SECRET": paypal_server.client_secret,
        "PAYPAL_WEBHOOK_ID": paypal_server.webhook_id,
        "PAYPAL_VAULT_ENABLED": str(saves).lower(),
    }
    return Market(
        environment,
        table,
        paypal_server,
        Till(payments, changes, gateway, calendar, StoppedClock(NOW)),  # type: ignore[arg-type]
        Shop(payments, store, calendar, gateway, site, site),
    )
