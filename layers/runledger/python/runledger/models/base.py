"""Bases of every model: strict about unknown fields, camelCase on the wire."""

from functools import cache
from typing import Annotated, Any, Never, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticKnownError

from runledger.texts import clean

# Most names come again and again.
_camel = cache(to_camel)


class CleanModel(BaseModel):
    """A model whose texts can all be written as UTF-8, wherever they came from."""

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, data: Any) -> Any:
        return clean(data)

    def changed(self, **changes: Never) -> Self:
        """A copy with other values in these fields, which are not validated again. TypeError for
        a name that is no field.

        mypy checks each name and value against the fields: `local/mypy_changes.py` gives it the
        signature that a class has. A call that the plugin cannot read fits no signature."""
        unknown = changes.keys() - type(self).model_fields.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        return self.model_copy(update=changes)


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


def _number(value: Any) -> Any:
    """pydantic reads numbers out of texts and booleans; a document says what it means."""
    if isinstance(value, bool | str):
        raise PydanticKnownError("int_type")
    return value


# Of documents that clients write. Booleans are pydantic's StrictBool: 0 and "no" are none.
Whole = Annotated[int, BeforeValidator(_number)]
Real = Annotated[float, BeforeValidator(_number)]


class Config(WireModel):
    """A node's config. Subclassed once per node type (and per variant)."""
