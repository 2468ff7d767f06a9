"""The clock of the machine, in whole seconds: the precision of the table and of the wire."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)
