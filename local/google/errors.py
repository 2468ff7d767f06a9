"""Errors in the shape of Google's JSON APIs."""

from __future__ import annotations

from typing import Any


class GoogleError(Exception):
    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        location: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self._detail = {"domain": domain, "reason": reason, "message": message}
        if location:
            self._detail |= {"location": location[0], "locationType": location[1]}

    def body(self) -> dict[str, Any]:
        return {"error": {"errors": [self._detail], "code": self.status, "message": self._detail["message"]}}


class TokenError(Exception):
    """A refusal of the token endpoint (RFC 6749, section 5.2)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}
