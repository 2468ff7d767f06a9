"""Brings webhooks to the API, and comes again when they are not taken."""

from __future__ import annotations

import asyncio

import requests

from local.paypal.state import PayPalState
from local.paypal.webhooks import Delivery, Tamper, Transmission

IDLE_SECONDS = 0.1
PATIENCE_SECONDS = 30


class Courier:
    def __init__(self, state: PayPalState, url: str) -> None:
        self._state = state
        self._url = url
        self._turn = asyncio.Lock()
        self.delivered = 0
        """Tries in all, taken or not."""

    def still(self) -> asyncio.Lock:
        """Held, nothing is delivered."""
        return self._turn

    async def run(self) -> None:
        while True:
            await self.drain()
            await asyncio.sleep(IDLE_SECONDS)

    async def drain(self) -> None:
        """Tries all that is due. One after the other is a promise PayPal does not make."""
        async with self._turn:
            while due := self._state.due_deliveries():
                await asyncio.gather(*(self._try(delivery) for delivery in due))

    async def send(self, event_id: str, times: int = 1, tamper: Tamper | None = None) -> list[int | None]:
        """One event by hand, several times at once. The answers; none where there was no answer."""
        messages = [self._state.resend(event_id, tamper) for _ in range(times)]
        return list(await asyncio.gather(*(self._post(message) for message in messages)))

    async def _try(self, delivery: Delivery) -> None:
        status = await self._post(self._state.webhooks.transmit(delivery))
        self.delivered += 1
        delivery.note(status)

    async def _post(self, message: Transmission) -> int | None:
        try:
            answer = await asyncio.to_thread(
                requests.post,
                self._url,
                data=message.body,
                headers=message.headers,
                timeout=PATIENCE_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException:
            return None
        return answer.status_code
