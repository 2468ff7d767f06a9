"""What a create-order call may ask. A single purchase unit, captured at once: all that this system makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from local.paypal import amounts
from local.paypal.amounts import Money
from local.paypal.errors import PayPalError

Json = dict[str, Any]

LENGTHS = {"custom_id": 127, "invoice_id": 127, "description": 127, "reference_id": 256}
UNIT = "/purchase_units/@reference_id=='default'"
EXPERIENCE = {
    "shipping_preference": {"GET_FROM_FILE", "NO_SHIPPING", "SET_PROVIDED_ADDRESS"},
    "landing_page": {"LOGIN", "GUEST_CHECKOUT", "NO_PREFERENCE", "BILLING"},
    "user_action": {"CONTINUE", "PAY_NOW"},
    "payment_method_preference": {"UNRESTRICTED", "IMMEDIATE_PAYMENT_REQUIRED"},
}


@dataclass(slots=True)
class OrderRequest:
    amount: Money
    unit: Json
    """The purchase unit's own fields: references, description, items."""

    source: Json | None
    """``payment_source.paypal``, where one was given."""

    experience: Json

    @property
    def vault_id(self) -> str | None:
        return (self.source or {}).get("vault_id")

    @property
    def attributes(self) -> Json:
        attributes: Json = (self.source or {}).get("attributes", {})
        return attributes

    @property
    def invoice_id(self) -> str | None:
        return self.unit.get("invoice_id")


def read(body: Json, request_id: str | None) -> OrderRequest:
    """Raises ``PayPalError``."""
    _one_of(body, "intent", {"CAPTURE"}, "/intent")
    units = _needed(body, "purchase_units", "/purchase_units")
    if not isinstance(units, list) or not all(isinstance(unit, dict) for unit in units):
        raise PayPalError("INVALID_PARAMETER_SYNTAX", field="/purchase_units", location="body")
    if len(units) != 1:
        issue = "INVALID_ARRAY_MAX_ITEMS" if units else "INVALID_ARRAY_MIN_ITEMS"
        raise PayPalError(issue, field="/purchase_units", location="body")
    source = _source(body)
    if source and "vault_id" in source and request_id is None:
        raise PayPalError("PAYPAL_REQUEST_ID_REQUIRED", field="PayPal-Request-Id")
    return OrderRequest(
        amount=read_amount(units[0].get("amount")),
        unit={"reference_id": "default", **_unit_fields(units[0])},
        source=source,
        experience=_experience(body, source),
    )


def read_amount(given: Any) -> Money:
    field = f"{UNIT}/amount"
    amount = amounts.read(given, field)
    amounts.check_breakdown(given, amount, field)
    return amount


def check_length(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise PayPalError("INVALID_PARAMETER_SYNTAX", field=f"{UNIT}/{name}", location="body")
    if not 1 <= len(value) <= LENGTHS[name]:
        raise PayPalError("INVALID_STRING_LENGTH", field=f"{UNIT}/{name}", value=value, location="body")
    return value


def _unit_fields(unit: Json) -> Json:
    bounded = {name: check_length(name, unit[name]) for name in LENGTHS if name in unit}
    return bounded | ({"items": unit["items"]} if "items" in unit else {})


def _source(body: Json) -> Json | None:
    sources = body.get("payment_source")
    if sources is None:
        return None
    if not isinstance(sources, dict) or not isinstance(sources.get("paypal"), dict):
        raise PayPalError("INVALID_PARAMETER_VALUE", field="/payment_source", location="body")
    source: Json = sources["paypal"]
    if (vault := source.get("attributes", {}).get("vault")) is not None:
        where = "/payment_source/paypal/attributes/vault"
        _one_of(vault, "store_in_vault", {"ON_SUCCESS"}, f"{where}/store_in_vault")
        _one_of(vault, "usage_type", {"MERCHANT", "PLATFORM"}, f"{where}/usage_type")
    return source


def _experience(body: Json, source: Json | None) -> Json:
    """How the buyer is led, from where it is said today or from where it used to be."""
    given: Json = (source or {}).get("experience_context") or body.get("application_context") or {}
    where = "/payment_source/paypal/experience_context"
    for name in EXPERIENCE.keys() & given.keys():
        _one_of(given, name, EXPERIENCE[name], f"{where}/{name}")
    for name in {"return_url", "cancel_url"} & given.keys():
        if urlsplit(str(given[name])).scheme not in {"http", "https"}:
            raise PayPalError("INVALID_PARAMETER_SYNTAX", field=f"{where}/{name}", location="body")
    return given


def _needed(body: Json, name: str, field: str) -> Any:
    if name not in body:
        raise PayPalError("MISSING_REQUIRED_PARAMETER", field=field, location="body")
    return body[name]


def _one_of(body: Json, name: str, known: set[str], field: str) -> None:
    value = _needed(body, name, field)
    if value not in known:
        raise PayPalError("INVALID_PARAMETER_VALUE", field=field, value=str(value), location="body")
