"""Configuration: read once, wrong values named, secrets fetched only where they are needed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from shared import bootstrap
from shared import config as configuration
from shared.adapters.absent_twilio import AbsentTwilio
from shared.adapters.twilio import TwilioTexter
from shared.config import ConfigurationError
from shared.domain.errors import PaymentProviderUnavailable
from shared.usecases.ports import TryAgainLater
from tests.paypal_script import create

KEY = json.dumps({"type": "service_account", "client_email": "robot@example.com"})


KEPT = (
    bootstrap.config,
    bootstrap.calendar,
    bootstrap.gateway,
    bootstrap.webhook_verifier,
    bootstrap._paypal_api,
    bootstrap.texter,
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (
        "GOOGLE_SERVICE_ACCOUNT_KEY",
        "PAYPAL_CLIENT_ID",
        "PAYPAL_CLIENT_SECRET",
        "PAYPAL_WEBHOOK_ID",
        "TWILIO_SMS_ENABLED",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_FROM",
        "APP_SECRET",
        "JWT_SHARED_SECRET",
        "SECRETS_PATH",
        "STAGE",
    ):
        monkeypatch.delenv(name, raising=False)
    for built in KEPT:
        built.cache_clear()
    yield
    for built in KEPT:
        built.cache_clear()


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
        ("PAYPAL_MODE", "production"),
        ("PAYPAL_MODE", "LIVE"),
        ("PAYPAL_API_BASE", "api-m.paypal.com"),
        ("PAYPAL_MOCK", "1"),
        ("PAYPAL_VAULT_ENABLED", "on"),
        ("TWILIO_SMS_ENABLED", "on"),
        ("TWILIO_ACCOUNT_SID", "AC/../../Accounts"),
        ("TWILIO_API_BASE", "api.twilio.com"),
        ("PAYPAL_WEBHOOK_VERIFICATION", "both"),
        ("PAYPAL_CERTIFICATE_ROOT", "a root on a deployed stage"),
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


@pytest.mark.parametrize(
    ("mode", "base"), [("live", "https://api-m.paypal.com"), ("sandbox", "https://api-m.sandbox.paypal.com")]
)
def test_the_mode_names_paypals_address_unless_one_is_given(mode: str, base: str) -> None:
    assert configuration.read({"PAYPAL_MODE": mode}).paypal_api_base == base
    other = "http://127.0.0.1:1"
    assert configuration.read({"PAYPAL_MODE": mode, "PAYPAL_API_BASE": other}).paypal_api_base == other


def test_money_is_never_real_by_default() -> None:
    config = configuration.read({})
    assert (config.paypal_mode, config.paypal_vault_enabled) == ("sandbox", False)


def test_without_paypal_credentials_every_order_is_refused_and_health_says_mock() -> None:
    gateway = bootstrap.gateway()
    assert gateway.check() == "mock"
    with pytest.raises(PaymentProviderUnavailable, match="not set up"):
        create(gateway)
    with pytest.raises(PaymentProviderUnavailable):
        gateway.get_order("5O190127TN364715T")
    with pytest.raises(TryAgainLater):
        gateway.refund("3C679366HH908993F", None, request_id="refund-1", note="")
    assert bootstrap.webhook_verifier().verify({}, b"{}") is False


@pytest.mark.parametrize(
    ("stage", "given", "missing"),
    [
        ("prod", {}, "PAYPAL_CLIENT_ID"),
        ("prod", {"PAYPAL_CLIENT_ID": "id"}, "PAYPAL_CLIENT_SECRET"),
        ("dev", {"PAYPAL_CLIENT_ID": "id"}, "PAYPAL_CLIENT_SECRET"),
    ],
)
def test_half_of_the_paypal_credentials_is_an_error_and_so_is_none_on_production(
    monkeypatch: pytest.MonkeyPatch, stage: str, given: dict[str, str], missing: str
) -> None:
    monkeypatch.setenv("STAGE", stage)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    for built in (bootstrap.gateway, bootstrap.webhook_verifier):
        with pytest.raises(ConfigurationError, match=missing):
            built()


@pytest.mark.parametrize("verification", ["api", "offline"])
def test_without_a_webhook_id_every_webhook_is_refused(
    monkeypatch: pytest.MonkeyPatch, verification: str
) -> None:
    settings = {"PAYPAL_CLIENT_ID": "id", "PAYPAL_CLIENT_SECRET": "secret"}
    for name, value in {**settings, "PAYPAL_WEBHOOK_VERIFICATION": verification}.items():
        monkeypatch.setenv(name, value)
    webhook = {
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-transmission-id": "1",
        "paypal-transmission-time": "2026-01-01T00:00:00Z",
        "paypal-transmission-sig": "c2ln",
        "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/1",
    }
    assert bootstrap.webhook_verifier().verify(webhook, b"{}") is False


TWILIO = {
    "TWILIO_SMS_ENABLED": "true",
    "TWILIO_ACCOUNT_SID": f"AC{'0' * 32}",
    "TWILIO_AUTH_TOKEN": "secret",
    "TWILIO_FROM": "+14165550100",
}


@pytest.mark.parametrize("missing", TWILIO.keys() - {"TWILIO_SMS_ENABLED"})
def test_texts_that_are_on_need_all_of_twilios_settings(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name, value in TWILIO.items():
        monkeypatch.setenv(name, "" if name == missing else value)
    with pytest.raises(ConfigurationError, match=f"{missing} is not set"):
        bootstrap.texter()


def test_texts_are_off_by_default_whatever_else_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert configuration.read({}).twilio_sms_enabled is False
    for name, value in (TWILIO | {"TWILIO_SMS_ENABLED": "false"}).items():
        monkeypatch.setenv(name, value)
    assert isinstance(bootstrap.texter(), AbsentTwilio)


def test_texts_that_are_on_go_to_twilio(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TWILIO.items():
        monkeypatch.setenv(name, value)
    assert isinstance(bootstrap.texter(), TwilioTexter)
    assert configuration.read({}).twilio_api_base == "https://api.twilio.com"
