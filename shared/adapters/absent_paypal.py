"""PayPal on a stage without its credentials: nothing can be paid, and nothing is from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from shared.domain.errors import PaymentProviderUnavailable
from shared.usecases.ports import LedgerClosed, TryAgainLater


class AbsentPayPal:
    """Implements ``PaymentGateway`` and ``WebhookVerifier``. It never pretends that money has moved."""

    def create_order(self, *_: object, **__: object) -> NoReturn:
        raise _not_set_up()

    def get_order(self, _: str) -> NoReturn:
        raise _not_set_up()

    def capture(self, *_: object, **__: object) -> NoReturn:
        raise _not_set_up()

    def charge(self, *_: object, **__: object) -> NoReturn:
        raise _not_set_up()

    def get_capture(self, _: str) -> NoReturn:
        raise _not_set_up()

    def refund(self, *_: object, **__: object) -> NoReturn:
        raise TryAgainLater("PayPal is not set up")

    def ledger(self, _: object) -> NoReturn:
        raise LedgerClosed("PayPal is not set up.")

    def check(self) -> str:
        return "mock"

    def verify(self, _headers: Mapping[str, str], _body: bytes) -> bool:
        return False


def _not_set_up() -> PaymentProviderUnavailable:
    return PaymentProviderUnavailable("PayPal is not set up.")
