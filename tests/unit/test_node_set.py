"""SET: conversions, and `vars` after several SET nodes."""

from typing import Any

import pytest
from pydantic import ValidationError
from runledger.errors import NodeError
from runledger.models.run import Step, StepStatus
from runledger.nodes.registry import node_type
from runledger.nodes.set import SetConfig, fold_vars
from runledger.nodes.written_dates import ACCEPTED

from tests.support.visits import run_node, visit

SCOPE: dict[str, Any] = {
    "trigger": {"n": 3, "text": " 2.50 ", "flag": "Yes", "o": {"a": [1]}, "at": "2026-03-01T09:00"},
    "vars": {"old": 1},
}


def assign(value: Any, type_: str = "STRING") -> Any:
    config = {"assignments": [{"target": "vars.x", "value": value, "type": type_}]}
    return run_node("SET", config, visit(SCOPE)).output["x"]


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        ("a {{trigger.n}}", "STRING", "a 3"),
        ("{{trigger.n}}", "STRING", "3"),
        (True, "STRING", "true"),
        (None, "STRING", ""),
        ("{{trigger.o}}", "STRING", '{"a": [1]}'),
        ("{{trigger.n}}", "NUMBER", 3),
        ("{{trigger.text}}", "NUMBER", 2.5),
        ("1e3", "NUMBER", 1000),
        ("-0.5", "NUMBER", -0.5),
        (12345678901234567890, "NUMBER", 12345678901234567890),
        ("{{trigger.flag}}", "BOOLEAN", True),
        ("0", "BOOLEAN", False),
        (False, "BOOLEAN", False),
        ("{{trigger.o}}", "JSON", {"a": [1]}),
        ('{"a": {{trigger.n}}}', "JSON", {"a": 3}),
        ({"n": "{{trigger.n}}", "l": ["{{trigger.flag}}"]}, "JSON", {"n": 3, "l": ["Yes"]}),
        (None, "JSON", None),
        ("null", "JSON", None),
        ("2026-03-01", "DATE", "2026-03-01"),
        ("{{trigger.at}}", "DATE", "2026-03-01T09:00:00Z"),
        ("2026-03-01T09:00:00+01:00", "DATE", "2026-03-01T08:00:00Z"),
    ],
)
def test_a_value_is_converted_to_its_type(value: Any, type_: str, expected: Any) -> None:
    found = assign(value, type_)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("abc", "NUMBER"),
        ("", "NUMBER"),
        (None, "NUMBER"),
        (True, "NUMBER"),
        ("nan", "NUMBER"),
        ("1,5", "NUMBER"),
        ("{{trigger.o}}", "NUMBER"),
        ("maybe", "BOOLEAN"),
        (2, "BOOLEAN"),
        (None, "BOOLEAN"),
        ("{broken", "JSON"),
        ("NaN", "JSON"),
        ("tomorrow", "DATE"),
        ("2026-02-30", "DATE"),
        (20260301, "DATE"),
    ],
)
def test_a_value_that_cannot_be_converted_is_named(value: Any, type_: str) -> None:
    with pytest.raises(NodeError) as caught:
        assign(value, type_)
    assert caught.value.kind == "INVALID_VALUE"
    assert str(caught.value).startswith("vars.x cannot be set: ")
    assert str(caught.value).endswith(
        ACCEPTED if type_ == "DATE" else f"cannot be converted to {type_}"
    )


def test_assignments_do_not_see_each_other() -> None:
    config = {
        "assignments": [
            {"target": "vars.old", "value": 2, "type": "NUMBER"},
            {"target": "vars.new", "value": "{{vars.old}}", "type": "NUMBER"},
        ]
    }
    assert run_node("SET", config, visit(SCOPE)).output == {"old": 2, "new": 1}


def test_the_mode_is_evidence() -> None:
    config = {"mode": "REPLACE", "assignments": [{"target": "vars.a", "value": "x"}]}
    assert run_node("SET", config, visit(SCOPE)).evidence == {"mode": "REPLACE"}


def test_the_size_of_the_variables_is_limited() -> None:
    config = {"assignments": [{"target": "vars.a", "value": "{{trigger.big}}"}]}
    with pytest.raises(NodeError) as caught:
        run_node("SET", config, visit({"trigger": {"big": "x" * 65_536}}))
    assert caught.value.kind == "OUTPUT_TOO_LARGE"


def test_its_outputs_are_its_variables() -> None:
    each = node_type("SET")
    config = each.config_model.model_validate(
        {"assignments": [{"target": "vars.a", "value": 1}, {"target": "vars.b", "value": 1}]}
    )
    assert each.outputs(config) == frozenset({"a", "b"})


def step(output: dict[str, Any], mode: str = "MERGE", **changes: Any) -> Step:
    values: dict[str, Any] = {
        "node_id": "n",
        "type": "SET",
        "status": StepStatus.COMPLETED,
        "started_at": 0,
        "finished_at": 0,
        "output": output,
        "evidence": {"mode": mode},
        **changes,
    }
    return Step(**values)


def test_variables_are_merged_in_order() -> None:
    assert fold_vars([]) == {}
    assert fold_vars([step({"a": 1}), step({"b": 2}), step({"a": 3})]) == {"a": 3, "b": 2}
    assert fold_vars([step({"a": 1}), step({"b": 2}, "REPLACE"), step({"c": 3})]) == {
        "b": 2,
        "c": 3,
    }


def test_only_completed_set_steps_count() -> None:
    others = [
        step({"a": 1}, type="INTEGRATION"),
        step({"a": 1}, status=StepStatus.FAILED),
        step({"a": 1}, status=StepStatus.RUNNING),
    ]
    assert fold_vars(others) == {}


ONE = {"target": "vars.a", "value": 1}


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"assignments": []}, "assignments"),
        ({"assignments": [ONE, ONE]}, ""),
        ({"assignments": [{**ONE, "target": "a"}]}, "assignments.0.target"),
        ({"assignments": [{**ONE, "target": "vars.a.b"}]}, "assignments.0.target"),
        ({"assignments": [{"target": "vars.a"}]}, "assignments.0.value"),
        ({"assignments": [{**ONE, "value": "{{ a b }}"}]}, "assignments.0.value"),
        ({"assignments": [{**ONE, "value": {"x": ["{{ a b }}"]}}]}, "assignments.0.value"),
        ({"assignments": [{**ONE, "type": "MONEY"}]}, "assignments.0.type"),
        ({"mode": "APPEND", "assignments": [ONE]}, "mode"),
    ],
)
def test_an_invalid_set_names_the_field(config: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SetConfig.model_validate(config)
    assert [".".join(map(str, each["loc"])) for each in caught.value.errors()] == [field]
