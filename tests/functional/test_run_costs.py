"""The cost of the five-node run, counted in the simulated stack: it cannot grow unseen."""

import itertools
from collections.abc import Callable

from bench.bill import BUDGET
from bench.example_runs import cost_of, example


def test_a_five_node_run_stays_within_its_budget(report_figure: Callable[[str], None]) -> None:
    cost = cost_of(example("five_nodes"))
    report_figure(f"five nodes: {cost}")
    assert 0 < cost.writes <= BUDGET["writeUnits"]
    assert 0 < cost.reads <= BUDGET["readUnits"]
    assert 0 < cost.in_a_row <= BUDGET["inARow"]
    assert cost.in_a_row < cost.requests <= BUDGET["requests"]
    assert cost.invocations == BUDGET["invocations"]


def test_a_node_without_effects_costs_its_visit_and_its_step() -> None:
    def with_nodes(count: int) -> dict[str, object]:
        document = example("linear")
        between = [{**document["nodes"][1], "id": f"set{place}"} for place in range(count)]
        ids = ["start", *(node["id"] for node in between), "done"]
        edges = [{"source": a, "target": b} for a, b in itertools.pairwise(ids)]
        nodes = [document["nodes"][0], *between, document["nodes"][2]]
        return {**document, "nodes": nodes, "edges": edges}

    few, more = cost_of(with_nodes(2)), cost_of(with_nodes(5))
    assert more.writes - few.writes == 3
    assert more.requests - few.requests == 6
