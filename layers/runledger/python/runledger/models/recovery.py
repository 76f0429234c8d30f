"""Recoveries: each reruns many runs. These are the stored rows. Times are epoch milliseconds."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from runledger.models.base import Model
from runledger.models.listing import FrozenFilter


class RecoveryStatus(StrEnum):
    """The status of a recovery. PREVIEWED: a dry run, which is not stored. CANARY: the first few
    runs are being rerun. WAITING: these have completed, and a person must continue. RUNNING: the
    other runs are being rerun. The other names explain themselves."""

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
    """What happens when every rerun of the canary has completed."""

    WAIT = "WAIT"
    CONTINUE = "CONTINUE"


class LeftOut(StrEnum):
    """Why a run that the recovery found is not rerun."""

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
    """The state of one run in a recovery. BLOCKED: it waits until another run ends. OPEN: its rerun
    is open. ENDED: its rerun has ended."""

    PLANNED = "PLANNED"
    BLOCKED = "BLOCKED"
    OPEN = "OPEN"
    ENDED = "ENDED"
    LEFT_OUT = "LEFT_OUT"


class RecoveryItem(Model):
    """One run of a recovery.

    - `place` sorts the items of a state: `createdAt#run`.
    - `rerun_id` is its rerun, and `result` the status in which the rerun ended.
    - `blocked_by` is the run that must end first.
    - `reason` and `detail` say why the run is left out.
    """

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

    - `request` describes the rerun of each run, as the API takes it.
    - `version` counts the changes of the progress, `sequence` those of the status.
    - `status_by` is the person who changed the status; None if it changed automatically.
      `status_reason` says why it paused.
    - `paced_to` is the earliest time at which the pace allows the next rerun. Each rerun moves it
      forward.
    - `failed_before` counts the failures that a person accepted by continuing.
    - `due_at` is when the recovery continues.
    - `cursor` is where the search for runs continues. The list is searched twice, because runs may
      still be open the first time. `again_at` is when the second search begins (None during the
      first), and `is_read` says that the second search is complete.
    - `batch` has the places of the runs that are being rerun now.
    - `excluded` counts the runs that are left out, by reason.
    """

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
        """Whether every run that the recovery found is settled."""
        return not self.planned and not self.blocked and not self.open and not self.batch

    @property
    def new_failures(self) -> int:
        return self.failed - self.failed_before
