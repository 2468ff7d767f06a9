"""The build output: small, the same every time, and enough to run every handler."""

from __future__ import annotations

import filecmp
import json
import platform
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.conftest import ROOT, build_layer, layers, logical_id

pytestmark = pytest.mark.slow

MOST_MEGABYTES = 60


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
