"""Skips the waits of a run: the run is handed back, and its next attempt continues after them.

The step is written first. If the process dies before it hands the run back, the step shows that the
wait has ended, but the machine still waits. Then the next request, or the watchdog, hands the run
back.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.models.run import RunStatus, StepStatus
from runledger.observability import logger

if TYPE_CHECKING:
    from runledger.models.run import Run, Step
    from runledger.services.execution.cancel import Canceler
    from runledger.services.runs.run_context import RunContexts
    from runledger.store.run_reads import RunHistory
    from runledger.store.runs import RunStore

# A run can change hands, or come to another node, only so often in between.
_TRIES = 4
# The beginning of the reason, by which a repeated request recognizes its own work.
SKIPPED = "skipped by"


@dataclass(frozen=True, slots=True)
class WaitSkipper:
    runs: "RunStore"
    contexts: "RunContexts"
    canceler: "Canceler"
    clock: Clock

    def skip(self, workspace_id: str, run_id: str, by: str, begun_by: int | None = None) -> "Run":
        """Ends all current waits of a run, so that it continues within a minute; with `begun_by`,
        only waits that began at this time or earlier. Raises ConflictError if the run is not
        waiting, or one of its nodes is running."""
        for _ in range(_TRIES):
            history = self._history(workspace_id, run_id)
            run = history.run
            now = self.clock()
            self._require_waiting(run, now)
            waiting = self._waiting(history, begun_by)
            if not waiting:
                raise ConflictError("the run is not waiting", status=run.status.value)
            reason = f"{SKIPPED} {by}"
            for step in waiting.values():
                if step.status is StepStatus.WAITING:
                    self.runs.end_wait(run, step, now, reason)
            try:
                free = self.runs.skip_waits(run, waiting, now, "its wait was skipped")
            except ConditionFailedError:
                # The run changed, or another request skipped the wait.
                continue
            self.canceler.stop_execution(run, "Skipped", "the wait was skipped")
            logger.info("waits skipped", extra={"runId": run.id, "waits": len(waiting)})
            return free
        raise ConflictError("the run kept changing; try again")

    def has_skipped(self, workspace_id: str, run_id: str, by: str, since: int) -> bool:
        """Whether a wait of the run was skipped by this person at `since` or later, and the run was
        handed back after it."""
        history = self._history(workspace_id, run_id)
        still = {step.node_id for step in self._waiting(history, None).values()}
        return any(
            step.reason == f"{SKIPPED} {by}"
            and (step.finished_at or 0) >= since
            and step.node_id not in still
            for step in history.steps.values()
        )

    def _history(self, workspace_id: str, run_id: str) -> "RunHistory":
        history = self.runs.history(run_id, self.clock())
        if history.run.workspace_id != workspace_id:
            raise NotFoundError(f"there is no run {run_id}")
        return history

    def _require_waiting(self, run: "Run", now: int) -> None:
        if run.status is not RunStatus.RUNNING or run.execution is None:
            raise ConflictError("the run is not waiting", status=run.status.value)
        at_work = [
            rank
            for rank, claim in run.open_claims.items()
            if claim.wait_until is None and claim.lease_until > now
        ]
        if at_work:
            node_id = self.contexts.graph(run).topology.node_at(at_work[0])
            raise ConflictError(
                f"no wait can be skipped while the node {node_id} is running; try again when that "
                "node has finished",
                status=run.status.value,
            )

    def _waiting(self, history: "RunHistory", begun_by: int | None) -> "dict[int, Step]":
        """Returns the steps at which the run waits, by the rank of their nodes. Includes a step
        whose wait was skipped, if the run was not handed back yet."""
        now = self.clock()
        topology = self.contexts.graph(history.run).topology
        found = {}
        for rank, claim in history.run.open_claims.items():
            step = history.steps.get(topology.node_at(rank))
            if step is None or claim.wait_until is None or claim.wait_until <= now:
                continue
            if begun_by is not None and step.started_at > begun_by:
                continue
            is_skipped = (step.reason or "").startswith(SKIPPED)
            if step.status is StepStatus.WAITING or is_skipped:
                found[rank] = step
        return found
