"""Orders v2: made by the merchant, approved by the buyer, captured once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from local.paypal.account import Account
from local.paypal.errors import PayPalError
from local.paypal.marks import new_id, now
from local.paypal.order import WAITING, Order, Outcome
from local.paypal.order_request import OrderRequest, check_length, read_amount
from local.paypal.payments import Payments
from local.paypal.vault import Vault

Json = dict[str, Any]

MOST_ATTEMPTS = 10
PATCHED_FIELD = re.compile(r"/purchase_units/@reference_id=='default'/(\w+)")


class Orders:
    def __init__(
        self,
        base_url: str,
        account: Account,
        payments: Payments,
        vault: Vault,
        publish: Callable[[str, Json], None],
    ) -> None:
        self._base_url = base_url
        self._account = account
        self._payments = payments
        self._vault = vault
        self._publish = publish
        self.all: dict[str, Order] = {}

    def create(self, request: OrderRequest) -> Order:
        if "vault" in request.attributes and not self._account.vault:
            field = "/payment_source/paypal/attributes/vault"
            raise PayPalError("NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE", field=field)
        self._check_unpaid(request.invoice_id)
        at = now()
        status = "PAYER_ACTION_REQUIRED" if request.source is not None else "CREATED"
        order = Order(id=new_id(), request=request, status=status, created=at, updated=at)
        if request.vault_id is not None:
            self._charge_saved(order, request.vault_id)
        self.all[order.id] = order
        return order

    def find(self, order_id: str) -> Order:
        """One that was not approved in time is gone."""
        order = self.all.get(order_id)
        if order is None or (order.status in WAITING and order.is_past):
            raise PayPalError("INVALID_RESOURCE_ID", field="order_id", value=order_id, location="path")
        return order

    def view(self, order: Order) -> Json:
        return order.view(self._base_url, self._vault.attribute(order.id))

    def minimal(self, order: Order) -> Json:
        return order.minimal(self._base_url)

    def visit(self, order_id: str) -> Order:
        """The buyer comes to PayPal: from the first time on they have three hours."""
        order = self.find(order_id)
        order.redirected = order.redirected or now()
        return order

    def approve(self, order_id: str, outcome: Outcome) -> Order:
        """The buyer's word, or another one after a decline. Raises ``ValueError`` when it is too late."""
        order = self.visit(order_id)
        if order.status not in WAITING | {"APPROVED"}:
            raise ValueError(f"order {order_id} is {order.status}: there is nothing to approve")
        order.outcome = outcome
        order.set_status("APPROVED")
        self._publish("CHECKOUT.ORDER.APPROVED", _as_told(self.view(order)))
        return order

    def capture(self, order_id: str) -> Order:
        order = self.find(order_id)
        if order.status == "COMPLETED":
            raise PayPalError("ORDER_ALREADY_CAPTURED")
        if order.status != "APPROVED":
            raise PayPalError("ORDER_NOT_APPROVED")
        self._check_unpaid(order.request.invoice_id)
        self._attempt(order)
        self._complete(order)
        if "vault" in order.request.attributes:
            self._vault.store(order.id, order.request.attributes.get("customer", {}).get("id"))
        return order

    def patch(self, order_id: str, operations: Any) -> None:
        order = self.find(order_id)
        if order.status not in WAITING | {"APPROVED"}:
            raise PayPalError("ORDER_ALREADY_COMPLETED")
        if not isinstance(operations, list):
            raise PayPalError("INVALID_PARAMETER_SYNTAX", location="body")
        for operation in operations:
            self._apply(order, operation)
        order.updated = now()

    def catch_up(self) -> None:
        """Approvals that nobody captured in time are reversed."""
        for order in self.all.values():
            if order.status == "APPROVED" and order.is_past:
                order.set_status("VOIDED")
                unit = {"reference_id": order.request.unit["reference_id"], **order.references}
                self._publish(
                    "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
                    {"order_id": order.id, "purchase_units": [unit], "payment_source": {"paypal": {}}},
                )

    def _attempt(self, order: Order) -> None:
        if order.attempts >= MOST_ATTEMPTS:
            raise PayPalError("MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED")
        order.attempts += 1
        if order.outcome == "decline":
            back = {"href": order.approval_link(self._base_url), "rel": "redirect", "method": "GET"}
            raise PayPalError("INSTRUMENT_DECLINED", links=(back,))

    def _complete(self, order: Order) -> None:
        order.set_status("COMPLETED")
        order.capture = self._payments.capture(
            order.id, order.request.amount, order.references, pending=order.outcome == "pending"
        )

    def _charge_saved(self, order: Order, vault_id: str) -> None:
        self._vault.check_chargeable(vault_id)
        if self._account.saved_method_declines:
            raise PayPalError("INSTRUMENT_DECLINED")
        self._complete(order)

    def _check_unpaid(self, invoice_id: str | None) -> None:
        if invoice_id is not None and self._payments.was_paid(invoice_id):
            raise PayPalError("DUPLICATE_INVOICE_ID", field="/invoice_id", value=invoice_id)

    def _apply(self, order: Order, operation: Json) -> None:
        path = str(operation.get("path", ""))
        field = PATCHED_FIELD.fullmatch(path)
        name = field[1] if field else ""
        if operation.get("op") not in {"add", "replace"} or name not in PATCHES:
            raise PayPalError("FIELD_NOT_PATCHABLE", field=path, location="body")
        PATCHES[name](order.request, operation.get("value"))


def _patch_amount(request: OrderRequest, value: Any) -> None:
    request.amount = read_amount(value)


def _patch_text(name: str) -> Callable[[OrderRequest, Any], None]:
    def patch(request: OrderRequest, value: Any) -> None:
        request.unit[name] = check_length(name, value)

    return patch


PATCHES: dict[str, Callable[[OrderRequest, Any], None]] = {
    "amount": _patch_amount,
    **{name: _patch_text(name) for name in ("custom_id", "invoice_id", "description")},
}


def _as_told(view: Json) -> Json:
    """An order as an event shows it: with an empty breakdown, and quantities as fractions."""
    [unit] = view["purchase_units"]
    item = {"name": unit.get("description", "Order"), "unit_amount": unit["amount"], "quantity": 1.0}
    amount = {**unit["amount"], "breakdown": {}}
    return {**view, "purchase_units": [{**unit, "amount": amount, "items": [item]}]}
