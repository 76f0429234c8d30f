"""Runs and steps. Times are epoch milliseconds."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from runledger.models.base import Model
from runledger.models.records import KEPT_FILE, Evidence, Request, Response
from runledger.models.run_keys import RunKey


class RunStatus(StrEnum):
    """The status of a run. PENDING: opened. RUNNING: started and not ended. COMPLETED: it reached
    an END. FAILED and CANCELED: it ended before an END. COMPLETED, FAILED and CANCELED are
    final."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"

    @property
    def is_terminal(self) -> bool:
        return self not in (RunStatus.PENDING, RunStatus.RUNNING)


class RunHealth(StrEnum):
    """What an open run does. QUEUED: it waits for its start. HELD: its automation is held.
    SCHEDULED: it starts at a set time. RUNNING: it runs its nodes. WAITING: it waits at a node.
    RETRYING: it is started again. OVERDUE: it shows no progress."""

    QUEUED = "QUEUED"
    HELD = "HELD"
    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    RETRYING = "RETRYING"
    OVERDUE = "OVERDUE"


class StepStatus(StrEnum):
    """The status of a step. RUNNING and WAITING steps have not ended. SKIPPED: the node was reached
    and had nothing to do. The other names explain themselves."""

    RUNNING = "RUNNING"
    WAITING = "WAITING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    SKIPPED = "SKIPPED"

    @property
    def is_finished(self) -> bool:
        return self not in (StepStatus.RUNNING, StepStatus.WAITING)


class TriggerType(StrEnum):
    """What opens runs: a user, a webhook, a date, or the end of another run."""

    MANUAL = "MANUAL"
    WEBHOOK = "WEBHOOK"
    DATE = "DATE"
    UPSTREAM = "UPSTREAM"


class FailedCall(Model):
    """A failed call to another service, without personal data: in `path`, `{id}` replaces each
    value. `status` is None if there was no answer."""

    method: str
    host: str
    path: str
    status: int | None

    @property
    def text(self) -> str:
        """The call as a text, such as `POST api.example.com/score/{id} answered 503`."""
        answered = "" if self.status is None else f" answered {self.status}"
        return f"{self.method} {self.host}{self.path}{answered}"


class ErrorDetail(Model):
    """Why a step or a run failed.

    `kind` is stable (`STOP_ERROR`, `MISSING_VARIABLE`, `OUTCOME_UNKNOWN`, …). `message` is for a
    person. `cause` is the raw exception, redacted. `call` is set if a call failed, and only the
    step keeps it.
    """

    node_id: str | None
    kind: str
    message: str
    cause: str | None = None
    call: FailedCall | None = None


# The kinds of errors that the engine or AWS causes. All others come from the automation, its data
# or the services that it calls.
ENGINE_KINDS = frozenset(
    {
        "CRASHED",
        "EXECUTION_ABORTED",
        "EXECUTION_FAILED",
        "EXECUTION_TIMED_OUT",
        "INTERNAL_ERROR",
        "NEVER_STARTED",
        "NOT_RESUMED",
        "OVERDUE",
        "STALLED",
        "TIMED_OUT",
        "UNAVAILABLE",
    }
)


class Cancellation(Model):
    """Who canceled a run, and why. `by` is a user's e-mail or `system`."""

    by: str
    reason: str


class Claim(Model):
    """The right to work on a node, until its lease ends.

    A claim that was given back before any effect began has an empty `request_id`; any process may
    take it. `wait_until` is set if the run waits at the node. `sends` says that the node sends
    messages: if the run ends meanwhile, their outcome must still be found.
    """

    request_id: str
    started_at: int
    lease_until: int
    wait_until: int | None = None
    sends: bool = False


class Run(Model):
    """The run row.

    - `execution` is the end of the ARN of the run's execution, after the run id: `<attempt>` for a
      Standard machine, `<attempt>:<uuid>` for an Express one.
    - `claimed` has the ranks (positions in topological order) of all nodes that were claimed.
      `open_claims` has the claims of nodes that have not finished, by rank.
    - `due_at` is when the run is due.
    - `start_error` says why a start was postponed. `start_refused` says that Step Functions did not
      accept the start. `is_held` says that it starts only after its automation is released.
    - `scheduled_for` is when the run starts, if not at once.
    - `resumed_at` is when a later attempt continued the walk.
    - `error_group` is the failure group of a failed run. It was derived from the whole error
      message, of which the row keeps only the start.
    - `erased_at` is when personal data was removed from the run.
    - `rerun_of` is the run that a rerun repeats, `root_run_id` the first run of the chain of
      reruns. `recovered_by` is the latest rerun of this run that completed.
    - `keys` are the values of the event by which the run is found.
    - `trace` is the X-Ray header of the request that opened a PENDING run, if it is traced.
    - `list_partition` is the row's partition in the list by status, once the row is stored.
    - `unreadable` names the parts of a damaged row that were left out. It is never stored.
    """

    id: str
    workspace_id: str
    automation_id: str
    automation_name: str
    version: int
    status: RunStatus
    attempt: int
    execution: str | None
    trigger_type: TriggerType
    contact_id: str | None
    contact_email: str | None
    contact_phone: str | None
    created_at: int
    started_at: int | None
    trigger_ms: int | None
    finished_at: int | None
    end_ms: int | None
    end_node_id: str | None
    due_at: int | None
    scheduled_for: int | None = None
    resumed_at: int | None = None
    sequence: int
    expires_at: int
    claimed: frozenset[int]
    open_claims: dict[int, Claim]
    error: ErrorDetail | None
    error_group: str | None = None
    canceled: Cancellation | None = None
    start_error: str | None = None
    start_refused: bool = False
    erased_at: int | None = None
    is_held: bool = False
    rerun_of: str | None = None
    root_run_id: str | None = None
    recovered_by: str | None = None
    keys: tuple[RunKey, ...] = ()
    trace: str | None = None
    list_partition: str = ""
    unreadable: str | None = None

    @property
    def person_id(self) -> str | None:
        """The id of the contact whose data the row contains."""
        return self.contact_id

    @property
    def ready_at(self) -> int:
        """The earliest time that the run could start."""
        return self.created_at if self.scheduled_for is None else self.scheduled_for

    @property
    def is_handed_back(self) -> bool:
        """Whether the run is RUNNING and waits for its next attempt to continue the walk."""
        return self.status is RunStatus.RUNNING and self.execution is None


class Step(Model):
    """One node of a run.

    - `input` has the values of the expressions in the node's config, by JSON pointer. Values that
      another part of the step shows are left out.
    - `output` is what later nodes read as `steps.<nodeId>.<name>`.
    - `progress` is data for the node's next visit, if the node needs several visits.
    - `reused_from` is the run whose step a rerun copied.
    - `unreadable` names the parts of a damaged step that were left out.
    """

    node_id: str
    type: str
    status: StepStatus
    started_at: int
    finished_at: int | None
    outcome: str | None = None
    reason: str | None = None
    wait_until: int | None = None
    input: dict[str, Any] = Field(default_factory=dict)
    output: dict[str, Any] = Field(default_factory=dict)
    evidence: Evidence | None = None
    request: Request | None = None
    response: Response | None = None
    error: ErrorDetail | None = None
    delivery_ids: tuple[str, ...] = ()
    visits: int = 1
    progress: dict[str, Any] | None = None
    reused_from: str | None = None
    unreadable: str | None = None

    @property
    def keeps_files(self) -> bool:
        """Whether its request or response points to a stored file."""
        return any(part and KEPT_FILE in part for part in (self.request, self.response))
