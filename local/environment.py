"""What the local stack sets where a deployment has parameters and secrets. From the user's own come only the
switches of what is off by default."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from local import engine
from local.lambdas import Environment
from local.paypal.state import PayPalState
from local.template import Function
from local.twilio.state import SENDER, TwilioState

COACH_EMAIL = "coach@example.com"
COACH_TIMEZONE = "America/Toronto"
MAIL_DOMAIN = "coach.example"
MAIL_FROM = f"bookings@{MAIL_DOMAIN}"
AUDIENCE = "coach-booking"
TABLE = "coach-booking-local"
PORTS = ("api", "site", "mailbox", "control", "paypal", "google", "signin", "ses", "dynamodb", "twilio")
"""In the order of their ports, from the base on."""

SWITCHES = {"PAYPAL_VAULT_ENABLED": "PayPalVaultEnabled", "TWILIO_SMS_ENABLED": "TwilioSmsEnabled"}
"""What is off by default, and `make run` turns on if its own environment says so: the template's parameters."""


def ports(base: int) -> dict[str, int]:
    return {name: base + offset for offset, name in enumerate(PORTS)}


def parameters(site: str, issuer: str, paypal: PayPalState, twilio: TwilioState) -> dict[str, str]:
    """The template's parameters."""
    return {
        "Stage": "local",
        "CoachEmail": COACH_EMAIL,
        "CoachGoogleCalendarId": COACH_EMAIL,
        "MailFrom": MAIL_FROM,
        "MailDomain": MAIL_DOMAIN,
        "SiteUrl": f"{site}/",
        "JwtIssuer": issuer,
        "JwtAudience": AUDIENCE,
        "PayPalClientId": paypal.client_id,
        "PayPalMode": "sandbox",
        "PayPalWebhookId": paypal.webhook_id,
        "TwilioAccountSid": twilio.account_sid,
        "TwilioFrom": SENDER,
        "AllowedOrigins": f"{site},{site.replace('127.0.0.1', 'localhost')}",
    }


def secret_values(data: Path | None) -> dict[str, str]:
    """Random for each run; kept beside the data, so that what was derived from them stays true."""
    kept = data / "secrets.json" if data else None
    if kept and kept.exists():
        return dict(json.loads(kept.read_text()))
    made = {name: secrets.token_urlsafe(32) for name in ("JWT_SHARED_SECRET", "APP_SECRET")}
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(json.dumps(made))
    return made


def environment_of(
    secret: Mapping[str, str],
    urls: Mapping[str, str],
    service_account: str,
    paypal: PayPalState,
    twilio: TwilioState,
) -> Environment:
    """The template's environment, with the secrets and the addresses of the stand-ins."""

    def environment(function: Function) -> dict[str, str]:
        own = dict(function.environment)
        has_secrets = own.pop("SECRETS_PATH", None) is not None
        if "TABLE_NAME" in own:
            own["TABLE_NAME"] = TABLE
        if "PAYPAL_CLIENT_ID" in own:
            own |= {"PAYPAL_API_BASE": urls["paypal"], "PAYPAL_MOCK": "true"}
            own |= {"PAYPAL_CLIENT_SECRET": paypal.client_secret} if has_secrets else {}
        if "PAYPAL_WEBHOOK_ID" in own:
            own["PAYPAL_CERTIFICATE_ROOT"] = paypal.root_certificate
        if "TWILIO_FROM" in own:
            own |= {"TWILIO_API_BASE": urls["twilio"], "TWILIO_AUTH_TOKEN": twilio.auth_token}
        return {
            **own,
            **engine.CREDENTIALS,
            **({**secret, "GOOGLE_SERVICE_ACCOUNT_KEY": service_account} if has_secrets else {}),
            "GOOGLE_CALENDAR_API_BASE": f"{urls['google']}/calendar/v3/",
            "GOOGLE_MOCK": "true",
            "MAIL_MOCK": "true",
            "AWS_ENDPOINT_URL_DYNAMODB": urls["dynamodb"],
            "AWS_ENDPOINT_URL_SESV2": urls["ses"],
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "LAMBDA_TASK_ROOT": str(function.folder),
            "_HANDLER": function.handler,
        }

    return environment
