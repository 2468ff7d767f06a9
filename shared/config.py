"""Configuration, read once into one typed object; a wrong value stops the start with a message that names it.

Secrets come from the environment, or from SSM Parameter Store under ``SECRETS_PATH``, and are fetched only by the
function that needs them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from shared.observability import logger, outside_call

GOOGLE_CALENDAR_API = "https://www.googleapis.com/calendar/v3/"
TWILIO_API = "https://api.twilio.com"
PAYPAL_API = {"live": "https://api-m.paypal.com", "sandbox": "https://api-m.sandbox.paypal.com"}
STAGES = frozenset({"local", "dev", "staging", "prod"})
VERSION = "0.1.0"


class ConfigurationError(Exception):
    """A setting is missing or wrong. The message names it and never shows a secret."""


@dataclass(frozen=True, slots=True)
class Config:
    """The environment of one function; settings it was not given are None, and ``needed`` asks for them."""

    stage: str
    table_name: str | None
    coach_email: str | None
    coach_name: str
    coach_google_calendar_id: str | None
    google_calendar_api_base: str
    google_mock: bool
    paypal_client_id: str | None
    paypal_mode: str
    paypal_api_base: str
    paypal_mock: bool
    paypal_vault_enabled: bool
    paypal_webhook_id: str | None
    paypal_webhook_verification: str
    paypal_certificate_root: str | None
    twilio_sms_enabled: bool
    twilio_account_sid: str | None
    twilio_from: str | None
    twilio_api_base: str
    mail_from: str | None
    mail_configuration_set: str | None
    mail_mock: bool
    site_url: str | None
    jwt_issuer: str | None
    jwt_audience: str | None
    secrets_path: str | None
    region: str

    def needed(self, name: str) -> str:
        """Raises ``ConfigurationError`` when it is not set."""
        value = getattr(self, name)
        if not value:
            raise ConfigurationError(f"{name.upper()} is not set")
        return str(value)


def read(environment: Mapping[str, str] = os.environ) -> Config:
    """Raises ``ConfigurationError``."""

    def optional(name: str) -> str | None:
        return environment.get(name, "").strip() or None

    stage = _choice("STAGE", optional("STAGE") or "dev", STAGES)
    coach_email = optional("COACH_EMAIL")
    paypal_mode = _choice("PAYPAL_MODE", optional("PAYPAL_MODE") or "sandbox", PAYPAL_API.keys())
    return Config(
        stage=stage,
        table_name=optional("TABLE_NAME"),
        coach_email=_address("COACH_EMAIL", coach_email),
        coach_name=optional("COACH_NAME") or "",
        coach_google_calendar_id=_calendar_id(optional("COACH_GOOGLE_CALENDAR_ID"), coach_email),
        google_calendar_api_base=_url(
            "GOOGLE_CALENDAR_API_BASE", optional("GOOGLE_CALENDAR_API_BASE") or GOOGLE_CALENDAR_API
        ),
        google_mock=_flag("GOOGLE_MOCK", optional("GOOGLE_MOCK")),
        paypal_client_id=optional("PAYPAL_CLIENT_ID"),
        paypal_mode=paypal_mode,
        paypal_api_base=_url("PAYPAL_API_BASE", optional("PAYPAL_API_BASE") or PAYPAL_API[paypal_mode]),
        paypal_mock=_flag("PAYPAL_MOCK", optional("PAYPAL_MOCK")),
        paypal_vault_enabled=_flag("PAYPAL_VAULT_ENABLED", optional("PAYPAL_VAULT_ENABLED")),
        paypal_webhook_id=optional("PAYPAL_WEBHOOK_ID"),
        paypal_webhook_verification=_choice(
            "PAYPAL_WEBHOOK_VERIFICATION",
            optional("PAYPAL_WEBHOOK_VERIFICATION") or "api",
            {"api", "offline"},
        ),
        paypal_certificate_root=_local("PAYPAL_CERTIFICATE_ROOT", optional("PAYPAL_CERTIFICATE_ROOT"), stage),
        twilio_sms_enabled=_flag("TWILIO_SMS_ENABLED", optional("TWILIO_SMS_ENABLED")),
        twilio_account_sid=_account_sid("TWILIO_ACCOUNT_SID", optional("TWILIO_ACCOUNT_SID")),
        twilio_from=optional("TWILIO_FROM"),
        twilio_api_base=_url("TWILIO_API_BASE", optional("TWILIO_API_BASE") or TWILIO_API),
        mail_from=_address("MAIL_FROM", optional("MAIL_FROM")),
        mail_configuration_set=optional("MAIL_CONFIGURATION_SET"),
        mail_mock=_flag("MAIL_MOCK", optional("MAIL_MOCK")),
        site_url=_url("SITE_URL", optional("SITE_URL")),
        jwt_issuer=_url("JWT_ISSUER", optional("JWT_ISSUER")),
        jwt_audience=optional("JWT_AUDIENCE"),
        secrets_path=optional("SECRETS_PATH"),
        region=optional("AWS_REGION") or optional("AWS_DEFAULT_REGION") or "us-east-1",
    )


def secrets(config: Config, *names: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Those that the environment has, the others from SSM in one call; names that neither has are left out."""
    found = {name: environment[name] for name in names if environment.get(name)}
    absent = [name for name in names if name not in found]
    if not absent or config.secrets_path is None:
        return found
    import boto3  # noqa: PLC0415 - only where secrets lie in SSM

    paths = {f"{config.secrets_path}/{name}": name for name in absent}
    with outside_call("ssm", "get_parameters"):
        answer = boto3.client("ssm", region_name=config.region).get_parameters(
            Names=list(paths), WithDecryption=True
        )
    return found | {paths[each["Name"]]: each["Value"] for each in answer["Parameters"]}


