"""What a new table begins with. Seeding again changes nothing that exists."""

from __future__ import annotations

from shared.adapters.dynamodb import items
from shared.adapters.dynamodb.table import Table
from shared.domain.diary import Settings
from shared.domain.promo import SEED_PROMOS
from shared.domain.schedule import DEFAULT_SCHEDULE
from shared.domain.service import SEED_SERVICES
from shared.observability import outside_call


def seed(table: Table) -> None:
    services = {service.id: service for service in SEED_SERVICES}
    settings = Settings(schedule=DEFAULT_SCHEDULE, services=services, version=1)
    for record in (items.settings_record(settings), *(items.promo_record(promo) for promo in SEED_PROMOS)):
        _put_if_absent(table, record)


def _put_if_absent(table: Table, record: items.Item) -> None:
    with outside_call("dynamodb", "seed"):
        try:
            table.client.put_item(
                TableName=table.name,
                Item=items.dump(record),
                ConditionExpression="attribute_not_exists(PK)",
            )
        except table.client.exceptions.ConditionalCheckFailedException:
            return
