"""A payment as an item of the table, and its change. Amounts are strings: numbers would lose their cents' zeros."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from shared.adapters.dynamodb import keys, writes
from shared.adapters.dynamodb.items import Item, instant, optional, optional_instant
from shared.adapters.dynamodb.transaction import Step
from shared.domain.money import Money
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.time import isoformat


def payment_record(payment: Payment) -> Item:
    return {
        **keys.payment(payment.id),
        "kind": "PAYMENT",
        "id": payment.id,
        "client_id": payment.client_id,
        "service": payment.service,
        "amount": str(payment.amount),
        "currency": payment.amount.currency,
        "status": payment.status.value,
        "order_id": payment.order_id,
        "approve_url": payment.approve_url,
        "capture_id": payment.capture_id,
        "declines": payment.declines,
        "refund_due": str(payment.refund_due),
        "refunded": str(payment.refunded),
        "refunds_made": payment.refunds_made,
        "fee": str(payment.fee),
        "paypal_fee": None if payment.paypal_fee is None else str(payment.paypal_fee),
        "given_up": payment.given_up,
        "answered": payment.answered,
        "disputes_open": sorted(payment.disputes_open),
        "disputes_closed": sorted(payment.disputes_closed),
        "saved_method": payment.saved_method,
        "charges": payment.charges,
        "cancels": payment.cancels,
        "check_at": optional(payment.check_at),
        "version": payment.version,
        "created_at": isoformat(payment.created_at),
        "updated_at": isoformat(payment.updated_at),
        "GSI1PK": keys.OPEN_PAYMENTS if payment.check_at else None,
        "GSI1SK": keys.by_time(payment.check_at, payment.id) if payment.check_at else None,
    }


def change_payment(table: str, before: Payment, after: Payment, refusal: Callable[[], Exception]) -> Step:
    """The version names what was decided on; the repeat of a write whose answer was lost finds its own."""
    return writes.change(
        table,
        keys.payment(before.id),
        payment_record(before),
        payment_record(after),
        refusal,
        version=before.version,
    )


def payment(record: Item) -> Payment:
    return Payment(
        id=record["id"],
        client_id=record["client_id"],
        service=record["service"],
        amount=Money.of(record["amount"], record["currency"]),
        status=PaymentStatus(record["status"]),
        order_id=record.get("order_id"),
        approve_url=record.get("approve_url"),
        capture_id=record.get("capture_id"),
        declines=int(record["declines"]),
        refund_due=Decimal(record["refund_due"]),
        refunded=Decimal(record["refunded"]),
        refunds_made=int(record["refunds_made"]),
        fee=Decimal(record["fee"]),
        paypal_fee=Decimal(record["paypal_fee"]) if "paypal_fee" in record else None,
        given_up=record["given_up"],
        answered=record["answered"],
        disputes_open=frozenset(record["disputes_open"]),
        disputes_closed=frozenset(record["disputes_closed"]),
        saved_method=record.get("saved_method"),
        charges=record.get("charges"),
        cancels=record.get("cancels"),
        check_at=optional_instant(record.get("check_at")),
        version=int(record["version"]),
        created_at=instant(record["created_at"]),
        updated_at=instant(record["updated_at"]),
    )
