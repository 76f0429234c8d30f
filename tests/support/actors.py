"""Actors for races: one for each thing that may happen to a run. They call the services that the
Lambda functions call."""

import json
from collections.abc import Callable
from typing import Any

from runledger.compiler.graph import GraphView
from runledger.composition import services
from runledger.errors import NotFoundError, RunledgerError
from runledger.ids import derived_id
from runledger.models.automation import AutomationStatus
from runledger.models.run import Cancellation, Run
from runledger.nodes.base import Function, Operation
from runledger.services.execution.settle import ExecutionEnded
from runledger.services.execution.walk_contract import WalkEvent
from runledger.services.retry_budget import MARGIN
from runledger.services.triggers.webhook_request import WebhookRequest
from runledger.store import keys
from runledger.store.due import DueRow

from tests.support.boundary import Call
from tests.support.environment import PREFIX
from tests.support.every_node import order
from tests.support.simulation import WORKSPACE, Simulation

Actor = Callable[[], Any]
BY = "ada@example.com"
_TOOLBOXES = {
    Function.LOGIC: "contact_tools",
    Function.MESSAGE: "message_tools",
    Function.INTEGRATION: "integration_tools",
}
# How often a machine retries a task that AWS refused.
_TRIES = 3


class RunActors:
    """Everything that may act on one run at the same time: its start, its walk, the watchdog, a
    cancel and others. The run belongs to an automation without forks."""

    def __init__(self, simulation: Simulation, automation_id: str) -> None:
        self.simulation = simulation
        self.automation_id = automation_id
        self.run_id = derived_id("run", WORKSPACE, automation_id, "path:A-1")
        # Whether the operator got the answer that the run is canceled.
        self.acknowledged = False
        # Whether the run was opened after the automation became active again.
        self.resumed = False
        self.races = 0
        self._token = simulation.webhook_path(automation_id).rpartition("/")[2]
        self._requests = 0
        version = services().stores.automations.version(automation_id, 1)
        self.graph = GraphView(version.graph, version.templates)

    # ── operators ──────────────────────────────────────────────────────────────────────────────

    def cancel(self) -> None:
        canceler = services().canceler
        canceler.cancel(WORKSPACE, self.run_id, Cancellation(by=BY, reason="wrong list"))
        self.acknowledged = True

    def cancel_when_there(self) -> None:
        """Cancels a run that may not be open yet."""
        for _ in range(12):
            try:
                return self.cancel()
            except NotFoundError:
                continue

    def pause(self) -> None:
        paused = AutomationStatus.PAUSED
        services().stopping.stop(WORKSPACE, self.automation_id, paused, BY)

    def resume_and_open(self) -> None:
        """Activates the paused automation again, and then sends its event."""
        path = f"/v1/automations/{self.automation_id}/activate"
        answer = self.simulation.request("api", "POST", path, None)
        assert answer["status"] == 200, (answer, self.simulation.unforeseen)
        self.open()
        self.resumed = True

    # ── AWS ────────────────────────────────────────────────────────────────────────────────────

    def open(self) -> Run:
        event = WebhookRequest(
            token=self._token,
            headers={"content-type": "application/json"},
            body=json.dumps(order()).encode(),
            source="203.0.113.9",
        )
        run: Run = services().webhooks.receive(event).run
        return run

    def start(self) -> None:
        """Starts the run from its row as it was when it was opened, because the stream's record
        contains that row."""
        if self._opened is not None:
            services().starter.start_opened(self._opened)

    def tick(self) -> None:
        services().due_work.settle_due(1_000)

    def watch(self) -> None:
        """Lets the watchdog check this run as if it had made no progress since the last check.
        Changes nothing if the run is not due. Checks no other run."""
        services().watchdog.look(self.run_id)

    def settle(self) -> None:
        """Does the tick's work on this run alone, without searching for due rows."""
        row = DueRow(id=self.run_id, key=keys.run(self.run_id))
        services().due_work.kinds["run"](row)

    def drain(self) -> None:
        """Does what the tick does for the stopped automation, and nothing else of the tick."""
        row = DueRow(id=self.automation_id, key=keys.automation(WORKSPACE, self.automation_id))
        services().due_work.kinds["aut"](row)

    def report_its_end(self) -> None:
        """Lets Step Functions report that the execution failed."""
        ended = ExecutionEnded(self.execution(), f"{self.run_id}-1", "FAILED", "Oops", None)
        services().closer.close(ended)

    def let_indexes_follow(self) -> None:
        """Lets the indexes catch up with the table twice. Other actors may act in between."""
        for _ in range(2):
            self.simulation.boundary(Call("dynamodb", "CatchUp"), self.simulation.table.catch_up)

    # ── walkers ────────────────────────────────────────────────────────────────────────────────

    def execution(self, attempt: int = 1) -> str:
        machine = f"{PREFIX.replace(':stateMachine:', ':express:')}{self.automation_id}-v1"
        return f"{machine}:{self.run_id}-{attempt}:9d1f"

    def visit(
        self, node_id: str, operation: Operation | None = None, *, attempt: int = 1, **state: Any
    ) -> Any:
        node_type, _ = self.graph.parsed(node_id)
        self._requests += 1
        function = _TOOLBOXES[node_type.function]
        toolbox = getattr(services(), function)
        event = WalkEvent(
            contract=1,
            workspace_id=WORKSPACE,
            run_id=self.run_id,
            execution=self.execution(attempt),
            operation=operation or node_type.operation,
            node_id=node_id,
            state=state or None,
        )
        request_id = f"{self._requests:08d}-visit"
        return services().walker(toolbox, request_id, 60_000 + MARGIN).walk(event)

    def walk_again(self) -> None:
        """Walks the run's next attempt, as its execution would, if there is one."""
        for _ in range(12):
            if services().stores.runs.get(self.run_id).attempt > 1:
                return self.walk(attempt=2)

    def walk(self, since: str = "start", until: str = "", *, attempt: int = 1) -> None:
        """Walks as the machine would, failure state included; stops before `until`."""
        node_id = since
        last: dict[str, Any] = {}
        while node_id != until:
            try:
                answer = self.visit(node_id, attempt=attempt)
            except RunledgerError as error:
                name = type(error).__name__
                if name != "RunReleasedError":
                    caught = {"Error": name, "Cause": str(error)}
                    self.visit("start", Operation.FAIL, attempt=attempt, error=caught, last=last)
                return
            last = answer.model_dump(by_alias=True)
            if answer.more:
                continue
            ways = [
                edge.target
                for edge in self.graph.out(node_id)
                if edge.label is None or edge.label == answer.outcome
            ]
            if not ways:
                return
            (node_id,) = ways

    def live(self) -> None:
        """Takes one run from its event to its end, with nothing else at the same time."""
        run = self.open()
        services().starter.start_opened(run)
        self.walk()

    def begin(self) -> None:
        """Does everything from the event until an execution owns the run; its walk stops there."""
        run = self.open()
        services().starter.start_opened(run)
        self.visit("start")

    def be_refused(self, node_id: str = "score") -> None:
        """Makes AWS have no capacity for a node, so that the run is handed back."""
        caught = {"Error": "Lambda.TooManyRequestsException", "Cause": "Rate exceeded"}
        last = {"nodeId": "big", "outcome": "true"}
        self.visit("start", Operation.FAIL, error=caught, last=last)

    def resume(self) -> None:
        self.visit("start", attempt=2)

    # ── before the race ────────────────────────────────────────────────────────────────────────

    _opened: Run | None = None

    def remember(self) -> None:
        """Remembers the run as it is now, for a stream that reports it late."""
        self._opened = services().stores.runs.get(self.run_id)
