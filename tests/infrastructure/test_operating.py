"""What the operator is told to set up is what the code expects."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local import engine
from local.paypal.events import KINDS
from shared.adapters.dynamodb.store import DynamoBookings
from shared.adapters.dynamodb.table import Table
from shared.domain.time import Interval
from tests.builders import START, appointment
from tests.infrastructure.conftest import ROOT
from tests.revoking import revoke

OPERATING = (ROOT / "docs" / "operating.md").read_text()


def test_the_webhook_subscribes_to_every_event_paypal_may_send() -> None:
    told = re.findall(r"^ +([A-Z]+\.[A-Z.-]+)$", OPERATING, re.MULTILINE)
    assert told == list(KINDS)


def test_every_deploy_parameter_of_paypal_and_twilio_is_explained(template: dict[str, object]) -> None:
    parameters = template["Parameters"]
    assert isinstance(parameters, dict)
    for name in parameters:
        if name.startswith(("PayPal", "Twilio")):
            assert name in OPERATING, name


def test_the_command_that_revokes_links_raises_the_key_of_that_booking_alone(
    dynamodb: str, table_name: str
) -> None:
    client = engine.client("dynamodb", dynamodb)
    store = DynamoBookings(Table(client, table_name))
    store.seed()
    week = Interval(START - timedelta(days=3), START + timedelta(days=4))
    for booking in (first := appointment("alex"), second := appointment("blake", 60)):
        store.book_free(booking, "asked", store.diary(week), ())
    revoke(client, table_name, first.id)
    revoke(client, table_name, first.id)
    assert store.appointment(first.id) == replace(first, manage_key=2)
    assert store.appointment(second.id) == second
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        revoke(client, table_name, "f" * 32)


def test_the_mail_service_rewrites_no_link(template: dict[str, Any]) -> None:
    """It does for whoever wants to know of clicks and openings: each link would lead through its own servers."""
    (destination,) = (
        each["Properties"]["EventDestination"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::SES::ConfigurationSetEventDestination"
    )
    assert not {"CLICK", "OPEN"} & set(destination["MatchingEventTypes"])
