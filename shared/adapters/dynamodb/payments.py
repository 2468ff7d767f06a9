"""Checkouts in DynamoDB: what is bought, what it holds, and how far its money is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shared.adapters.dynamodb import bookings, claims, diaries, items, keys, writes
from shared.adapters.dynamodb.package_items import package, package_record
from shared.adapters.dynamodb.payment_items import change_payment, payment, payment_record
from shared.adapters.dynamodb.table import Found, Table
from shared.adapters.dynamodb.transaction import Step, read, write
from shared.domain.appointment import Appointment, AppointmentStatus
from shared.domain.checkout import Change, Checkout
from shared.domain.diary import Diary
from shared.domain.package import Package
from shared.domain.time import Interval, isoformat
from shared.usecases.ports import AlreadyBooked, CheckoutFacts, OrderReading, PaymentMoved, Request

if TYPE_CHECKING:
    pass

HAS_ITS_TIME = frozenset({AppointmentStatus.HELD, AppointmentStatus.CONFIRMED})


class DynamoPayments:
    """The port ``PaymentStore`` on one DynamoDB table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def checkout_facts(self, span: Interval, payment_id: str, same_key: str | None = None) -> CheckoutFacts:
        others = [keys.payment(same_key), keys.appointment(same_key)] if same_key else []
        wanted = [*diaries.wanted(span), *_checkout_keys(payment_id), *others]
        found = self.table.get_all("checkout_facts", wanted)
        # Among so many items, half of what another request is writing may have been read.
        earlier = self.checkout(payment_id) if keys.pair(keys.payment(payment_id)) in found else None
        booked = keys.pair(keys.appointment(payment_id)) in found and earlier is None
        elsewhere = booked or any(keys.pair(other) in found for other in others)
        return CheckoutFacts(diaries.diary(found, span), earlier, elsewhere)

    def checkout(self, payment_id: str) -> Checkout | None:
        return _checkout(read(self.table, "checkout", _checkout_keys(payment_id)), payment_id)

    def order(self, order_id: str, request_id: str | None = None) -> OrderReading:
        order, request = keys.order(order_id), keys.request(request_id or "-")
        found = self.table.get_all("order", [order, request] if request_id else [order])
        return OrderReading(
            payment_id=_text(found, order, "payment_id"),
            earlier_request=_text(found, request, "fingerprint"),
        )

    def payment_of_capture(self, capture_id: str) -> str | None:
        key = keys.capture(capture_id)
        return _text(self.table.get_all("payment_of_capture", [key]), key, "payment_id")

    def due_payments(self, now: datetime) -> list[str]:
        answer = self.table.query_index(
            "due_payments",
            KeyConditionExpression="GSI1PK = :open AND GSI1SK <= :now",
            ExpressionAttributeValues=items.dump(
                {":open": keys.OPEN_PAYMENTS, ":now": keys.by_time(now, "~")}
            ),
            Limit=100,
        )
        return [item["id"]["S"] for item in answer["Items"]]

    def forget_method(self, method: str, now: datetime) -> None:
        self.table.update(
            "forget_method",
            keys.method(method),
            UpdateExpression="SET #kind = :kind, forgotten_at = if_not_exists(forgotten_at, :now)",
            ExpressionAttributeNames={"#kind": "kind"},
            ExpressionAttributeValues=items.dump({":kind": "METHOD", ":now": isoformat(now)}),
        )

    def look_later(self, payment_id: str, at: datetime) -> None:
        """Only its place in the index: ``check_at`` still tells since when it waits."""
        self.table.update(
            "look_later",
            keys.payment(payment_id),
            UpdateExpression="SET GSI1SK = :later",
            ConditionExpression="GSI1SK < :later",
            ExpressionAttributeValues=items.dump({":later": keys.by_time(at, payment_id)}),
        )

    def hold(self, checkout: Checkout, relied_on: Diary, *, request: Request | None = None) -> None:
        name, paid = self.table.name, checkout.payment
        steps = [writes.put_new(name, new_payment(checkout), AlreadyBooked)]
        if paid.order_id is not None:
            order = {**keys.order(paid.order_id), "kind": "PPORDER", "payment_id": paid.id}
            steps.append(writes.put_new(name, order, AlreadyBooked))
        if request is not None:
            steps.append(writes.claim_key(name, request))
        if checkout.package is not None:
            steps.append(writes.put_new(name, package_record(checkout.package), AlreadyBooked))
        if checkout.booking is not None:
            steps += [
                writes.put_new(name, bookings.record(checkout.booking, checkout.fingerprint), AlreadyBooked),
                *claims.claim(name, checkout.booking, paid.created_at),
                *claims.enter_in_week(name, checkout.booking, relied_on),
            ]
        steps += [
            claims.relied_on_settings(name, relied_on),
            _audit(name, checkout, "ordered" if paid.order_id else "charge_begun", paid.client_id),
        ]
        write(self.table.client, "hold", steps)

    def change(self, before: Checkout, change: Change, *, actor: str, request: Request | None = None) -> None:
        name, after = self.table.name, change.after
        steps = payment_steps(name, before, change)
        if request is not None:
            steps.append(writes.claim_key(name, request))
        if before.booking is not None and after.booking is not None and after.booking != before.booking:
            steps += [
                *self._change_claim(before.booking, after.booking),
                bookings.change(name, before.booking, after.booking, PaymentMoved),
            ]
        if before.package is not None and after.package is not None and after.package != before.package:
            steps.append(_change_package(name, before.package, after.package))
        write(self.table.client, change.event, [*steps, *audit_steps(name, change, actor)])

    def _change_claim(self, before: Appointment, after: Appointment) -> list[Step]:
        name = self.table.name
        if after.status in HAS_ITS_TIME:
            return [*claims.claim(name, after, after.updated_at), claims.list_in_week(name, after)]
        if before.status is AppointmentStatus.HELD:
            return [
                *claims.let_go(name, before, self._still_owned(before)),
                claims.strike_from_week(name, before),
            ]
        return []

    def _still_owned(self, booking: Appointment) -> list[keys.Key]:
        """A hold that ran out may have lost some of its cells to another booking."""
        cells = list(keys.cells(booking.claim))
        found = self.table.get_all("cells", cells)
        return [
            cell
            for cell in cells
            if (item := found.get(keys.pair(cell))) is not None and item["owner"]["S"] == booking.id
        ]


