"""The golden examples match the compiler's output."""

from pathlib import Path

import pytest
from runledger.compiler.examples import (
    EXAMPLE_FUNCTIONS,
    compile_example,
    example_names,
    example_text,
    read_example,
    trusted_templates,
    write_examples,
)
from runledger.models.automation import MachineType
from runledger.nodes.registry import NODE_TYPES

from tests.support.example_machines import EXAMPLES, FOLDER, machine_of
from tests.support.graphs import assign, end, graph, message, trigger

NAMES = example_names(FOLDER)

# name: machine type, longest run in seconds.
TYPES = {
    "condition": (MachineType.EXPRESS, 175),
    "five_nodes": (MachineType.EXPRESS, 285),
    "fork": (MachineType.EXPRESS, 245),
    "integration": (MachineType.EXPRESS, 285),
    "linear": (MachineType.EXPRESS, 140),
    "many_recipients": (MachineType.STANDARD, 65_140),
    "nested_fork": (MachineType.STANDARD, 640),
    "order_paid": (MachineType.EXPRESS, 290),
    "stop_error": (MachineType.EXPRESS, 105),
    "switch": (MachineType.EXPRESS, 175),
    "update_contact": (MachineType.EXPRESS, 140),
    "wait": (MachineType.STANDARD, 104_640),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_machine_is_the_golden_one(name: str) -> None:
    golden = (FOLDER / f"{name}.asl.json").read_text()
    assert example_text(compile_example(read_example(FOLDER, name))) == golden, (
        "the compiler's output changed; `runledger examples` writes it anew"
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_machine_type_and_its_bound(name: str) -> None:
    compiled = compile_example(read_example(FOLDER, name))
    assert (compiled.machine_type, compiled.run_seconds) == TYPES[name]


def test_every_example_is_walked_and_every_node_type_is_in_one() -> None:
    assert {example.name for example in EXAMPLES} == set(NAMES) == set(TYPES)
    types = {node.type for name in NAMES for node in read_example(FOLDER, name).nodes}
    assert types == set(NODE_TYPES)


def test_every_expected_walk_names_nodes_of_its_graph() -> None:
    for example in EXAMPLES:
        ids = {node.id for node in read_example(FOLDER, example.name).nodes}
        assert set(example.path) <= ids
        assert machine_of(example)["StartAt"] == example.path[0]


def test_writing_examples_reports_what_changed(tmp_path: Path) -> None:
    small = graph([trigger(), assign("a"), end()], "start > a", "a > done")
    (tmp_path / "small.graph.json").write_text(small.model_dump_json())
    assert write_examples(tmp_path) == ["small"]
    assert write_examples(tmp_path) == []
    (tmp_path / "small.asl.json").write_text("{}")
    assert write_examples(tmp_path) == ["small"]


def test_templates_are_not_checked_without_a_workspace() -> None:
    sending = graph([trigger(), message("mail", "tpl_x"), end()], "start > mail", "mail > done")
    assert list(trusted_templates(sending)) == ["tpl_x"]
    resource = compile_example(sending).definition["States"]["mail"]["Resource"]
    assert resource == EXAMPLE_FUNCTIONS.message
