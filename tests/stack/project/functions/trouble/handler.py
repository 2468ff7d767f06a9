"""Fails in each way a function can."""

from __future__ import annotations

import os
import sys
import time
from typing import Any


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    match event["pathParameters"]["kind"]:
        case "raise":
            raise ValueError("no")
        case "exit":
            sys.exit(3)
        case "die":
            os._exit(1)
        case "hang":
            time.sleep(30)
    return {"pid": os.getpid()}
