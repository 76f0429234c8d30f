"""If any AWS call of a recovery fails, or the process dies at that call, the recovery reruns each
original run at most once, no run is lost, and the counts of the recovery are true."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from runledger.clock import MINUTE
from runledger.models.recovery import ItemState
from runledger.models.rerun import rerun_id
from runledger.store import keys
from runledger.store.values import Item

from tests.support.graphs import document, end, integration, node
from tests.support.kill_points import Scenario, break_everything
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

RUNS = 3


@dataclass(frozen=True)
class Ready:
    """Some runs have made one call and failed at their second one, which is mended now."""

    simulation: Simulation
    failed: list[str]
    restore: Callable[[], None]

    def post(self, path: str = "", **asked: Any) -> dict[str, Any]:
        answer = self.simulation.request("api", "POST", f"/v1/recoveries{path}", asked or None)
        assert answer["status"] in (200, 202, 409), (answer, self.simulation.unforeseen)
        return dict(answer["body"])

    def recoveries(self) -> list[Item]:
        partition = keys.recovery(WORKSPACE, "").pk
        return [row for row in self.simulation.table.items() if row["pk"] == partition]

    def begin(self, **asked: Any) -> str:
        return str(self.post(filter={}, idempotencyKey="k", **asked)["id"])


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with open_simulation() as simulation:
        nodes = [
            node("start", "TRIGGER", triggerType="WEBHOOK"),
            integration("first", url="https://api.example.com/first"),
            integration("second", url="https://api.example.com/second"),
            end(),
        ]
        edges = ("start > first", "first > second", "second > done")
        automation_id = simulation.activate({"name": "Orders", **document(nodes, *edges)})
        simulation.http.status_of = lambda url: 503 if url.endswith("second") else 200
        path = simulation.webhook_path(automation_id)
        failed = []
        for number in range(RUNS):
            answer = simulation.request("webhook_in", "POST", path, {"number": number})
            failed.append(str(answer["body"]["runId"]))
        simulation.settle()
        assert {row["status"] for row in simulation.runs()} == {"FAILED"}
        simulation.http.status_of = lambda url: 200
        restore_rows = simulation.snapshot()
        told, called = simulation.bus.entries, simulation.http.calls

        def restore() -> None:
            restore_rows()
            simulation.bus.entries, simulation.heard = list(told), len(told)
            simulation.http.calls = list(called)

        yield Ready(simulation, failed, restore)


def is_recovered(ready: Ready) -> None:
    ready.begin(ratePerMinute=2)
    ready.simulation.settle()


def is_paused_and_continued(ready: Ready) -> None:
    recovery_id = ready.begin(canary={"count": 1})
    ready.post(f"/{recovery_id}/pause")
    ready.simulation.run_until(ready.simulation.clock.now + 3 * MINUTE)
    ready.post(f"/{recovery_id}/continue")
    ready.simulation.settle()
    # It continued with the canary, and waits after it.
    ready.post(f"/{recovery_id}/continue")
    ready.simulation.settle()


def is_aborted(ready: Ready) -> None:
    recovery_id = ready.begin(canary={"count": 2})
    ready.simulation.settle()
    ready.post(f"/{recovery_id}/abort")
    ready.simulation.settle()


def what_is_wrong(ready: Ready) -> list[str]:
    found = []
    if len(ready.recoveries()) != 1:
        found.append(f"{len(ready.recoveries())} recoveries")
    runs = {row["pk"].partition("#")[2]: row for row in ready.simulation.runs()}
    for recovery in ready.recoveries():
        items = [
            row
            for row in ready.simulation.table.items()
            if row["pk"] == keys.recovery_items(recovery["sk"])
        ]
        states = Counter(row["sk"].partition("#")[0] for row in items)
        if states.keys() - {ItemState.ENDED, ItemState.LEFT_OUT}:
            found.append(f"items were left in {states}")
        originals = [keys.id_of(row["sk"].partition("#")[2]) for row in items]
        if recovery["status"] == "COMPLETED" and not set(ready.failed) <= set(originals):
            found.append(f"runs were lost: {originals}")
        if len(originals) != len(set(originals)):
            found.append(f"an original is listed twice: {originals}")
        its = [rerun_id(WORKSPACE, each, recovery["sk"]) for each in ready.failed]
        ended = Counter(runs[each]["status"] for each in its if each in runs)
        counts = {name: recovery[name] for name in ("opened", "completed", "failed")}
        if counts != {
            "opened": ended.total(),
            "completed": ended["COMPLETED"],
            "failed": ended["FAILED"],
        }:
            found.append(f"{counts} are counted, and the reruns are {ended}")
        if sum(recovery["excluded"].values()) != states[ItemState.LEFT_OUT]:
            found.append(f"{recovery['excluded']} are counted, and the items are {states}")
        if recovery["eligible"] != recovery["opened"] or recovery.get("batch"):
            found.append("the recovery ended in the middle")
        if "dueKey" in recovery:
            found.append("the recovery is still due")
    reruns = [row for row in runs.values() if "rerunOf" in row]
    done = Counter(row["rerunOf"] for row in reruns if row["status"] == "COMPLETED")
    if any(number > 1 for number in done.values()):
        found.append(f"a run was recovered twice: {done}")
    calls = Counter(call.url.rpartition("/")[2] for call in ready.simulation.http.calls)
    if calls["first"] > RUNS or calls["second"] > RUNS + len(reruns):
        found.append(f"calls were repeated: {calls}")
    return found


ENDS = ("COMPLETED",) * RUNS + ("FAILED",) * RUNS
SCENARIOS = (
    Scenario(is_recovered, ENDS, ("api", "tick"), verdict=what_is_wrong),
    Scenario(is_paused_and_continued, ENDS, ("api", "tick"), verdict=what_is_wrong),
    Scenario(
        is_aborted,
        ("COMPLETED",) * 2 + ("FAILED",) * RUNS,
        ("api", "tick"),
        verdict=what_is_wrong,
    ),
)


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.play.__name__)
def test_after_any_fault_the_counts_of_a_recovery_are_true(
    ready: Ready, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(break_everything(ready, scenario))
