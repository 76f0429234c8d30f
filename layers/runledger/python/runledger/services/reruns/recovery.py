"""Recoveries: each reruns all runs that match a filter or belong to a failure group."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from runledger.api.filters import FilterDocument
from runledger.api.recoveries import (
    RecoveryDocument,
    RecoveryNodeView,
    RecoveryView,
)
from runledger.api.reruns import RerunDocument
from runledger.clock import DAY, MINUTE, SECOND, Clock
from runledger.errors import (
    ConditionFailedError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    TransientError,
)
from runledger.ids import new_id
from runledger.models.listing import FrozenFilter, ListName
from runledger.models.recovery import (
    CanaryThen,
    ItemState,
    Recovery,
    RecoveryStatus,
)
from runledger.models.rerun import EffectChoice
from runledger.models.run import RunStatus
from runledger.observability import logger
from runledger.services.reruns.plans import REUSED, RUN, SUPPRESSED, UNDECIDED
from runledger.services.reruns.recovery_progress import LEASE, PAGE, counted
from runledger.services.reruns.recovery_runs import CheckedRun, planned_item
from runledger.services.views.recoveries import recovery_view
from runledger.store.request_keys import request_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runledger.services.in_parallel import Gather
    from runledger.services.lists.snapshots import ListSnapshots
    from runledger.services.reruns.plans import NodePlan
    from runledger.services.reruns.recovery_progress import RecoveryProgress
    from runledger.services.reruns.recovery_rights import RecoveryRights
    from runledger.services.reruns.recovery_runs import RecoveryRuns
    from runledger.services.workspaces.identity import Caller
    from runledger.store.due import DueRow
    from runledger.store.failures import FailureStore
    from runledger.store.recoveries import RecoveryStore

# How long a recovery is kept.
KEPT = 90 * DAY
# The time of one request, which API Gateway ends after 30 seconds, and of one tick.
REQUEST_TIME = 8 * SECOND
TICK_TIME = 12 * SECOND
SAMPLE = 10
# The choices about effects are kept in the recovery's row.
MOST_CHOICE_BYTES = 64 * 1024
# Without `status`, the failed runs. Open ones are counted, because they may still fail.
_USUAL = (RunStatus.FAILED, RunStatus.PENDING, RunStatus.RUNNING)
_ENDED = (RecoveryStatus.COMPLETED, RecoveryStatus.ABORTED)


@dataclass(frozen=True, slots=True)
class Recoveries:
    """Begins, changes and continues recoveries."""

    store: "RecoveryStore"
    lists: "ListSnapshots"
    failures: "FailureStore"
    opener: "RecoveryRuns"
    progress: "RecoveryProgress"
    rights: "RecoveryRights"
    gather: "Gather"
    clock: Clock

    def preview(
        self, document: RecoveryDocument, who: "Caller", *, may_repeat: bool
    ) -> RecoveryView:
        """Returns what a recovery would do, as far as the time of one request allows. Raises
        InvalidInputError, with the field, and ForbiddenError, as `create` does."""
        asked = self._asked(document, who, may_repeat=may_repeat)
        until = self.clock() + REQUEST_TIME
        found = _Preview(asked.changed(id="", status=RecoveryStatus.PREVIEWED))
        cursor: str | None = None
        while True:
            page = self.lists.runs(who.workspace_id, asked.filter, PAGE, cursor, newest_first=False)
            items = [planned_item(run) for run in page.items]
            planned = [item for item in items if item.state is ItemState.PLANNED]
            checks = [partial(self.opener.check, asked, item.run_id) for item in planned]
            settled = [CheckedRun(item) for item in items if item not in planned]
            for checked in [*settled, *self.gather(checks)]:
                found.add(checked)
            cursor = page.next_cursor
            if cursor is None or self.clock() >= until:
                return found.view(is_complete=cursor is None)

    def create(self, document: RecoveryDocument, who: "Caller", *, may_repeat: bool) -> Recovery:
        """Begins a recovery, and continues it as far as the time of one request allows. Raises
        InvalidInputError, with the field, for an invalid request, NotFoundError if there is no such
        failure group, and ForbiddenError if a node's messages would be repeated and the caller may
        not. The same idempotency key returns the same recovery, or raises
        KeyReusedError for another request."""
        asked = self._asked(document, who, may_repeat=may_repeat)
        request = request_key(document, document.idempotency_key)
        recovery = self.store.create(asked, request)
        return self._gone_on(recovery) if recovery.id == asked.id else recovery

    # ── what people change ───────────────────────────────────────────────────────────────────

    def resume(self, workspace_id: str, recovery_id: str, by: str, *, may_repeat: bool) -> Recovery:
        """Continues after the canary or after a pause. Raises ConflictError if the recovery is
        RUNNING or has ended, and ForbiddenError if it repeats messages and the caller may not."""
        recovery = self._for_change(
            workspace_id,
            recovery_id,
            (RecoveryStatus.CANARY, RecoveryStatus.WAITING, RecoveryStatus.PAUSED),
        )
        self.rights.require_to_continue(recovery, may_repeat=may_repeat)
        is_in_canary = (
            recovery.status is RecoveryStatus.PAUSED
            and recovery.canary > 0
            and not recovery.is_canary_over
        )
        after = recovery.changed(
            status=RecoveryStatus.CANARY if is_in_canary else RecoveryStatus.RUNNING,
            is_canary_over=not is_in_canary,
            failed_before=recovery.failed,
        )
        return self._gone_on(self._turned(recovery, after, by, self.clock()))

    def pause(self, workspace_id: str, recovery_id: str, by: str) -> Recovery:
        """Opens no more reruns; open ones continue. Raises ConflictError if the recovery is PAUSED
        or has ended."""
        recovery = self._for_change(
            workspace_id,
            recovery_id,
            (RecoveryStatus.CANARY, RecoveryStatus.WAITING, RecoveryStatus.RUNNING),
        )
        after = recovery.changed(status=RecoveryStatus.PAUSED)
        return self._turned(recovery, after, by, self._free_at(recovery))

    def abort(self, workspace_id: str, recovery_id: str, by: str) -> Recovery:
        """Ends the recovery; open reruns continue. Raises ConflictError if it has ended."""
        open_ = [each for each in RecoveryStatus if each not in _ENDED]
        recovery = self._for_change(workspace_id, recovery_id, open_)
        after = recovery.changed(status=RecoveryStatus.ABORTED, finished_at=self.clock())
        return self._turned(recovery, after, by, self._free_at(recovery))

    def settle(self, row: "DueRow") -> None:
        """Continues a recovery within the time of one tick. Raises ConditionFailedError if another
        process is working on it."""
        recovery = self.store.at(row.key)
        now = self.clock()
        if recovery is None or recovery.due_at is None or recovery.due_at > now:
            return
        self.progress.go_on(recovery, now + TICK_TIME)

    # ── shared ───────────────────────────────────────────────────────────────────────────────

    def _for_change(
        self, workspace_id: str, recovery_id: str, allowed: "Sequence[RecoveryStatus]"
    ) -> Recovery:
        recovery = self.store.get(workspace_id, recovery_id, self.clock())
        if recovery.status not in allowed:
            raise ConflictError(f"the recovery is {recovery.status}", status=recovery.status.value)
        return recovery

    def _turned(self, before: Recovery, after: Recovery, by: str, due_at: int) -> Recovery:
        after = after.changed(status_at=self.clock(), status_by=by, status_reason=None)
        return self.store.turn(before, after, due_at)

    def _free_at(self, recovery: Recovery) -> int:
        """Returns the time after which no process can still be working on the current batch. The
        batch's reruns can be counted only then, because a change of the status does not stop such a
        process."""
        return self.clock() + (LEASE if recovery.batch else 0)

    def _gone_on(self, recovery: Recovery) -> Recovery:
        try:
            return self.progress.go_on(recovery, self.clock() + REQUEST_TIME)
        except (ConditionFailedError, TransientError) as error:
            # The recovery is stored, so the tick goes on with it.
            logger.warning(
                "recovery interrupted", extra={"id": recovery.id, "reason": error.for_log()}
            )
            return self.store.get(recovery.workspace_id, recovery.id, self.clock())

    def _asked(self, document: RecoveryDocument, who: "Caller", *, may_repeat: bool) -> Recovery:
        now = self.clock()
        frozen = self._frozen(document, who.workspace_id, now)
        rerun = RerunDocument(
            from_=document.from_,
            version=document.version,
            effects=document.effects,
            fire_downstream=document.fire_downstream,
            reason=document.reason,
        )
        if len(rerun.model_dump_json(by_alias=True).encode()) > MOST_CHOICE_BYTES:
            raise InvalidInputError(
                f"the choices have more than {MOST_CHOICE_BYTES // 1024} KB", field="effects"
            )
        canary = document.canary
        asked = Recovery(
            workspace_id=who.workspace_id,
            id=new_id("rcv"),
            filter=frozen,
            request=rerun.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            by=who.email,
            may_repeat_messages=may_repeat,
            canary=0 if canary is None else canary.count,
            canary_then=CanaryThen.WAIT if canary is None else canary.then,
            rate=document.rate_per_minute,
            stop_after=document.stop_after_failures,
            created_at=now,
            expires_at=now + KEPT,
            status=RecoveryStatus.RUNNING if canary is None else RecoveryStatus.CANARY,
            status_at=now,
            status_by=who.email,
            paced_to=now - MINUTE,
        )
        self.rights.require_to_begin(asked)
        return asked

    def _frozen(self, document: RecoveryDocument, workspace_id: str, now: int) -> FrozenFilter:
        if (document.filter is None) is (document.error_group is None):
            raise InvalidInputError("give either filter or errorGroup", field="filter")
        group_id = document.error_group
        if group_id is not None:
            group = self.failures.find(group_id)
            if group is None or group.workspace_id != workspace_id:
                raise NotFoundError(f"there is no failure group {group_id}")
        asked = document.filter or FilterDocument(error_group=group_id)
        frozen = self.lists.freeze(workspace_id, ListName.RUNS, asked, now)
        if group_id is not None or frozen.statuses:
            return frozen
        return frozen.changed(statuses=tuple(sorted(_USUAL)))


class _Preview:
    """Adds up what the reruns of a recovery would do."""

    def __init__(self, recovery: Recovery) -> None:
        self._recovery = recovery
        self._nodes: dict[tuple[str, str, str], _NodeCounts] = {}
        self._sample: list[str] = []

    def add(self, checked: CheckedRun) -> None:
        item, planned = checked.item, checked.planned
        self._recovery = counted(self._recovery, [(None, item)])
        if planned is None:
            return
        is_eligible = item.state is ItemState.PLANNED
        if is_eligible:
            self._sample = [*self._sample, item.run_id][:SAMPLE]
        for node in planned.plan.nodes:
            if is_eligible or node.action == UNDECIDED:
                key = (planned.original.run.automation_id, node.node_id, node.type)
                self._nodes.setdefault(key, _NodeCounts()).add(node)

    def view(self, *, is_complete: bool) -> RecoveryView:
        view = recovery_view(self._recovery.changed(is_read=is_complete))
        return view.changed(
            sample=self._sample,
            nodes=[
                RecoveryNodeView(
                    automation_id=automation_id,
                    node_id=node_id,
                    type=type_,
                    run=counts.actions[RUN],
                    reused=counts.actions[REUSED],
                    suppressed=counts.actions[SUPPRESSED],
                    undecided=counts.actions[UNDECIDED],
                    effects=dict(sorted(counts.effects.items())),
                    repeated_effects=counts.repeated,
                )
                for (automation_id, node_id, type_), counts in self._nodes.items()
            ],
        )


class _NodeCounts:
    """What the reruns would do at one node."""

    def __init__(self) -> None:
        self.actions: Counter[str] = Counter()
        self.effects: Counter[str] = Counter()
        self.repeated = 0

    def add(self, node: "NodePlan") -> None:
        self.actions[node.action] += 1
        self.repeated += sum(effect.then == EffectChoice.REPEAT for effect in node.effects)
        if not node.at_once:
            self.effects.update(planned.effect.status for planned in node.effects)
