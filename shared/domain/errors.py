"""Refusals: what the system says no to, in the words of the product. Each has a stable ``code``."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar


class DomainError(Exception):
    """A refusal. It changes nothing; ``code`` is part of the API's contract."""

    code: ClassVar[str]

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(DomainError):
    """It does not exist, or it is another client's: the two look the same."""

    code = "not_found"


class Unauthenticated(DomainError):
    """What the caller brought was good once, and is not any more."""

    code = "unauthenticated"


class Forbidden(DomainError):
    """The caller is known, and may not do this."""

    code = "forbidden"


class InvalidInput(DomainError):
    """A field that no request should carry; ``field`` names it."""

    code = "validation_failed"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class IdempotencyKeyReused(DomainError):
    code = "idempotency_key_reused"


class PromoNotFound(DomainError):
    code = "promo_not_found"


class PromoExhausted(DomainError):
    code = "promo_exhausted"


class PromoExpired(DomainError):
    """Past its last day, or switched off by the coach."""

    code = "promo_expired"


class PromoAlreadyUsed(DomainError):
    code = "promo_already_used"


class SlotTaken(DomainError):
    """Someone or something else has that time. ``alternatives`` are up to five nearby open starts, in UTC."""

    code = "slot_taken"

    def __init__(self, detail: str, alternatives: tuple[datetime, ...] = ()) -> None:
        super().__init__(detail)
        self.alternatives = alternatives


class SlotNotOffered(DomainError):
    """The rules never offered that time: off the grid, outside the hours, too soon or too far ahead."""

    code = "slot_not_offered"


class CalendarUnavailable(DomainError):
    """Google can't say when the coach is busy, so no time may be called free."""

    code = "calendar_unavailable"


class TooManyRequests(DomainError):
    """Too much at once, from this client or from all; the same may work after ``seconds``."""

    code = "too_many_requests"

    def __init__(self, detail: str, seconds: int = 5) -> None:
        super().__init__(detail)
        self.seconds = seconds


class TemporarilyUnavailable(DomainError):
    """A part of the system does not answer; nothing is known to have changed."""

    code = "temporarily_unavailable"


class HoldExpired(DomainError):
    """The time was held for a while, and is no longer."""

    code = "hold_expired"


class OrderNotApproved(DomainError):
    """The buyer has not approved the order, or it can't be paid any more."""

    code = "order_not_approved"


class OrderMismatch(DomainError):
    """The order is for something else: another service, time, amount or currency."""

    code = "order_mismatch"


class PaymentDeclined(DomainError):
    """PayPal or the buyer's bank said no; nothing was taken."""

    code = "payment_declined"


class PaymentProviderUnavailable(DomainError):
    """PayPal can't be asked; nothing is known to have changed."""

    code = "payment_provider_unavailable"


class NotCancellable(DomainError):
    """It is past the point where it could be given up or cancelled."""

    code = "not_cancellable"


class PackageExhausted(DomainError):
    """No session of the package is left to book."""

    code = "package_exhausted"


class NotReschedulable(DomainError):
    """It is past the point where it could be moved."""

    code = "not_reschedulable"


class FeeRequired(DomainError):
    """The change costs a fee that the client has to approve first, at ``approve_url``; ``fee`` has two decimals."""

    code = "fee_required"

    def __init__(
        self, detail: str, *, order_id: str, approve_url: str, fee: str, currency: str, expires_at: datetime
    ) -> None:
        super().__init__(detail)
        self.order_id = order_id
        self.approve_url = approve_url
        self.fee = fee
        self.currency = currency
        self.expires_at = expires_at
