"""One message as the stand-in keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.ses.mime import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What the caller of ``SendEmail`` gave."""

    raw: bytes
    source: str | None
    recipients: tuple[str, ...]
    tags: dict[str, str] = field(default_factory=dict)
    configuration_set: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """``sender`` is the From header, ``source`` the bare address in it."""

    id: str
    sending: Sending
    sender: str
    source: str
    subject: str
    parts: Parts
    headers: dict[str, str]
    sent_at: datetime

    def as_json(self) -> dict[str, Any]:
        """The form of the control address's ``GET /mailbox``."""
        return {
            "id": self.id,
            "to": ", ".join(self.sending.recipients),
            "from": self.sender,
            "subject": self.subject,
            "text": self.parts.text,
            "html": self.parts.html,
            "ics": self.parts.ics,
            "headers": self.headers,
            "sent_at": f"{self.sent_at:%Y-%m-%dT%H:%M:%SZ}",
        }
