"""Makes moto's answers fast: a test over its DynamoDB spent most of its time writing them."""

from typing import Any

from moto.core import serialize

Serializer = serialize.JSONSerializer
as_moto_does = Serializer._serialize_type_structure


def _structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Writes a DynamoDB value directly. It has one of ten members, and moto searches them one by
    one, each under every name that it might have."""
    if shape.name != "AttributeValue" or not isinstance(value, dict) or not key:
        as_moto_does(self, serialized, value, shape, key)
        return
    members: dict[str, Any] = {}
    for name, member in value.items():
        if member is not None:
            self._serialize(members, member, shape.members[name], name)
    self._default_serialize(serialized, members, shape, key)


def hurry() -> None:
    """Applies to this process from now on. The answers are the same."""
    Serializer._serialize_type_structure = _structure
