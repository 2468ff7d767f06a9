"""What the operator is told to set up is what the code expects."""

from __future__ import annotations

import re

from local.paypal.events import KINDS
from tests.infrastructure.conftest import ROOT

OPERATING = (ROOT / "docs" / "operating.md").read_text()


def test_the_webhook_subscribes_to_every_event_paypal_may_send() -> None:
    told = re.findall(r"^ +([A-Z]+\.[A-Z.-]+)$", OPERATING, re.MULTILINE)
    assert told == list(KINDS)


def test_every_deploy_parameter_of_paypal_is_explained(template: dict[str, object]) -> None:
    parameters = template["Parameters"]
    assert isinstance(parameters, dict)
    for name in parameters:
        if name.startswith("PayPal"):
            assert name in OPERATING, name
