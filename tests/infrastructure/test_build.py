"""The build output: small, the same every time, and enough to run every handler."""

from __future__ import annotations

import filecmp
import json
import platform
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.lambda_runtime import Outcome, running
from local import engine
from shared.adapters.dynamodb.seeds import seed
from shared.adapters.dynamodb.table import Table
from tests.infrastructure.conftest import ROOT, Resource, build_layer

pytestmark = pytest.mark.slow

MOST_MEGABYTES = 60
HANDLERS = sorted(path.parent.name for path in ROOT.glob("functions/*/handler.py"))
ANSWERS = {
    "availability": 503,  # nobody answers for Google here, and no time is offered unchecked
    "book_free": 503,
    "health": 503,
    "appointments": 404,
}
RAISES = {"authorizer": "Unauthorized"}


def logical_id(folder: str) -> str:
    return "".join(part.capitalize() for part in folder.split("_")) + "Function"


def layers(build: Path) -> tuple[Path, Path]:
    return build / "DependenciesLayer" / "python", build / "SharedLayer" / "python"


def test_the_layers_stay_below_sixty_megabytes(build: Path) -> None:
    sizes = [path.stat().st_size for layer in layers(build) for path in layer.rglob("*") if path.is_file()]
    assert sum(sizes) < MOST_MEGABYTES * 1_000_000


def test_every_module_of_the_build_is_compiled(build: Path) -> None:
    tag = sys.implementation.cache_tag
    for folder in (*layers(build), build / logical_id("health")):
        for source in folder.rglob("*.py"):
            assert (source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc").exists(), source


def test_google_knows_calendars_and_botocore_our_services_alone(build: Path) -> None:
    dependencies, _ = layers(build)
    documents = dependencies / "googleapiclient" / "discovery_cache" / "documents"
    assert [path.name for path in documents.iterdir()] == ["calendar.v3.json"]
    services = {path.name for path in (dependencies / "botocore" / "data").iterdir() if path.is_dir()}
    assert services == {"dynamodb", "sesv2", "ssm"}
    endpoints = json.loads((dependencies / "botocore" / "data" / "endpoints.json").read_text())
    assert {"dynamodb", "email", "ssm"} == set(endpoints["partitions"][0]["services"])


def test_the_shared_layer_holds_the_templates_of_the_mails(build: Path) -> None:
    _, shared = layers(build)
    ours = {path.relative_to(ROOT) for path in (ROOT / "shared").rglob("*") if _is_source(path)}
    built = {path.relative_to(shared) for path in (shared / "shared").rglob("*") if _is_source(path)}
    assert built == ours


def test_two_builds_of_a_layer_are_equal_byte_for_byte(build: Path, tmp_path: Path) -> None:
    arch = "x86_64" if platform.machine() == "x86_64" else "arm64"
    for layer in ("Dependencies", "Shared"):
        build_layer(layer, tmp_path / layer, arch)
        assert _differences(tmp_path / layer, build / f"{layer}Layer") == []


@pytest.mark.parametrize("folder", HANDLERS)
def test_a_built_handler_answers_its_event_under_lambdas_runtime_client(
    folder: str,
    build: Path,
    dynamodb: str,
    table_name: str,
    service_account: str,
    functions: dict[str, Resource],
) -> None:
    table = Table(engine.client("dynamodb", dynamodb), table_name)
    seed(table)
    event = json.loads(min((ROOT / "events" / folder).glob("*.json")).read_text())
    environment = _environment(functions[folder], dynamodb, table_name, service_account)
    with running(build / logical_id(folder), layers(build), environment) as function:
        _assert_answered(folder, function.invoke(event))


def _assert_answered(folder: str, outcome: Outcome) -> None:
    if folder in RAISES:
        assert (outcome.kind, outcome.body["errorMessage"]) == ("error", RAISES[folder])
        return
    assert outcome.kind == "response", outcome.body
    if "statusCode" in (outcome.body or {}):
        assert outcome.body["statusCode"] == ANSWERS.get(folder, 200), outcome.body


def _environment(function: Resource, dynamodb: str, table_name: str, service_account: str) -> dict[str, str]:
    """What the template names for the function; the values are this test's."""
    values = {
        "TABLE_NAME": table_name,
        "COACH_EMAIL": "coach@example.com",
        "COACH_NAME": "Coach",
        "COACH_GOOGLE_CALENDAR_ID": "coach@example.com",
        "MAIL_FROM": "bookings@example.com",
        "MAIL_CONFIGURATION_SET": "test",
        "SITE_URL": "https://coach.example/",
        "JWT_ISSUER": "https://signin.example",
        "JWT_AUDIENCE": "site",
    }
    named = set(function.get("Environment", {}).get("Variables", {}))
    secrets = {
        "APP_SECRET": "a" * 32,
        "JWT_SHARED_SECRET": "b" * 32,
        "GOOGLE_SERVICE_ACCOUNT_KEY": service_account,
    }
    return {
        "STAGE": "local",
        **{name: values[name] for name in named - {"SECRETS_PATH"}},
        **(secrets if "SECRETS_PATH" in named else {}),
        **engine.CREDENTIALS,
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
        "AWS_ENDPOINT_URL_SESV2": "http://127.0.0.1:9",
        "GOOGLE_CALENDAR_API_BASE": "http://127.0.0.1:9/calendar/v3/",
    }


def _differences(left: Path, right: Path) -> list[str]:
    def of(comparison: filecmp.dircmp[str]) -> list[str]:
        own: list[Any] = [*comparison.left_only, *comparison.right_only]
        _, unequal, unread = filecmp.cmpfiles(
            comparison.left, comparison.right, comparison.common_files, shallow=False
        )
        return [*own, *unequal, *unread, *(name for sub in comparison.subdirs.values() for name in of(sub))]

    return of(filecmp.dircmp(left, right, ignore=[]))


def _is_source(path: Path) -> bool:
    return path.is_file() and path.suffix != ".pyc"
