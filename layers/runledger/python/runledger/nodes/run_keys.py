"""The `keys` of a trigger: the values of an event by which people find its run."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from runledger.models.base import Config
from runledger.models.run_keys import (
    MAX_KEYS,
    MAX_NAME_CHARACTERS,
    MAX_VALUE_CHARACTERS,
    folded,
)
from runledger.nodes.fields import EventPath
from runledger.paths import parse
from runledger.redaction import is_credential_name


def _check_name(name: str) -> str:
    if is_credential_name(name):
        raise ValueError("this is the name of a credential, and credentials cannot be keys")
    return name


def _check_path(path: str) -> str:
    steps = parse(path)
    if not steps:
        raise ValueError("the whole event cannot be a key; write the path of a text or a number")
    if is_credential_name(str(steps[-1])):
        raise ValueError("this path leads to a credential, and credentials cannot be keys")
    return path


def _check_names(keys: "list[RunKeyConfig]") -> "list[RunKeyConfig]":
    names = [folded(each.name) for each in keys]
    for key, name in zip(keys, names, strict=True):
        if names.count(name) > 1:
            raise ValueError(f"two keys have the name {key.name}; rename one of them")
    return keys


class RunKeyConfig(Config):
    """A key: a value of the event by which people find the run."""

    name: Annotated[
        str,
        StringConstraints(
            pattern=rf"^[A-Za-z][A-Za-z0-9_.-]{{0,{MAX_NAME_CHARACTERS - 1}}}$",
        ),
        AfterValidator(_check_name),
    ] = Field(description="The key's name, e.g. orderId.")
    path: Annotated[EventPath, AfterValidator(_check_path)] = Field(
        description="The path of the value in the event, e.g. order.id: a text or a number of at "
        f"most {MAX_VALUE_CHARACTERS} characters."
    )


RunKeyConfigs = Annotated[
    list[RunKeyConfig], Field(max_length=MAX_KEYS), AfterValidator(_check_names)
]
KEYS_DESCRIPTION = (
    f"Up to {MAX_KEYS} values of the event by which the run is found, e.g. "
    '[{"name": "orderId", "path": "order.id"}]. Upper and lower case are the same. A run whose '
    "event has no such value has no such key."
)
