"""Handles the single runs of a recovery: decides whether a run is left out, and opens its rerun."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.reruns import RerunDocument
from runledger.clock import from_iso
from runledger.errors import (
    AlreadyRerunError,
    ConditionFailedError,
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidGraphError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    ReentryBlockedError,
    RunledgerError,
    TransientError,
    UnreadableError,
)
from runledger.models.automation import AutomationStatus
from runledger.models.recovery import ItemState, LeftOut, RecoveryItem
from runledger.models.run import RunStatus
from runledger.observability import logger
from runledger.services.reruns.rerun import RerunBy
from runledger.store import keys

if TYPE_CHECKING:
    from runledger.api.runs import RunView
    from runledger.models.recovery import Recovery
    from runledger.services.reruns.rerun import PlannedRerun, Reruns

# How much of a reason an item keeps.
DETAIL_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class CheckedRun:
    """A run's item, and the plan of its rerun, as far as it could be planned. A run that is left
    out because it needs a choice has a plan, too."""

    item: RecoveryItem
    planned: "PlannedRerun | None" = None


@dataclass(frozen=True, slots=True)
class RecoveryRuns:
    reruns: "Reruns"

    def open(self, recovery: "Recovery", item: RecoveryItem) -> RecoveryItem | None:
        """Opens the run's rerun and returns the changed item. Returns None if AWS or a limit does
        not allow it now. A run that this recovery has rerun before gets no second rerun."""
        try:
            opened = self.reruns.open(
                recovery.workspace_id, item.run_id, document_of(recovery), caller_of(recovery)
            )
        except (ReentryBlockedError, AlreadyRerunError) as error:
            if isinstance(error, AlreadyRerunError) and not error.is_open:
                return left_out(item, LeftOut.RECOVERED, str(error))
            return item.changed(state=ItemState.BLOCKED, blocked_by=error.run_id)
        except (ConditionFailedError, RateLimitedError, TransientError) as error:
            logger.info(
                "a run will be rerun later", extra={"runId": item.run_id, "reason": error.for_log()}
            )
            return None
        except RunledgerError as error:
            return left_out(item, reason_of(error), str(error))
        return item.changed(state=ItemState.OPEN, rerun_id=opened.run.id, blocked_by=None)

    def check(self, recovery: "Recovery", run_id: str) -> CheckedRun:
        """Returns what the recovery would do with the run. Writes nothing."""
        item = RecoveryItem(place="", run_id=run_id, state=ItemState.PLANNED)
        by = caller_of(recovery)
        planned: PlannedRerun | None = None
        try:
            planned = self.reruns.preview(recovery.workspace_id, run_id, document_of(recovery), by)
            self.reruns.require_openable(planned, by)
        except AlreadyRerunError as error:
            if error.is_open:
                item = item.changed(state=ItemState.BLOCKED, blocked_by=error.run_id)
            else:
                item = left_out(item, LeftOut.RECOVERED, str(error))
        except TransientError:
            raise
        except RunledgerError as error:
            item = left_out(item, reason_of(error), str(error))
        return CheckedRun(item, planned)


def document_of(recovery: "Recovery") -> RerunDocument:
    return RerunDocument.model_validate(recovery.request)


def caller_of(recovery: "Recovery") -> RerunBy:
    return RerunBy(recovery.by, recovery.may_repeat_messages, recovery_id=recovery.id)


def left_out(item: RecoveryItem, reason: LeftOut, detail: str | None = None) -> RecoveryItem:
    return item.changed(
        state=ItemState.LEFT_OUT,
        reason=reason,
        detail=None if detail is None else detail[:DETAIL_CHARACTERS],
        blocked_by=None,
    )


def place_of(run: "RunView") -> str:
    return keys.created_key(from_iso(run.created_at), run.id)


def planned_item(run: "RunView") -> RecoveryItem:
    """Returns the item of a run, as far as the run's row shows it."""
    item = RecoveryItem(place=place_of(run), run_id=run.id, state=ItemState.PLANNED)
    reason = _by_row(run)
    return item if reason is None else left_out(item, reason)


def _by_row(run: "RunView") -> LeftOut | None:
    if run.unreadable is not None:
        return LeftOut.UNREADABLE
    if run.erased_at is not None:
        return LeftOut.ERASED
    if run.rerun_of is not None:
        return LeftOut.RERUN
    if not run.status.is_terminal:
        return LeftOut.OPEN
    return None if run.recovered_by is None else LeftOut.RECOVERED


def reason_of(error: RunledgerError) -> LeftOut:
    """Returns the reason for leaving out a run, from the error that refused its rerun."""
    if isinstance(error, ConflictError):
        return _reason_of_conflict(error.status)
    match error:
        case GoneError():
            return LeftOut.ERASED if "erasedAt" in error.facts else LeftOut.EXPIRED
        case NotFoundError():
            return LeftOut.EXPIRED
        case InvalidGraphError():
            return LeftOut.UNKNOWN_EFFECTS
        case InvalidInputError():
            return LeftOut.NOT_APPLICABLE
        case ForbiddenError():
            return LeftOut.FORBIDDEN
        case UnreadableError():
            return LeftOut.UNREADABLE
    return LeftOut.REFUSED


def _reason_of_conflict(status: str | None) -> LeftOut:
    if status in frozenset(RunStatus):
        return LeftOut.OPEN
    if status in frozenset(AutomationStatus):
        return LeftOut.INACTIVE
    return LeftOut.RETRYING if status == "RETRYING" else LeftOut.REFUSED
