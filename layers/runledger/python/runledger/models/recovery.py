"""Recoveries: the reruns of many runs, as stored. Times are epoch milliseconds."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from runledger.models.base import Model
from runledger.models.listing import FrozenFilter


class RecoveryStatus(StrEnum):
    """PREVIEWED is a dry run, which is not stored. CANARY reruns the first few, WAITING waits for a
    person after them, RUNNING reruns the others."""

    PREVIEWED = "PREVIEWED"
    CANARY = "CANARY"
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    ABORTED = "ABORTED"

    @property
    def opens_reruns(self) -> bool:
        return self in (RecoveryStatus.CANARY, RecoveryStatus.RUNNING)


class CanaryThen(StrEnum):
    """What follows when every rerun of the canary has completed."""

    WAIT = "WAIT"
    CONTINUE = "CONTINUE"


class LeftOut(StrEnum):
    """Why a run of the selection is not rerun."""

    OPEN = "OPEN"
    RERUN = "RERUN"
    RECOVERED = "RECOVERED"
    ERASED = "ERASED"
    EXPIRED = "EXPIRED"
    UNKNOWN_EFFECTS = "UNKNOWN_EFFECTS"
    RETRYING = "RETRYING"
    INACTIVE = "INACTIVE"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    FORBIDDEN = "FORBIDDEN"
    UNREADABLE = "UNREADABLE"
    REFUSED = "REFUSED"
    ABORTED = "ABORTED"


class ItemState(StrEnum):
    """How far a recovery is with one run. BLOCKED waits for another run to end, OPEN has an open
    rerun, ENDED an ended one."""

    PLANNED = "PLANNED"
    BLOCKED = "BLOCKED"
    OPEN = "OPEN"
    ENDED = "ENDED"
    LEFT_OUT = "LEFT_OUT"


class RecoveryItem(Model):
    """One run of a recovery. `place` sorts the items of a state: `createdAt#run`. `rerun_id` is its
    rerun, `result` the status in which that ended. `blocked_by` is the run that must end first.
    `reason` and `detail` say why the run is left out."""

    place: str
    run_id: str
    state: ItemState
    rerun_id: str | None = None
    result: str | None = None
    blocked_by: str | None = None
    reason: LeftOut | None = None
    detail: str | None = None


class Recovery(Model):
    """A recovery and its progress.

    `request` is the rerun that each run gets, as the API takes it. `version` counts the changes of
    its progress, `sequence` those of its status. `status_by` is the person who changed the status,
    None for the recovery itself, and `status_reason` says why it paused.

    `paced_to` is the time up to which the pace is used up: each rerun moves it on. `failed_before`
    counts the failures that a person has accepted by continuing. `due_at` is when it goes on.

    `cursor` is where the selection goes on; `is_read` says that it is complete, and `again_at` when
    its second reading begins (None during the first). `batch` holds the places of the runs that are
    being rerun. `excluded` counts the runs left out, by reason."""

    workspace_id: str
    id: str
    filter: FrozenFilter
    request: dict[str, Any]
    by: str
    may_repeat_messages: bool
    canary: int
    canary_then: CanaryThen
    rate: int
    stop_after: int
    created_at: int
    expires_at: int
    status: RecoveryStatus
    status_at: int
    status_by: str | None = None
    status_reason: str | None = None
    sequence: int = 1
    is_canary_over: bool = False
    failed_before: int = 0
    due_at: int | None = None
    version: int = 1
    cursor: str | None = None
    is_read: bool = False
    again_at: int | None = None
    paced_to: int
    batch: tuple[str, ...] = ()
    eligible: int = 0
    excluded: dict[str, int] = Field(default_factory=dict)
    blocked: int = 0
    opened: int = 0
    completed: int = 0
    failed: int = 0
    canceled: int = 0
    finished_at: int | None = None

    @property
    def planned(self) -> int:
        """Returns how many runs can be rerun now."""
        return self.eligible - self.opened - self.blocked

    @property
    def open(self) -> int:
        """Returns how many reruns are open."""
        return self.opened - self.completed - self.failed - self.canceled

    @property
    def is_done(self) -> bool:
        """Whether every run that it found is settled."""
        return not self.planned and not self.blocked and not self.open and not self.batch

    @property
    def new_failures(self) -> int:
        return self.failed - self.failed_before
