"""A rerun costs the writes of what it walks, and one write for each step that it takes over."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from runledger.composition import services
from runledger.models.contact import ContactDocument
from runledger.services.contacts.contacts import Contacts

from bench.counted_table import CountedTable, Tally
from bench.example_runs import PATH
from tests.support.graphs import document, end, integration, node
from tests.support.lambda_processes import forget
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

if TYPE_CHECKING:
    from tests.support.memory_table import MemoryTable

# The functions that open and walk a run.
COUNTED = ("api", *PATH)


def graph(calls: int) -> dict[str, Any]:
    """Returns a graph of this many calls and the call `last`, which a test may let fail."""
    names = [f"call{number}" for number in range(calls)]
    nodes = [node("start", "TRIGGER", triggerType="MANUAL")]
    nodes += [integration(name, url=f"https://api.example.com/{name}") for name in names]
    nodes += [integration("last", url="https://api.example.com/last"), end()]
    way = ["start", *names, "last", "done"]
    return {"name": "A", **document(nodes, *(f"{a} > {b}" for a, b in pairwise(way)))}


def counted(calls: int, **asked: Any) -> tuple[Tally, Tally]:
    """Returns the cost of a run that completes, and of the rerun of one that failed at its last
    call."""
    with open_simulation() as simulation:
        contacts = Contacts(services().stores.contacts, simulation.clock)
        ada = contacts.create(WORKSPACE, ContactDocument(email="ada@example.com"))
        table = CountedTable(simulation.table, lambda: simulation.function in COUNTED)
        simulation.table = cast("MemoryTable", table)
        forget()
        automation_id = simulation.activate(graph(calls))
        path = f"/v1/automations/{automation_id}/runs"

        def of(path: str, body: dict[str, Any]) -> tuple[Tally, str]:
            table.tally = Tally()
            answer = simulation.request("api", "POST", path, body)
            assert answer["status"] == 202, answer
            simulation.settle()
            return table.tally, str(answer["body"]["runId"])

        opened = {"contactId": ada.id}
        of(path, opened)
        ordinary, _ = of(path, opened)
        simulation.http.status_of = lambda url: 503 if url.endswith("last") else 200
        _, failed = of(path, opened)
        simulation.http.status_of = lambda url: 200
        rerun, run_id = of(f"/v1/runs/{failed}/rerun", asked)
        assert _status(simulation, run_id) == "COMPLETED"
        return ordinary, rerun


def _status(simulation: Simulation, run_id: str) -> str:
    found = simulation.request("query", "GET", f"/v1/runs/{run_id}", None)
    return str(found["body"]["status"])


def test_a_step_that_is_taken_over_costs_one_write(report_figure: Callable[[str], None]) -> None:
    few, many = counted(1), counted(6)
    report_figure(f"an ordinary run, and its rerun from the last call: {few}; {many}")
    assert many[1].writes - few[1].writes == 5


def test_a_rerun_costs_little_more_than_the_walk(report_figure: Callable[[str], None]) -> None:
    ordinary, rerun = counted(0)
    report_figure(f"an ordinary run, and a rerun that takes over nothing: {ordinary}; {rerun}")
    # The entry in the family (1), the check of the contact (2), and the transaction, which doubles
    # the row and its four index entries (5).
    assert rerun.writes - ordinary.writes == 8


def test_a_step_that_is_taken_over_on_the_way_costs_no_more_than_a_visit(
    report_figure: Callable[[str], None],
) -> None:
    few, many = counted(1, **{"from": "START"}), counted(6, **{"from": "START"})
    report_figure(f"an ordinary run, and its rerun from the start: {few}; {many}")
    # Once when the rerun is opened, and once when the walk comes to the node.
    assert many[1].writes - few[1].writes == 2 * 5
    assert many[0].writes - few[0].writes >= 2 * 5