def google_service_account(config: Config) -> dict[str, Any] | None:
    """The service account's key; None when there is none. Raises ``ConfigurationError`` when it is no such key."""
    text = secrets(config, "GOOGLE_SERVICE_ACCOUNT_KEY").get("GOOGLE_SERVICE_ACCOUNT_KEY")
    if text is None:
        return None
    try:
        key = json.loads(text)
    except ValueError:
        key = None
    if not isinstance(key, dict) or key.get("type") != "service_account":
        raise ConfigurationError("GOOGLE_SERVICE_ACCOUNT_KEY is not the JSON of a service account's key")
    return key


def _calendar_id(calendar_id: str | None, coach_email: str | None) -> str | None:
    if calendar_id != "primary":
        return calendar_id
    # To a service account, "primary" is its own empty calendar: everything would look free.
    logger.warning("COACH_GOOGLE_CALENDAR_ID is 'primary': taken to mean the calendar of COACH_EMAIL")
    return coach_email


def _choice(name: str, value: str, choices: Collection[str]) -> str:
    if value not in choices:
        raise ConfigurationError(f"{name} is one of {', '.join(sorted(choices))}")
    return value


def _local(name: str, value: str | None, stage: str) -> str | None:
    """A setting that would weaken a deployed stage."""
    if value is not None and stage != "local":
        raise ConfigurationError(f"{name} is for the local stage alone")
    return value


def _account_sid(name: str, value: str | None) -> str | None:
    """It becomes a part of addresses."""
    if value is not None and not re.fullmatch("AC[0-9a-fA-F]{32}", value):
        raise ConfigurationError(f"{name} is AC and 32 hexadecimal digits")
    return value


def _address(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    address = parseaddr(value)[1]
    if address.count("@") != 1:
        raise ConfigurationError(f"{name} is not an email address")
    return address


def _url(name: str, value: str | None) -> Any:
    if value is not None and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).netloc):
        raise ConfigurationError(f"{name} is not an http(s) address")
    return value


def _flag(name: str, value: str | None) -> bool:
    if value is None:
        return False
    if value.lower() not in {"true", "false"}:
        raise ConfigurationError(f"{name} is true or false")
    return value.lower() == "true"
