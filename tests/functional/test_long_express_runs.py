"""An Express machine of many nodes that runs out of time: another execution continues its run."""

import itertools
from collections import Counter
from typing import Any

import pytest

from bench.example_runs import example
from tests.support.every_node import order
from tests.support.simulation import Simulation, open_simulation
from tests.support.states_language import FunctionError

NODES = 38
# The failures of each visit before it succeeds: as many as the machine retries.
FAILURES = ("Lambda.TooManyRequestsException", "Lambda.TooManyRequestsException", "States.Timeout")


def long_graph() -> dict[str, Any]:
    document = example("linear")
    start, plain, done = document["nodes"]
    between = [{**plain, "id": f"set{place}"} for place in range(NODES)]
    ids = ["start", *(node["id"] for node in between), "done"]
    edges = [{"source": a, "target": b} for a, b in itertools.pairwise(ids)]
    return {**document, "nodes": [start, *between, done], "edges": edges}


def fail_each_visit_at_first(simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets every node fail as often as the machine retries it, and then succeed."""
    tries: Counter[str] = Counter()
    machines = simulation.step_functions
    invoke = machines._invoke

    def invoked(resource: str, payload: dict[str, Any]) -> Any:
        if payload.get("operation") == "VISIT":
            place = tries[payload["nodeId"]]
            tries[payload["nodeId"]] += 1
            if place < len(FAILURES):
                raise FunctionError(FAILURES[place], "")
        return invoke(resource, payload)

    monkeypatch.setattr(machines, "_invoke", invoked)


def test_a_run_that_needs_all_retries_times_out_and_is_continued(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_simulation() as simulation:
        automation_id = simulation.activate(long_graph())
        path = f"/v1/automations/{automation_id}"
        machine = simulation.request("query", "GET", path, None)["body"]["machine"]
        assert machine["type"] == "EXPRESS"
        fail_each_visit_at_first(simulation, monkeypatch)

        webhook = simulation.webhook_path(automation_id)
        answer = simulation.request("webhook_in", "POST", webhook, order())
        simulation.settle()

        run_key = f"RUN#{answer['body']['runId']}"
        (run,) = simulation.runs()
        assert run["status"] == "COMPLETED"
        # Two delays of one and two seconds and one of eight at each node: more than 290 seconds.
        assert run["attempt"] > 1
        steps = simulation.steps(run_key)
        assert sorted(steps) == sorted(f"set{place}" for place in range(NODES))
        assert all(step["status"] == "COMPLETED" for step in steps.values())
        assert simulation.open_runs() == []
