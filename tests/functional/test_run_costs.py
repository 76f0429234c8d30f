"""The cost of the five-node run, counted in the simulated stack: it cannot grow unseen."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from bench.bill import BUDGET
from bench.example_runs import Cost, cost_of, example
from bench.prices import Item, express_run, lines, standard_run, total
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


def test_a_million_five_node_runs_stay_within_their_price(
    five_nodes: Cost, report_figure: Callable[[str], None]
) -> None:
    """The counts are exact, so that another call is noticed even if the price allows it."""
    items = express_run(five_nodes)
    report_figure("\n".join(lines(items)))
    assert five_nodes == Cost(
        writes=26, reads=9, requests=23, in_a_row=20, invocations=6, log_lines=6, events=0
    )
    assert total(items) <= MOST_DOLLARS


@pytest.mark.parametrize("name", ["write unit", "custom event", "trace", "invocation"])
def test_one_more_of_anything_raises_the_price(five_nodes: Cost, name: str) -> None:
    items = express_run(five_nodes)
    assert total([*items, Item(name, 1)]) > total(items)


def test_a_standard_machine_costs_its_transitions(five_nodes: Cost) -> None:
    # The trigger, three nodes with a state that branches for the condition, and the end.
    assert total(standard_run(five_nodes, 7)) > total(express_run(five_nodes)) + 100


def test_by_default_nothing_is_traced_and_lambda_writes_no_lines_of_its_own() -> None:
    template: dict[str, Any] = load_template()
    assert template["Parameters"]["Tracing"]["Default"] == "PassThrough"
    assert template["Parameters"]["SystemLogLevel"]["Default"] == "WARN"
    assert template["Globals"]["Function"]["MemorySize"] == 1024


def test_a_node_without_effects_costs_its_visit_and_its_step() -> None:
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
