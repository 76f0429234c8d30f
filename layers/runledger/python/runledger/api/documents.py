"""Documents made from documents: what replaces one, and what changes a part of it.

A resource has one model that says what a client writes (`ContactDocument`) and one that says what
the API answers (`ContactView`). PUT takes what GET answered, and PATCH takes a part, so both are
derived here instead of being written down again.
"""

from copy import copy
from typing import Any, TypeVar

from pydantic import Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from runledger.errors import InvalidInputError
from runledger.models.base import Whole, WireModel
from runledger.models.validation_words import path_in, words

ModelT = TypeVar("ModelT", bound=WireModel)

_READ_ONLY = "Read-only: what GET answered may be sent back and is ignored."


def replacement_of(
    name: str, document: type[WireModel], view: type[WireModel], description: str
) -> type[Any]:
    """The body of a PUT: `document`, and beside it the fields of `view` that a client cannot write.

    `id` and `revision` are kept, because the caller compares them with what is there."""
    fields: dict[str, Any] = {
        "id": (str | None, Field(default=None, description="If sent, the id in the path.")),
        "revision": (
            Whole | None,
            Field(
                default=None,
                description="If sent, the revision that was read; 409 where it has changed.",
            ),
        ),
    }
    for each in view.model_fields:
        if each not in document.model_fields and each not in fields:
            fields[each] = (Any, Field(default=None, description=_READ_ONLY))
    return create_model(name, __base__=document, __doc__=description, **fields)


def patch_of(
    name: str, document: type[WireModel], description: str, *, kept: frozenset[str] = frozenset()
) -> type[Any]:
    """The body of a PATCH: every field of `document`, none required. Null removes a field that has
    a default, except those of `kept`, which can be changed and not removed."""
    fields: dict[str, Any] = {
        each: _optional(info, is_removable=not info.is_required() and each not in kept)
        for each, info in document.model_fields.items()
    }
    fields["revision"] = (
        Whole | None,
        Field(
            default=None,
            description="If sent, the revision that was read; 409 where it has changed.",
        ),
    )
    return create_model(name, __base__=WireModel, __doc__=description, **fields)


def _optional(info: FieldInfo, *, is_removable: bool) -> Any:
    optional = copy(info)
    optional.default = PydanticUndefined
    # Never looked at, as only the fields that were sent are read; a plain default would be
    # documented as the value that a missing field takes.
    optional.default_factory = _nothing
    annotation: Any = info.annotation
    return (annotation | None if is_removable else annotation, optional)


def _nothing() -> None:
    return None


def sent_fields(patch: WireModel) -> dict[str, Any]:
    """The part that a PATCH wants changed, as JSON: the fields that were sent."""
    return patch.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"revision"})


def merge_patch(target: Any, patch: Any) -> Any:
    """`target` with `patch` applied, by the rules of RFC 7396: objects are merged, null removes,
    anything else replaces. Neither argument is changed."""
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
    """`value` as `model`; InvalidInputError names the first wrong field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        path = path_in(value, first["loc"], missing=first["type"] == "missing")
        field = ".".join(path)
        raise InvalidInputError(f"{field}: {words(first)}", field=field or None) from error
