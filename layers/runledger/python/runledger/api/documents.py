"""Makes the documents of PUT and PATCH from the models of a resource.

A resource has one model for requests (`ContactDocument`) and one for answers (`ContactView`). PUT
takes what GET answered and PATCH takes a part, so both are derived here and not written again.
"""

from collections.abc import Mapping
from copy import copy
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from runledger.errors import InvalidInputError
from runledger.models.base import Whole, WireModel
from runledger.models.validation_words import path_in, words

ModelT = TypeVar("ModelT", bound=WireModel)

_READ_ONLY = "Read-only. Ignored if sent, so the answer of a GET can be sent back."


def replacement_of(
    name: str, document: type[WireModel], view: type[WireModel], description: str
) -> type[Any]:
    """Returns the model of a PUT's body. It has the fields of `document`, and accepts the fields of
    `view` that a client cannot write, so that a client can send back what it read.

    The parsed body has `id` and `revision`, which the caller compares with the stored ones. The
    other fields of `view` are ignored."""
    fields: dict[str, Any] = {
        "id": (
            str | None,
            Field(default=None, description="If sent, it must be the id in the path."),
        ),
        "revision": (
            Whole | None,
            Field(
                default=None,
                description=(
                    "If sent, the revision that you read. If the stored revision differs, the "
                    "answer is 409."
                ),
            ),
        ),
    }
    for each in view.model_fields:
        if each not in document.model_fields and each not in fields:
            fields[each] = (Any, Field(default=None, description=_READ_ONLY))
    return create_model(name, __base__=document, __doc__=description, **fields)


def patch_of(
    name: str,
    document: type[WireModel],
    description: str,
    *,
    kept: frozenset[str] = frozenset(),
    types: Mapping[str, Any] = MappingProxyType({}),
) -> type[Any]:
    """Returns the model of a PATCH's body: the fields of `document`, all optional. Null removes a
    field that has a default. A field in `kept` can be changed but not removed.

    `types` has other types for fields that are objects. With such a type, null can also remove one
    entry of the object. This model does not check the length limits of these fields. They are
    checked after the patch, on the whole document."""
    fields: dict[str, Any] = {
        each: _optional(
            info,
            types.get(each, info.annotation),
            is_bounded=each not in types,
            is_removable=not info.is_required() and each not in kept,
        )
        for each, info in document.model_fields.items()
    }
    fields["revision"] = (
        Whole | None,
        Field(
            default=None,
            description=(
                "If sent, the revision that you read. If the stored revision differs, the "
                "answer is 409."
            ),
        ),
    )
    return create_model(name, __base__=WireModel, __doc__=description, **fields)


def _optional(info: FieldInfo, annotation: Any, *, is_bounded: bool, is_removable: bool) -> Any:
    optional = copy(info)
    if not is_bounded:
        optional.metadata = []
    optional.default = PydanticUndefined
    # Never used, because only the fields that were sent are read. A plain default would be
    # documented as the value of a missing field.
    optional.default_factory = _nothing
    return (annotation | None if is_removable else annotation, optional)


def _nothing() -> None:
    return None


def sent_fields(patch: WireModel) -> dict[str, Any]:
    """Returns the fields that were sent with a PATCH, as JSON."""
    return patch.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"revision"})


def merge_patch(target: Any, patch: Any) -> Any:
    """Returns `target` with `patch` applied, by the rules of RFC 7396: objects are merged, null
    removes, any other value replaces. Changes neither argument."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def validated(model: type[ModelT], value: Any) -> ModelT:
    """Returns `value` as `model`. Raises InvalidInputError, which names the first wrong field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        path = path_in(value, first["loc"], missing=first["type"] == "missing")
        field = ".".join(path)
        raise InvalidInputError(f"{field}: {words(first)}", field=field or None) from error
