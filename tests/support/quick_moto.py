"""moto's answers made quickly: most of a test over its DynamoDB was spent on writing them."""

from typing import Any

from moto.core import serialize

Serializer = serialize.JSONSerializer
as_moto_does = Serializer._serialize_type_structure


def _structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """A value of DynamoDB has one of ten members, which moto looks for one after the other, each
    under every name that it might have."""
    if shape.name != "AttributeValue" or not isinstance(value, dict) or not key:
        as_moto_does(self, serialized, value, shape, key)
        return
    members: dict[str, Any] = {}
    for name, member in value.items():
        if member is not None:
            self._serialize(members, member, shape.members[name], name)
    self._default_serialize(serialized, members, shape, key)


def hurry() -> None:
    """From now on, in this process. The answers are the same."""
    Serializer._serialize_type_structure = _structure
