"""Settles runs: no run stays open without progress, even if a start, an event or an answer was
lost.

The tick looks at rows that are due. It starts a PENDING or handed-back run again, as its next
attempt. If an execution owns the run, the watchdog looks at it instead. Step Functions' status
events settle a run sooner, but nothing depends on them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import DAY, Clock
from runledger.errors import ConditionFailedError, NotFoundError, RunReleasedError
from runledger.models.run import ErrorDetail, Run, RunStatus, StepStatus
from runledger.observability import logger
from runledger.services.execution.branch_failures import BranchFailures
from runledger.services.execution.start import START_GRACE, Starter, max_attempts_of
from runledger.services.execution.watchdog import may_go_on
from runledger.services.runs.run_context import RunContexts, attempt_of, execution_of
from runledger.services.runs.step_errors import plain
from runledger.store.runs import Closing

if TYPE_CHECKING:
    from runledger.services.execution.watchdog import Watchdog
    from runledger.services.messages.orphaned_messages import OrphanedMessages
    from runledger.store.due import DueRow
    from runledger.store.runs import RunStore

# Throttling and full quotas use up no attempt, but a start that is a day late is a failure.
REFUSALS_END = DAY

_EVENT_KINDS = {
    "TIMED_OUT": ("EXECUTION_TIMED_OUT", "The execution ran longer than its machine allows."),
    "ABORTED": ("EXECUTION_ABORTED", "Somebody stopped the execution in AWS."),
    "FAILED": ("EXECUTION_FAILED", "The execution failed outside of its nodes."),
}
_ENDS = {"TIMED_OUT": "timed out", "ABORTED": "was stopped", "FAILED": "failed"}


@dataclass(frozen=True, slots=True)
class Settler:
    runs: "RunStore"
    starter: Starter
    orphaned_messages: "OrphanedMessages"
    watchdog: "Watchdog"
    clock: Clock

    def settle(self, row: "DueRow") -> None:
        """Settles a run that is due. Raises ConditionFailedError if the run changed meanwhile."""
        run = self.runs.get(row.id)
        if run.status.is_terminal:
            self.orphaned_messages.settle(run)
            return
        if run.execution is None:
            self._start_due(run)
        else:
            self.watchdog.look(run.id)

    def _start_due(self, run: Run) -> None:
        """Starts a run that no execution owns: a PENDING one, or one that was handed back."""
        now = self.clock()
        is_untried = run.due_at == run.scheduled_for or run.start_refused
        is_too_late = now >= run.ready_at + REFUSALS_END and not run.is_handed_back
        if run.start_refused and is_too_late:
            self._give_up(run)
        elif self.starter.is_braked(run.workspace_id):
            # Its workspace was just refused a start. Postpone the row: many such rows at the head
            # of the index would keep the tick from the rows behind them.
            self.starter.hold_back(run, is_untried=is_untried)
        elif is_untried:
            due_at = now + START_GRACE
            self.starter.start(self.runs.postpone(run, due_at, run.start_error, refused=False))
        elif run.attempt >= max_attempts_of(run):
            self._give_up(run)
        else:
            reason = run.start_error or f"attempt {run.attempt} did not start in time"
            self.starter.start(self.runs.next_attempt(run, now + START_GRACE, reason))

    def _give_up(self, run: Run) -> None:
        cause = run.start_error or "no reason is known"
        what = "continued" if run.is_handed_back else "started"
        error = ErrorDetail(
            node_id=None,
            kind="NOT_RESUMED" if run.is_handed_back else "NEVER_STARTED",
            message=f"The run could not be {what} in {run.attempt} attempts: {cause}",
            cause=cause,
        )
        self.runs.close(run, Closing(RunStatus.FAILED, self.clock(), error=error))


@dataclass(frozen=True, slots=True)
class ExecutionEnded:
    """The part of a Step Functions status event that is used here. Times are epoch milliseconds."""

    execution_arn: str
    name: str
    status: str
    error: str | None
    cause: str | None

    def words(self) -> dict[str, str | None]:
        """Returns the execution's error and cause, for the log."""
        return {"executionError": self.error, "executionCause": self.cause}


@dataclass(frozen=True, slots=True)
class ExecutionCloser:
    """Settles the run of an execution that failed without recording the failure."""

    runs: "RunStore"
    contexts: RunContexts
    clock: Clock

    def close(self, ended: ExecutionEnded) -> None:
        """Settles the run that the execution owns. Ignores other executions and ended runs."""
        run_id, _, _ = ended.name.rpartition("-")
        try:
            run = self.runs.get(run_id)
            execution = execution_of(run_id, ended.execution_arn)
        except (NotFoundError, RunReleasedError):
            # A person started this execution on one of our machines, or its run has expired.
            logger.info("execution does not belong to a run", extra={"execution": ended.name})
            return
        if run.status.is_terminal:
            return
        try:
            if run.status is RunStatus.PENDING and run.attempt == attempt_of(execution):
                # It ended before it owned the run, so the tick starts the next attempt now.
                logger.warning("execution ended early", extra={"runId": run_id, **ended.words()})
                reason = f"its execution {_ENDS[ended.status]} before it began"
                self.runs.postpone(run, self.clock(), start_error=reason)
            elif run.status is RunStatus.RUNNING and run.execution == execution:
                self._settle(run, ended)
        except (ConditionFailedError, RunReleasedError):
            logger.info(
                "the run changed while the end of its execution was read", extra={"runId": run_id}
            )

    def _settle(self, run: Run, ended: ExecutionEnded) -> None:
        run, steps = self.runs.outline(run.id)
        failed = next((step for step in steps.values() if step.status is StepStatus.FAILED), None)
        if failed is not None:
            # The node's failure was recorded, but the run's was not.
            error = self.runs.history(run.id).steps[failed.node_id].error
        elif ended.status == "FAILED" and may_go_on(run, steps, self.contexts.graph(run)):
            logger.warning("execution failed", extra={"runId": run.id, **ended.words()})
            reason = "its execution failed before it could record the reason"
            BranchFailures(self.runs, self.clock).hand_back(run, reason)
            return
        else:
            error = self._own_error(run, ended)
        self.runs.close(run, Closing(RunStatus.FAILED, self.clock(), error=error))

    def _own_error(self, run: Run, ended: ExecutionEnded) -> ErrorDetail:
        kind, message = _EVENT_KINDS[ended.status]
        at_work = max(run.open_claims, default=None)
        node_id = None if at_work is None else self.contexts.graph(run).topology.node_at(at_work)
        logger.warning("execution ended", extra={"runId": run.id, **ended.words()})
        cause = plain(": ".join(part for part in (ended.error, ended.cause) if part)) or None
        return ErrorDetail(node_id=node_id, kind=kind, message=message, cause=cause)
