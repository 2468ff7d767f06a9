"""Least privilege, read from the roles that SAM really makes."""

from __future__ import annotations

from typing import Any

import pytest

from shared import config as configuration
from shared.adapters.dynamodb import keys
from tests.infrastructure.conftest import READS_SECRETS, Resource, Statements, actions, named

BASIC = "policy/service-role/AWSLambdaBasicExecutionRole"
KNOWS_NO_RESOURCE = {"dynamodb:ListStreams"}
READS_THE_TABLE = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}


def test_no_action_is_a_pattern_and_only_the_daily_comparison_scans(granted: Statements) -> None:
    for folder, statements in granted.items():
        for action in set().union(*map(actions, statements)):
            assert "*" not in action, folder
            assert not action.endswith(":Scan") or folder == "reconcile", folder


def test_no_resource_is_a_pattern_where_aws_knows_resources(granted: Statements) -> None:
    for folder, statements in granted.items():
        for statement in statements:
            if not actions(statement) <= KNOWS_NO_RESOURCE:
                assert "*" not in str(named(statement)), folder


def test_the_only_managed_policy_is_the_one_that_writes_logs(deployed: dict[str, Resource]) -> None:
    for name, resource in deployed.items():
        if resource["Type"] == "AWS::IAM::Role":
            assert [
                str(arn) for arn in resource["Properties"]["ManagedPolicyArns"] if BASIC not in str(arn)
            ] == [], name


def test_each_function_reads_the_secrets_it_uses_and_no_others(granted: Statements) -> None:
    read = {
        folder: {
            str(resource).rpartition("/")[2].rstrip("'}")
            for statement in statements
            if any(action.startswith("ssm:") for action in actions(statement))
            for resource in named(statement)
        }
        for folder, statements in granted.items()
    }
    assert {folder: names for folder, names in read.items() if names} == READS_SECRETS


def test_secrets_are_read_by_the_action_that_is_granted(
    granted: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IAM tells ``GetParameter`` and ``GetParameters`` apart."""
    used: set[str] = set()

    def call(_client: object, operation: str, _arguments: object) -> dict[str, list[str]]:
        used.add(f"ssm:{operation}")
        return {"Parameters": []}

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", call)
    config = configuration.read({"SECRETS_PATH": "/coach-booking/dev"})
    configuration.secrets(config, "APP_SECRET", environment={})
    allowed = {
        action
        for statements in granted.values()
        for statement in statements
        for action in actions(statement)
        if action.startswith("ssm:")
    }
    assert used == allowed


def test_a_function_that_reads_secrets_knows_where_they_are(functions: dict[str, Resource]) -> None:
    told = {
        folder
        for folder, function in functions.items()
        if "SECRETS_PATH" in function.get("Environment", {}).get("Variables", {})
    }
    assert told == set(READS_SECRETS)


SETTLES_PAYMENTS = {"checkout", "paypal_webhook", "sweeper", "reschedule"}
CANCELS = {"cancel", "admin"}


WRITES_ONLY = {"reconcile": "ATTENTION#*", "mail_events": "ATTENTION#*", "reminders": "OWED#*"}
"""Who creates items of one kind and of no other."""


def test_only_booking_changing_and_money_create_items(granted: Statements) -> None:
    creating = {"book_free", "packages", "effects", *WRITES_ONLY} | SETTLES_PAYMENTS | CANCELS
    assert allowed("dynamodb:PutItem", granted) == creating


def test_the_daily_comparison_writes_nothing_but_what_needs_a_person(granted: Statements) -> None:
    on_table = [
        each for each in granted["reconcile"] if any("dynamodb:" in action for action in actions(each))
    ]
    assert set().union(*map(actions, on_table)) == {"dynamodb:Scan", "dynamodb:Query", "dynamodb:PutItem"}


@pytest.mark.parametrize("folder", WRITES_ONLY)
def test_who_creates_items_of_one_kind_creates_no_others(granted: Statements, folder: str) -> None:
    assert _leading_keys("dynamodb:PutItem", granted[folder]) == [WRITES_ONLY[folder]]


def test_a_notice_can_be_marked_as_read_and_nothing_else_changed(granted: Statements) -> None:
    assert _leading_keys("dynamodb:UpdateItem", granted["notifications"]) == ["NOTICE#*"]


def test_the_kinds_of_items_that_roles_name_are_those_of_the_keys() -> None:
    assert keys.attention("x")["PK"].startswith("ATTENTION#")
    assert keys.effect("x", "y")["PK"].startswith("OWED#")
    assert keys.notice("x", "y")["PK"].startswith("NOTICE#")


def _leading_keys(action: str, statements: list[dict[str, Any]]) -> list[str]:
    [writing] = [each for each in statements if action in actions(each)]
    [[_, condition]] = writing["Condition"].items()
    keys_allowed: list[str] = condition["dynamodb:LeadingKeys"]
    return keys_allowed


def test_only_who_cancels_moves_or_settles_payments_frees_times(granted: Statements) -> None:
    assert allowed("dynamodb:DeleteItem", granted) == SETTLES_PAYMENTS | CANCELS


def allowed(action: str, granted: Statements) -> set[str]:
    return {
        folder for folder, statements in granted.items() if action in set().union(*map(actions, statements))
    }


def test_reading_functions_change_nothing(granted: Statements) -> None:
    for folder in ("availability", "appointments", "config", "health"):
        on_table = {
            action
            for statement in granted[folder]
            for action in actions(statement)
            if action.startswith("dynamodb:")
        }
        assert on_table <= READS_THE_TABLE, folder
    assert not any("dynamodb:" in str(statement) for statement in granted["authorizer"])


def test_only_the_workers_send_texts(functions: dict[str, Resource]) -> None:
    told = {folder for folder, function in functions.items() if "TWILIO_FROM" in str(function["Environment"])}
    assert told == {"effects", "sweeper"}


def test_only_the_workers_send_mail(granted: Statements) -> None:
    sending = {folder for folder, statements in granted.items() if "ses:Send" in str(statements)}
    assert sending == {"effects", "sweeper"}
