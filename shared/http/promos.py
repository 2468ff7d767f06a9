"""A promo code on the wire, as one client sees it."""

from __future__ import annotations

from pydantic import BaseModel

from shared.domain.promo import Promo, PromoProblem


class PromoView(BaseModel):
    """``reason`` says why it is not valid; None when it is."""

    code: str
    valid: bool
    remaining: int
    reason: PromoProblem | None


def view(promo: Promo, problem: PromoProblem | None) -> PromoView:
    return PromoView(code=promo.code, valid=problem is None, remaining=promo.remaining, reason=problem)
