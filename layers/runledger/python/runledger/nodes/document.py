"""Writes docs/nodes.md from the registry: `python -m runledger.nodes.document`."""

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from runledger.nodes.base import NodeType
from runledger.nodes.registry import NODE_TYPES
from runledger.nodes.variants import VariantConfig

_HEAD = """# Node types

Generated from the node types themselves by `python -m runledger.nodes.document`; do not edit.

Every text marked *Liquid* may read `{{contact.*}}`, `{{trigger.*}}`, `{{steps.<node id>.<name>}}`,
`{{vars.*}}` and `{{workspace.*}}`. If a text is exactly one `{{ … }}`, it keeps the type of the
value (a number stays a number); otherwise the values are inserted into the text. If a variable has
no value, the step fails with MISSING_VARIABLE, which names the variable; only `{% if … %}` and the
`default` filter accept a missing value. `{{secret.NAME}}` works only in INTEGRATION.
"""


def nodes_markdown() -> str:
    """Returns the content of docs/nodes.md."""
    sections = [_HEAD, *(_section(each) for each in NODE_TYPES.values())]
    return "\n".join(sections)


def _section(each: NodeType[Any]) -> str:
    config = each.config_model.model_validate(each.example)
    branching = each.branching(config)
    lines = [f"## {each.name}: {each.title}", "", *_paragraphs(each.__doc__)]
    if branching is not None:
        labels = ", ".join(f"`{label}`" for label in branching.labels)
        optional = "" if branching.required else ", or one edge without a label for all of them"
        lines += [f"Branches, as in the example below: {labels}{optional}.", ""]
    outputs = each.outputs(config)
    if outputs:
        names = ", ".join(f"`{name}`" for name in sorted(outputs))
        lines += [f"Output, as in the example below: {names}.", ""]
    for name, model in _models(each.config_model):
        lines += [*_table(name, model), ""]
    lines += ["```json", json.dumps(each.example, indent=2, ensure_ascii=False), "```", ""]
    return "\n".join(lines)


def _models(root: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yields every model that a config may contain, with the heading of its table, in the order of
    the page."""
    waiting: list[tuple[str, type[BaseModel]]] = [("", root)]
    seen: set[type[BaseModel]] = set()
    while waiting:
        name, model = waiting.pop(0)
        if model in seen:
            continue
        seen.add(model)
        if issubclass(model, VariantConfig) and model.is_family():
            variants = dict.fromkeys(model.variants().values())
            prefix = f"{name}.{model.discriminator}" if name else model.discriminator
            named = [(f"{prefix}: {_values(model, each)}", each) for each in variants]
            waiting = [*named, *waiting]
            continue
        if model.model_fields:
            yield name, model
        nested = [
            (field.alias or key, inner)
            for key, field in model.model_fields.items()
            for inner in _nested(field.annotation)
        ]
        waiting = nested + waiting


def _values(family: type[VariantConfig], variant: type[VariantConfig]) -> str:
    return " or ".join(value for value, each in family.variants().items() if each is variant)


def _nested(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for each in get_args(annotation) for found in _nested(each)]


def _table(name: str, model: type[BaseModel]) -> list[str]:
    heading = [f"**{name}**: {_paragraph(model.__doc__)}", ""] if name else []
    # The field that selects the variant comes first.
    first = getattr(model, "discriminator", None)
    fields = sorted(model.model_fields.items(), key=lambda each: each[1].alias != first)
    rows = [
        f"| `{field.alias or key}` | {_type(field.annotation)} | {_default(field)} "
        f"| {_cell(field.description or '')} |"
        for key, field in fields
    ]
    return [*heading, "| field | type | default | |", "|---|---|---|---|", *rows]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined or value is None:
        return ""
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (Union, UnionType):
        members = [_type(each) for each in arguments if each is not type(None)]
        return " or ".join(dict.fromkeys(members))
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"names to {_type(arguments[1])}"
    if origin is not None and arguments:
        return _type(arguments[0])
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{each.value}`" for each in annotation)
    names = {str: "text", int: "number", float: "number", bool: "true or false"}
    if annotation in names:
        return names[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "object"
    return "any JSON"


def _paragraphs(text: str | None) -> list[str]:
    return [line for part in (text or "").split("\n\n") for line in (_paragraph(part), "")]


def _paragraph(text: str | None) -> str:
    return " ".join((text or "").split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Writes the page to the given path; the default is docs/nodes.md."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/nodes.md")
    path.write_text(nodes_markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()
