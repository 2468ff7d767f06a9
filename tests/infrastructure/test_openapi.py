"""The API's document is what the functions say, and the template routes every call in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from local import template
from tests.engine import TEMPLATE

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "openapi.json"


def test_the_document_in_the_repository_is_what_the_functions_say() -> None:
    command = [sys.executable, "-m", "local.openapi"]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert DOCUMENT.read_text() == said, "run: make openapi"


def test_the_template_routes_just_the_calls_of_the_document() -> None:
    paths = json.loads(DOCUMENT.read_text())["paths"]
    documented = {(method.upper(), _shape(path)) for path, calls in paths.items() for method in calls}
    routed = {(route.method, _shape(route.path)) for route in template.read(TEMPLATE).routes}
    assert documented == routed


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)
