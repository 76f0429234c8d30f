"""The cost of the five-node run, counted in the simulation, cannot grow unnoticed."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from runledger.compiler.graph import GraphView
from runledger.compiler.prices import Item, RunCost, dollars, items_of
from runledger.compiler.run_cost import run_cost
from runledger.models.automation import Graph, MachineType

from bench.bill import BUDGET
from bench.example_runs import Cost, cost_of, example
from bench.prices import lines
from tests.support.graphs import TEMPLATES
from tests.support.template import load_template

# In dollars for a million runs with one e-mail, without SES.
MOST_DOLLARS = 25.0


@pytest.fixture(scope="module")
def five_nodes() -> Cost:
    return cost_of(example("five_nodes"))


def test_a_five_node_run_stays_within_its_budget(
    five_nodes: Cost, report_figure: Callable[[str], None]
) -> None:
    report_figure(f"five nodes: {five_nodes}")
    assert 0 < five_nodes.writes <= BUDGET["writeUnits"]
    assert 0 < five_nodes.reads <= BUDGET["readUnits"]
    assert 0 < five_nodes.in_a_row <= BUDGET["inARow"]
    assert five_nodes.in_a_row < five_nodes.requests <= BUDGET["requests"]
    assert five_nodes.invocations == BUDGET["invocations"]


def price_of(cost: Cost, machine_type: MachineType) -> list[Item]:
    taken = RunCost(
        writes=cost.writes,
        reads=cost.reads,
        in_a_row=round(cost.in_a_row),
        invocations=cost.invocations,
        # The trigger, three nodes, the choice of the condition, and the end.
        transitions=6,
        log_lines=cost.log_lines,
        events=cost.events,
    )
    return items_of(taken, machine_type)


def test_a_million_five_node_runs_stay_within_their_price(
    five_nodes: Cost, report_figure: Callable[[str], None]
) -> None:
    """The counts are exact, so that an additional call is noticed even if the price allows it."""
    items = price_of(five_nodes, MachineType.EXPRESS)
    report_figure("\n".join(lines(items)))
    assert five_nodes == Cost(
        writes=26,
        reads=10,
        requests=22,
        in_a_row=20,
        answered_in_a_row=4,
        invocations=6,
        log_lines=6,
        events=0,
    )
    assert dollars(items) <= MOST_DOLLARS


@pytest.mark.parametrize("name", ["write unit", "custom event", "trace", "invocation"])
def test_each_further_item_raises_the_price(five_nodes: Cost, name: str) -> None:
    items = price_of(five_nodes, MachineType.EXPRESS)
    assert dollars([*items, Item(name, 1)]) > dollars(items)


def test_a_standard_machine_also_costs_its_transitions(five_nodes: Cost) -> None:
    standard = dollars(price_of(five_nodes, MachineType.STANDARD))
    assert standard > dollars(price_of(five_nodes, MachineType.EXPRESS)) + 140


# The others fail, or do not take the dearest branch with the event of the count.
@pytest.mark.parametrize(
    "name", ["condition", "five_nodes", "linear", "order_paid", "switch", "wait"]
)
def test_the_estimate_of_a_graph_equals_the_counted_run(name: str) -> None:
    graph = Graph.model_validate({each: example(name)[each] for each in ("nodes", "edges")})
    estimate = run_cost(GraphView(graph, TEMPLATES))
    counted = cost_of(example(name))
    assert estimate.writes == counted.writes
    assert estimate.reads == pytest.approx(counted.reads, abs=1)
    assert estimate.invocations == counted.invocations
    assert estimate.log_lines == counted.log_lines


def test_by_default_tracing_and_lambdas_own_log_lines_are_off() -> None:
    template: dict[str, Any] = load_template()
    assert template["Parameters"]["Tracing"]["Default"] == "PassThrough"
    assert template["Parameters"]["SystemLogLevel"]["Default"] == "WARN"
    assert template["Globals"]["Function"]["MemorySize"] == 1024


def test_a_node_without_effects_costs_one_write_and_two_requests() -> None:
    def with_nodes(count: int) -> dict[str, Any]:
        document = example("linear")
        between = [{**document["nodes"][1], "id": f"set{place}"} for place in range(count)]
        ids = ["start", *(node["id"] for node in between), "done"]
        edges = [{"source": a, "target": b} for a, b in itertools.pairwise(ids)]
        nodes = [document["nodes"][0], *between, document["nodes"][2]]
        return {**document, "nodes": nodes, "edges": edges}

    few, more = cost_of(with_nodes(2)), cost_of(with_nodes(5))
    assert more.writes - few.writes == 3
    assert more.requests - few.requests == 6
