"""Machines on npm's aws-local-stepfunctions, checked by npm's asl-validator."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from runledger.compiler.compile import compile_graph
from runledger.compiler.examples import EXAMPLE_FUNCTIONS
from runledger.compiler.task_errors import CRASHES, TRANSIENT_ERRORS
from runledger.models.automation import Graph

from tests.support.depth import examples
from tests.support.example_machines import EXAMPLES, Example, machine_of
from tests.support.graph_strategies import walks
from tests.support.graphs import TEMPLATES, assign, end, plain_walk, trigger
from tests.support.graphs import graph as graph_of
from tests.support.local_stepfunctions import EXECUTION_ID, LocalStepFunctions

EVERY = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)


@pytest.fixture(scope="module")
def interpreter() -> Iterator[LocalStepFunctions]:
    with LocalStepFunctions() as running:
        yield running


@EVERY
@pytest.mark.sampled(10)
def test_an_example_passes_the_validator(interpreter: LocalStepFunctions, example: Example) -> None:
    assert interpreter.validate(machine_of(example)) == []


@EVERY
@pytest.mark.sampled(10)
def test_an_example_takes_its_path(interpreter: LocalStepFunctions, example: Example) -> None:
    execution = interpreter.run(
        machine_of(example), example.outcomes, example.failures, more=example.more
    )
    assert execution.status == example.status
    assert sorted(execution.visited()) == sorted(example.path)
    assert [call.input["nodeId"] for call in execution.failures()] == list(example.failed_branches)


def test_a_task_gets_the_contract_the_run_the_execution_and_the_node(
    interpreter: LocalStepFunctions,
) -> None:
    execution = interpreter.run(machine_of("linear"), {}, {})
    assert [call.input for call in execution.calls] == [
        {
            "contract": 1,
            "workspaceId": "ws_1",
            "runId": "run_1",
            "execution": EXECUTION_ID,
            "operation": operation,
            "nodeId": node_id,
        }
        for operation, node_id in (("OWN", "start"), ("VISIT", "tier"), ("COMPLETE", "done"))
    ]


def test_a_failing_node_leads_to_the_failure_state_with_the_state_so_far(
    interpreter: LocalStepFunctions,
) -> None:
    execution = interpreter.run(
        machine_of("five_nodes"), {"big": "true"}, {"score": ["NodeFailedError"]}
    )
    assert execution.status == "FAILED"
    assert execution.visited() == ["start", "big", "score"]
    (failure,) = execution.failures()
    assert failure.state == "record failure"
    assert failure.input["nodeId"] == "start"
    assert failure.input["state"]["last"]["nodeId"] == "big"
    assert failure.input["state"]["last"]["outcome"] == "true"
    assert failure.input["state"]["error"]["Error"] == "NodeFailedError"


def test_a_failing_node_in_a_branch_is_recorded_by_that_branch(
    interpreter: LocalStepFunctions,
) -> None:
    execution = interpreter.run(
        machine_of("nested_fork"),
        {"rightVip": "true"},
        {"leftUp": ["NodeFailedError"]},
    )
    assert execution.status == "FAILED"
    assert "join" not in execution.visited()
    assert [call.state for call in execution.failures()] == ["leftUp record failure"]
    assert execution.failures()[0].input["nodeId"] == "leftUp"


def test_a_released_walk_ends_and_records_nothing(interpreter: LocalStepFunctions) -> None:
    execution = interpreter.run(machine_of("linear"), {}, {"tier": ["RunReleasedError"]})
    assert execution.status == "SUCCEEDED"
    assert execution.entered[-1] == "walk released"
    assert set(execution.visited()) == {"start", "tier"}
    assert execution.failures() == []


def test_a_released_branch_lets_the_others_finish(interpreter: LocalStepFunctions) -> None:
    released = {"mail": ["RunReleasedError"], "together": ["RunReleasedError"]}
    execution = interpreter.run(machine_of("fork"), {"vip": "true"}, released)
    assert execution.status == "SUCCEEDED"
    assert sorted(execution.visited()) == ["gold", "mail", "prepare", "start", "together", "vip"]
    assert {"mail walk released", "vip branch done"} <= set(execution.entered)
    assert execution.entered[-1] == "walk released"


def test_an_outcome_without_an_edge_releases_the_walk(interpreter: LocalStepFunctions) -> None:
    execution = interpreter.run(machine_of("condition"), {"vip": "perhaps"}, {})
    assert execution.status == "SUCCEEDED"
    assert execution.visited() == ["start", "vip"]
    assert execution.entered[-1] == "walk released"


@pytest.mark.parametrize("error", TRANSIENT_ERRORS)
def test_a_transient_error_is_retried_twice(interpreter: LocalStepFunctions, error: str) -> None:
    machine = machine_of("linear")
    recovered = interpreter.run(machine, {}, {"tier": [error, error]})
    assert recovered.status == "SUCCEEDED"
    assert recovered.visited() == ["start", "tier", "tier", "tier", "done"]
    lost = interpreter.run(machine, {}, {"tier": [error, error, error]})
    assert lost.status == "FAILED"
    assert lost.failures()[0].input["state"]["error"]["Error"] == error


def test_the_machine_waits_once_for_a_live_lease(interpreter: LocalStepFunctions) -> None:
    execution = interpreter.run(machine_of("linear"), {}, {"tier": ["StepInProgressError"]})
    assert execution.visited() == ["start", "tier", "tier", "done"]
    assert execution.status == "SUCCEEDED"


def test_a_failure_that_cannot_be_recorded_still_fails_the_execution(
    interpreter: LocalStepFunctions,
) -> None:
    failures = {"tier": ["NodeFailedError"], "record failure": ["ServiceError"]}
    execution = interpreter.run(machine_of("linear"), {}, failures)
    assert execution.status == "FAILED"
    assert execution.entered[-1] == "run failed"


RANDOM = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=examples(120),
    suppress_health_check=list(HealthCheck),
)


@RANDOM
@given(walk=walks())
def test_a_random_graph_visits_the_same_nodes_as_a_plain_walk(
    interpreter: LocalStepFunctions, walk: tuple[Graph, dict[str, str]]
) -> None:
    graph, outcomes = walk
    plain = plain_walk(graph, outcomes)
    machine = compile_graph(graph, EXAMPLE_FUNCTIONS, TEMPLATES).definition
    failures = {node_id: ["NodeFailedError"] for node_id in plain.stops}
    execution = interpreter.run(machine, outcomes, failures, validated=False)
    visited = execution.visited()
    assert len(visited) == len(set(visited)), "a node was visited twice"
    if plain.fails:
        assert execution.status == "FAILED"
        assert set(visited) <= plain.nodes
        assert set(visited) & plain.stops
        assert execution.failures()
    else:
        assert execution.status == "SUCCEEDED"
        assert set(visited) == plain.nodes
        assert not execution.failures()


@RANDOM
@given(walk=walks(), data=st.data())
def test_a_random_graph_fails_or_is_released_at_the_chosen_node(
    interpreter: LocalStepFunctions, walk: tuple[Graph, dict[str, str]], data: st.DataObject
) -> None:
    graph, outcomes = walk
    plain = plain_walk(graph, outcomes)
    assume(not plain.fails)
    machine = compile_graph(graph, EXAMPLE_FUNCTIONS, TEMPLATES).definition
    broken = data.draw(st.sampled_from(sorted(plain.nodes)))
    failed = interpreter.run(machine, outcomes, {broken: ["NodeFailedError"]}, validated=False)
    assert failed.status == "FAILED"
    assert len(failed.failures()) == 1
    assert failed.failures()[0].input["state"]["error"]["Error"] == "NodeFailedError"
    # Once a walk is released, so is every later task of its run.
    released = {key: ["RunReleasedError"] for key in plain.nodes - before(graph, broken)}
    ended = interpreter.run(machine, outcomes, released, validated=False)
    assert ended.status == "SUCCEEDED"
    assert broken in ended.visited()
    assert not ended.failures()
    assert not {node.id for node in graph.nodes if node.type == "END"} & (
        set(ended.visited()) - {broken}
    )


def before(graph: Graph, node_id: str) -> frozenset[str]:
    """Returns all nodes from which a path leads to this one."""
    found: set[str] = set()
    queue = [node_id]
    while queue:
        target = queue.pop()
        for edge in graph.edges:
            if edge.target == target and edge.source not in found:
                found.add(edge.source)
                queue.append(edge.source)
    return frozenset(found)


def test_a_function_that_crashes_twice_at_a_node_fails_the_run(
    interpreter: LocalStepFunctions,
) -> None:
    """A crash leaves its claim behind, so the retry comes after the lease has ended."""
    document = graph_of([trigger(), assign("a"), end()], "start > a", "a > done")
    machine = compile_graph(document, EXAMPLE_FUNCTIONS, TEMPLATES).definition
    for crash in CRASHES:
        once = interpreter.run(machine, {}, {"a": [crash]}, validated=False)
        assert (once.status, once.failures()) == ("SUCCEEDED", [])
        twice = interpreter.run(machine, {}, {"a": [crash, crash]}, validated=False)
        assert twice.status == "FAILED"
        assert len(twice.failures()) == 1


def test_a_walker_that_twice_meets_a_live_lease_records_a_failure(
    interpreter: LocalStepFunctions,
) -> None:
    document = graph_of([trigger(), assign("a"), end()], "start > a", "a > done")
    machine = compile_graph(document, EXAMPLE_FUNCTIONS, TEMPLATES).definition
    errors = {"a": ["StepInProgressError", "StepInProgressError"]}
    held_up = interpreter.run(machine, {}, errors, validated=False)
    assert held_up.status == "FAILED"
    (failure,) = held_up.failures()
    assert failure.input["state"]["error"]["Error"] == "StepInProgressError"
    assert "done" not in held_up.visited()
