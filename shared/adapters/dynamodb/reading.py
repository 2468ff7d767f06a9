"""The books as the daily comparison reads them: one scan of the table, without names, addresses or phone numbers.

A scan is billed by what it reads, not by what it returns: half a unit for each 4 KB. A paid booking with its cells,
effects and trail is about 10 KB, so 10,000 of them are about 12,500 units a day: under a cent. It takes about ten
seconds, and no client waits for it.
"""

from __future__ import annotations

from dataclasses import fields

from shared.adapters.dynamodb import items, payment_items
from shared.adapters.dynamodb.items import Item, instant
from shared.adapters.dynamodb.table import Table
from shared.domain.appointment import AppointmentStatus, CalendarStatus
from shared.domain.package import PackageStatus
from shared.domain.payment import Payment
from shared.domain.reconciliation import Books, Session, SoldPackage
from shared.domain.time import Interval, minutes

OF_A_PAYMENT = {each.name for each in fields(Payment)} | {"currency"}
OF_A_SESSION = {"id", "status", "start", "duration_minutes", "calendar_status", "payment_id", "updated_at"}
WANTED = ("kind", *sorted(OF_A_PAYMENT | OF_A_SESSION))
"""A package has nothing to compare that the others do not have."""


class DynamoBooks:
    """The port ``BookReader`` on one DynamoDB table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def books(self) -> Books:
        payments: dict[str, Payment] = {}
        sessions: dict[str, Session] = {}
        packages: dict[str, SoldPackage] = {}
        names = {f"#{number}": name for number, name in enumerate(WANTED)}
        for item in self.table.scan(
            "scan_books",
            ProjectionExpression=", ".join(names),
            FilterExpression="#0 IN (:payment, :session, :package)",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=items.dump(
                {":payment": "PAYMENT", ":session": "APPOINTMENT", ":package": "PACKAGE"}
            ),
        ):
            record = items.load(item)
            match record["kind"]:
                case "PAYMENT":
                    payments[record["id"]] = payment_items.payment(record)
                case "APPOINTMENT":
                    sessions[record["id"]] = _session(record)
                case "PACKAGE":
                    packages[record["id"]] = _package(record)
        return Books(payments, sessions, packages)


def _session(record: Item) -> Session:
    start = instant(record["start"])
    return Session(
        id=record["id"],
        status=AppointmentStatus(record["status"]),
        time=Interval(start, start + minutes(int(record["duration_minutes"]))),
        calendar_status=CalendarStatus(record["calendar_status"]),
        updated_at=instant(record["updated_at"]),
        payment_id=record.get("payment_id"),
    )


def _package(record: Item) -> SoldPackage:
    return SoldPackage(
        id=record["id"], status=PackageStatus(record["status"]), updated_at=instant(record["updated_at"])
    )
