"""Secrets of a stage in SSM Parameter Store: ``put`` asks for them, ``check`` tells which are missing.

Values come from the environment, or from a prompt that shows nothing; they are never written out.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import tomllib
from collections.abc import Callable, Mapping
from getpass import getpass
from pathlib import Path
from typing import Any

import boto3

NAMES = (
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "PAYPAL_CLIENT_SECRET",
    "TWILIO_AUTH_TOKEN",
    "JWT_SHARED_SECRET",
    "APP_SECRET",
)
SETTINGS = Path(__file__).parent.parent / "samconfig.toml"
STAGES = ("dev", "staging", "prod")
QUESTIONS = {
    "GOOGLE_SERVICE_ACCOUNT_KEY": "file with the key of the Google service account (empty: leave as it is): ",
    "PAYPAL_CLIENT_SECRET": "secret of the PayPal app (empty: leave as it is): ",
    "TWILIO_AUTH_TOKEN": "auth token of the Twilio account (empty: leave as it is): ",
    "JWT_SHARED_SECRET": "HS256 secret of the site's own login (empty: leave as it is): ",
}


def put(ssm: Any, stage: str, environment: Mapping[str, str], ask: Callable[[str], str]) -> list[str]:
    """The names written. An APP_SECRET that exists stays: client ids are derived from it."""
    written = []
    for name in NAMES:
        value = environment.get(name) or _asked(name, ask)
        if name == "APP_SECRET":
            value = "" if name not in missing(ssm, stage, [name]) else value or secrets.token_urlsafe(48)
        if value:
            ssm.put_parameter(Name=_path(stage, name), Value=value, Type="SecureString", Overwrite=True)
            written.append(name)
    return written


def missing(ssm: Any, stage: str, names: list[str]) -> list[str]:
    paths = [_path(stage, name) for name in names]
    found = {parameter["Name"] for parameter in ssm.get_parameters(Names=paths)["Parameters"]}
    return [name for name, path in zip(names, paths, strict=True) if path not in found]


def needed(stage: str, settings: str) -> list[str]:
    """Outside production the functions run without Google and PayPal; nowhere without the client ids' key.

    ``settings`` is the text of ``samconfig.toml``: where it turns texts on, they are not sent without their token.
    """
    parameters = tomllib.loads(settings)[stage]["deploy"]["parameters"]["parameter_overrides"]
    texts = "TwilioSmsEnabled=true" in parameters.replace('"', "").split()
    return [
        "APP_SECRET",
        *(["GOOGLE_SERVICE_ACCOUNT_KEY", "PAYPAL_CLIENT_SECRET"] if stage == "prod" else []),
        *(["TWILIO_AUTH_TOKEN"] if texts else []),
    ]


def _asked(name: str, ask: Callable[[str], str]) -> str:
    if name not in QUESTIONS:
        return ""
    answer = ask(QUESTIONS[name]).strip()
    if not answer or name != "GOOGLE_SERVICE_ACCOUNT_KEY":
        return answer
    key = json.loads(Path(answer).expanduser().read_text())
    if key.get("type") != "service_account":
        sys.exit("that file is not the key of a service account")
    return json.dumps(key)


def _path(stage: str, name: str) -> str:
    return f"/coach-booking/{stage}/{name}"


def main() -> None:
    match sys.argv[1:]:
        case ["put", stage] if stage in STAGES:
            names = put(boto3.client("ssm"), stage, os.environ, getpass)
            sys.stdout.write(f"{stage}: stored {', '.join(names) or 'nothing'}\n")
        case ["check", stage] if stage in STAGES:
            if absent := missing(boto3.client("ssm"), stage, needed(stage, SETTINGS.read_text())):
                sys.exit(f"{stage} lacks {', '.join(absent)}: run `make secrets STAGE={stage}`")
        case _:
            sys.exit("usage: secrets_store.py put|check dev|staging|prod")


if __name__ == "__main__":
    main()
