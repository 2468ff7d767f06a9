"""Lets in whoever brings a name."""

from __future__ import annotations

import os
from typing import Any


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    match event["headers"]["authorization"]:
        case "nobody":
            raise Exception("Unauthorized")  # noqa: TRY002 (what API Gateway looks for is the message)
        case "banned":
            return {"isAuthorized": False}
        case "bug":
            raise KeyError("Unauthorised")
        case "die":
            os._exit(1)
    return {"isAuthorized": True, "context": {"asked": event["identitySource"], "pid": os.getpid()}}
