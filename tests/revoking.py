"""The command of ``docs/operating.md`` that revokes a booking's manage links, carried out without the AWS CLI."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

OPERATING = Path(__file__).parent.parent / "docs" / "operating.md"


def revoke(dynamodb: Any, table: str, appointment_id: str) -> None:
    """``dynamodb`` is boto3's client. Raises as it does when there is no such booking."""
    section = OPERATING.read_text().partition("## Manage links")[2]
    found = re.search(r"```sh\n(aws dynamodb update-item .*?)```", section, re.DOTALL)
    assert found, "the command is gone"
    words = shlex.split(
        found[1].replace("\\\n", "").replace("TABLE", table).replace("#ID", f"#{appointment_id}")
    )
    options = dict(zip(words[3::2], words[4::2], strict=True))
    dynamodb.update_item(
        TableName=options["--table-name"],
        Key=json.loads(options["--key"]),
        ConditionExpression=options["--condition-expression"],
        UpdateExpression=options["--update-expression"],
        ExpressionAttributeValues=json.loads(options["--expression-attribute-values"]),
    )
