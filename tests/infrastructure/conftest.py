from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from local import cloudformation

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "infra" / "template.yaml"
LAMBDA_PYTHON = (3, 13)
Resource = Mapping[str, Any]
Statements = dict[str, list[dict[str, Any]]]

READS_SECRETS = {
    "authorizer": {"APP_SECRET", "JWT_SHARED_SECRET"},
    "admin": {"GOOGLE_SERVICE_ACCOUNT_KEY"},
    "availability": {"GOOGLE_SERVICE_ACCOUNT_KEY"},
    "book_free": {"GOOGLE_SERVICE_ACCOUNT_KEY"},
    "packages": {"GOOGLE_SERVICE_ACCOUNT_KEY"},
    **{
        folder: {"GOOGLE_SERVICE_ACCOUNT_KEY", "PAYPAL_CLIENT_SECRET"}
        for folder in ("checkout", "reschedule", "paypal_webhook", "health", "reconcile")
    },
    **{
        folder: {"GOOGLE_SERVICE_ACCOUNT_KEY", "PAYPAL_CLIENT_SECRET", "APP_SECRET", "TWILIO_AUTH_TOKEN"}
        for folder in ("effects", "sweeper")
    },
}
"""The secrets of each function that has any."""


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return cloudformation.load(TEMPLATE)


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, Resource]:
    return dict(template["Resources"])


@pytest.fixture(scope="session")
def functions(resources: dict[str, Resource]) -> dict[str, Resource]:
    """Properties by the name of the function's folder."""
    return {
        Path(resource["Properties"]["CodeUri"]).name: resource["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
    }


@pytest.fixture(scope="session")
def deployed(template: dict[str, Any]) -> dict[str, Resource]:
    """The resources CloudFormation gets, after SAM's own transform: its roles and sources among them."""
    _run("make", "sam")
    translated = subprocess.run(
        [ROOT / ".local" / "sam" / "bin" / "python", Path(__file__).parent / "sam_transform.py"],
        input=json.dumps(template),
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(translated.stdout)["Resources"])


@pytest.fixture(scope="session")
def granted(deployed: dict[str, Resource], functions: dict[str, Resource]) -> Statements:
    """The statements of each function's role, by the function's folder."""
    return {
        folder: [
            statement["Fn::If"][1] if "Fn::If" in statement else statement
            for policy in deployed[_role(function, folder)]["Properties"].get("Policies", [])
            for statement in policy["PolicyDocument"]["Statement"]
        ]
        for folder, function in functions.items()
    }


def _role(function: Resource, folder: str) -> str:
    """Its own, where the template names one, else the one SAM makes."""
    return function["Role"]["Fn::GetAtt"][0] if "Role" in function else f"{logical_id(folder)}Role"


def actions(statement: dict[str, Any]) -> set[str]:
    return {statement["Action"]} if isinstance(statement["Action"], str) else set(statement["Action"])


def named(statement: dict[str, Any]) -> list[Any]:
    return statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]


def logical_id(folder: str) -> str:
    return "".join(part.capitalize() for part in folder.split("_")) + "Function"


def layers(build: Path) -> tuple[Path, Path]:
    return build / "DependenciesLayer" / "python", build / "SharedLayer" / "python"


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build output for this machine; quick when nothing has changed."""
    arch = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
    if sys.version_info[:2] != LAMBDA_PYTHON:
        return _build_for_this_python(tmp_path_factory.mktemp("build"), arch)
    with (ROOT / ".local" / "build.lock").open("w") as lock:
        # Another process of this run may be building, too.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _run("make", "build", f"ARCH={arch}")
    return ROOT / ".aws-sam" / ("build" if arch == "arm64" else f"build-{arch}")


def _build_for_this_python(folder: Path, arch: str) -> Path:
    """The same layers by the same makefiles, but not by SAM: it builds for Lambda's own version of Python alone."""
    for handler in ROOT.glob("functions/*/handler.py"):
        shutil.copytree(
            handler.parent,
            folder / logical_id(handler.parent.name),
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for layer in ("Dependencies", "Shared"):
        build_layer(layer, folder / f"{layer}Layer", arch)
    for function in folder.glob("*Function"):
        _run(sys.executable, "layers/compile.py", str(function), "/var/task", _python_version())
    return folder


def build_layer(layer: str, into: Path, arch: str) -> None:
    """As SAM does: from a copy of the layer's folder, and told the rest by the environment."""
    with TemporaryDirectory() as scratch:
        source = shutil.copytree(ROOT / "layers" / layer.lower(), Path(scratch) / "source")
        _run(
            "make",
            "-C",
            str(source),
            f"build-{layer}Layer",
            ARTIFACTS_DIR=str(into),
            ROOT=str(ROOT),
            UV=shutil.which("uv") or str(ROOT / ".local" / "tools" / "bin" / "uv"),
            PYTHON=str(getattr(sys, "_base_executable", sys.executable)),
            ARCH=arch,
            PYTHON_VERSION=_python_version(),
        )


def _python_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _run(*command: str, **environment: str) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
