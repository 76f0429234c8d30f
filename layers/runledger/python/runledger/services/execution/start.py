"""Starts runs: one execution of the version's own machine, named after the run and attempt."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import DAY, MINUTE, SECOND, Clock
from runledger.errors import (
    ConditionFailedError,
    MissingResourceError,
    RunledgerError,
    ServiceError,
    SetupError,
    TransientError,
)
from runledger.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from runledger.models.run import Run
    from runledger.store.runs import RunStore

CONTRACT = 1
# The most executions of a run, each ended early without any node failing.
MAX_ATTEMPTS = 5
# The same limit for a run that was handed back because AWS had no capacity for its next node.
MAX_RESUMED_ATTEMPTS = 25
# How long an execution has to take the run before another one is started.
START_GRACE = 2 * MINUTE
# A refused start is postponed by half the run's age, within these limits.
SHORTEST_PUT_OFF = MINUTE
LONGEST_PUT_OFF = 15 * MINUTE
# How long to start nothing for a workspace after a start was refused.
BRAKE = 10 * SECOND
# Until when a start belongs to the trace of the request that opened the run.
TRACE_ENDS = DAY


def machine_name(stack_prefix: str, automation_id: str, version: int) -> str:
    """Returns the name or ARN of a version's machine, from the prefix that all the stack's machines
    share."""
    return f"{stack_prefix}{automation_id}-v{version}"


def max_attempts_of(run: "Run") -> int:
    return MAX_RESUMED_ATTEMPTS if run.is_handed_back else MAX_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Starter:
    """Starts executions. `machine_prefix` is the ARN of the stack's machines, up to the automation
    id. The client tries each call once: a refused start is postponed, and no caller waits for it.
    """

    runs: "RunStore"
    stepfunctions: "SFNClient"
    machine_prefix: str
    clock: Clock
    # By workspace, until when to start nothing; for this process only.
    braked: dict[str, int] = field(default_factory=dict)

    def is_braked(self, workspace_id: str) -> bool:
        return self.clock() < self.braked.get(workspace_id, 0)

    def start_opened(self, run: "Run") -> bool:
        """Starts a run that was just opened, unless it is scheduled for later or held."""
        if run.scheduled_for is not None or run.is_held:
            return False
        if self.is_braked(run.workspace_id):
            self.hold_back(run, is_untried=True)
            return False
        return self.start(run)

    def start_again(self, run: "Run") -> None:
        """Starts the next attempt of a run that was just handed back."""
        if self.is_braked(run.workspace_id):
            self.hold_back(run, is_untried=True)
        else:
            self.start(run)

    def hold_back(self, run: "Run", *, is_untried: bool) -> None:
        """Postpones a run because its workspace was just refused a start. `is_untried` means that
        the same attempt can be started later."""
        reason = "Step Functions is refusing starts of this workspace"
        self._put_off(run, reason, is_untried=is_untried)

    def start(self, run: "Run") -> bool:
        """Starts the run's current attempt; returns False if the start was postponed.

        Any refusal (throttled, quota full, machine not there yet) postpones this run and never
        raises, so one workspace's trouble does not delay the rest of the batch.
        """
        machine = machine_name(self.machine_prefix, run.automation_id, run.version)
        claim_check = {"contract": CONTRACT, "workspaceId": run.workspace_id, "runId": run.id}
        try:
            self.stepfunctions.start_execution(
                stateMachineArn=machine,
                name=f"{run.id}-{run.attempt}",
                input=json.dumps(claim_check),
                **self._trace(run),
            )
        except AWS_ERRORS as error:
            ours = domain_error(error)
            if isinstance(ours, ServiceError) and ours.code == "ExecutionAlreadyExists":
                return True
            if isinstance(ours, TransientError):
                self.braked[run.workspace_id] = self.clock() + BRAKE
            # If it throttled or a quota was full, Step Functions did not use the name. If no answer
            # came, it may have: then the same start gets the same answer, or
            # ExecutionAlreadyExists.
            logger.warning("start refused", extra={"runId": run.id, "reason": ours.for_log()})
            self._put_off(run, _reason(ours), is_untried=isinstance(ours, TransientError))
            return False
        return True

    def _trace(self, run: "Run") -> dict[str, str]:
        """Makes the execution part of the trace of the request that opened its run, unless that
        was long ago: X-Ray keeps a trace for 30 days, and a run may start after months."""
        if run.trace is None or self.clock() >= run.created_at + TRACE_ENDS:
            return {}
        # https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
        return {"traceHeader": run.trace}

    def _put_off(self, run: "Run", reason: str, *, is_untried: bool) -> None:
        logger.warning("start postponed", extra={"runId": run.id, "reason": reason})
        now = self.clock()
        delay = min(max((now - run.ready_at) // 2, SHORTEST_PUT_OFF), LONGEST_PUT_OFF)
        try:
            self.runs.postpone(run, now + delay, start_error=reason, refused=is_untried)
        except ConditionFailedError:
            logger.info("the run changed before its start was postponed", extra={"runId": run.id})


def _reason(error: RunledgerError) -> str:
    """Returns why a start was refused, for people."""
    match error:
        case TransientError():
            return "Step Functions starts no more executions at the moment"
        case MissingResourceError():
            return "the state machine of the run's version does not exist"
        case SetupError():
            return "this installation has no permission to start executions"
    return "Step Functions refused the start; the log has the reason"
