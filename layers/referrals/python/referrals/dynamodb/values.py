"""Plain values to DynamoDB's own form and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

Item = dict[str, Any]


class Key(NamedTuple):
    """A primary key."""

    pk: str
    sk: str


def dynamodb_values(values: Mapping[str, Any]) -> Any:
    """Values by name, each in DynamoDB's own form."""
    return {name: dynamodb_value(value) for name, value in values.items()}


def dynamodb_value(value: Any) -> Any:
    """A value in DynamoDB's own form. TypeError for one that no item holds, a float above all."""
    match value:
        case str():
            held: Any = {"S": value}
        case bool():
            held = {"BOOL": value}
        case int():
            held = {"N": str(value)}
        case None:
            held = {"NULL": True}
        case dict():
            held = {"M": dynamodb_values(value)}
        case list() | tuple():
            held = {"L": [dynamodb_value(inner) for inner in value]}
        case set() | frozenset() if value and all(isinstance(inner, str) for inner in value):
            held = {"SS": sorted(value)}
        case _:
            raise TypeError(f"no item holds a {type(value).__name__}")
    return held


def plain(raw: Mapping[str, Any]) -> Item:
    """DynamoDB's own form as plain values."""
    return {name: _plain_value(value) for name, value in raw.items()}


def _plain_value(value: Mapping[str, Any]) -> Any:
    ((form, held),) = value.items()
    match form:
        case "S" | "BOOL":
            found = held
        case "N":
            found = int(Decimal(held))
        case "M":
            found = plain(held)
        case "L":
            found = [_plain_value(inner) for inner in held]
        case "SS":
            found = set(held)
        case "NULL":
            found = None
        case _:
            raise TypeError(f"no item of ours holds a {form}")
    return found
