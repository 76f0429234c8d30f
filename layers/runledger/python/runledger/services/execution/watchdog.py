"""The watchdog: no run that an execution owns stays silent.

The tick looks at each open run when one of its branches could have fallen silent. If one has, the
run is handed back to its next attempt, or failed with the reason if its attempts are used up. This
is safe in any state of the execution: it no longer owns the run, recorded steps are not run again,
and its claims stay valid until their leases end.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import MINUTE, SECOND, Clock, iso
from runledger.errors import MissingResourceError, TransientError
from runledger.models.automation import MachineType
from runledger.models.run import ErrorDetail, RunStatus
from runledger.observability import logger
from runledger.services.execution.silence import (
    Silence,
    attempt_began_at,
    has_progressed,
    silence_of,
)
from runledger.services.execution.start import (
    MAX_ATTEMPTS,
    MAX_RESUMED_ATTEMPTS,
    START_GRACE,
    machine_name,
)
from runledger.store.runs import Closing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_stepfunctions import SFNClient

    from runledger.compiler.graph import GraphView
    from runledger.models.run import Run, Step
    from runledger.services.execution.start import Starter
    from runledger.services.runs.run_context import RunContexts
    from runledger.store.automations import AutomationStore
    from runledger.store.runs import RunStore

# A silent run is handed back within five minutes: this, plus up to a minute until the next tick.
SILENCE = 210 * SECOND
# Added to the machine's own timeout: clocks differ, and the last write takes a moment.
DEADLINE_SLACK = 30 * SECOND
# The most DescribeExecution calls in a minute. An account may make 15 a second, with a burst of 300
# (AWS Step Functions Developer Guide, "Quotas related to API action throttling"), and others make
# them too.
QUESTIONS = 200

_ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"})


def may_go_on(run: "Run", steps: "Mapping[str, Step]", graph: "GraphView") -> bool:
    """Whether a run gets another attempt after its execution ended without ending the run. A run
    that makes progress gets more attempts."""
    most = MAX_RESUMED_ATTEMPTS if has_progressed(run, steps, graph) else MAX_ATTEMPTS
    return run.attempt < most


@dataclass(frozen=True, slots=True)
class Watchdog:
    """Settles silent runs. `execution_prefix` is the ARN of the stack's Standard executions, up to
    the automation id."""

    runs: "RunStore"
    automations: "AutomationStore"
    contexts: "RunContexts"
    starter: "Starter"
    stepfunctions: "SFNClient"
    execution_prefix: str
    clock: Clock
    # DescribeExecution calls by minute; of this process only.
    asked: Counter[int] = field(default_factory=Counter)

    def look(self, run_id: str) -> None:
        """Looks at a RUNNING run that an execution owns. Raises ConditionFailedError if the run
        changed meanwhile."""
        run, steps = self.runs.outline(run_id)
        now = self.clock()
        is_owned = run.status is RunStatus.RUNNING and run.execution is not None
        if not is_owned or (run.due_at is not None and run.due_at > now):
            # The run has changed, and the index does not show that yet.
            return
        version = self.automations.version(run.automation_id, run.version)
        silence = silence_of(run, steps, self.contexts.graph(run), now)
        deadline = attempt_began_at(run) + version.run_seconds * SECOND + DEADLINE_SLACK
        look_at = min(silence.since + SILENCE, deadline)
        if now < look_at:
            self.runs.postpone(run, look_at)
            return
        is_express = version.machine_type is MachineType.EXPRESS
        ended_as = None
        if not is_express:
            try:
                ended_as = self._ended_as(run)
            except TransientError as error:
                if now < look_at + MINUTE:
                    # The next tick asks again; the row stays due.
                    logger.warning(
                        "execution not described", extra={"runId": run.id, "why": str(error)}
                    )
                    return
        self._settle(run, steps, silence, deadline, ended_as)
        if not is_express and ended_as is None:
            # Stop it only now: its end event must not settle the run with another reason first.
            self._stop(run)

    def _settle(
        self,
        run: "Run",
        steps: "Mapping[str, Step]",
        silence: Silence,
        deadline: int,
        ended_as: str | None,
    ) -> None:
        now = self.clock()
        moved_no_more = f"stopped at node {silence.node_id}"
        if may_go_on(run, steps, self.contexts.graph(run)):
            why = f": its execution {_ended_words(ended_as)}" if ended_as else ""
            reason = f"the run {moved_no_more}{why}"
            again = self.runs.hand_back(
                run, now + START_GRACE, reason, untried=False, is_as_read=True
            )
            logger.warning(
                "run without progress was handed back to the tick",
                extra={"runId": run.id, "reason": reason},
            )
            self.starter.start_again(again)
            return
        is_overdue = now >= deadline
        tail = f" and passed its deadline, {iso(deadline)}" if is_overdue else ""
        message = f"The run {moved_no_more}{tail}. It made no progress in {run.attempt} attempts."
        kind = "OVERDUE" if is_overdue else "STALLED"
        error = ErrorDetail(node_id=silence.node_id, kind=kind, message=message)
        self.runs.close(run, Closing(RunStatus.FAILED, now, error=error))

    def _ended_as(self, run: "Run") -> str | None:
        """Returns how the run's Standard execution ended. Returns None if it is still running, or
        if Step Functions was not asked; the caller's action is safe in both cases. Raises
        TransientError if Step Functions does not answer now."""
        minute = self.clock() // MINUTE
        if self.asked[minute] >= QUESTIONS:
            return None
        self.asked[minute] += 1
        try:
            answer = self.stepfunctions.describe_execution(executionArn=self._arn(run))
        except AWS_ERRORS as error:
            ours = domain_error(error)
            if isinstance(ours, MissingResourceError):
                return "FORGOTTEN"
            if isinstance(ours, TransientError):
                raise ours from error
            logger.warning("execution not described", extra={"runId": run.id, "why": str(ours)})
            return None
        return answer["status"] if answer["status"] in _ENDED else None

    def _stop(self, run: "Run") -> None:
        """Stops an execution that no longer owns the run and may be in a long wait."""
        try:
            self.stepfunctions.stop_execution(
                executionArn=self._arn(run),
                error="Silent",
                cause="the run stopped making progress",
            )
        except AWS_ERRORS as error:
            reason = str(domain_error(error))
            logger.warning("execution not stopped", extra={"runId": run.id, "reason": reason})

    def _arn(self, run: "Run") -> str:
        name = machine_name(self.execution_prefix, run.automation_id, run.version)
        return f"{name}:{run.id}-{run.execution}"


def _ended_words(ended_as: str) -> str:
    return {
        "SUCCEEDED": "ended without ending the run",
        "FAILED": "failed",
        "TIMED_OUT": "timed out",
        "ABORTED": "was stopped in AWS",
    }.get(ended_as, "no longer exists")
