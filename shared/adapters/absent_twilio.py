"""Twilio where texts are off: nothing is sent, and nothing fails for it."""

from __future__ import annotations

from typing import NoReturn

from shared.usecases.ports import NotToBeSent, Text


class AbsentTwilio:
    """Implements ``Texter``."""

    def send(self, _: Text) -> NoReturn:
        raise NotToBeSent("texts are off")
