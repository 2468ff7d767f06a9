"""The daily comparison on the whole local stack: sold for real, then tampered with, and `make reconcile` tells."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import reconcile
from infra.reconcile import NoReport, lines
from local import engine
from local.environment import TABLE
from local.stack import Stack
from shared.adapters.dynamodb import items, keys
from tests.scripted_server import Answer, ScriptedServer, scripted_server

ROOT = Path(__file__).parents[2]
MONDAY = "2026-11-23T13:00:00Z"
EMAIL = "alex@example.com"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack")) as stack:
        stack.control("PUT", "/clock", {"now": MONDAY})
        stack.control("PUT", "/paypal/webhooks", {"deliver": False})
        yield stack


def buy(stack: Stack, start: str) -> str:
    """A session bought and paid for: its id."""
    token = stack.token(EMAIL)
    wanted = {"service": "single", "currency": "CAD", "start": start, "phone": "+14165550123"}
    ordered = stack.api(
        "POST", "/booking/orders", token=token, json={**wanted, "timezone": "America/Toronto"}
    )
    assert ordered.status_code == 201, ordered.text
    order_id = ordered.json()["order_id"]
    stack.control("POST", f"/paypal/orders/{order_id}/approve", {})
    paid = stack.api("POST", "/booking/create-paid", token=token, json={"paypal_order_id": order_id})
    assert paid.status_code == 201, paid.text
    return str(paid.json()["id"])


def capture_of(stack: Stack, payment_id: str) -> str:
    captures = stack.control("GET", "/paypal/ledger")["captures"]
    return str(next(each["id"] for each in captures if each["custom_id"] == payment_id))


def forget(stack: Stack, payment_id: str) -> None:
    """As if the table had been put back to before the sale."""
    dynamodb = engine.client("dynamodb", stack.urls["dynamodb"])
    for key in (keys.payment(payment_id), keys.appointment(payment_id)):
        dynamodb.delete_item(TableName=TABLE, Key=items.dump(key))


def run(stack: Stack) -> dict[str, Any]:
    """Once nothing is in the middle of anything."""
    stack.control("POST", "/settle")
    stack.control("PUT", "/clock", {"advance_seconds": 16 * 60})
    report: dict[str, Any] = stack.control("POST", "/run", {"schedule": "reconcile"})["answer"]
    return report


def printed(stack: Stack) -> str:
    """What `make reconcile` runs, in a folder where that stack's addresses are."""
    home = stack.home / "run" / ".local"
    home.mkdir(parents=True, exist_ok=True)
    (home / "endpoints.json").write_text(json.dumps(stack.urls))
    command = [sys.executable, "-m", "infra.reconcile"]
    done = subprocess.run(
        command,
        cwd=home.parent,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


@pytest.mark.slow
def test_what_is_tampered_with_is_told_once_and_by_its_name(stack: Stack) -> None:
    refunded, moved, forgotten = (
        buy(stack, start)
        for start in ("2026-11-30T15:00:00Z", "2026-12-01T15:00:00Z", "2026-12-02T15:00:00Z")
    )
    honest = run(stack)
    assert (honest["differences"], honest["left_out"], honest["noted"]) == ([], [], 0)
    assert honest["compared"] == {
        "payments": 3,
        "sessions": 3,
        "packages": 0,
        "orders_asked": 3,
        "ledger_entries": 3,
        "calendar_events": 3,
    }
    assert "No differences." in printed(stack)

    stack.control("POST", f"/paypal/captures/{capture_of(stack, refunded)}/refund", {})
    events = {event["id"]: event for event in stack.control("GET", "/calendar/events")}
    stack.control("DELETE", f"/calendar/events/mock{moved}")
    assert f"mock{forgotten}" in events
    stack.control("DELETE", f"/calendar/events/mock{forgotten}")
    unknown = capture_of(stack, forgotten)
    forget(stack, forgotten)

    expected = {("refunds_differ", refunded), ("event_missing", moved), ("unknown_money", unknown)}
    first, second = run(stack), run(stack)
    for report, noted in ((first, 3), (second, 0)):
        told = [(each["kind"], each["subject_id"]) for each in report["differences"]]
        assert (set(told), len(told), report["noted"]) == (expected, 3, noted)
    text = printed(stack)
    assert "3 different, 0 new" in text
    for kind, subject in expected:
        [line] = [each for each in text.splitlines() if subject in each.split()]
        assert line.split()[0] == kind
    assert EMAIL not in text


@pytest.mark.slow
def test_a_comparison_that_failed_is_no_comparison_without_differences(stack: Stack) -> None:
    stack.control("POST", "/faults", {"target": "paypal", "effect": "status", "status_code": 503})
    try:
        with pytest.raises(NoReport):
            reconcile.of_local_stack(stack.home / "endpoints.json")
    finally:
        stack.control("DELETE", "/faults")


STACK_OUTPUTS = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
  <DescribeStacksResult><Stacks><member>
    <StackName>coach-booking-dev</StackName><CreationTime>2026-11-23T13:00:00Z</CreationTime>
    <StackStatus>CREATE_COMPLETE</StackStatus>
    <Outputs><member>
      <OutputKey>ReconcileFunction</OutputKey><OutputValue>the-function</OutputValue>
    </member></Outputs>
  </member></Stacks></DescribeStacksResult>
</DescribeStacksResponse>"""
INVOKED = "POST /2015-03-31/functions/the-function/invocations"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """Where boto3 goes instead, with a deployed stack that names its function."""
    with scripted_server() as server:
        for service in ("LAMBDA", "CLOUDFORMATION"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", server.url)
        for name, value in engine.CREDENTIALS.items():
            monkeypatch.setenv(name, value)
        server.on("POST /", Answer(200, STACK_OUTPUTS.encode(), {"Content-Type": "text/xml"}))
        yield server


def test_a_deployed_stack_is_asked_through_its_own_function(aws: ScriptedServer) -> None:
    aws.on(INVOKED, Answer(200, {"differences": []}))
    assert reconcile.of_deployed("coach-booking-dev") == {"differences": []}
    [asked] = aws.asked("POST /")
    assert b"StackName=coach-booking-dev" in asked.body


def test_a_function_that_failed_is_said_to_have(aws: ScriptedServer) -> None:
    failure = {"errorType": "PaymentProviderUnavailable", "errorMessage": "PayPal does not answer"}
    aws.on(INVOKED, Answer(200, failure, {"X-Amz-Function-Error": "Unhandled"}))
    with pytest.raises(NoReport, match="PaymentProviderUnavailable: PayPal does not answer"):
        reconcile.of_deployed("coach-booking-dev")


def test_without_a_stack_the_command_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoReport, match="make run"):
        reconcile.of_local_stack(tmp_path / "endpoints.json")


def test_what_could_not_be_compared_is_printed() -> None:
    compared = dict.fromkeys(reconcile.COMPARED, 0)
    report = {"since": "a", "until": "b", "compared": compared, "left_out": ["PayPal's ledger: closed"]}
    text = "\n".join(lines({**report, "differences": [], "noted": 0}))
    assert "left out  PayPal's ledger: closed" in text
