"""Checks that the JSON examples of the docs are what their marks say.

A mark is a comment above an example, with one of these texts:

AutomationDocument           a schema of the API's document; a graph must also compile
part of RunDetailView        the same, but fields may be missing at any depth
WAIT config                  the config of a node of this type
event                        a run's or delivery's event, as the bus carries it
event pattern                the pattern of a rule of the bus
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from pydantic import ValidationError
from runledger.api.run_events import SOURCE
from runledger.compiler.checks import find_problems
from runledger.compiler.examples import trusted_templates
from runledger.errors import NotFoundError
from runledger.models.automation import Graph
from runledger.nodes.registry import node_type

from tests.support.docs_pages import Block

ROOT = Path(__file__).parents[2]
# Generated, with one example below the heading of each node type.
_NODES_PAGE = "docs/nodes.md"
_EVENT_SCHEMAS = {"run": "events.schema.json", "delivery": "delivery-events.schema.json"}
_GRAPHS = frozenset({"AutomationDocument", "Graph"})

Schema = dict[str, Any]


def marked(blocks: list[Block]) -> list[Block]:
    """Returns the blocks with their marks. The blocks of the generated page of node types have no
    marks; their headings are used instead."""
    return [
        Block(
            block.page,
            block.line,
            block.language,
            block.text,
            ("example", f"{block.section.partition(':')[0]} config"),
            block.section,
        )
        if block.page == _NODES_PAGE and block.language == "json"
        else block
        for block in blocks
    ]


def example_problems(block: Block) -> list[str]:
    """Returns what is wrong with a JSON example, by the type that its mark names. A block that
    is not JSON or has no mark has no problems."""
    kind = block.marked("example")
    if block.language != "json" or kind is None:
        return []
    try:
        value = json.loads(block.text)
    except ValueError as error:
        return [f"{block.place}: not JSON: {error}"]
    return [f"{block.place}: {problem}" for problem in _problems(kind, value)]


def _problems(kind: str, value: Any) -> list[str]:
    if kind == "event":
        return _event_problems(value)
    if kind == "event pattern":
        return _pattern_problems(value)
    if kind.endswith(" config"):
        return _config_problems(kind.removesuffix(" config"), value)
    return _schema_problems(kind.removeprefix("part of "), value, kind.startswith("part of "))


def _schema_problems(name: str, value: Any, is_part: bool) -> list[str]:
    document = _read("functions/query/openapi.json")
    if name not in document["components"]["schemas"]:
        return [f"the API's document has no schema {name}"]
    schema: Schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    found = _invalid(_without_required(schema) if is_part else schema, value)
    if found or name not in _GRAPHS or is_part:
        return found
    graph = Graph.model_validate({each: value.get(each, []) for each in ("nodes", "edges")})
    problems = find_problems(graph, trusted_templates(graph))
    return [f"{problem.code}: {problem.message}" for problem in problems]


def _config_problems(name: str, value: Any) -> list[str]:
    try:
        node_type(name).config_model.model_validate(value)
    except NotFoundError as error:
        return [str(error)]
    except ValidationError as error:
        return [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    return []


def _event_problems(value: Any) -> list[str]:
    subject, _, status = str(value.get("detail-type")).partition(".")
    if value.get("source") != SOURCE or subject not in _EVENT_SCHEMAS:
        return ["no event of ours: its source or detail-type is another's"]
    if value["detail"].get("status") != status.upper():
        return [f"the detail-type says {status}, the status is another"]
    return _invalid(_read(f"docs/{_EVENT_SCHEMAS[subject]}"), value["detail"])


def _pattern_problems(value: Any) -> list[str]:
    """Checks a pattern: it names fields of an event, each with a list of accepted values."""
    found = _invalid(_PATTERN, value)
    if found:
        return found
    for detail_type in value["detail-type"]:
        schema = _read(f"docs/{_EVENT_SCHEMAS[detail_type.partition('.')[0]]}")
        missing = set(value.get("detail", {})) - set(schema["properties"])
        found += [f"the detail of {detail_type} has no {name!r}" for name in sorted(missing)]
    return found


_PATTERN: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["source", "detail-type"],
    "properties": {
        "source": {"const": [SOURCE]},
        "detail-type": {"type": "array", "items": {"pattern": r"^(run|delivery)\.[a-z_]+$"}},
        "detail": {"type": "object", "additionalProperties": {"type": "array"}},
    },
}


def _invalid(schema: Schema, value: Any) -> list[str]:
    errors = Draft202012Validator(schema).iter_errors(value)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


def _without_required(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        return {
            name: _without_required(each)
            for name, each in schema.items()
            # A property may have this name; its value is a schema, not a list.
            if not (name == "required" and isinstance(each, list))
        }
    return [_without_required(each) for each in schema] if isinstance(schema, list) else schema


@cache
def _read(path: str) -> Schema:
    found: Schema = json.loads((ROOT / path).read_text())
    return found
