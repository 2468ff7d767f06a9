"""The buyer comes back from PayPal: the order is captured, and what it pays for is theirs.

``POST /booking/create-paid`` and ``/booking/create-paid-package``. Five calls lie on the client's path: which payment
the order is for, the payment with its booking, the beginning of the capture, PayPal's capture, the confirmation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.caller import Caller, LinkHolder, Party
from shared.domain.checkout import Checkout, Corrections, give_up
from shared.domain.errors import (
    DomainError,
    HoldExpired,
    IdempotencyKeyReused,
    NotCancellable,
    NotFound,
    OrderMismatch,
    OrderNotApproved,
    PaymentDeclined,
    TooManyRequests,
)
from shared.domain.package import Package
from shared.domain.payment import CAPTURABLE, Payment, PaymentStatus
from shared.usecases.change_booking import read_case
from shared.usecases.choose_time import check_backup
from shared.usecases.idempotency import fingerprint, request_of
from shared.usecases.ports import Booked, PaymentMoved
from shared.usecases.settle import Settled, settle
from shared.usecases.till import ROUNDS, Buyer, Till

PAUSES_SECONDS = (0.2, 0.3, 0.5, 0.8, 1.2, 1.5)
"""How long to wait for another caller who is capturing this very order, before the answer is "not settled yet"."""


class Kind(StrEnum):
    SESSION = "session"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What the buyer's page sends. ``start`` must be the held one; the rest replaces what was stored."""

    order_id: str
    start: datetime | None = None
    phone: str | None = None
    timezone: str | None = None
    backup_start: datetime | None = None
    answers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """``first`` tells the answer that made it from a repeat; the payment may still be pending."""

    checkout: Checkout
    first: bool

    @property
    def payment(self) -> Payment:
        return self.checkout.payment

    @property
    def booked(self) -> Booked:
        """Of an order for a session."""
        if self.checkout.booking is None:
            raise ValueError("a package's order has no booking")
        return Booked(self.checkout.booking, self.payment)

    @property
    def package(self) -> Package:
        """Of an order for a package."""
        if self.checkout.package is None:
            raise ValueError("a session's order has no package")
        return self.checkout.package

    @property
    def pending(self) -> bool:
        return self.checkout.payment.status in {PaymentStatus.PENDING, PaymentStatus.CAPTURING}


def pay(till: Till, *, caller: Caller, approval: Approval, kind: Kind, idempotency_key: str | None) -> Paid:
    """What was paid for, confirmed or with its payment pending.

    Raises ``NotFound``, ``InvalidInput``, ``OrderMismatch``, ``IdempotencyKeyReused``; where nothing was taken
    ``OrderNotApproved``, ``PaymentDeclined`` or ``HoldExpired``; and as ``settle`` does.
    """
    asked = fingerprint(f"pay {kind}", approval)
    request = request_of(caller.client_id, idempotency_key, asked)
    reading = till.payments.order(approval.order_id, request.id if request else None)
    if reading.earlier_request not in {None, asked}:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
    if reading.payment_id is None:
        raise NotFound("There is no such order.")

    def check(checkout: Checkout) -> None:
        _refuse_what_does_not_fit(checkout, caller, approval, kind, till.clock.now())

    said = Corrections(
        phone=approval.phone,
        timezone=approval.timezone,
        backup_start=approval.backup_start,
        answers=approval.answers,
    )
    settled = settle_with_patience(till, reading.payment_id, Buyer(caller.client_id, check, said, request))
    if refusal := refusal_of(settled.checkout):
        raise refusal
    return Paid(settled.checkout, settled.first or reading.earlier_request is not None)


def settle_with_patience(till: Till, payment_id: str, buyer: Buyer) -> Settled:
    settled = settle(till, payment_id, buyer)
    for seconds in PAUSES_SECONDS:
        if settled.checkout.payment.status is not PaymentStatus.CAPTURING:
            break
        till.clock.pause(seconds)
        settled = settle(till, payment_id, buyer)
    return settled


