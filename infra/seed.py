"""Seeds the table of a deployed stack: ``seed.py STACK``. Seeding again changes nothing that exists.

Run by ``make deploy`` with the deploying person's rights, so that no function needs the right to write seeds.
"""

from __future__ import annotations

import sys

import boto3

from shared.adapters.dynamodb.seeds import seed
from shared.adapters.dynamodb.table import Table


def table_name(stack: str) -> str:
    (description,) = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return next(
        output["OutputValue"] for output in description["Outputs"] if output["OutputKey"] == "TableName"
    )


if __name__ == "__main__":
    seed(Table(boto3.client("dynamodb"), table_name(sys.argv[1])))
