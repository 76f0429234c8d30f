"""All open runs of a paused automation are canceled, even thousands, and even if ticks keep
dying."""

from contextlib import suppress
from functools import cached_property
from typing import Any
from unittest.mock import create_autospec

import pytest
from botocore.exceptions import EndpointConnectionError
from runledger.clock import MINUTE
from runledger.errors import TransientError
from runledger.models.automation import (
    ActiveVersion,
    Automation,
    AutomationStatus,
    Graph,
    MachineType,
    Reentry,
)
from runledger.models.run import RunStatus, TriggerType
from runledger.services.automations.automation_stopper import DRAIN_BATCH
from runledger.services.schedules.schedules import Schedules
from runledger.services.triggers.open_run import RunRequest
from runledger.store import keys

from tests.support.boundary import straight
from tests.support.depth import examples
from tests.support.environment import START
from tests.support.events import an_event
from tests.support.fakes import Secrets
from tests.support.memory_engine import MemoryEngine

RUNS = examples(10_000, quick=2_500)
WORKSPACE = "ws_demo"


class Executions:
    """Step Functions, limited to the calls that canceling makes."""

    def __init__(self) -> None:
        self.stopped: list[str] = []

    def stop_execution(self, *, executionArn: str, **_: str) -> dict[str, Any]:
        self.stopped.append(executionArn)
        if len(self.stopped) % 7 == 0:
            raise EndpointConnectionError(endpoint_url="https://states.example")
        return {}


class BusyAutomation(MemoryEngine):
    """An automation with many open runs."""

    def __init__(self, shards: int) -> None:
        super().__init__(shards)
        self.automation = Automation(
            workspace_id=WORKSPACE,
            id="aut_1",
            name="Busy",
            reentry=Reentry.ALWAYS,
            status=AutomationStatus.ACTIVE,
            active=ActiveVersion(
                version=1,
                trigger={"triggerType": "WEBHOOK"},
                machine_type=MachineType.STANDARD,
                run_seconds=3_600,
            ),
            last_version=1,
            draft_revision=1,
            active_revision=1,
            webhook_token=None,
            created_at=START,
            updated_at=START,
            updated_by="ada@example.com",
        )
        self.stores.automations.create(self.automation, Graph())
        self.executions = Executions()

    def client(self, service: str) -> Any:
        return {"stepfunctions": self.executions, "secretsmanager": Secrets()}[service]

    @cached_property
    def schedules(self) -> Any:
        """An automation without a date trigger has no schedule."""
        schedules = create_autospec(Schedules, instance=True)
        schedules.writes.return_value = []
        return schedules

    @cached_property
    def due_kinds(self) -> Any:
        """Ignores due runs: what the tick does with them does not matter to this test."""
        return {
            "aut": self.stopping.drain,
            "can": self.bulk_cancels.settle,
            "run": lambda row: None,
        }

    def open_runs(self, count: int) -> None:
        request = RunRequest(an_event({}, TriggerType.WEBHOOK))
        for index in range(count):
            run = self.opener.open(self.automation, None, request).run
            if index % 2:
                self.stores.runs.own(run, "1", self.clock(), 1)

    def statuses(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for item in self.table.items():
            if item["sk"] == "RUN":
                found[item["status"]] = found.get(item["status"], 0) + 1
        return found

    def reasons(self) -> set[str]:
        return {item["canceled"]["reason"] for item in self.table.items() if item["sk"] == "RUN"}


@pytest.mark.parametrize("shards", [1, 8])
@pytest.mark.sampled(1)
def test_ticks_that_keep_dying_drain_thousands_of_runs(shards: int) -> None:
    busy = BusyAutomation(shards)
    busy.open_runs(RUNS)
    busy.stopping.stop(WORKSPACE, "aut_1", AutomationStatus.PAUSED, "ada@example.com")
    # The request itself cancels a first batch only.
    assert busy.statuses()["CANCELED"] == DRAIN_BATCH

    calls = 0

    def dying(call: Any, act: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls % 997 == 0:
            raise TransientError("the table was away")
        return act()

    busy.table.around = dying
    ticks = 0
    while busy.statuses() != {"CANCELED": RUNS}:
        busy.clock.advance(16 * MINUTE)
        with suppress(TransientError):
            busy.due_work.settle_due(RUNS + 1)
        ticks += 1
        assert ticks < 60
    assert busy.reasons() == {"automation paused"}
    busy.table.around = straight
    for _ in range(3):
        busy.clock.advance(16 * MINUTE)
        busy.due_work.settle_due(10)
    automation = busy.stores.automations.get(WORKSPACE, "aut_1")
    assert (automation.status, automation.drain) == (AutomationStatus.PAUSED, None)
    # Half of the runs had an execution to stop; that some could not be stopped changed nothing.
    assert len(busy.executions.stopped) >= RUNS // 2
    left = [item["pk"] for item in busy.table.items() if "gsi4pk" in item]
    assert left == []
    for shard in range(shards):
        partition = keys.by_automation(
            WORKSPACE, keys.Kind.RUN, "aut_1", keys.run_bucket(RunStatus.RUNNING), shard
        )
        assert busy.table.query(partition, index=keys.Index.BY_AUTOMATION).items == []
    print(f"{RUNS} runs on {shards} shard(s) drained in {ticks} ticks, {calls} table calls")


@pytest.mark.parametrize("damaged", [1, DRAIN_BATCH])
def test_damaged_runs_do_not_keep_a_paused_automation_from_canceling_the_others(
    damaged: int,
) -> None:
    busy = BusyAutomation(1)
    busy.open_runs(damaged)
    broken = [item for item in busy.table.items() if item["sk"] == "RUN"]
    for item in broken:
        busy.table.put({**item, "attempt": "first"})
    busy.clock.advance(1)
    busy.open_runs(3)
    stopped = busy.stopping.stop(WORKSPACE, "aut_1", AutomationStatus.PAUSED, "ada@example.com")
    assert stopped.status is AutomationStatus.PAUSED
    for _ in range(4):
        busy.clock.advance(MINUTE)
        busy.due_work.settle_due(1_000)
    assert busy.statuses().get("CANCELED") == 3
    # Nothing can cancel a damaged run, so the drain ends without it.
    assert busy.stores.automations.get(WORKSPACE, "aut_1").drain is None
