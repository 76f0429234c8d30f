"""Cancels runs: one for an operator, or all open runs of an automation that was stopped."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import Clock
from runledger.errors import ConditionFailedError, ConflictError, NotFoundError, TransientError
from runledger.models.run import Cancellation, Run, RunStatus
from runledger.observability import logger
from runledger.services.execution.start import machine_name
from runledger.store.run_rows import run_from_item
from runledger.store.runs import Closing

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from runledger.store.runs import RunStore

OPEN = frozenset({RunStatus.PENDING, RunStatus.RUNNING})

# A run can change hands only from PENDING to RUNNING and from attempt to attempt.
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Canceler:
    """Cancels runs. `execution_prefix` is the ARN of the stack's Standard executions, up to the
    automation id."""

    runs: "RunStore"
    stepfunctions: "SFNClient"
    execution_prefix: str
    clock: Clock

    def cancel(
        self,
        workspace_id: str,
        run_id: str,
        canceled: Cancellation,
        wanted: frozenset[RunStatus] = OPEN,
    ) -> Run:
        """Cancels a run permanently: after this, no node or message of it can be claimed. Raises
        ConflictError, with the run's status, if the run has ended or its status is not in `wanted`.
        """
        for _ in range(_TRIES):
            run = self.runs.get(run_id)
            if run.workspace_id != workspace_id:
                raise NotFoundError(f"there is no run {run_id}")
            if run.status is RunStatus.CANCELED:
                # The process that canceled it may have died before it stopped the execution.
                self._stop(run)
            if run.status not in wanted:
                raise ConflictError(
                    f"the run cannot be canceled, because it is {run.status}",
                    status=run.status.value,
                )
            closing = Closing(RunStatus.CANCELED, self.clock(), canceled=canceled)
            try:
                closed = self.runs.close(run, closing)
            except ConditionFailedError as error:
                found = run_from_item(error.item) if error.item else None
                if found is None or not _is_own(found, closing):
                    continue
                closed = found
            self._stop(run)
            return closed
        raise TransientError(f"the run {run_id} kept changing; try again")

    def _stop(self, run: Run) -> None:
        self.stop_execution(run, "Canceled", "the run was canceled")

    def stop_execution(self, run: Run, error: str, cause: str) -> None:
        """Stops a Standard execution, which may be in a long wait. An Express execution, or one
        that cannot be stopped, ends at its next step, because it no longer owns the run."""
        if run.execution is None or ":" in run.execution:
            return
        machine = machine_name(self.execution_prefix, run.automation_id, run.version)
        try:
            self.stepfunctions.stop_execution(
                executionArn=f"{machine}:{run.id}-{run.execution}",
                error=error,
                cause=cause,
            )
        except AWS_ERRORS as error:
            reason = domain_error(error).for_log()
            logger.warning("execution not stopped", extra={"runId": run.id, "reason": reason})


def _is_own(found: Run, closing: Closing) -> bool:
    """Whether the run was ended by this same call. If the first answer is lost, the AWS client
    sends the write again, and the repeat finds the run ended."""
    by = closing.canceled.by if closing.canceled else None
    return (
        found.status is closing.status
        and found.finished_at == closing.finished_at
        and found.canceled is not None
        and found.canceled.by == by
    )
