"""Cancels all open runs that a list shows, or skips the waits of those that wait: some within the
request, the rest by the tick.

A batch is stored before its runs are changed. If a process dies, the next one repeats the batch,
and counts the runs that this bulk action already changed.

The list is read twice, because its index lags behind and runs opened just before the request may be
missing at first. A minute after the first reading ends, the second begins from the top and takes
the runs that are still open. The second reading also finds runs that the first one could not
change, and runs that wait again. Therefore the second reading counts a run as found only if it
changes the run.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.bulk_cancels import BulkCancelDocument, BulkCancelView, BulkSkipView
from runledger.clock import DAY, MINUTE, SECOND, Clock, iso, optional_iso
from runledger.errors import (
    ConditionFailedError,
    ConflictError,
    NotFoundError,
    TransientError,
    UnreadableError,
)
from runledger.ids import new_id
from runledger.models.bulk_cancel import BulkAction, BulkCancel
from runledger.models.listing import FrozenFilter, ListName
from runledger.models.run import Cancellation, RunStatus
from runledger.observability import logger
from runledger.services.execution.cancel import OPEN
from runledger.services.lists.pages import SCAN_BUDGET
from runledger.services.lists.snapshots import INDEX_LAG
from runledger.services.views.filters import filter_view
from runledger.services.views.runs import run_view
from runledger.store.request_keys import request_key

if TYPE_CHECKING:
    from runledger.api.bulk_cancels import BulkDocument
    from runledger.api.runs import RunView
    from runledger.services.execution.cancel import Canceler
    from runledger.services.execution.skip_wait import WaitSkipper
    from runledger.services.lists.snapshots import ListSnapshots
    from runledger.store.bulk_cancels import BulkCancelStore
    from runledger.store.due import DueRow
    from runledger.store.runs import RunStore

# Runs canceled between two writes of the progress.
BATCH = 50
SAMPLE = 10
# The most runs that a row lists as found but not changed. Such runs are few: they were at a node
# just then, ended, or are damaged.
MOST_PASSED_OVER = 1_000
# The limits of one request, which API Gateway ends after 30 seconds.
REQUEST_BATCHES = 10
REQUEST_TIME = 8 * SECOND
# The limits of one tick.
TICK_BATCHES = 1_000
TICK_TIME = 20 * SECOND
# How long its row is kept.
KEPT = 30 * DAY


@dataclass(frozen=True, slots=True)
class BulkCancels:
    store: "BulkCancelStore"
    lists: "ListSnapshots"
    runs: "RunStore"
    canceler: "Canceler"
    skipper: "WaitSkipper"
    clock: Clock

    def count(
        self,
        workspace_id: str,
        document: "BulkDocument",
        by: str,
        action: BulkAction = BulkAction.CANCEL,
    ) -> BulkCancelView:
        """Counts the runs that would be canceled, or whose waits would be skipped, within the
        budget of one request. Raises InvalidInputError for a filter that the list would refuse."""
        now = self.clock()
        frozen = self._frozen(workspace_id, document, now, action)
        page = self.lists.runs(workspace_id, frozen, SCAN_BUDGET, None)
        found = [each for each in page.items if _is_meant(each, action)]
        return BulkCancelView(
            id=None,
            filter=filter_view(ListName.RUNS, frozen),
            reason=_reason(document),
            requested_by=by,
            matched=len(found),
            canceled=0,
            is_complete=page.next_cursor is None,
            sample=found[:SAMPLE],
            created_at=iso(now),
            finished_at=None,
        )

    def begin(
        self,
        workspace_id: str,
        document: "BulkDocument",
        by: str,
        action: BulkAction = BulkAction.CANCEL,
    ) -> BulkCancel:
        """Cancels the runs that match now, or skips their waits, as many as time allows. Raises
        InvalidInputError as `count` does. The same idempotency key returns the same bulk cancel,
        or raises KeyReusedError for another request."""
        now = self.clock()
        asked = BulkCancel(
            workspace_id=workspace_id,
            id=new_id("can"),
            filter=self._frozen(workspace_id, document, now, action),
            by=by,
            reason=_reason(document),
            action=action,
            created_at=now,
            expires_at=now + KEPT,
        )
        request = request_key(document, document.idempotency_key)
        stored = self.store.create(asked, now + MINUTE, request)
        if stored.id != asked.id:
            # The request that stored it, or the tick, continues it.
            return stored
        try:
            return self._go_on(asked, REQUEST_BATCHES, now + REQUEST_TIME)
        except (ConditionFailedError, TransientError) as error:
            # The request is stored, so the tick continues it.
            logger.warning(
                "bulk cancel interrupted", extra={"id": asked.id, "reason": error.for_log()}
            )
            return self.store.get(workspace_id, asked.id, now)

    def settle(self, row: "DueRow") -> None:
        """Continues a bulk cancel within the time of one tick. Raises ConditionFailedError if
        another process works on it."""
        asked = self.store.at(row.key)
        now = self.clock()
        if asked is None or asked.finished_at is not None:
            return
        if asked.again_at is not None and asked.again_at > now:
            # It waits for its second reading, and the index does not show that yet.
            return
        self._go_on(asked, TICK_BATCHES, now + TICK_TIME)

    def _frozen(
        self, workspace_id: str, document: "BulkDocument", now: int, action: BulkAction
    ) -> FrozenFilter:
        frozen = self.lists.freeze(workspace_id, ListName.RUNS, document.filter, now)
        open_ = OPEN if action is BulkAction.CANCEL else frozenset({RunStatus.RUNNING})
        wanted = open_ & set(frozen.statuses) if frozen.statuses else open_
        return frozen.changed(
            statuses=tuple(sorted(wanted)),
            is_empty=frozen.is_empty or not wanted,
        )

    def _go_on(self, asked: BulkCancel, batches: int, until: int) -> BulkCancel:
        for left in reversed(range(batches)):
            asked, before = self._with_batch_canceled(asked, until), asked
            if asked.batch:
                return self.store.change(before, asked, self.clock())
            after = self._with_next_batch(asked)
            now = self.clock()
            if after.is_read and not after.batch:
                return self._end_reading(before, after, now)
            is_over = not left or now >= until
            # A process that stops makes it due at once for the tick; while it works, the tick stays
            # away.
            asked = self.store.change(before, after, now if is_over else now + MINUTE)
            if is_over:
                break
        return asked

    def _end_reading(self, before: BulkCancel, after: BulkCancel, now: int) -> BulkCancel:
        if after.again_at is not None or after.filter.is_empty:
            return self.store.change(before, after.changed(finished_at=now), None)
        again_at = now + INDEX_LAG
        again = after.changed(again_at=again_at, is_read=False, cursor=None)
        return self.store.change(before, again, again_at)

    def _with_batch_canceled(self, asked: BulkCancel, until: int) -> BulkCancel:
        """Cancels runs of the stored batch, at least one. Runs for which no time is left stay in
        the batch."""
        batch = asked.batch
        for done, run_id in enumerate(batch, start=1):
            asked = _with_result(asked, run_id, is_changed=self._act(asked, run_id))
            if self.clock() >= until:
                return asked.changed(batch=batch[done:])
        return asked.changed(batch=())

    def _with_next_batch(self, asked: BulkCancel) -> BulkCancel:
        if asked.is_read:
            return asked.changed(batch=())
        page = self.lists.runs(asked.workspace_id, asked.filter, BATCH, asked.cursor)
        found = tuple(run.id for run in page.items if _is_meant(run, asked.action))
        following = asked.changed(
            cursor=page.next_cursor, is_read=page.next_cursor is None, batch=found
        )
        is_first_reading = asked.again_at is None
        return _with_matched(following, found) if is_first_reading else following

    def _act(self, asked: BulkCancel, run_id: str) -> bool:
        if asked.action is BulkAction.CANCEL:
            return self._cancel(asked, run_id)
        return self._skip(asked, run_id)

    def _skip(self, asked: BulkCancel, run_id: str) -> bool:
        """Skips the waits of a run. Returns whether this reading of the list skipped them, now or
        in an earlier try."""
        # Before the second reading, the first one may have skipped another wait of the run.
        since = asked.again_at or asked.created_at
        try:
            try:
                # The second reading must not end a wait that a run came to after the first.
                self.skipper.skip(asked.workspace_id, run_id, asked.by, asked.created_at)
                return True
            except ConflictError:
                return self.skipper.has_skipped(asked.workspace_id, run_id, asked.by, since)
        except (NotFoundError, UnreadableError):
            logger.info("the run was deleted or is damaged", extra={"runId": run_id})
            return False

    def _cancel(self, asked: BulkCancel, run_id: str) -> bool:
        """Cancels a run. Returns whether this bulk cancel ended the run, now or in an earlier
        try."""
        canceled = Cancellation(by=asked.by, reason=asked.reason)
        wanted = frozenset(RunStatus(status) for status in asked.filter.statuses)
        try:
            try:
                self.canceler.cancel(asked.workspace_id, run_id, canceled, wanted)
                return True
            except ConflictError:
                run = self.runs.get(run_id)
        except (NotFoundError, UnreadableError):
            logger.info("the run was deleted or is damaged", extra={"runId": run_id})
            return False
        return run.canceled == canceled and (run.finished_at or 0) >= asked.created_at


def _reason(document: "BulkDocument") -> str:
    return document.reason if isinstance(document, BulkCancelDocument) else ""


def _with_matched(asked: BulkCancel, found: tuple[str, ...]) -> BulkCancel:
    return asked.changed(matched=asked.matched + len(found), sample=(asked.sample + found)[:SAMPLE])


def _with_result(asked: BulkCancel, run_id: str, *, is_changed: bool) -> BulkCancel:
    """Returns the bulk action after a run of its batch was changed, or could not be changed."""
    is_first_reading = asked.again_at is None
    if not is_changed:
        passed_over = (*asked.passed_over, run_id)[:MOST_PASSED_OVER]
        return asked.changed(passed_over=passed_over) if is_first_reading else asked
    asked = asked.changed(canceled=asked.canceled + 1)
    is_counted = is_first_reading or run_id in asked.passed_over
    return asked if is_counted else _with_matched(asked, (run_id,))


def _is_meant(run: "RunView", action: BulkAction) -> bool:
    """Whether the action applies to a run of the list."""
    return action is BulkAction.CANCEL or (run.health is not None and run.health.state == "WAITING")


def bulk_cancel_view(asked: BulkCancel, runs: "RunStore", now: int) -> BulkCancelView:
    return BulkCancelView(
        id=asked.id,
        filter=filter_view(ListName.RUNS, asked.filter),
        reason=asked.reason,
        requested_by=asked.by,
        matched=asked.matched,
        canceled=asked.canceled,
        is_complete=asked.finished_at is not None,
        sample=_sample(asked, runs, now),
        created_at=iso(asked.created_at),
        finished_at=optional_iso(asked.finished_at),
    )


def bulk_skip_view(view: BulkCancelView) -> BulkSkipView:
    """Returns the progress of a bulk skip of waits. Its row has the same form as that of a bulk
    cancel."""
    return BulkSkipView(
        id=view.id,
        filter=view.filter,
        requested_by=view.requested_by,
        matched=view.matched,
        skipped=view.canceled,
        is_complete=view.is_complete,
        sample=view.sample,
        created_at=view.created_at,
        finished_at=view.finished_at,
    )


def _sample(asked: BulkCancel, runs: "RunStore", now: int) -> "list[RunView]":
    found = runs.get_many(asked.sample)
    there = [found[each] for each in asked.sample if each in found]
    return [run_view(run, now) for run in there if run.expires_at > now]
