"""Every refusal has its status on the wire, and its own code."""

from __future__ import annotations

from shared.domain import errors
from shared.http.problems import RETRY_AFTER_SECONDS, STATUS


def test_every_refusal_is_in_the_table() -> None:
    refusals = {kind for kind in vars(errors).values() if isinstance(kind, type)} - {errors.DomainError}
    refusals = {kind for kind in refusals if issubclass(kind, errors.DomainError)}
    assert set(STATUS) == refusals
    assert set(RETRY_AFTER_SECONDS) <= refusals


def test_no_two_refusals_share_a_code() -> None:
    assert len({kind.code for kind in STATUS}) == len(STATUS)


def test_the_codes_of_payments_are_those_of_the_contract() -> None:
    statuses = {kind.code: status.value for kind, status in STATUS.items()}
    assert (
        statuses.items()
        >= {
            "hold_expired": 409,
            "order_not_approved": 409,
            "order_mismatch": 409,
            "payment_declined": 402,
            "payment_provider_unavailable": 503,
        }.items()
    )
