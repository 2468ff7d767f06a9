"""DynamoDB's own JSON for the values our records hold: text, whole numbers, yes and no, lists and maps.

boto3 has the same for every type, but importing it loads S3's transfer manager, some 25 ms of a cold start.
"""

from __future__ import annotations

from typing import Any

Attribute = dict[str, Any]


def serialize(value: object) -> Attribute:
    """Raises ``TypeError`` for what a record never holds; a float above all, which DynamoDB would round."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case list():
            return {"L": [serialize(each) for each in value]}
        case dict():
            return {"M": {name: serialize(each) for name, each in value.items()}}
    raise TypeError(f"no record holds a {type(value).__name__}")


def deserialize(attribute: Attribute) -> Any:
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value)
        case "NULL":
            return None
        case "L":
            return [deserialize(each) for each in value]
        case "M":
            return {name: deserialize(each) for name, each in value.items()}
    raise TypeError(f"no record holds an attribute of type {kind}")
