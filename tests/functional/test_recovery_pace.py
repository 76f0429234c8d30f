"""A recovery keeps its pace, and delays no start of another workspace."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from runledger.clock import MINUTE
from runledger.composition import services
from runledger.models.run import RunStatus
from runledger.store.runs import Closing
from runledger.store.values import Item

from tests.support.boundary import Call
from tests.support.graphs import document, end, integration, node
from tests.support.simulation import Simulation, open_simulation

OTHER = "ws_other"


def failed_run(simulation: Simulation, automation_id: str) -> str:
    simulation.http.status_of = lambda url: 503
    path = simulation.webhook_path(automation_id)
    run_id = str(simulation.request("webhook_in", "POST", path, {})["body"]["runId"])
    simulation.settle()
    simulation.http.status_of = lambda url: 200
    return run_id


def copies(simulation: Simulation, run_id: str, count: int) -> None:
    """Adds `count` copies of this run, each with an id of its own."""
    rows = [row for row in simulation.table.items() if row["pk"] == f"RUN#{run_id}"]
    for number in range(count):
        copy = f"run_01HF7YAT{number:018d}"
        for row in rows:
            simulation.table.put(_renamed(row, run_id, copy))
    simulation.records.clear()


def _renamed(row: Item, before: str, after: str) -> Item:
    return {
        name: value.replace(before, after) if isinstance(value, str) else value
        for name, value in row.items()
    }


class Ticks:
    """Ticks, once a minute. The stream is not read, so that only ticks start runs; between two of
    them every open rerun completes."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.known = {row["pk"] for row in simulation.runs()}
        # What the present tick did, in its order, and the starts of the other workspace.
        self.order: list[str] = []
        simulation.boundary.around = self._around
        simulation.step_functions.refuses = self._note_start

    def _note_start(self, workspace_id: str) -> None:
        self.order.append(workspace_id)

    def _around(self, call: Call, act: Callable[[], Any]) -> Any:
        if call.operation == "TransactWriteItems" and "#RECOVERY" in call.target:
            self.order.append("recovery")
        return act()

    def next(self) -> int:
        """Makes the next tick, and returns how many reruns it opened."""
        simulation = self.simulation
        simulation.clock.now = (simulation.clock.now // MINUTE + 1) * MINUTE
        self.order.clear()
        simulation.tick()
        return self.complete()

    def complete(self) -> int:
        simulation, store = self.simulation, services().stores.runs
        simulation.records.clear()
        opened = {row["pk"] for row in simulation.runs() if "rerunOf" in row} - self.known
        for partition in sorted(opened):
            run = store.get(partition.partition("#")[2])
            store.close(run, Closing(RunStatus.COMPLETED, simulation.clock.now))
        simulation.records.clear()
        self.known |= opened
        return len(opened)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("count", "rate"), [(600, 60), pytest.param(10_000, 600, marks=pytest.mark.deep)]
)
def test_a_recovery_keeps_its_pace_and_delays_nobody(
    count: int, rate: int, report_figure: Callable[[str], None]
) -> None:
    with open_simulation() as simulation:
        nodes = [node("start", "TRIGGER", triggerType="WEBHOOK"), integration("score"), end()]
        graph = {"name": "Orders", **document(nodes, "start > score", "score > done")}
        automation_id = simulation.activate(graph)
        failed = failed_run(simulation, automation_id)
        copies(simulation, failed, count - 1)
        simulation.open_workspace(OTHER)
        made = simulation.request("api", "POST", "/v1/automations", graph, OTHER)["body"]["id"]
        path = f"/v1/automations/{made}"
        assert simulation.request("api", "POST", f"{path}/activate", None, OTHER)["status"] == 200
        hook = simulation.webhook_path(made)
        simulation.records.clear()
        ticks = Ticks(simulation)

        asked = {"filter": {}, "ratePerMinute": rate}
        begun = simulation.clock.now
        answer = simulation.request("api", "POST", "/v1/recoveries", asked)
        assert answer["status"] == 202, (answer, simulation.unforeseen)
        opened = [ticks.complete()]
        late = Counter[str]()
        while sum(opened) < count:
            # A run whose start the stream has lost: the tick must start it when it is due.
            simulation.request("webhook_in", "POST", hook, {})
            opened.append(ticks.next())
            if OTHER in ticks.order:
                starts = [place for place, each in enumerate(ticks.order) if each == OTHER]
                first = ticks.order.index("recovery") if "recovery" in ticks.order else 1 << 30
                late["after the recovery"] += max(starts) > first
                late["in time"] += 1
        minutes = (simulation.clock.now - begun) / MINUTE
        for _ in range(4):
            ticks.next()
        recovery = next(row for row in simulation.table.items() if row["pk"].endswith("#RECOVERY"))
        assert (recovery["status"], recovery["opened"], recovery["completed"]) == (
            "COMPLETED",
            count,
            count,
        )
        # Each was due two minutes after it was opened.
        assert (late["after the recovery"], late["in time"]) == (0, len(opened) - 3)
        # The first minute's share is opened at once.
        pace = (count - opened[0]) / minutes
        assert abs(pace - rate) <= rate / 10, (pace, opened)
        assert max(opened[2:]) <= rate * 1.1, opened
        report_figure(f"{count} reruns in {minutes:.1f} minutes: {pace:.0f} a minute of {rate}")
