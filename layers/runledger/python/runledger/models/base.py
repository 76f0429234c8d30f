"""Bases of every model: strict about unknown fields, camelCase on the wire."""

from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

from runledger.texts import clean

# Most names come again and again.
_camel = cache(to_camel)


class CleanModel(BaseModel):
    """A model whose texts can all be written as UTF-8, wherever they came from."""

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, data: Any) -> Any:
        return clean(data)


class Model(CleanModel):
    """A value inside the engine: immutable, snake_case, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class WireModel(CleanModel):
    """A document on the wire: camelCase outside, snake_case inside, unknown fields refused."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        defer_build=True,
    )


class Config(WireModel):
    """A node's config. Subclassed once per node type (and per variant)."""
