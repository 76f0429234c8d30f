"""The cost of a run of each example graph, counted in the simulated stack.

`python -m bench.example_runs` prints a table. Each graph gets a webhook trigger with a contact, and
two events. The first event makes the process cache the automation. Only the run of the second event
is counted, because most requests find the automation in the cache.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast
from unittest.mock import patch

from runledger.compiler.graph import GraphView
from runledger.compiler.prices import items_of
from runledger.compiler.run_cost import run_cost
from runledger.models.automation import Graph, MachineType
from runledger.observability import logger

from bench.counted_table import CountedTable, Tally
from bench.prices import lines
from tests.support.boundary import Call
from tests.support.every_node import make_template, order
from tests.support.example_machines import FOLDER
from tests.support.fakes import rule
from tests.support.lambda_processes import forget
from tests.support.simulation import Simulation, open_simulation
from tests.support.template import load_template

if TYPE_CHECKING:
    from tests.support.memory_table import MemoryTable

T = TypeVar("T")

# The functions on the way from the webhook to END.
STARTER = "start_runs"
PATH = ("webhook_in", STARTER, "run_logic", "run_message", "run_integration")
_TRIGGER = {
    "triggerType": "WEBHOOK",
    "contactLookup": {"by": "email", "path": "customer.email"},
    "createIfMissing": True,
    "dedupePath": "orderId",
}
# Sent to a segment, which no example creates.
_LEFT_OUT = ("many_recipients",)


# The weight of a request among those that are made one after the other.
Weigh = Callable[[Call], float]


def _one(call: Call) -> float:
    return 1


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one run. `in_a_row` counts requests one after the other: requests that are sent
    at the same time count as one. `answered_in_a_row` are those until the webhook's answer."""

    writes: float
    reads: float
    requests: int
    in_a_row: float
    answered_in_a_row: float
    invocations: int
    log_lines: int
    events: int


class RequestCounter:
    """Counts the requests to AWS of the functions that a run waits for."""

    def __init__(self, simulation: Simulation, weigh: Weigh) -> None:
        self._simulation = simulation
        self._invoke = simulation.invoke
        self._weigh = weigh
        self.reset()

    def reset(self) -> None:
        self.requests = self.invocations = self.log_lines = 0
        self.in_a_row = self.answered_in_a_row = 0.0

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """Invokes a function of the simulation. Functions that read streams are not counted,
        because they serve many runs at once."""
        self.invocations += function in PATH and function != STARTER
        answer = self._invoke(function, event)
        if function == PATH[0]:
            self.answered_in_a_row = self.in_a_row
        return answer

    def log(self, *args: Any, **kwargs: Any) -> None:
        """Counts a log line if a function that the run waits for writes it. Replaces the logger's
        methods for the levels info, warning and error."""
        self.log_lines += self._simulation.function in PATH

    def around(self, call: Call, act: Callable[[], Any]) -> Any:
        if self._simulation.function in PATH and call.service != "http":
            self.requests += 1
            self.in_a_row += self._weigh(call)
        return act()

    def gather(self, calls: Iterable[Callable[[], T]]) -> list[T]:
        """Runs the calls one after the other, but counts only as many requests as the longest of
        them needs."""
        begun = self.in_a_row
        longest = 0.0
        results = []
        for call in calls:
            self.in_a_row = begun
            results.append(call())
            longest = max(longest, self.in_a_row - begun)
        self.in_a_row = begun + longest
        return results


def cost_of(
    document: dict[str, Any],
    weigh: Weigh = _one,
    prepare: Callable[[Simulation], None] = lambda simulation: None,
) -> Cost:
    """Returns the cost of one run of this automation, which a webhook opens. `prepare` may change
    the simulation before the automation is made; until then, there is only the workspace."""
    with open_simulation() as simulation:
        prepare(simulation)
        counter = RequestCounter(simulation, weigh)
        simulation.boundary.around = counter.around
        table = CountedTable(simulation.table, lambda: simulation.function in PATH)
        simulation.table = cast("MemoryTable", table)
        with (
            patch("tests.support.simulation.in_turn", counter.gather),
            patch.object(simulation, "invoke", counter.invoke),
            patch.object(simulation.bus, "list_rules", _rules_of_the_template),
            patch.object(logger, "info", counter.log),
            patch.object(logger, "warning", counter.log),
            patch.object(logger, "error", counter.log),
        ):
            forget()
            automation_id = simulation.activate(_with_template(document, make_template(simulation)))
            path = simulation.webhook_path(automation_id)
            _fire(simulation, path, "A-1")
            counter.reset()
            simulation.bus.entries.clear()
            simulation.heard = 0
            table.tally = Tally()
            _fire(simulation, path, "A-2")
        return Cost(
            table.tally.writes,
            table.tally.reads,
            counter.requests,
            counter.in_a_row,
            counter.answered_in_a_row,
            counter.invocations,
            counter.log_lines,
            len(simulation.bus.entries),
        )


def _rules_of_the_template(*, EventBusName: str) -> dict[str, Any]:
    """Returns the bus rules that the template creates. The owner of a stack may add others."""
    resources = load_template()["Resources"]
    patterns = [
        found["Properties"]["EventPattern"]
        for found in resources.values()
        if found["Type"] == "AWS::Events::Rule" and "EventBusName" in found["Properties"]
    ]
    patterns += [
        event["Properties"]["Pattern"]
        for found in resources.values()
        for event in found.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "EventBridgeRule" and "EventBusName" in event["Properties"]
    ]
    return {"Rules": [rule(f"rule-{place}", each) for place, each in enumerate(patterns)]}


def example(name: str) -> dict[str, Any]:
    """Returns an example graph as an automation that a webhook triggers."""
    graph = json.loads((FOLDER / f"{name}.graph.json").read_text())
    for node in graph["nodes"]:
        if node["type"] == "TRIGGER":
            node["config"] = _TRIGGER
    return {"name": name, "nodes": graph["nodes"], "edges": graph["edges"]}


def names() -> list[str]:
    found = (path.name.removesuffix(".graph.json") for path in FOLDER.glob("*.graph.json"))
    return sorted(name for name in found if name not in _LEFT_OUT)


def _with_template(document: dict[str, Any], template_id: str) -> dict[str, Any]:
    written = re.sub(r"tpl_[0-9A-Za-z]+", template_id, json.dumps(document))
    changed: dict[str, Any] = json.loads(written)
    return changed


def _fire(simulation: Simulation, path: str, number: str) -> None:
    answer = simulation.request("webhook_in", "POST", path, order(number))
    assert answer["status"] == 202, answer
    simulation.settle()


def main() -> None:
    print(f"{'graph':<14}{'writes':>8}{'reads':>8}{'requests':>10}{'in a row':>10}{'invoked':>9}")
    for name in names():
        cost = cost_of(example(name))
        print(
            f"{name:<14}{cost.writes:>8.1f}{cost.reads:>8.1f}{cost.requests:>10}"
            f"{cost.in_a_row:>10.0f}{cost.invocations:>9}"
        )
    five_nodes = example("five_nodes")
    graph = Graph.model_validate({each: five_nodes[each] for each in ("nodes", "edges")})
    print(*lines(items_of(run_cost(GraphView(graph, {})), MachineType.EXPRESS)), sep="\n")


if __name__ == "__main__":
    main()
