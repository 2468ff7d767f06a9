"""Configuration: read once, wrong values named, secrets fetched only where they are needed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from shared import bootstrap
from shared import config as configuration
from shared.config import ConfigurationError

KEY = json.dumps({"type": "service_account", "client_email": "robot@example.com"})


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("GOOGLE_SERVICE_ACCOUNT_KEY", "APP_SECRET", "JWT_SHARED_SECRET", "SECRETS_PATH", "STAGE"):
        monkeypatch.delenv(name, raising=False)
    bootstrap.config.cache_clear()
    bootstrap.calendar.cache_clear()
    yield
    bootstrap.config.cache_clear()
    bootstrap.calendar.cache_clear()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STAGE", "production"),
        ("COACH_EMAIL", "coach"),
        ("MAIL_FROM", "bookings at coach"),
        ("SITE_URL", "coach.example"),
        ("JWT_ISSUER", "ftp://issuer"),
        ("GOOGLE_CALENDAR_API_BASE", "//calendar"),
        ("GOOGLE_MOCK", "yes"),
    ],
)
def test_a_wrong_value_stops_the_start_and_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        configuration.read({name: value})


def test_what_a_function_needs_and_was_not_given_is_named() -> None:
    with pytest.raises(ConfigurationError, match="TABLE_NAME is not set"):
        configuration.read({}).needed("table_name")


def test_primary_means_the_coachs_own_calendar() -> None:
    environment = {"COACH_GOOGLE_CALENDAR_ID": "primary", "COACH_EMAIL": "coach@example.com"}
    assert configuration.read(environment).coach_google_calendar_id == "coach@example.com"


def test_an_address_with_a_name_is_read_as_the_address() -> None:
    assert (
        configuration.read({"MAIL_FROM": "Coach <bookings@coach.example>"}).mail_from
        == "bookings@coach.example"
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": "authorized_user"}'])
def test_a_google_key_that_is_none_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", text or " ")
    with pytest.raises(ConfigurationError) as refused:
        configuration.google_service_account(configuration.read({}))
    assert "authorized_user" not in str(refused.value)


def test_secrets_come_from_the_environment_or_from_the_stages_own_parameters() -> None:
    with mock_aws():
        ssm = boto3.client("ssm", region_name="us-east-1")
        for stage in ("dev", "prod"):
            ssm.put_parameter(Name=f"/coach/{stage}/APP_SECRET", Value=f"of {stage}", Type="SecureString")
        config = configuration.read({"SECRETS_PATH": "/coach/dev", "AWS_REGION": "us-east-1"})
        found = configuration.secrets(
            config,
            "APP_SECRET",
            "JWT_SHARED_SECRET",
            "GOOGLE",
            environment={"GOOGLE": "from the environment"},
        )
    assert found == {"APP_SECRET": "of dev", "GOOGLE": "from the environment"}


def test_without_google_credentials_the_calendar_is_a_mock_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STAGE", "dev")
    assert bootstrap.calendar().check() == "mock"


def test_on_production_missing_credentials_are_an_error_never_a_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "prod")
    with pytest.raises(ConfigurationError, match="GOOGLE_SERVICE_ACCOUNT_KEY"):
        bootstrap.calendar()
