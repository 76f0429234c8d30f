"""Handles a branch that failed, and an execution that ended while its run was still open.

A node's failure is recorded on its step and ends the run. If no node is at fault, the run is handed
back: it stays RUNNING without an owner, and the tick starts its next attempt.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.clock import Clock
from runledger.errors import ConditionFailedError, RunReleasedError
from runledger.models.run import ErrorDetail, Run, RunStatus, Step, StepStatus
from runledger.services.execution.start import (
    LONGEST_PUT_OFF,
    MAX_RESUMED_ATTEMPTS,
    SHORTEST_PUT_OFF,
)
from runledger.services.runs.position import failed_node
from runledger.services.runs.step_errors import caught_error, in_words, is_for_later
from runledger.store.runs import Closing

if TYPE_CHECKING:
    from runledger.services.runs.run_context import RunContext
    from runledger.store.runs import RunStore


@dataclass(frozen=True, slots=True)
class BranchFailures:
    runs: "RunStore"
    clock: Clock

    def settle(self, context: "RunContext", head: str, state: dict[str, Any]) -> bool:
        """Ends the run with the error that a branch's failure state caught, or hands the run back.
        Returns whether the run ended. `head` is the branch's first node, `state` the whole state of
        the branch. Raises RunReleasedError if another process settled the run first."""
        caught = state.get("error") or {}
        node_id = failed_node(context, head, state, caught)
        if is_for_later(caught) and context.run.attempt < MAX_RESUMED_ATTEMPTS:
            place = f"node {node_id}: " if node_id else ""
            self.hand_back(context.run, f"{place}{in_words(caught)}")
            return False
        step = context.history.steps.get(node_id) if node_id else None
        if step is not None and step.error is not None:
            error = step.error
        else:
            error = caught_error(caught, node_id)
            if node_id is not None and (step is None or step.status is StepStatus.RUNNING):
                recorded = self._record(context, node_id, error, step)
                if recorded.error is None and context.run.attempt < MAX_RESUMED_ATTEMPTS:
                    # The request lived on and recorded the node after the machine gave up on it.
                    self.hand_back(context.run, f"node {node_id}: {in_words(caught)}")
                    return False
                error = recorded.error or error
        self.close(context.run, Closing(RunStatus.FAILED, self.clock(), error=error))
        return True

    def hand_back(self, run: Run, reason: str) -> None:
        """Takes the run from its execution. The next attempt continues where this one stopped.
        The second attempt starts after one minute, the later attempts after two, four, eight and
        then always 15 minutes."""
        delay = min(SHORTEST_PUT_OFF << min(run.attempt - 1, 10), LONGEST_PUT_OFF)
        try:
            self.runs.hand_back(run, self.clock() + delay, reason, untried=True)
        except ConditionFailedError as error:
            raise RunReleasedError("the run ended, or another execution took it") from error

    def close(self, run: Run, closing: Closing) -> None:
        """Closes the run. Raises RunReleasedError if another process closed or took it first.

        The write has no condition on claims, so the owner's close cannot fail because a claim
        changed."""
        try:
            self.runs.close(run, closing)
        except ConditionFailedError as error:
            raise RunReleasedError("the run ended, or another execution took it") from error

    def _record(
        self, context: "RunContext", node_id: str, error: ErrorDetail, before: Step | None
    ) -> Step:
        """Records the node as FAILED and returns the stored step. A step that finished meanwhile
        stays as it is."""
        now = self.clock()
        if before is not None:
            failed = before.changed(
                status=StepStatus.FAILED,
                finished_at=now,
                error=error,
                visits=before.visits + 1,
            )
            return self.runs.record(context.run, failed, after=before)
        claim = context.run.open_claims.get(context.graph.topology.rank(node_id))
        step = Step(
            node_id=node_id,
            type=context.graph.nodes[node_id].node.type,
            status=StepStatus.FAILED,
            started_at=claim.started_at if claim else now,
            finished_at=now,
            error=error,
        )
        return self.runs.record(context.run, step)
