"""Converts plain Python values to DynamoDB's typed form and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer

from runledger.texts import clean, clean_text

Item = dict[str, Any]

_SERIALIZER = TypeSerializer()
_DESERIALIZER = TypeDeserializer()
# A number has at most 38 digits.
_LARGEST = 10**38


def to_attribute(value: Any) -> dict[str, Any]:
    """Returns one value in DynamoDB's typed form. Only the three most frequent types are converted
    here; boto3 converts the others."""
    kind = type(value)
    if kind is str:
        return {"S": clean_text(value)}
    if kind is int and -_LARGEST < value < _LARGEST:
        return {"N": str(value)}
    if kind is bool:
        return {"BOOL": value}
    return dict(_SERIALIZER.serialize(_storable(value)))


def to_dynamo(item: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a row in DynamoDB's typed form, without None values."""
    return {name: to_attribute(value) for name, value in item.items() if value is not None}


def from_dynamo(raw: Mapping[str, Any]) -> Item:
    """Returns a row as plain values: int for whole numbers, bytes for binaries, sets as sets. Its
    texts are cleaned (`runledger.texts`), because an earlier release may have written others."""
    return clean({name: _from_attribute(value) for name, value in raw.items()})


def _from_attribute(value: Any) -> Any:
    ((kind, content),) = value.items()
    if kind == "S":
        return content
    if kind == "N" and content.lstrip("-").isdecimal():
        return int(content)
    return _plain(_DESERIALIZER.deserialize(value))


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, (frozenset, set)):
        return {_storable(element) for element in value}
    if isinstance(value, Mapping):
        return {_storable(key): _storable(element) for key, element in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(element) for element in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Binary):
        return bytes(value)  # type: ignore[call-overload]  # the stubs miss __bytes__
    if isinstance(value, set):
        return {_plain(element) for element in value}
    if isinstance(value, dict):
        return {key: _plain(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_plain(element) for element in value]
    return value
