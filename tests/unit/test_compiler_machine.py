"""The compiled machine: scopes, retries, catches, names, text."""

import json
import time
from itertools import chain, pairwise
from typing import Any

import pytest
from runledger.compiler.compile import FunctionArns, compile_graph
from runledger.compiler.examples import EXAMPLE_FUNCTIONS
from runledger.compiler.task_errors import CRASHES
from runledger.errors import InvalidGraphError
from runledger.models.automation import Graph

from tests.support.example_machines import machine_of
from tests.support.graphs import (
    TEMPLATES,
    assign,
    condition,
    end,
    graph,
    merge,
    stop,
    switch,
    trigger,
)


def states(name: str) -> dict[str, Any]:
    found: dict[str, Any] = machine_of(name)["States"]
    return found


def test_problems_are_raised_together_as_wire_documents() -> None:
    broken = graph([trigger(), assign("a"), end()], "start > a : x", "a > nowhere")
    with pytest.raises(InvalidGraphError) as raised:
        compile_graph(broken, EXAMPLE_FUNCTIONS, TEMPLATES)
    assert [(p["code"], p.get("nodeId"), p.get("edge")) for p in raised.value.problems] == [
        ("DANGLING_EDGE", None, 1),
        ("LABEL_UNEXPECTED", None, 0),
        ("UNREACHABLE", "done", None),
    ]


def test_each_task_calls_the_function_of_its_type() -> None:
    arns = FunctionArns("arn:logic", "arn:message", "arn:integration")
    five = Graph.model_validate(
        {
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
                {"id": "call", "type": "INTEGRATION", "config": {"url": "https://example.com"}},
                {"id": "done", "type": "END"},
            ],
            "edges": [
                {"source": "start", "target": "call"},
                {"source": "call", "target": "done"},
            ],
        }
    )
    found = compile_graph(five, arns, {}).definition["States"]
    assert found["start"]["Resource"] == "arn:logic"
    assert found["call"]["Resource"] == "arn:integration"
    assert found["call"]["TimeoutSeconds"] == 15
    assert found["record failure"]["Resource"] == "arn:logic"


def test_retry_is_typed_and_the_second_one_outlasts_the_lease() -> None:
    transient, in_progress = states("five_nodes")["score"]["Retry"]
    assert transient["ErrorEquals"][0] == "TransientError"
    assert "States.ALL" not in transient["ErrorEquals"]
    assert {key: transient[key] for key in transient if key != "ErrorEquals"} == {
        "IntervalSeconds": 1,
        "BackoffRate": 2,
        "MaxAttempts": 2,
        "MaxDelaySeconds": 5,
        "JitterStrategy": "FULL",
    }
    assert in_progress == {
        "ErrorEquals": [*CRASHES, "StepInProgressError"],
        "IntervalSeconds": 17,
        "BackoffRate": 1,
        "MaxAttempts": 1,
    }


def test_a_failure_is_caught_in_its_own_branch() -> None:
    together = states("fork")["prepare fork"]
    for branch in together["Branches"]:
        head = branch["StartAt"]
        targets = [catch["Next"] for catch in branch["States"][head]["Catch"]]
        assert targets == [f"{head} walk released", f"{head} record failure"]
        record = branch["States"][f"{head} record failure"]
        assert record["Parameters"]["operation"] == "FAIL"
        assert record["Parameters"]["nodeId"] == head
        assert record["Parameters"]["state.$"] == "$"
        assert record["Next"] == f"{head} run failed"
        assert branch["States"][f"{head} branch done"] == {"Type": "Succeed"}


def test_a_fork_keeps_the_state_and_continues_at_its_merge() -> None:
    together = states("fork")["prepare fork"]
    assert together["ResultPath"] is None
    assert together["Next"] == "together"
    assert [branch["StartAt"] for branch in together["Branches"]] == ["mail", "vip"]
    assert "Catch" not in together


def test_unreachable_ends_are_left_out() -> None:
    assert "run completed" not in states("stop_error")
    assert {"walk released", "record failure", "run failed"} <= set(states("stop_error"))


def test_an_empty_branch_of_a_fork_is_left_out() -> None:
    short = graph(
        [trigger(), assign("a"), merge("m"), end()],
        *("start > a", "start > m", "a > m", "m > done"),
    )
    found = compile_graph(short, EXAMPLE_FUNCTIONS, {}).definition["States"]
    assert [branch["StartAt"] for branch in found["start fork"]["Branches"]] == ["a"]


def test_an_inner_fork_may_share_the_outer_merge() -> None:
    shared = graph(
        [trigger(), assign("f"), assign("a"), assign("b"), assign("c"), merge("m"), end()],
        *("start > f", "start > c", "f > a", "f > b", "a > m", "b > m", "c > m", "m > done"),
    )
    found = compile_graph(shared, EXAMPLE_FUNCTIONS, {}).definition["States"]
    outer = {branch["StartAt"]: branch["States"] for branch in found["start fork"]["Branches"]}
    assert set(outer) == {"f", "c"}
    assert outer["f"]["f fork"]["Next"] == "f branch done"


def test_a_stop_in_a_branch_fails_that_branch() -> None:
    stopping = graph(
        [trigger(), condition("a"), assign("b"), stop("bad"), merge("m"), end()],
        *("start > a", "start > b", "a > bad : true", "a > m : false", "b > m", "m > done"),
    )
    found = compile_graph(stopping, EXAMPLE_FUNCTIONS, {}).definition["States"]
    (branch,) = (b for b in found["start fork"]["Branches"] if b["StartAt"] == "a")
    assert branch["States"]["bad"]["Next"] == "a walk released"
    assert branch["States"]["bad"]["Catch"][-1]["Next"] == "a record failure"


def test_the_text_is_the_definition_in_compact_json() -> None:
    small = graph([trigger(), end()], "start > done")
    compiled = compile_graph(small, EXAMPLE_FUNCTIONS, {})
    assert json.loads(compiled.text) == compiled.definition
    assert ": " not in compiled.text.replace("A Runledger", "")


def test_the_longest_names_stay_within_the_limit() -> None:
    long = "n" * 48
    small = graph(
        [trigger(), assign(long), assign("b"), merge("m"), end()],
        *(f"start > {long}", "start > b", f"{long} > m", "b > m", "m > done"),
    )
    found = compile_graph(small, EXAMPLE_FUNCTIONS, {}).definition["States"]
    names = [name for branch in found["start fork"]["Branches"] for name in branch["States"]]
    assert f"{long} record failure" in names
    assert max(map(len, names)) <= 80


def test_a_large_graph_compiles_quickly() -> None:
    """198 nodes and 981 edges in layers: the number of its paths is astronomical."""
    labels = ("a", "b", "c", "d", "otherwise")
    layers = [[f"s{layer}x{place}" for place in range(5)] for layer in range(39)]
    nodes = [trigger(), end(), *(switch(n, *labels[:-1]) for n in ("in", *chain(*layers)))]
    edges = ["start > in"]
    for above, below in pairwise([["in"], *layers, ["done"] * 5]):
        edges += [
            f"{source} > {target} : {label}"
            for source in above
            for target, label in zip(below, labels, strict=True)
        ]
    assert (len(nodes), len(edges)) == (198, 981)
    large = graph(nodes, *edges)
    started = time.process_time()
    compiled = compile_graph(large, EXAMPLE_FUNCTIONS, {})
    assert time.process_time() - started < 5
    assert len(compiled.text.encode()) < 1_048_576
    assert len(compiled.definition["States"]) == 197 * 2 + 1 - 1 + 4
