"""A calendar for stages without Google credentials: never busy, and what it is given is only logged."""

from __future__ import annotations

from shared.domain.appointment import Appointment
from shared.domain.time import Interval
from shared.observability import logger

ID_PREFIX = "mock"


class MockCalendar:
    """The port ``Calendar`` without a calendar."""

    def busy(self, span: Interval) -> list[Interval]:  # noqa: ARG002 - it is never busy
        return []

    def foreign(self, span: Interval) -> list[Interval]:  # noqa: ARG002 - nobody writes into it
        return []

    def put_event(self, appointment: Appointment) -> None:
        logger.info("mock calendar event", event=f"{ID_PREFIX}{appointment.id}")

    def remove_event(self, appointment_id: str) -> None:
        logger.info("mock calendar event removed", event=f"{ID_PREFIX}{appointment_id}")

    def written(self, span: Interval) -> None:  # noqa: ARG002 - it keeps none
        return None

    def check(self) -> str:
        return "mock"
