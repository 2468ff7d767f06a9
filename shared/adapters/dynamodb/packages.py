"""Packages in DynamoDB: what clients bought, and the sessions booked from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.adapters.dynamodb import bookings, cursors, diaries, items, keys
from shared.adapters.dynamodb.package_items import package
from shared.adapters.dynamodb.payment_items import payment
from shared.adapters.dynamodb.table import Found, Table
from shared.adapters.dynamodb.transaction import Step, write
from shared.domain.appointment import Appointment
from shared.domain.diary import Diary
from shared.domain.effects import Effect
from shared.domain.errors import PackageExhausted
from shared.domain.package import SOLD, Package, PackageStatus
from shared.domain.payment import Payment
from shared.domain.time import Interval, isoformat
from shared.usecases.ports import Bought, PackageFacts, PackagePage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef

PACKAGES = "k"
NEWEST = "~"
"""Sorts after every instant."""


class DynamoPackages:
    """The port ``PackageStore`` on one DynamoDB table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def packages_of(self, client_id: str, cursor: str | None, limit: int) -> PackagePage:
        _, after = cursors.read(cursor, {PACKAGES}) if cursor is not None else (PACKAGES, "")
        answer = self.table.query_index(
            "packages_of",
            KeyConditionExpression="GSI1PK = :buyer AND GSI1SK < :after",
            ExpressionAttributeValues=items.dump(
                {":buyer": keys.by_buyer(client_id), ":after": after or NEWEST}
            ),
            ScanIndexForward=False,
            Limit=limit + 1,
        )
        listed = [package(items.load(item)) for item in answer["Items"]]
        more = len(listed) > limit
        return PackagePage(
            self._bought([each for each in listed[:limit] if each.status in SOLD]),
            cursors.write(PACKAGES, _place(listed[limit - 1])) if more else None,
        )

    def _bought(self, listed: Sequence[Package]) -> tuple[Bought, ...]:
        found = self.table.get_all("payments", [keys.payment(each.id) for each in listed])
        return tuple(Bought(each, _payment_for(each, found)) for each in listed)

    def package_facts(self, span: Interval, package_id: str, appointment_id: str) -> PackageFacts:
        bought, own = keys.package(package_id), keys.appointment(appointment_id)
        found = self.table.get_all("package_facts", [*diaries.wanted(span), bought, own])
        item = found.get(keys.pair(bought))
        return PackageFacts(
            diary=diaries.diary(found, span),
            package=None if item is None else package(items.load(item)),
            earlier=bookings.earlier(found, appointment_id),
        )

    def book_from_package(
        self, appointment: Appointment, fingerprint: str, relied_on: Diary, effects: Sequence[Effect]
    ) -> None:
        name = self.table.name
        credit = _use_session(name, appointment)
        write(
            self.table.client,
            "book_from_package",
            bookings.book(name, appointment, fingerprint, relied_on, effects, credit),
        )


def _use_session(table: str, appointment: Appointment) -> Step:
    update: UpdateTypeDef = {
        "TableName": table,
        "Key": items.dump(keys.package(appointment.package_id or "")),
        "UpdateExpression": "SET updated_at = :now ADD sessions_used :one",
        "ConditionExpression": "#status = :active AND client_id = :client AND sessions_used < sessions_total",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": items.dump(
            {
                ":one": 1,
                ":now": isoformat(appointment.created_at),
                ":active": PackageStatus.ACTIVE.value,
                ":client": appointment.client.id,
            }
        ),
    }
    return Step({"Update": update}, lambda: PackageExhausted("No session of this package is left to book."))


def _payment_for(each: Package, found: Found) -> Payment | None:
    paid = found.get(keys.pair(keys.payment(each.id)))
    return None if paid is None else payment(items.load(paid))


def _place(each: Package) -> str:
    return keys.by_time(each.created_at, each.id)
