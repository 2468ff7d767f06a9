"""Answers with the event, and with what else it sees."""

from __future__ import annotations

import os
import time
from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {
        "event": event,
        "pid": os.getpid(),
        "time": time.time(),
        "stage": os.environ["STAGE"],
        "remaining": context.get_remaining_time_in_millis(),
        "request_id": context.aws_request_id,
    }
