"""PayPal's own OpenAPI files, where they lie beside the project: what we send must be what PayPal documents."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SPECS = Path(__file__).parents[2] / "shared" / "specs" / "paypal"


@cache
def _components(file: str) -> Any:
    return json.loads((SPECS / file).read_text())["components"]


def assert_conforms(file: str, schema: str, body: Any) -> None:
    """Skips the test where the files are not there."""
    if not SPECS.is_dir():
        pytest.skip("PayPal's OpenAPI files are not beside the project")
    from openapi_schema_validator import OAS30Validator

    validator = OAS30Validator({"$ref": f"#/components/schemas/{schema}", "components": _components(file)})
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)] == []
