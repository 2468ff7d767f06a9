"""A package as an item of the table."""

from __future__ import annotations

from shared.adapters.dynamodb import keys
from shared.adapters.dynamodb.items import Item, instant
from shared.domain.appointment import Client
from shared.domain.package import Package, PackageStatus
from shared.domain.time import isoformat


def package_record(package: Package) -> Item:
    return {
        **keys.package(package.id),
        "kind": "PACKAGE",
        "id": package.id,
        "client_id": package.client.id,
        "email": package.client.email,
        "name": package.client.name,
        "service": package.service,
        "status": package.status.value,
        "sessions_total": package.sessions_total,
        "sessions_used": package.sessions_used,
        "duration_minutes": package.duration_minutes,
        "created_at": isoformat(package.created_at),
        "updated_at": isoformat(package.updated_at),
        "GSI1PK": keys.by_buyer(package.client.id),
        "GSI1SK": keys.by_time(package.created_at, package.id),
    }


def package(record: Item) -> Package:
    return Package(
        id=record["id"],
        client=Client(id=record["client_id"], email=record["email"], name=record.get("name")),
        service=record["service"],
        status=PackageStatus(record["status"]),
        sessions_total=int(record["sessions_total"]),
        sessions_used=int(record["sessions_used"]),
        duration_minutes=int(record["duration_minutes"]),
        created_at=instant(record["created_at"]),
        updated_at=instant(record["updated_at"]),
    )
