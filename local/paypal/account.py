"""The two people in every payment here: the coach's business account, and one buyer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MERCHANT = {"email_address": "coach@business.example", "merchant_id": "YQZCHTGHUK5P8"}
PAYER_ID = "QYR5Z8XDVJNXQ"
NAME = {"given_name": "Zoë", "surname": "Tremblay"}
EMAIL = "zoe.tremblay@personal.example"
COUNTRY = {"country_code": "CA"}
PAYER: dict[str, Any] = {
    "name": NAME,
    "email_address": EMAIL,
    "payer_id": PAYER_ID,
    "address": COUNTRY,
}
WALLET: dict[str, Any] = {
    "email_address": EMAIL,
    "account_id": PAYER_ID,
    "account_status": "VERIFIED",
    "name": NAME,
    "address": COUNTRY,
}


@dataclass(slots=True)
class Account:
    """How the business account is set up."""

    vault: bool = False
    """PayPal has approved saving payment methods."""

    late_vault: bool = False
    """A method is saved a minute after the capture, and told by webhook alone."""

    transaction_search: bool = True
    """The app may read the account's ledger: at PayPal, a feature to be ticked."""

    pending_refunds: bool = False
    """Refunds stay pending until they are settled."""

    saved_method_declines: bool = False
    """A saved payment method is refused when it is charged."""
