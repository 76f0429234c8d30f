"""Makes moto fast where most tests spend their time: starting, and writing DynamoDB's answers."""

from typing import Any

from moto.core import serialize
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.core.models import MockAWS, botocore_stubber

Serializer = serialize.JSONSerializer
as_moto_does = Serializer._serialize_type_structure


def _structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Writes a DynamoDB value directly. A value has exactly one of ten members. moto looks for each
    of them in turn, under all of its possible names, which is slow."""
    if shape.name != "AttributeValue" or not isinstance(value, dict) or not key:
        as_moto_does(self, serialized, value, shape, key)
        return
    members: dict[str, Any] = {}
    for name, member in value.items():
        if member is not None:
            self._serialize(members, member, shape.members[name], name)
    self._default_serialize(serialized, members, shape, key)


def _enable(self: MockAWS, reset: bool = True) -> None:
    """Answers the clients of boto3 only. For clients of `requests`, which the engine does not use,
    moto prepares some 1,300 patterns at each start."""
    botocore_stubber.enabled = True
    if reset:
        BackendDict.reset()


def _disable(self: MockAWS, remove_data: bool) -> None:
    botocore_stubber.enabled = False
    if remove_data:
        BackendDict.reset()
        reset_model_data()


def hurry() -> None:
    """Makes moto's answers faster in this process from now on. The answers stay the same."""
    Serializer._serialize_type_structure = _structure
    MockAWS._enable_patching = _enable
    MockAWS._disable_patching = _disable
