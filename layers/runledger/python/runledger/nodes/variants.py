"""Configs whose fields depend on the value of one field."""

from contextvars import ContextVar
from typing import Any, ClassVar, Self, get_args

from pydantic import GetJsonSchemaHandler, ModelWrapValidatorHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from runledger.models.base import Config

_OUTER_FAMILIES: ContextVar[frozenset[type]] = ContextVar("outer families", default=frozenset())


class VariantConfig(Config):
    """Base of a family of configs.

    The family is a direct subclass that names its `discriminator`, a field in camelCase. Its
    variants are subclasses of the family and give that field a Literal type. Validating the family
    returns the right variant. Paths in errors are those of the client's document, while a plain
    pydantic union would add the variant's tag to every path.
    """

    discriminator: ClassVar[str]

    @classmethod
    def is_family(cls) -> bool:
        return VariantConfig in cls.__bases__

    @classmethod
    def variants(cls) -> dict[str, type[Self]]:
        """Returns each value of the discriminator with its variant, in the order of definition."""
        found: dict[str, type[Self]] = {}
        for variant in cls.__subclasses__():
            for field in variant.model_fields.values():
                if field.alias == cls.discriminator:
                    found.update({str(value): variant for value in get_args(field.annotation)})
        return found

    @model_validator(mode="wrap")
    @classmethod
    def _choose(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not cls.is_family() or isinstance(data, cls):
            return handler(data)
        if not isinstance(data, dict):
            raise PydanticCustomError("dict_type", "write an object here")
        variants = cls.variants()
        choices = ", ".join(variants)
        if cls.discriminator not in data:
            message = "`{field}` is missing; choose one of {choices}"
            context = {"field": cls.discriminator, "choices": choices}
            raise PydanticCustomError("variant_missing", message, context)
        variant = variants.get(str(data[cls.discriminator]))
        if variant is None:
            message = "`{field}` cannot be {value}; choose one of {choices}"
            context = {
                "field": cls.discriminator,
                "value": repr(data[cls.discriminator])[:80],
                "choices": choices,
            }
            raise PydanticCustomError("variant_unknown", message, context)
        return variant.model_validate(data)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        if not cls.is_family():
            return handler(core_schema)
        outer = _OUTER_FAMILIES.get()
        if cls in outer:
            # A variant that contains its own family: its schema is written out only once.
            return {"type": "object", "title": cls.__name__, "required": [cls.discriminator]}
        reset = _OUTER_FAMILIES.set(outer | {cls})
        try:
            variants = dict.fromkeys(cls.variants().values())
            return {
                "oneOf": [handler(variant.__pydantic_core_schema__) for variant in variants],
                "discriminator": {"propertyName": cls.discriminator},
            }
        finally:
            _OUTER_FAMILIES.reset(reset)
