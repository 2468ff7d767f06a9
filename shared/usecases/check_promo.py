"""A client asks whether a promo code is good for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.errors import PromoNotFound, TooManyRequests
from shared.domain.promo import LONGEST_CODE, MISSES_ALLOWED, MISSES_WINDOW, Promo, PromoProblem, normalise
from shared.usecases.ports import BookingStore, PromoReading


def check_promo(
    store: BookingStore, now: datetime, *, client_id: str, code: str
) -> tuple[Promo, PromoProblem | None]:
    """The code, and why the client can't use it. Raises ``PromoNotFound`` and ``TooManyRequests``."""
    code = wanted_code(code)
    reading = store.promo(code, client_id, now)
    promo = known_promo(store, reading, client_id, now)
    return promo, promo.problem(now, used_by_client=reading.used_by_client)


def wanted_code(code: str) -> str:
    """In its one form, fit to look for."""
    normal = normalise(code)
    if not 0 < len(normal) <= LONGEST_CODE:
        raise PromoNotFound("There is no such code.")
    return normal


def known_promo(store: BookingStore, reading: PromoReading, client_id: str, now: datetime) -> Promo:
    """The code that was read. Unknown ones are counted, so that nobody can try them all."""
    if reading.misses >= MISSES_ALLOWED:
        left = MISSES_WINDOW - timedelta(seconds=now.timestamp() % MISSES_WINDOW.total_seconds())
        raise TooManyRequests("Too many unknown codes; please wait ten minutes.", int(left.total_seconds()))
    if reading.promo is None:
        store.count_miss(client_id, now)
        raise PromoNotFound("There is no such code.")
    return reading.promo
