"""The cancellation policy's numbers: data, spoken by the API, the widget and the mails alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``notice`` is elapsed time to the start; the fee is a share of the session's price."""

    notice: timedelta = timedelta(hours=48)
    fee_share: Decimal = Decimal("0.50")
    free_reschedules: int = 1


POLICY = Policy()
