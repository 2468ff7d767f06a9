"""A payment as an item of the table. Amounts are strings: DynamoDB's numbers would lose their cents' zeros."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from shared.adapters.dynamodb import keys
from shared.adapters.dynamodb.items import Item, optional
from shared.domain.money import Money
from shared.domain.payment import Payment, PaymentStatus
from shared.domain.time import isoformat


def payment_record(payment: Payment) -> Item:
    record: Item = {
        **keys.payment(payment.id),
        "kind": "PAYMENT",
        "id": payment.id,
        "client_id": payment.client_id,
        "service": payment.service,
        "amount": str(payment.amount),
        "currency": payment.amount.currency,
        "status": payment.status.value,
        "appointment_id": payment.appointment_id,
        "package_id": payment.package_id,
        "order_id": payment.order_id,
        "approve_url": payment.approve_url,
        "capture_id": payment.capture_id,
        "declines": payment.declines,
        "refund_due": str(payment.refund_due),
        "refunded": str(payment.refunded),
        "fee": str(payment.fee),
        "paypal_fee": None if payment.paypal_fee is None else str(payment.paypal_fee),
        "version": payment.version,
        "check_at": optional(payment.check_at),
        "created_at": isoformat(payment.created_at),
        "updated_at": isoformat(payment.updated_at),
    }
    if payment.check_at is not None:
        record |= {"GSI1PK": keys.OPEN_PAYMENT, "GSI1SK": keys.by_time(payment.check_at, payment.id)}
    return record


def payment(record: Item) -> Payment:
    return Payment(
        id=record["id"],
        client_id=record["client_id"],
        service=record["service"],
        amount=Money.of(record["amount"], record["currency"]),
        status=PaymentStatus(record["status"]),
        appointment_id=record.get("appointment_id"),
        package_id=record.get("package_id"),
        order_id=record.get("order_id"),
        approve_url=record.get("approve_url"),
        capture_id=record.get("capture_id"),
        declines=int(record["declines"]),
        refund_due=Decimal(record["refund_due"]),
        refunded=Decimal(record["refunded"]),
        fee=Decimal(record["fee"]),
        paypal_fee=Decimal(record["paypal_fee"]) if "paypal_fee" in record else None,
        version=int(record["version"]),
        check_at=datetime.fromisoformat(record["check_at"]) if "check_at" in record else None,
        created_at=datetime.fromisoformat(record["created_at"]),
        updated_at=datetime.fromisoformat(record["updated_at"]),
    )
