"""Checkouts in DynamoDB: what is bought, what it holds, and how far its money is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from shared.adapters.dynamodb import claims, diaries, items, keys, writes
from shared.adapters.dynamodb.payment_items import payment, payment_record
from shared.adapters.dynamodb.table import Found, Table
from shared.adapters.dynamodb.transaction import Step, write
from shared.domain.appointment import Appointment, AppointmentStatus
from shared.domain.diary import Diary
from shared.domain.payment import Payment
from shared.domain.time import Interval
from shared.usecases.checkout_ports import Checkout, CheckoutFacts, PaymentMoved
from shared.usecases.ports import AlreadyBooked

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef

    from shared.domain.effects import Effect


class DynamoPayments:
    """The port ``PaymentStore`` on one DynamoDB table. A payment and what it pays for share one id."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def checkout_facts(self, span: Interval, payment_id: str) -> CheckoutFacts:
        found = self.table.get_all("checkout_facts", [*diaries.wanted(span), *_checkout_keys(payment_id)])
        return CheckoutFacts(diaries.diary(found, span), _checkout(found, payment_id))

    def checkout(self, payment_id: str) -> Checkout | None:
        return _checkout(self.table.get_all("checkout", _checkout_keys(payment_id)), payment_id)

    def payment_of_order(self, order_id: str) -> str | None:
        item = self.table.get("payment_of_order", keys.order(order_id))
        return None if item is None else str(items.load(item)["payment_id"])

    def due_payments(self, now: datetime) -> list[str]:
        answer = self.table.query_index(
            "due_payments",
            KeyConditionExpression="GSI1PK = :open AND GSI1SK <= :now",
            ExpressionAttributeValues=items.dump(
                {":open": keys.OPEN_PAYMENT, ":now": keys.by_time(now, "~")}
            ),
            Limit=100,
        )
        return [items.load(item)["id"] for item in answer["Items"]]

    def hold(self, checkout: Checkout, relied_on: Diary, now: datetime) -> None:
        name, paid, booking = self.table.name, checkout.payment, checkout.booking
        order = {**keys.order(paid.order_id or ""), "kind": "PPORDER", "payment_id": paid.id}
        steps = [
            writes.put_new(
                name, {**payment_record(paid), "fingerprint": checkout.fingerprint}, AlreadyBooked
            ),
            writes.put_new(name, order, AlreadyBooked),
            claims.relied_on_settings(name, relied_on),
        ]
        if booking is not None:
            steps += [
                writes.put_new(name, _booking_record(booking), AlreadyBooked),
                *claims.claim(name, booking, now),
                *claims.enter_in_week(name, booking, relied_on),
                writes.audit(name, booking, now, "held"),
            ]
        write(self.table.client, "hold", steps)

    def change(
        self,
        before: Checkout,
        after: Checkout,
        now: datetime,
        event: str,
        effects: Sequence[Effect] = (),
    ) -> None:
        """One transaction: the payment, the booking, its claim, the audit row and what becomes owed."""
        name = self.table.name
        steps = [self._change_payment(before, after)]
        if after.payment.capture_id and not before.payment.capture_id:
            steps.append(self._adopt_capture(after.payment))
        if before.booking is not None and after.booking is not None:
            steps += [
                *self._change_claim(before.booking, after.booking, now),
                self._change_booking(before.booking, after.booking),
                writes.audit(name, after.booking, now, event),
            ]
        steps += [writes.owe(name, effect) for effect in effects]
        write(self.table.client, event, steps)

    def _change_payment(self, before: Checkout, after: Checkout) -> Step:
        record = {**payment_record(after.payment), "fingerprint": before.fingerprint}
        return Step(
            {
                "Put": {
                    "TableName": self.table.name,
                    "Item": items.dump(record),
                    "ConditionExpression": "version = :seen",
                    "ExpressionAttributeValues": items.dump({":seen": before.payment.version}),
                }
            },
            PaymentMoved,
        )

    def _adopt_capture(self, paid: Payment) -> Step:
        """A capture pays for one thing, once."""
        key = keys.capture(paid.capture_id or "")
        return Step(
            {
                "Put": {
                    "TableName": self.table.name,
                    "Item": items.dump({**key, "kind": "PPCAPTURE", "payment_id": paid.id}),
                    "ConditionExpression": "attribute_not_exists(PK) OR payment_id = :me",
                    "ExpressionAttributeValues": items.dump({":me": paid.id}),
                }
            },
            PaymentMoved,
        )

    def _change_claim(self, before: Appointment, after: Appointment, now: datetime) -> list[Step]:
        if after.status in {AppointmentStatus.HELD, AppointmentStatus.CONFIRMED}:
            return [
                *claims.claim(self.table.name, after, now),
                claims.list_in_week(self.table.name, after),
            ]
        if before.status is AppointmentStatus.HELD:
            return [
                *claims.let_go(self.table.name, before, self._still_owned(before)),
                claims.strike_from_week(self.table.name, before),
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

    def _change_booking(self, before: Appointment, after: Appointment) -> Step:
        old, new = items.appointment_record(before), items.appointment_record(after)
        changed = {name: value for name, value in new.items() if value != old[name]}
        kept = {name: value for name, value in changed.items() if value is not None}
        gone = [name for name, value in changed.items() if value is None]
        sets = ", ".join(f"#{name} = :{name}" for name in kept)
        removes = " REMOVE " + ", ".join(f"#{name}" for name in gone) if gone else ""
        update: UpdateTypeDef = {
            "TableName": self.table.name,
            "Key": items.dump(keys.appointment(before.id)),
            "UpdateExpression": f"SET {sets}{removes}",
            "ConditionExpression": "#status = :before",
            "ExpressionAttributeNames": {"#status": "status", **{f"#{name}": name for name in changed}},
            "ExpressionAttributeValues": items.dump(
                {":before": before.status.value, **{f":{name}": value for name, value in kept.items()}}
            ),
        }
        return Step({"Update": update}, PaymentMoved)


def _checkout_keys(payment_id: str) -> list[keys.Key]:
    return [keys.payment(payment_id), keys.appointment(payment_id)]


def _checkout(found: Found, payment_id: str) -> Checkout | None:
    paid, booked = (found.get(keys.pair(key)) for key in _checkout_keys(payment_id))
    if paid is None:
        return None
    record = items.load(paid)
    booking = None if booked is None else items.appointment(items.load(booked))
    return Checkout(payment(record), booking, record["fingerprint"])


def _booking_record(booking: Appointment) -> items.Item:
    return {
        **keys.appointment(booking.id),
        "kind": "APPOINTMENT",
        **items.appointment_record(booking),
        "GSI1PK": keys.by_client(booking.client.id),
        "GSI1SK": keys.by_time(booking.start, booking.id),
    }
