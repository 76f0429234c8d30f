"""Reads parts of the expanded template."""

from collections.abc import Iterator
from typing import Any

Template = dict[str, Any]


def of_type(template: Template, kind: str) -> dict[str, Template]:
    """Returns the resources of a type by their logical ids."""
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def dictionaries(part: Any) -> Iterator[dict[str, Any]]:
    """Yields every dictionary in a part of a template, the outer ones first."""
    if isinstance(part, dict):
        yield part
        for inner in part.values():
            yield from dictionaries(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from dictionaries(inner)
