"""Base classes of all models. They refuse unknown fields. JSON has camelCase names."""

from functools import cache
from typing import Annotated, Any, Never, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticKnownError

from runledger.texts import clean

# Cached, because most names repeat.
_camel = cache(to_camel)


class CleanModel(BaseModel):
    """A model whose texts are always valid Unicode, wherever they come from."""

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, data: Any) -> Any:
        return clean(data)

    def changed(self, **changes: Never) -> Self:
        """Returns a copy with other values in these fields. The values are not validated. Raises
        TypeError for a name that is not a field.

        mypy checks each name and value against the fields, because the plugin
        `local/mypy_changes.py` gives this method a signature per class. mypy refuses a call with
        arguments unpacked by `**`, because the plugin cannot see their names.
        """
        unknown = changes.keys() - type(self).model_fields.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        return self.model_copy(update=changes)


class Model(CleanModel):
    """A value inside the engine: immutable, with snake_case names. Refuses unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class WireModel(CleanModel):
    """A JSON document of the API: camelCase in JSON, snake_case in Python. Refuses unknown
    fields."""

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
    """Refuses texts and booleans, which pydantic would convert to numbers."""
    if isinstance(value, bool | str):
        raise PydanticKnownError("int_type")
    return value


# For documents that clients write. Their booleans are pydantic's StrictBool: 0 and "no" are
# refused.
Whole = Annotated[int, BeforeValidator(_number)]
Real = Annotated[float, BeforeValidator(_number)]


class Config(WireModel):
    """A node's config. Each node type has a subclass, and so has each variant of a config."""
