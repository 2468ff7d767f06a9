"""The API's one OpenAPI document, merged from the functions' own: ``python -m local.openapi > docs/openapi.json``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

from shared import bootstrap
from shared.config import VERSION

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "openapi.json"
PUBLIC = frozenset({"/health", "/booking/config", "/webhooks/paypal"})
PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "code", "request_id")},
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "description": "One entry for each field that can't be used.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "alternatives": {
            "type": "array",
            "description": "With `slot_taken`: up to five open starts nearby.",
            "items": {"type": "string", "format": "date-time"},
        },
    },
}

GATEWAY_REFUSAL = {
    "type": "object",
    "description": "What API Gateway itself refuses: no token or a bad one, throttling, no such call.",
    "required": ["message"],
    "properties": {"message": {"type": "string"}},
}


def document() -> dict[str, Any]:
    """The document as plain data. The functions are imported with nothing behind them: nothing is called."""
    for name, built in list(vars(bootstrap).items()):
        if hasattr(built, "cache_clear"):
            setattr(bootstrap, name, lambda: None)
    merge = OpenAPIMerge(
        title="Coach booking",
        version=VERSION,
        openapi_version="3.1.0",
        description="Times are ISO 8601 in UTC, dates YYYY-MM-DD, amounts strings with two decimals.",
        security_schemes={"token": HTTPBearer(bearerFormat="JWT")},
        on_conflict="error",
    )
    for handler in sorted(ROOT.glob("functions/*/handler.py")):
        if "app = resolver()" in handler.read_text():
            merge.add_file(handler, resolver_name="app")
    merged: dict[str, Any] = json.loads(merge.get_openapi_json_schema())
    merged["components"]["schemas"]["Problem"] = PROBLEM
    for path, operations in merged["paths"].items():
        for operation in operations.values():
            _describe(operation, public=path in PUBLIC)
    return _only_used(merged)


def _describe(operation: dict[str, Any], *, public: bool) -> None:
    """Every refusal is a problem or, by the gateway, a message; every call that is not public wants a token."""
    operation.pop("tags", None)
    operation["security"] = [] if public else [{"token": []}]
    responses = operation["responses"]
    responses.pop("422", None)
    responses["default"] = {
        "description": "A refusal, with its code",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
            "application/json": {"schema": GATEWAY_REFUSAL},
        },
    }


def _only_used(merged: dict[str, Any]) -> dict[str, Any]:
    """Without the schemas that only the framework's own validation errors use."""
    schemas = merged["components"]["schemas"]
    while unused := [name for name in schemas if f'#/components/schemas/{name}"' not in json.dumps(merged)]:
        for name in unused:
            del schemas[name]
    return merged


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=2, sort_keys=True) + "\n")
