"""Cancelled and moved bookings in DynamoDB."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.adapters.dynamodb import bookings, claims, items, keys, payments, writes
from shared.adapters.dynamodb.package_items import package
from shared.adapters.dynamodb.payment_items import change_payment, payment, payment_record
from shared.adapters.dynamodb.table import Found, Table
from shared.adapters.dynamodb.transaction import Step, read, write
from shared.domain.appointment import AppointmentStatus
from shared.domain.changes import BookingChange, Case
from shared.domain.checkout import Change, Checkout
from shared.domain.diary import Diary
from shared.usecases.ports import Booked, BookingMoved, CaseReading, PaymentMoved, Request

if TYPE_CHECKING:
    from shared.domain.payment import Payment


class DynamoChanges:
    """The port ``ChangeStore`` on one DynamoDB table."""

    def __init__(self, table: Table, *, saved_methods: bool = False) -> None:
        """``saved_methods`` tells that fees are charged to the methods that clients saved."""
        self.table = table
        self.saved_methods = saved_methods

    def case(self, appointment_id: str, request_id: str | None = None) -> CaseReading:
        booked, paid = keys.appointment(appointment_id), keys.payment(appointment_id)
        request = keys.request(request_id or "-")
        found = read(self.table, "case", [booked, paid, *([request] if request_id else [])])
        mark = found.get(keys.pair(request))
        case = self._case(found, appointment_id)
        if case is not None and self.saved_methods:
            case = replace(case, saved_method=self._saved_method(case))
        if mark is None:
            return CaseReading(case, None)
        earlier = items.load(mark)
        return CaseReading(case, earlier["fingerprint"], _answer(earlier))

    def _saved_method(self, case: Case) -> str | None:
        """The one saved with what was paid, unless its owner took it back since."""
        paid = case.payment or case.package_payment
        if paid is None or paid.saved_method is None:
            return None
        forgotten = self.table.get("method", keys.method(paid.saved_method))
        return None if forgotten else paid.saved_method

    def _case(self, found: Found, appointment_id: str) -> Case | None:
        item = found.get(keys.pair(keys.appointment(appointment_id)))
        if item is None:
            return None
        appointment = items.appointment(items.load(item))
        if appointment.package_id is None:
            return Case(appointment, _payment(found, appointment_id))
        bought, paid = keys.package(appointment.package_id), keys.payment(appointment.package_id)
        fees = [keys.payment(appointment.payment_id)] if appointment.payment_id else []
        of_package = read(self.table, "case_package", [bought, paid, *fees])
        package_item = of_package.get(keys.pair(bought))
        return Case(
            appointment,
            package=None if package_item is None else package(items.load(package_item)),
            package_payment=_payment(of_package, appointment.package_id),
            fee=_payment(of_package, appointment.payment_id) if appointment.payment_id else None,
        )

    def change_booking(
        self,
        case: Case,
        change: BookingChange,
        *,
        actor: str,
        relied_on: Diary | None = None,
        request: Request | None = None,
    ) -> None:
        name = self.table.name
        steps = self._steps(case, change, actor)
        if change.charge is not None:
            steps.append(writes.put_new(name, payments.new_payment(change.charge), BookingMoved))
        if change.after.status is AppointmentStatus.CANCELLED:
            steps += claims.free(name, case.appointment)
        if relied_on is not None:
            steps += claims.move(name, case.appointment, change.after, relied_on)
            steps.append(claims.relied_on_settings(name, relied_on))
        if request is not None:
            steps.append(writes.claim_key(name, request, **_answered(request.answer)))
        write(self.table.client, change.event, steps)

    def move_paid(
        self, fee: Checkout, paid: Change, case: Case, change: BookingChange, *, actor: str
    ) -> None:
        name, hold = self.table.name, fee.booking
        steps = [*payments.payment_steps(name, fee, paid), *payments.audit_steps(name, paid, actor)]
        if hold is not None and paid.after.booking is not None:
            steps.append(bookings.change(name, hold, paid.after.booking, PaymentMoved))
        steps += self._steps(case, change, actor)
        steps += claims.move(name, case.appointment, change.after, None, hold)
        write(self.table.client, "move_paid", steps)

    def return_credit(
        self, fee: Checkout, paid: Change, case: Case, change: BookingChange, *, actor: str
    ) -> None:
        name = self.table.name
        steps = [*payments.payment_steps(name, fee, paid), *payments.audit_steps(name, paid, actor)]
        write(self.table.client, "return_credit", [*steps, *self._steps(case, change, actor)])

    def _steps(self, case: Case, change: BookingChange, actor: str) -> list[Step]:
        name, before, after = self.table.name, case.appointment, change.after
        steps = [bookings.change(name, before, after, BookingMoved)]
        if case.payment is not None and change.payment is not None and change.payment != case.payment:
            steps.append(change_payment(name, case.payment, change.payment, BookingMoved))
        if change.returns:
            steps += _give_back(name, case)
        return [
            *steps,
            writes.audit(
                name, after, after.updated_at, f"{change.event}-{after.sequence}", actor, change.detail
            ),
            *(writes.owe(name, effect) for effect in change.effects),
        ]


def _answered(answer: Booked | None) -> dict[str, items.Item]:
    if answer is None:
        return {}
    booking = {"answered_booking": items.present(items.appointment_record(answer.appointment))}
    if answer.payment is None:
        return booking
    return {**booking, "answered_payment": items.present(payment_record(answer.payment))}


def _answer(earlier: items.Item) -> Booked | None:
    if "answered_booking" not in earlier:
        return None
    paid = earlier.get("answered_payment")
    return Booked(items.appointment(earlier["answered_booking"]), None if paid is None else payment(paid))


def _give_back(table: str, case: Case) -> list[Step]:
    """The promo code's use, or the package's session."""
    appointment = case.appointment
    if appointment.package_id is not None:
        return [_lower(table, keys.package(appointment.package_id), "sessions_used")]
    if appointment.promo_code is None:
        return []
    use = keys.promo_use(appointment.promo_code, appointment.client.id)
    unused = Step(
        {
            "Delete": {
                "TableName": table,
                "Key": items.dump(use),
                "ConditionExpression": "appointment_id = :me",
                "ExpressionAttributeValues": items.dump({":me": appointment.id}),
            }
        },
        BookingMoved,
    )
    return [unused, _lower(table, keys.promo(appointment.promo_code), "used")]


def _lower(table: str, key: keys.Key, count: str) -> Step:
    return Step(
        {
            "Update": {
                "TableName": table,
                "Key": items.dump(key),
                "UpdateExpression": "ADD #count :less",
                "ConditionExpression": "#count > :none",
                "ExpressionAttributeNames": {"#count": count},
                "ExpressionAttributeValues": items.dump({":less": -1, ":none": 0}),
            }
        },
        BookingMoved,
    )


def _payment(found: Found, payment_id: str) -> Payment | None:
    item = found.get(keys.pair(keys.payment(payment_id)))
    return None if item is None else payment(items.load(item))
