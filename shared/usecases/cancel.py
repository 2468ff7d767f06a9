"""A session is cancelled: its time is free at once, what goes back or is charged is owed.

``PUT /booking/{id}/cancel``, and the coach's own, ``PUT /booking/admin/{id}/cancel``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.appointment import Actor
from shared.domain.caller import Party
from shared.domain.changes import cancel as cancelled
from shared.domain.changes import quoted
from shared.domain.errors import TooManyRequests
from shared.domain.policy import Action, Refunding
from shared.usecases.change_booking import ATTEMPTS, acting, answer_to, answered, read_case
from shared.usecases.idempotency import fingerprint, request_of
from shared.usecases.ports import Booked, BookingMoved, ChangeStore, DiaryChanged


@dataclass(frozen=True, slots=True)
class Cancellation:
    """``refunding`` is the coach's choice; a client has none."""

    appointment_id: str
    reason: str | None = None
    refunding: Refunding = Refunding.FULL


def cancel(
    changes: ChangeStore,
    now: datetime,
    *,
    caller: Party,
    wanted: Cancellation,
    idempotency_key: str | None,
) -> Booked:
    """The cancelled booking, with how far its refund is, or the fee that is charged for it.

    Raises ``NotFound``, ``NotCancellable``, ``IdempotencyKeyReused``, ``TooManyRequests`` and
    ``TemporarilyUnavailable``.
    """
    request = request_of(caller.client_id, idempotency_key, fingerprint("cancel", wanted))
    for _ in range(ATTEMPTS):
        heard = read_case(changes, caller, wanted.appointment_id, now, request)
        if heard.answer is not None:
            return heard.answer
        case = heard.case
        actor = acting(case.appointment, caller)
        cost = quoted(case, Action.CANCEL, actor, now, wanted.refunding)
        change = cancelled(case, cost, actor, now, wanted.reason)
        if actor is Actor.COACH:
            change = replace(change, detail=f"refund: {wanted.refunding}")
        answer = answer_to(case, change)
        try:
            changes.change_booking(case, change, actor=caller.client_id, request=answered(request, answer))
        except (BookingMoved, DiaryChanged):
            continue
        return answer
    raise TooManyRequests("This booking is being changed right now; please try again.")