def payment_steps(table: str, before: Checkout, change: Change) -> list[Step]:
    after = change.after
    steps = [change_payment(table, before.payment, after.payment, PaymentMoved)]
    paid, was = after.payment, before.payment
    if paid.order_id and not was.order_id:
        record = {**keys.order(paid.order_id), "kind": "PPORDER", "payment_id": paid.id}
        steps.append(_adopt(table, record))
    if paid.capture_id and not was.capture_id:
        record = {**keys.capture(paid.capture_id), "kind": "PPCAPTURE", "payment_id": paid.id}
        steps.append(_adopt(table, record))
    return steps


def audit_steps(table: str, change: Change, actor: str) -> list[Step]:
    """The audit row, what becomes owed, and what a person has to see."""
    return [
        _audit(table, change.after, change.event, actor),
        *(writes.owe(table, effect) for effect in change.effects),
        *(writes.note(table, attention) for attention in change.attention),
    ]


def _change_package(table: str, before: Package, after: Package) -> Step:
    """Its sessions are counted elsewhere, so only what a payment changes is written."""
    return Step(
        {
            "Update": {
                "TableName": table,
                "Key": items.dump(keys.package(before.id)),
                "UpdateExpression": "SET #status = :after, updated_at = :now",
                "ConditionExpression": "#status = :before",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": items.dump(
                    {
                        ":before": before.status.value,
                        ":after": after.status.value,
                        ":now": isoformat(after.updated_at),
                    }
                ),
            }
        },
        PaymentMoved,
    )


def _adopt(table: str, record: items.Item) -> Step:
    """A capture pays for one thing, once; and so does an order."""
    return Step(
        {
            "Put": {
                "TableName": table,
                "Item": items.dump(record),
                "ConditionExpression": "attribute_not_exists(PK) OR payment_id = :me",
                "ExpressionAttributeValues": items.dump({":me": record["payment_id"]}),
            }
        },
        PaymentMoved,
    )


def _audit(table: str, after: Checkout, event: str, actor: str) -> Step:
    paid = after.payment
    record = {
        **keys.audit(paid.id, paid.updated_at, f"{event}-{paid.version}"),
        "kind": "AUDIT",
        "event": event,
        "actor": actor,
        "payment": paid.status.value,
        "status": after.booking.status.value if after.booking else None,
    }
    return writes.put_new(table, record, PaymentMoved)


def new_payment(checkout: Checkout) -> items.Item:
    return {**payment_record(checkout.payment), "fingerprint": checkout.fingerprint}


def _checkout_keys(payment_id: str) -> list[keys.Key]:
    return [keys.payment(payment_id), keys.appointment(payment_id), keys.package(payment_id)]


def _checkout(found: Found, payment_id: str) -> Checkout | None:
    paid, booked, bought = (found.get(keys.pair(key)) for key in _checkout_keys(payment_id))
    if paid is None:
        return None
    record = items.load(paid)
    return Checkout(
        payment(record),
        None if booked is None else items.appointment(items.load(booked)),
        None if bought is None else package(items.load(bought)),
        record["fingerprint"],
    )


def _text(found: Found, key: keys.Key, name: str) -> str | None:
    item = found.get(keys.pair(key))
    return None if item is None else item[name]["S"]
