"""Settling: no run stays open past its deadline, whatever was lost on the way.

The tick looks at rows that are due: a PENDING one is started again as its next attempt, a RUNNING
one is given until its deadline and then gone on with (Express) or ended (Standard). Step Functions'
own status events settle a run sooner, but nothing relies on their coming.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import DAY, MINUTE, SECOND, Clock, iso
from runledger.errors import (
    ConditionFailedError,
    MissingResourceError,
    NotFoundError,
    RunReleasedError,
)
from runledger.models.automation import MachineType
from runledger.models.run import ErrorDetail, Run, RunStatus
from runledger.observability import logger
from runledger.services.failures import plain
from runledger.services.frames import Frames, attempt_of, execution_of
from runledger.services.start import MAX_ATTEMPTS, Starter, machine_name, most_attempts
from runledger.store.runs import Closing

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from runledger.services.left_behind import LeftBehind
    from runledger.store.automations import AutomationStore
    from runledger.store.due import DueRow
    from runledger.store.runs import RunStore

START_GRACE = 2 * MINUTE
# Throttling and full quotas use up no attempt, but a start that is a day late is a failure.
REFUSALS_END = DAY
# Beyond the machine's own bound: clocks differ, and the last write takes a moment.
DEADLINE_SLACK = 30 * SECOND

_EVENT_KINDS = {
    "TIMED_OUT": ("EXECUTION_TIMED_OUT", "The execution ran longer than its machine allows."),
    "ABORTED": ("EXECUTION_ABORTED", "The execution was stopped from outside."),
    "FAILED": ("EXECUTION_FAILED", "The execution failed outside of any node."),
}
_ENDS = {"TIMED_OUT": "timed out", "ABORTED": "was stopped", "FAILED": "failed"}


@dataclass(frozen=True, slots=True)
class Settler:
    runs: "RunStore"
    automations: "AutomationStore"
    frames: Frames
    starter: Starter
    left_behind: "LeftBehind"
    stepfunctions: "SFNClient"
    execution_prefix: str
    clock: Clock

    def settle(self, row: "DueRow") -> None:
        """ConditionFailedError where the run moved on meanwhile."""
        run = self.runs.get(row.id)
        if run.status.is_terminal:
            self.left_behind.settle(run)
            return
        if run.execution is None:
            self._start_due(run)
        else:
            self._take_back_overdue(run)

    def _start_due(self, run: Run) -> None:
        """Starts a run that no execution owns: PENDING, or handed back amid its walk."""
        now = self.clock()
        is_untried = run.due_at == run.scheduled_for or run.start_refused
        is_too_late = now >= run.ready_at + REFUSALS_END and not run.is_handed_back
        if run.start_refused and is_too_late:
            self._give_up(run)
        elif self.starter.is_braked(run.workspace_id):
            # Its workspace was just refused a start. The row goes out of the way: left where it
            # is, a crowd of such rows would keep those behind it from ever being looked at.
            self.starter.hold_back(run, is_untried=is_untried)
        elif is_untried:
            due_at = now + START_GRACE
            self.starter.start(self.runs.postpone(run, due_at, run.start_error, refused=False))
        elif run.attempt >= most_attempts(run):
            self._give_up(run)
        else:
            reason = run.start_error or f"attempt {run.attempt} did not begin in time"
            self.starter.start(self.runs.next_attempt(run, now + START_GRACE, reason))

    def _give_up(self, run: Run) -> None:
        cause = run.start_error or "no reason was reported"
        what = "gone on with" if run.is_handed_back else "started"
        error = ErrorDetail(
            node_id=None,
            kind="NOT_RESUMED" if run.is_handed_back else "NEVER_STARTED",
            message=f"The run could not be {what}, in {run.attempt} attempts: {cause}",
            cause=cause,
        )
        self.runs.close(run, Closing(RunStatus.FAILED, self.clock(), error=error))

    def _take_back_overdue(self, run: Run) -> None:
        version = self.automations.version(run.automation_id, run.version)
        walked_from = run.resumed_at or run.started_at or run.created_at
        deadline = walked_from + version.run_seconds * SECOND + DEADLINE_SLACK
        if self.clock() < deadline:
            self.runs.postpone(run, deadline)
            return
        node_id = self._whereabouts(run)
        place = f" at node {node_id}" if node_id else ""
        message = f"The run stopped moving{place} and passed its deadline, {iso(deadline)}."
        is_express = version.machine_type is MachineType.EXPRESS
        if is_express and run.attempt < MAX_ATTEMPTS:
            # An Express execution ends without a word, and in minutes: what it left is gone on
            # with. A Standard one tells of its end; where not even that came, too much is lost.
            due_at = self.clock() + START_GRACE
            again = self.runs.hand_back(run, due_at, message, untried=False)
            self.starter.start(again)
            return
        error = ErrorDetail(node_id=node_id, kind="OVERDUE", message=message)
        self.runs.close(run, Closing(RunStatus.FAILED, self.clock(), error=error))
        # Only now: the event of its end must not tell another reason first.
        if not is_express:
            self._stop(run)

    def _whereabouts(self, run: Run) -> str | None:
        """The node that the run was last at: the claimed one nearest the end."""
        if not run.open_claims:
            return None
        return self.frames.graph(run).topology.node_at(max(run.open_claims))

    def _stop(self, run: Run) -> None:
        name = machine_name(self.execution_prefix, run.automation_id, run.version)
        try:
            self.stepfunctions.stop_execution(
                executionArn=f"{name}:{run.id}-{run.execution}",
                error="Overdue",
                cause="the run passed its deadline",
            )
        except AWS_ERRORS as error:
            ours = domain_error(error)
            if not isinstance(ours, MissingResourceError):
                raise ours from error


@dataclass(frozen=True, slots=True)
class ExecutionEnded:
    """A Step Functions status event, as far as it matters here. Times are epoch milliseconds."""

    execution_arn: str
    name: str
    status: str
    error: str | None
    cause: str | None

    def words(self) -> dict[str, str | None]:
        """What was said of its end, for the log."""
        return {"executionError": self.error, "executionCause": self.cause}


@dataclass(frozen=True, slots=True)
class Closer:
    """Settles the run of an execution that ended badly and could not say so itself."""

    runs: "RunStore"
    frames: Frames
    clock: Clock

    def close(self, ended: ExecutionEnded) -> None:
        """Events of other executions than the run's own, and of ended runs, change nothing."""
        run_id, _, _ = ended.name.rpartition("-")
        try:
            run = self.runs.get(run_id)
            execution = execution_of(run_id, ended.execution_arn)
        except (NotFoundError, RunReleasedError):
            # Started by hand on one of our machines, or its run has expired.
            logger.info("execution of no run", extra={"execution": ended.name})
            return
        if run.status.is_terminal:
            return
        try:
            if run.status is RunStatus.PENDING and run.attempt == attempt_of(execution):
                # It ended before it could own the run: the tick starts the next attempt now.
                logger.warning("execution ended early", extra={"runId": run_id, **ended.words()})
                reason = f"its execution {_ENDS[ended.status]} before it began"
                self.runs.postpone(run, self.clock(), start_error=reason)
            elif run.status is RunStatus.RUNNING and run.execution == execution:
                self._fail(run, ended)
        except ConditionFailedError:
            logger.info("run moved on while its execution's end was read", extra={"runId": run_id})

    def _fail(self, run: Run, ended: ExecutionEnded) -> None:
        kind, message = _EVENT_KINDS[ended.status]
        at_work = max(run.open_claims, default=None)
        node_id = None if at_work is None else self.frames.graph(run).topology.node_at(at_work)
        logger.warning("execution ended", extra={"runId": run.id, **ended.words()})
        cause = plain(": ".join(part for part in (ended.error, ended.cause) if part)) or None
        error = ErrorDetail(node_id=node_id, kind=kind, message=message, cause=cause)
        self.runs.close(run, Closing(RunStatus.FAILED, self.clock(), error=error))
