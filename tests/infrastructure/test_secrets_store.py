from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra import secrets_store

KEY = json.dumps({"type": "service_account", "client_email": "booking@project.iam.gserviceaccount.com"})


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield boto3.client("ssm", region_name="us-east-1")


def says_nothing(_question: str) -> str:
    return ""


def stored(ssm: Any, name: str) -> dict[str, Any]:
    answer = ssm.get_parameter(Name=f"/coach-booking/dev/{name}", WithDecryption=True)
    parameter: dict[str, Any] = answer["Parameter"]
    return parameter


def test_secrets_are_kept_encrypted_under_the_path_of_their_stage(ssm: Any) -> None:
    secrets_store.put(
        ssm, "dev", dict.fromkeys(secrets_store.NAMES, KEY) | {"JWT_SHARED_SECRET": "shh"}, says_nothing
    )
    assert stored(ssm, "JWT_SHARED_SECRET")["Value"] == "shh"
    assert {stored(ssm, name)["Type"] for name in secrets_store.NAMES} == {"SecureString"}


def test_the_key_of_the_client_ids_is_made_once_and_then_stays(ssm: Any) -> None:
    assert secrets_store.put(ssm, "dev", {}, says_nothing) == ["APP_SECRET"]
    first = stored(ssm, "APP_SECRET")["Value"]
    assert secrets_store.put(ssm, "dev", {"APP_SECRET": "another"}, says_nothing) == []
    assert stored(ssm, "APP_SECRET")["Value"] == first
    assert len(first) >= 48


def test_the_google_key_is_read_from_its_file(ssm: Any, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(KEY)
    secrets_store.put(ssm, "dev", {}, lambda question: str(file) if "service account" in question else "")
    assert json.loads(stored(ssm, "GOOGLE_SERVICE_ACCOUNT_KEY")["Value"]) == json.loads(KEY)


def test_a_file_that_is_no_service_accounts_key_is_refused(ssm: Any, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text('{"type": "authorized_user"}')
    with pytest.raises(SystemExit, match="not the key of a service account"):
        secrets_store.put(ssm, "dev", {}, lambda _question: str(file))


def test_paypals_secret_is_asked_for(ssm: Any) -> None:
    secrets_store.put(ssm, "dev", {}, lambda question: "shh" if "PayPal" in question else "")
    assert stored(ssm, "PAYPAL_CLIENT_SECRET")["Value"] == "shh"


def test_production_is_not_deployed_without_the_keys_to_the_calendar_and_to_paypal(ssm: Any) -> None:
    secrets_store.put(ssm, "prod", {}, says_nothing)
    settings = secrets_store.SETTINGS.read_text()
    assert secrets_store.missing(ssm, "prod", secrets_store.needed("prod", settings)) == [
        "GOOGLE_SERVICE_ACCOUNT_KEY",
        "PAYPAL_CLIENT_SECRET",
    ]
    assert secrets_store.missing(ssm, "prod", secrets_store.needed("dev", settings)) == []


@pytest.mark.parametrize(
    ("parameters", "needed"),
    [
        ("Stage=dev TwilioSmsEnabled=true TwilioFrom=+14165550100", ["APP_SECRET", "TWILIO_AUTH_TOKEN"]),
        ('Stage="dev" TwilioSmsEnabled="true"', ["APP_SECRET", "TWILIO_AUTH_TOKEN"]),
        ("Stage=dev TwilioSmsEnabled=false", ["APP_SECRET"]),
        ("Stage=dev", ["APP_SECRET"]),
    ],
)
def test_a_stage_that_texts_is_not_deployed_without_twilios_token(parameters: str, needed: list[str]) -> None:
    settings = f"[dev.deploy.parameters]\nparameter_overrides = '{parameters}'"
    assert secrets_store.needed("dev", settings) == needed


def test_twilios_token_is_asked_for(ssm: Any) -> None:
    secrets_store.put(ssm, "dev", {}, lambda question: "shh" if "Twilio" in question else "")
    assert stored(ssm, "TWILIO_AUTH_TOKEN")["Value"] == "shh"
