"""What every node type must have, and the generated page."""

import json
import re
from pathlib import Path

import pytest
from runledger.errors import NotFoundError
from runledger.nodes.base import Function, Placement
from runledger.nodes.document import nodes_markdown
from runledger.nodes.registry import NODE_TYPES, node_type
from runledger.services.automations.catalogue import node_type_views

from local.node_types import TARGET, rendered

ROOT = Path(__file__).parents[2]
NAMES = (
    "TRIGGER", "CONDITION", "SWITCH", "WAIT", "SET", "UPDATE_CONTACT", "MERGE", "SEND_MESSAGE",
    "INTEGRATION", "STOP_ERROR", "END",
)  # fmt: skip


def test_the_types_are_in_the_order_of_the_palette() -> None:
    assert tuple(NODE_TYPES) == NAMES


def test_an_unknown_type_is_named_with_the_choices() -> None:
    with pytest.raises(
        NotFoundError, match=r"no node type 'NOPE'; the types are TRIGGER, CONDITION"
    ):
        node_type("NOPE")


@pytest.mark.parametrize("name", NAMES)
def test_every_type_describes_itself(name: str) -> None:
    each = node_type(name)
    assert each.name == name
    assert each.title
    assert re.fullmatch(r"[a-z-]+", each.icon)
    assert each.__doc__ is not None
    assert each.__doc__.strip().endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_valid_and_every_field_is_described(name: str) -> None:
    each = node_type(name)
    config = each.config_model.model_validate(each.example)
    assert each.config_model.model_validate(config.model_dump(by_alias=True)) == config
    schema = each.config_model.model_json_schema()
    models = [schema, *schema.get("$defs", {}).values()]
    for model in models:
        for field, described in model.get("properties", {}).items():
            assert described.get("description"), (name, model.get("title"), field)
            assert "_" not in field
    json.dumps(schema)


@pytest.mark.parametrize("name", NAMES)
def test_every_type_becomes_states(name: str) -> None:
    each = node_type(name)
    config = each.config_model.model_validate(each.example)
    branching = each.branching(config)
    exits: dict[str | None, str] = (
        {label: f"to {label}" for label in branching.labels} if branching else {None: "next"}
    )
    states = each.states(config, Placement("n", {"Type": "Task"}, exits, "released"))
    assert next(iter(states)) == "n"
    assert states["n"]["Type"] == "Task"
    assert states["n"]["ResultPath"] == "$.last"
    text = json.dumps(states)
    assert all(f'"{target}"' in text for target in exits.values())


def test_each_type_runs_in_its_own_function() -> None:
    functions = {name: each.function for name, each in NODE_TYPES.items()}
    assert functions.pop("SEND_MESSAGE") is Function.MESSAGE
    assert functions.pop("INTEGRATION") is Function.INTEGRATION
    assert set(functions.values()) == {Function.LOGIC}
    assert {n for n, each in NODE_TYPES.items() if each.effect} == {"SEND_MESSAGE", "INTEGRATION"}
    assert {n for n, each in NODE_TYPES.items() if each.reads_secrets} == {"INTEGRATION"}
    assert {n for n, each in NODE_TYPES.items() if each.is_start} == {"TRIGGER"}
    assert {n for n, each in NODE_TYPES.items() if each.is_end} == {"STOP_ERROR", "END"}
    assert {n for n, each in NODE_TYPES.items() if each.is_join} == {"MERGE"}


def test_a_form_can_offer_choices_for_a_field() -> None:
    found = {
        (view.type, picked)
        for view in node_type_views()
        for picked in re.findall(r'"picks": "(\w+)"', json.dumps(view.config_schema))
    }
    assert found == {
        ("TRIGGER", "AUTOMATION"),
        ("TRIGGER", "EVENT_HEADER"),
        ("TRIGGER", "EVENT_PATH"),
        ("TRIGGER", "TIME_ZONE"),
        ("WAIT", "TIME_ZONE"),
        ("SEND_MESSAGE", "CHANNEL"),
        ("SEND_MESSAGE", "TEMPLATE"),
        ("SEND_MESSAGE", "SEGMENT"),
        ("SEND_MESSAGE", "TIME_ZONE"),
    }


def test_the_palette_shows_the_outcomes_of_a_type() -> None:
    views = {view.type: view for view in node_type_views()}
    assert (views["CONDITION"].branches, views["CONDITION"].branches_required) == (
        ["true", "false"],
        True,
    )
    assert (views["INTEGRATION"].branches, views["INTEGRATION"].branches_required) == (
        ["ok", "error"],
        False,
    )
    assert (views["TRIGGER"].branches, views["TRIGGER"].is_start) == ([], True)
    assert {name for name, view in views.items() if view.is_end} == {"STOP_ERROR", "END"}


def test_the_node_types_in_the_console_tests_are_up_to_date() -> None:
    assert TARGET.read_text(encoding="utf-8") == rendered(), "run `make generate`"


def test_the_page_of_node_types_is_up_to_date() -> None:
    page = (ROOT / "docs" / "nodes.md").read_text(encoding="utf-8")
    assert page == nodes_markdown(), "run `python -m runledger.nodes.document`"
