"""Continues recoveries: finds their runs, opens reruns at the given rate, and counts how these end.

The result of each step is stored before the next step, and the id of a rerun is derived from the
recovery and the original run. So if a process dies, the next one finds the reruns that were opened,
and opens none twice. A person's change of the status and the process's progress are stored in
separate writes, so that neither makes the other fail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, SECOND, Clock
from runledger.errors import ConditionFailedError, ConflictError
from runledger.models.recovery import (
    CanaryThen,
    ItemState,
    LeftOut,
    Recovery,
    RecoveryItem,
    RecoveryStatus,
)
from runledger.models.rerun import rerun_id
from runledger.models.run import RunStatus
from runledger.services.lists.snapshots import INDEX_LAG
from runledger.services.reruns.recovery_runs import left_out, place_of, planned_item
from runledger.store.recoveries import MOST_ITEMS

if TYPE_CHECKING:
    from runledger.models.run import Run
    from runledger.services.in_parallel import Gather
    from runledger.services.lists.snapshots import ListSnapshots
    from runledger.services.reruns.recovered_groups import RecoveredGroups
    from runledger.services.reruns.recovery_runs import RecoveryRuns
    from runledger.store.recoveries import RecoveryStore
    from runledger.store.runs import RunStore

CANARY_FAILED = "CANARY_FAILED"
STOPPED_AFTER_FAILURES = "STOPPED_AFTER_FAILURES"
# Runs selected, and reruns opened, between two writes of the progress.
PAGE = 50
BATCH = 20
# Longer than any process that works on a recovery lives.
LEASE = 2 * MINUTE
# The most credit of the pace: a tick may come late, and a pause earns little.
MOST_CREDIT = 90 * SECOND
# Less than the time between two ticks, so that each tick goes on.
SOON = 20 * SECOND
# If many reruns wait for days, their ends are looked for less often.
FEW_OPEN = 200
RARELY = 15 * MINUTE

Moved = list[tuple[RecoveryItem | None, RecoveryItem]]


@dataclass(frozen=True, slots=True)
class RecoveryProgress:
    store: "RecoveryStore"
    lists: "ListSnapshots"
    runs: "RunStore"
    opener: "RecoveryRuns"
    groups: "RecoveredGroups"
    gather: "Gather"
    clock: Clock

    def go_on(self, recovery: Recovery, until: int) -> Recovery:
        """Continues until `until`, or until there is nothing left to do now. Raises
        ConditionFailedError if another process continued the recovery or somebody changed its
        status; nothing is lost then."""
        recovery = self.store.begin_batch(recovery, recovery.batch, self.clock() + LEASE)
        ended = recovery.open
        recovery = self._with_batch_finished(recovery)
        recovery = self._with_ends_counted(recovery, until)
        recovery = self._with_blocked_freed(recovery)
        is_quiet = recovery.open == ended
        goes_on = True
        while goes_on:
            recovery = self._turned(recovery)
            if self.clock() >= until:
                break
            recovery, goes_on = self._one_step(recovery)
        self.store.rest(recovery, self._next_moment(recovery, ran_out=goes_on, is_quiet=is_quiet))
        return recovery

    def _one_step(self, recovery: Recovery) -> tuple[Recovery, bool]:
        """Does the most urgent step. Returns False if there is none now."""
        is_aborted = recovery.status is RecoveryStatus.ABORTED
        if recovery.planned and self._allowance(recovery) > 0:
            return self._with_batch_opened(recovery)
        if is_aborted and (recovery.planned or recovery.blocked):
            return self._with_some_left_out(recovery)
        is_due = recovery.again_at is None or recovery.again_at <= self.clock()
        if not is_aborted and not recovery.is_read and is_due:
            return self._with_page_read(recovery), True
        return recovery, False

    # ── selecting ────────────────────────────────────────────────────────────────────────────

    def _with_page_read(self, recovery: Recovery) -> Recovery:
        """Adds the next runs of the list, oldest first. The list is read twice. The first time,
        runs that are open are skipped, because most of them will have ended by the second time."""
        page = self.lists.runs(
            recovery.workspace_id, recovery.filter, PAGE, recovery.cursor, newest_first=False
        )
        is_second = recovery.again_at is not None
        found = {place_of(run): planned_item(run) for run in page.items}
        known: dict[str, RecoveryItem] = {}
        if is_second:
            known = self.store.at_places(recovery.id, ItemState, found)
        added: Moved = [
            (None, item)
            for place, item in found.items()
            if place not in known and (is_second or item.reason is not LeftOut.OPEN)
        ]
        after = counted(recovery, added).changed(cursor=page.next_cursor)
        if page.next_cursor is None:
            is_over = is_second or recovery.filter.is_empty
            after = after.changed(
                is_read=is_over,
                again_at=recovery.again_at if is_over else self.clock() + INDEX_LAG,
            )
        return self.store.record(recovery, after, added)

    # ── opening ──────────────────────────────────────────────────────────────────────────────

    def _allowance(self, recovery: Recovery) -> int:
        """Returns how many reruns may be opened now."""
        if not recovery.status.opens_reruns:
            return 0
        now = self.clock()
        credit = now - max(recovery.paced_to, now - MOST_CREDIT)
        left = credit * recovery.rate // MINUTE
        if recovery.status is RecoveryStatus.CANARY:
            left = min(left, recovery.canary - recovery.opened)
        return left

    def _with_batch_opened(self, recovery: Recovery) -> tuple[Recovery, bool]:
        size = min(BATCH, self._allowance(recovery))
        items, _ = self.store.items(recovery.id, ItemState.PLANNED, size)
        if not items:
            return recovery, False
        places = [item.place for item in items]
        recovery = self.store.begin_batch(recovery, places, self.clock() + LEASE)
        return self._with_opened(recovery, items)

    def _with_opened(
        self, recovery: Recovery, items: Sequence[RecoveryItem]
    ) -> tuple[Recovery, bool]:
        """Opens the reruns of the batch. Returns False if some of them must wait."""
        results = self.gather([partial(self.opener.open, recovery, item) for item in items])
        moved: Moved = [
            (item, result) for item, result in zip(items, results, strict=True) if result
        ]
        after = counted(recovery, moved).changed(batch=())
        paced_to = max(recovery.paced_to, self.clock() - MOST_CREDIT)
        paced_to += (after.opened - recovery.opened) * MINUTE // recovery.rate
        after = after.changed(paced_to=paced_to)
        return self.store.record(recovery, after, moved), len(moved) == len(items)

    def _with_batch_finished(self, recovery: Recovery) -> Recovery:
        """Settles the batch of a process that died. Opens the missing reruns, or, if the recovery
        may open none now, counts only those that were opened."""
        if not recovery.batch:
            return recovery
        items = self.store.at_places(recovery.id, (ItemState.PLANNED,), recovery.batch)
        left = [items[place] for place in recovery.batch if place in items]
        if recovery.status.opens_reruns:
            return self._with_opened(recovery, left)[0]
        moved = self._opened_already(recovery, left)
        return self.store.record(recovery, counted(recovery, moved).changed(batch=()), moved)

    def _opened_already(self, recovery: Recovery, items: Sequence[RecoveryItem]) -> Moved:
        """Returns the items whose reruns exist, with their new state."""
        ids = {
            item.place: rerun_id(recovery.workspace_id, item.run_id, recovery.id) for item in items
        }
        there = self.runs.get_many(ids.values(), consistent=True)
        return [
            (item, item.changed(state=ItemState.OPEN, rerun_id=ids[item.place], blocked_by=None))
            for item in items
            if ids[item.place] in there
        ]

    def _with_some_left_out(self, recovery: Recovery) -> tuple[Recovery, bool]:
        """Marks a batch of an aborted recovery's runs as left out, unless their reruns exist
        already. Returns the changed recovery, and False if there were no more such runs."""
        state = ItemState.PLANNED if recovery.planned else ItemState.BLOCKED
        items, _ = self.store.items(recovery.id, state, MOST_ITEMS)
        moved = self._opened_already(recovery, items)
        opened = {new.place for _, new in moved}
        moved += [
            (item, left_out(item, LeftOut.ABORTED)) for item in items if item.place not in opened
        ]
        return self.store.record(recovery, counted(recovery, moved), moved), bool(items)

    # ── ends ─────────────────────────────────────────────────────────────────────────────────

    def _with_ends_counted(self, recovery: Recovery, until: int) -> Recovery:
        position: str | None = None
        while recovery.open:
            items, position = self.store.items(recovery.id, ItemState.OPEN, MOST_ITEMS, position)
            found = self._reruns([item.rerun_id for item in items if item.rerun_id])
            moved: Moved = []
            for item in items:
                run = found.get(item.rerun_id or "")
                if run is None or run.status.is_terminal:
                    result = "EXPIRED" if run is None else run.status.value
                    moved.append((item, item.changed(state=ItemState.ENDED, result=result)))
            if moved:
                recovery = self.store.record(recovery, counted(recovery, moved), moved)
            if position is None or self.clock() >= until:
                break
        return recovery

    def _reruns(self, rerun_ids: Sequence[str]) -> "dict[str, Run]":
        """Returns the reruns that exist. A rerun that was opened just now may be missing in a read
        that is not consistent."""
        found = self.runs.get_many(rerun_ids)
        missing = [each for each in rerun_ids if each not in found]
        return found | self.runs.get_many(missing, consistent=True) if missing else found

    def _with_blocked_freed(self, recovery: Recovery) -> Recovery:
        """Makes a blocked run PLANNED again after the run that blocked it has ended. Returns the
        changed recovery."""
        position: str | None = None
        while recovery.blocked:
            items, position = self.store.items(recovery.id, ItemState.BLOCKED, MOST_ITEMS, position)
            holders = self.runs.get_many(item.blocked_by for item in items if item.blocked_by)
            moved: Moved = []
            for item in items:
                holder = holders.get(item.blocked_by or "")
                if holder is None or holder.status.is_terminal:
                    free = item.changed(state=ItemState.PLANNED, blocked_by=None)
                    moved.append((item, free))
            if moved:
                recovery = self.store.record(recovery, counted(recovery, moved), moved)
            if position is None:
                break
        return recovery

    # ── the status ───────────────────────────────────────────────────────────────────────────

    def _turned(self, recovery: Recovery) -> Recovery:
        """Changes the status if the progress requires it."""
        after = _following(recovery)
        if after is None:
            return recovery
        now = self.clock()
        after = after.changed(status_at=now, status_by=None)
        if after.status is RecoveryStatus.COMPLETED:
            after = after.changed(finished_at=now)
            self.groups.resolve(recovery)
        try:
            return self.store.turn(recovery, after, now + LEASE)
        except ConflictError as error:
            raise ConditionFailedError from error

    def _next_moment(self, recovery: Recovery, *, ran_out: bool, is_quiet: bool) -> int | None:
        now = self.clock()
        if ran_out:
            return now
        moments = []
        is_aborted = recovery.status is RecoveryStatus.ABORTED
        opens_more = recovery.status.opens_reruns and recovery.planned > 0
        if not recovery.is_read and not is_aborted:
            moments.append(recovery.again_at or now)
        if opens_more or recovery.blocked:
            moments.append(now + SOON)
        if recovery.open:
            is_rare = is_quiet and not opens_more and recovery.open > FEW_OPEN
            moments.append(now + (RARELY if is_rare else SOON))
        return min(moments, default=None)


def _following(recovery: Recovery) -> Recovery | None:
    """Returns the recovery with its next status, if its progress requires one; otherwise None."""
    status = recovery.status
    if status in (RecoveryStatus.COMPLETED, RecoveryStatus.ABORTED):
        return None
    if recovery.is_read and recovery.is_done:
        return recovery.changed(status=RecoveryStatus.COMPLETED, status_reason=None)
    if not status.opens_reruns:
        return None
    if recovery.new_failures >= recovery.stop_after:
        return _paused(recovery, STOPPED_AFTER_FAILURES)
    if status is RecoveryStatus.CANARY and recovery.opened >= recovery.canary and not recovery.open:
        if recovery.completed < recovery.opened:
            return _paused(recovery.changed(is_canary_over=True), CANARY_FAILED)
        waits = recovery.canary_then is CanaryThen.WAIT
        following = RecoveryStatus.WAITING if waits else RecoveryStatus.RUNNING
        return recovery.changed(status=following, is_canary_over=True)
    return None


def _paused(recovery: Recovery, reason: str) -> Recovery:
    return recovery.changed(status=RecoveryStatus.PAUSED, status_reason=reason)


def counted(recovery: Recovery, moved: Moved) -> Recovery:
    """Returns the recovery with its counts after these changes."""
    for before, after in moved:
        if before is not None:
            recovery = _added(recovery, before, -1)
        recovery = _added(recovery, after, 1)
    return recovery


def _added(recovery: Recovery, item: RecoveryItem, number: int) -> Recovery:
    if item.state is ItemState.LEFT_OUT:
        assert item.reason is not None
        reason = item.reason.value
        excluded = {**recovery.excluded, reason: recovery.excluded.get(reason, 0) + number}
        return recovery.changed(excluded=excluded)
    recovery = recovery.changed(eligible=recovery.eligible + number)
    if item.state is ItemState.BLOCKED:
        return recovery.changed(blocked=recovery.blocked + number)
    if item.state is ItemState.PLANNED:
        return recovery
    recovery = recovery.changed(opened=recovery.opened + number)
    if item.state is ItemState.OPEN:
        return recovery
    if item.result == RunStatus.COMPLETED.value:
        return recovery.changed(completed=recovery.completed + number)
    if item.result == RunStatus.FAILED.value:
        return recovery.changed(failed=recovery.failed + number)
    return recovery.changed(canceled=recovery.canceled + number)
