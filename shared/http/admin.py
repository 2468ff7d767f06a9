"""What the coach asks for, on the wire."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, StrictBool

from shared.domain.policy import Refunding
from shared.http.changes import CancelRequest
from shared.http.fields import Instant


class CoachCancelRequest(CancelRequest):
    """``refund``: all of it, what the policy says, or none. For a package or a promo code: whether it is returned."""

    refund: Refunding = Refunding.FULL


ALL_GOES_BACK = CoachCancelRequest()
"""No body at all says the same as an empty one."""


class CoachRescheduleRequest(BaseModel):
    """``override`` allows what the rules refuse, never an overlap with another booking."""

    model_config = ConfigDict(extra="forbid")

    start: Instant
    override: StrictBool = False
