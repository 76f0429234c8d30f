"""Converts pydantic's errors to one message for each field of a node's config. Field names are in
camelCase."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from runledger.models.validation_words import path_in, words
from runledger.templating import TemplateSyntaxError

# Raised for a whole config if its discriminator, named in the context, is missing or unknown.
_VARIANT_ERRORS = ("variant_missing", "variant_unknown")


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error of one field. `field` is a dotted path such as `assignments.0.target`, or None for
    the whole config."""

    field: str | None
    message: str


def field_errors(error: ValidationError, document: Mapping[str, Any]) -> tuple[FieldError, ...]:
    """Returns one entry per field. If no member of a union accepts a field, the field has one
    message for all of them."""
    messages: dict[str | None, list[str]] = {}
    liquid: set[str | None] = set()
    for detail in error.errors(include_url=False, include_input=False):
        path = path_in(document, detail["loc"], missing=detail["type"] == "missing")
        if detail["type"] in _VARIANT_ERRORS:
            path.append(str(detail["ctx"]["field"]))
        field = ".".join(path) or None
        if _is_liquid(detail):
            liquid.add(field)
        message = words(detail)
        known = messages.setdefault(field, [])
        if message not in known:
            known.append(message)
    return tuple(
        FieldError(field, ", or: ".join(found))
        for field, found in messages.items()
        if field not in liquid
    )


def _is_liquid(detail: ErrorDetails) -> bool:
    """Whether a text was refused because of its Liquid. Another check reports such a text, with
    the position of the error."""
    raised = detail.get("ctx", {}).get("error")
    return isinstance(raised, Exception) and isinstance(raised.__cause__, TemplateSyntaxError)