def _refuse_what_does_not_fit(
    checkout: Checkout, caller: Caller, approval: Approval, kind: Kind, now: datetime
) -> None:
    if checkout.payment.client_id != caller.client_id:
        raise NotFound("There is no such order.")
    booking = checkout.booking
    is_fee = checkout.payment.cancels or (booking and booking.moves)
    if is_fee or (booking is None) is not (kind is Kind.PACKAGE):
        raise OrderMismatch("This order is for something else.")
    if booking is None:
        return
    if approval.start not in {None, booking.start} and not booking.sequence:
        raise OrderMismatch("This order holds another time.")
    if approval.backup_start is not None and checkout.payment.status in _NOT_PAID_YET:
        check_backup(booking.start, approval.backup_start, now)


_NOT_PAID_YET = CAPTURABLE | {PaymentStatus.CAPTURING, PaymentStatus.PENDING}
_DECLINED = "PayPal declined the payment. Nothing was charged; another way to pay may work."
_REFUSALS: dict[PaymentStatus, tuple[type[DomainError], str]] = {
    PaymentStatus.ORDERED: (
        OrderNotApproved,
        "PayPal says that the order is not approved yet. Nothing was charged.",
    ),
    PaymentStatus.DECLINED: (PaymentDeclined, _DECLINED),
    PaymentStatus.DENIED: (PaymentDeclined, _DECLINED),
    PaymentStatus.REFUND_FAILED: (
        HoldExpired,
        "Your time could not be kept, and giving the money back has failed so far. Your coach has been told.",
    ),
    PaymentStatus.NEEDS_REVIEW: (
        OrderMismatch,
        "This payment does not fit the order. Your coach has been told, and will see to it.",
    ),
}


def refusal_of(checkout: Checkout) -> DomainError | None:
    """What the buyer has to hear when nothing of theirs stands."""
    status = checkout.payment.status
    if checkout.stood or status in {PaymentStatus.CAPTURING, PaymentStatus.PENDING}:
        return None
    if status is PaymentStatus.EXPIRED:
        return _gone(checkout)
    kind, words = _REFUSALS.get(
        status, (HoldExpired, "Your time could not be kept. All of the money goes back by itself.")
    )
    return kind(words)


def _gone(checkout: Checkout) -> HoldExpired:
    if checkout.payment.given_up:
        return HoldExpired("This order was given up. Nothing was charged.")
    if checkout.booking is None:
        return HoldExpired("This order ran out. Nothing was charged.")
    return HoldExpired("Your time is not free any more. Nothing was charged.")


def give_up_order(till: Till, *, caller: Party, order_id: str) -> None:
    """The buyer does not want it any more: its time is free at once. ``DELETE /booking/orders/{order_id}``.

    Raises ``NotFound``, ``NotCancellable`` once money is being taken or was, and ``Unauthenticated`` as ``own`` does.
    """
    reading = till.payments.order(order_id)
    for _ in range(ROUNDS):
        checkout = till.payments.checkout(reading.payment_id) if reading.payment_id else None
        if checkout is None or not _concerns(checkout, caller):
            raise NotFound("There is no such order.")
        if isinstance(caller, LinkHolder):
            read_case(till.changes, caller, caller.appointment_id, till.clock.now())
        if checkout.payment.given_up and not checkout.stands:
            return
        if checkout.payment.status not in CAPTURABLE:
            raise NotCancellable("This order is being paid, or is paid already.")
        try:
            till.payments.change(checkout, give_up(checkout, till.clock.now()), actor=caller.client_id)
        except PaymentMoved:
            continue
        return
    raise TooManyRequests("This order is being settled right now; please try again in a moment.")


def _concerns(checkout: Checkout, caller: Party) -> bool:
    """A manage link is good for moving its own booking, and for no other order."""
    if isinstance(caller, LinkHolder) and (
        checkout.booking is None or checkout.booking.moves != caller.appointment_id
    ):
        return False
    return checkout.payment.client_id == caller.client_id
