"""Writes of runs, events and steps. Every write has a condition. Each part of a condition is a
variable whose name says what must be true, such as `is_running`."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from runledger.errors import ConditionFailedError
from runledger.models.automation import Reentry
from runledger.models.event import Event
from runledger.models.run import (
    Cancellation,
    Claim,
    ErrorDetail,
    Run,
    RunStatus,
    Step,
    StepStatus,
)
from runledger.store import keys
from runledger.store.run_opening import RerunContents, RunOpening
from runledger.store.run_reads import RunReads
from runledger.store.run_rows import (
    claim_value,
    row_cancellation,
    row_error,
    run_from_item,
    shown_step_from_item,
    step_to_item,
)
from runledger.store.table import Change, Check, Modify, Path, ttl

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class PendingRun:
    """The facts about a run that its execution has before it reads the run."""

    id: str
    workspace_id: str
    automation_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Closing:
    """How a run ends. `end_node_id` and `end_ms` go with COMPLETED, `error` with FAILED,
    `canceled` with CANCELED."""

    status: RunStatus
    finished_at: int
    error: ErrorDetail | None = None
    end_node_id: str | None = None
    end_ms: int | None = None
    canceled: Cancellation | None = None


# How many characters a run row keeps of the reason why a start was postponed or tried again.
START_ERROR_CHARACTERS = 100


class RunStore(RunReads):
    """Reads and writes of runs."""

    def open(
        self,
        run: Run,
        event: Event,
        shards: int,
        reentry: Reentry = Reentry.ALWAYS,
        *,
        must_match: bool = False,
    ) -> tuple[Run, bool]:
        """Opens a run, as `RunOpening.open` describes."""
        opening = RunOpening(self._table, self._bodies)
        return opening.open(run, event, shards, reentry, must_match=must_match)

    def open_rerun(
        self,
        run: Run,
        event: Event,
        contents: RerunContents,
        shards: int,
        reentry: Reentry,
    ) -> tuple[Run, bool]:
        """Opens a rerun with the steps that it takes from earlier runs, as `RunOpening.open_rerun`
        describes."""
        opening = RunOpening(self._table, self._bodies)
        return opening.open_rerun(run, event, contents, shards, reentry)

    def recovered(self, run_id: str, by: Run) -> None:
        """Stores the id of a completed rerun on a run that it repeats, unless a later rerun is
        stored already. Changes nothing else on the row."""
        is_there = Attr("pk").exists()
        is_of_workspace = Attr("workspaceId").eq(by.workspace_id)
        named = keys.created_key(by.finished_at or 0, by.id)
        is_first = Attr("recoveredBy").not_exists()
        is_later = Attr("recoveredBy").lt(named)
        change = Change(set={"recoveredBy": named})
        with suppress(ConditionFailedError):
            self._table.change(
                keys.run(run_id), change, is_there & is_of_workspace & (is_first | is_later)
            )

    def own(self, run: Run | PendingRun, execution: str, started_at: int, trigger_ms: int) -> None:
        """Makes a PENDING run RUNNING, for this execution. Raises ConditionFailedError, with the
        row, if the run is not PENDING, has another attempt number, or belongs to another workspace
        or automation."""
        is_of_workspace = Attr("workspaceId").eq(run.workspace_id)
        is_of_automation = Attr("automationId").eq(run.automation_id)
        is_pending = Attr("status").eq(RunStatus.PENDING.value)
        is_this_attempt = Attr("attempt").eq(run.attempt)
        may_own = is_of_workspace & is_of_automation & is_pending & is_this_attempt
        change = Change(
            set={
                "status": RunStatus.RUNNING.value,
                "execution": execution,
                "startedAt": started_at,
                "triggerMs": trigger_ms,
            },
            add={"sequence": 1},
            # Only the start needs it, and the row must stay small.
            remove=("trace",),
        )
        self._table.change(keys.run(run.id), change, may_own)

    def claim(
        self,
        run: Run,
        rank: int,
        claim: Claim,
        *,
        replaces: Claim | None,
        left: "Iterable[int]",
    ) -> None:
        """Claims the node of this rank for one request, and removes the nodes just `left` from the
        open claims. `replaces` is the expired claim to take over, if any.

        Raises ConditionFailedError, with the row, if the run is not RUNNING, another execution owns
        it, or the node has a claim that is not `replaces`."""
        claiming = self.claiming(run, rank, claim, replaces=replaces, left=left)
        self._table.change(claiming.key, claiming.change, claiming.condition)

    def claiming(
        self,
        run: Run,
        rank: int,
        claim: Claim,
        *,
        replaces: Claim | None,
        left: "Iterable[int]",
    ) -> Modify:
        """Returns the write of a claim, as `claim` makes it, for a transaction."""
        is_running = Attr("status").eq(RunStatus.RUNNING.value)
        is_owned = Attr("execution").eq(run.execution)
        if replaces is None:
            may_claim: ConditionBase = ~Attr("claimed").contains(rank)
        else:
            may_claim = Attr(f"openClaims.{rank}").eq(claim_value(replaces))
        gone: list[Path] = [("openClaims", str(other)) for other in left]
        change = Change(
            set={("openClaims", str(rank)): claim_value(claim)},
            add={"claimed": {rank}},
            remove=gone,
        )
        return Modify(keys.run(run.id), change, is_running & is_owned & may_claim)

    def owner_check(self, run: Run) -> Check:
        """Returns a check that the run's execution still owns the run, for use in a transaction."""
        is_running = Attr("status").eq(RunStatus.RUNNING.value)
        is_owned = Attr("execution").eq(run.execution)
        return Check(keys.run(run.id), is_running & is_owned)

    def park(self, run: Run, rank: int, claim: Claim, wait_until: int) -> None:
        """Writes onto the claim when the node's wait ends. Writes nothing if the claim has changed
        meanwhile, and raises no error: only readers of the row need the end of the wait."""
        is_ours = Attr(f"openClaims.{rank}").eq(claim_value(claim))
        parked = claim.changed(wait_until=wait_until)
        change = Change(set={("openClaims", str(rank)): claim_value(parked)})
        with suppress(ConditionFailedError):
            self._table.change(keys.run(run.id), change, is_ours)

    def release(self, run: Run, rank: int, claim: Claim) -> None:
        """Gives back a claim whose effect never began. Changes nothing if another request has taken
        over the claim."""
        is_ours = Attr(f"openClaims.{rank}").eq(claim_value(claim))
        given_back = claim.changed(request_id="", lease_until=0)
        change = Change(set={("openClaims", str(rank)): claim_value(given_back)})
        with suppress(ConditionFailedError):
            self._table.change(keys.run(run.id), change, is_ours)

    def record(self, run: Run, step: Step, after: Step | None = None) -> Step:
        """Writes a step. `after` is its previous record, if the node continues. If the step was
        recorded as finished, or another visit was recorded since, that record is kept and
        returned."""
        is_new = Attr("pk").not_exists()
        is_waiting = Attr("status").eq(StepStatus.WAITING.value)
        is_of_an_expired_run = Attr("ttl").ne(ttl(run.expires_at))
        may_record: ConditionBase = is_new | is_waiting | is_of_an_expired_run
        if after is not None:
            is_going_on = Attr("status").eq(StepStatus.RUNNING.value)
            is_unchanged = (
                Attr("visits").not_exists()
                if after.visits == 1
                else Attr("visits").eq(after.visits)
            )
            may_record = is_going_on & is_unchanged
        try:
            self._table.put(step_to_item(run, step, self._bodies), may_record)
        except ConditionFailedError as error:
            if error.item is None:
                raise
            return shown_step_from_item(error.item, self._bodies)
        return step

    def close(self, run: Run, closing: Closing) -> Run:
        """Ends an open run. Raises ConditionFailedError, with the row, if the run has ended, or got
        another owner or attempt, since it was read.

        Steps that are still at work are not written: once the run has ended, readers show each of
        its open claims as a canceled step. If one of these steps was sending messages and the run
        did not complete, the ended run stays in the due index. The tick then looks once for
        messages without a recorded outcome."""
        is_open = Attr("status").eq(run.status.value)
        is_this_attempt = Attr("attempt").eq(run.attempt)
        is_owned = (
            Attr("execution").not_exists()
            if run.execution is None
            else Attr("execution").eq(run.execution)
        )
        bucket = keys.run_bucket(closing.status)
        shard = keys.shard_in_use(run.list_partition)
        values: dict[Path, Any] = {
            "status": closing.status.value,
            "finishedAt": closing.finished_at,
            "gsi1pk": keys.by_status(run.workspace_id, keys.Kind.RUN, bucket, shard),
            "gsi2pk": keys.by_automation(
                run.workspace_id, keys.Kind.RUN, run.automation_id, bucket, shard
            ),
        }
        optional = {
            "endNodeId": closing.end_node_id,
            "endMs": closing.end_ms,
            "error": row_error(run, closing.error),
            "canceled": row_cancellation(closing.canceled),
        }
        values.update({name: value for name, value in optional.items() if value is not None})
        gone: list[Path] = ["claimed"]
        look_at = _messages_left(run, closing.status)
        if look_at is None:
            gone += ["gsi4pk", "dueKey"]
        else:
            values["dueKey"] = keys.due_key(look_at, run.id)
        change = Change(set=values, add={"sequence": 1}, remove=gone)
        closed = run_from_item(
            self._table.update(keys.run(run.id), change, is_open & is_this_attempt & is_owned)
        )
        look_at = _messages_left(closed, closing.status)
        if look_at is not None and closed.due_at is None:
            # A node was claimed after the run was read.
            return self._come_back(closed, look_at)
        return closed

    def _come_back(self, run: Run, due_at: int) -> Run:
        is_ended = Attr("status").eq(run.status.value)
        due: dict[Path, Any] = {
            "gsi4pk": keys.due(run.workspace_id, run.id),
            "dueKey": keys.due_key(due_at, run.id),
        }
        return run_from_item(self._table.update(keys.run(run.id), Change(set=due), is_ended))

    def leave(self, run: Run) -> None:
        """Takes an ended run, whose messages are settled, out of the due index."""
        is_ended = Attr("status").eq(run.status.value)
        self._table.change(keys.run(run.id), Change(remove=["gsi4pk", "dueKey"]), is_ended)

    def postpone(
        self, run: Run, due_at: int, start_error: str | None = None, *, refused: bool = False
    ) -> Run:
        """Changes when an open run is due. If its start is postponed, `start_error` is the reason,
        and `refused` says that Step Functions did not accept the start, so the attempt is not used
        up. Raises ConditionFailedError if the run changed meanwhile."""
        is_unchanged = Attr("status").eq(run.status.value) & Attr("attempt").eq(run.attempt)
        values: dict[Path, Any] = {"dueKey": keys.due_key(due_at, run.id)}
        if start_error is not None:
            values["startError"] = start_error[:START_ERROR_CHARACTERS]
            values["startRefused"] = refused
        return run_from_item(self._table.update(keys.run(run.id), Change(set=values), is_unchanged))

    def next_attempt(self, run: Run, due_at: int, reason: str) -> Run:
        """Begins the next attempt of a run that no execution owns: stores the next attempt number.
        After that, no execution of an earlier attempt can own the run. `reason` says what happened
        to the previous attempt. Raises ConditionFailedError if the run has got an owner, or another
        status or attempt, since it was read."""
        is_unchanged = Attr("status").eq(run.status.value) & Attr("attempt").eq(run.attempt)
        is_unowned = Attr("execution").not_exists()
        change = _again(run, due_at, reason)
        return run_from_item(
            self._table.update(keys.run(run.id), change, is_unchanged & is_unowned)
        )

    def hand_back(
        self, run: Run, due_at: int, reason: str, *, untried: bool, is_as_read: bool = False
    ) -> Run:
        """Takes a RUNNING run from its execution, which cannot continue, so that the next attempt
        can. Recorded steps and claims stay. With `untried`, the caller does not try to start the
        next attempt, and the tick starts it at `due_at`. Otherwise the caller starts it at once,
        and the tick only if that fails. Raises ConditionFailedError if the run has ended or got
        another owner since it was read. With `is_as_read`, also raises it if a claim of the run has
        changed since then."""
        is_running = Attr("status").eq(RunStatus.RUNNING.value)
        is_owned = Attr("execution").eq(run.execution)
        change = _again(run, due_at, reason, untried=untried, gone=("execution",))
        may_take: ConditionBase = is_running & is_owned
        if is_as_read:
            claims = {str(rank): claim_value(claim) for rank, claim in run.open_claims.items()}
            is_unmoved = Attr("openClaims").eq(claims)
            may_take = may_take & is_unmoved
        return run_from_item(self._table.update(keys.run(run.id), change, may_take))

    def skip_waits(self, run: Run, ranks: "Iterable[int]", now: int, reason: str) -> Run:
        """Hands a RUNNING run back so that its next attempt begins now, and ends the waits of these
        claims. Raises ConditionFailedError if the run ended or got another owner, or if a node was
        claimed, since it was read."""
        is_running = Attr("status").eq(RunStatus.RUNNING.value)
        is_owned = Attr("execution").eq(run.execution)
        claims = {str(rank): claim_value(claim) for rank, claim in run.open_claims.items()}
        is_unmoved = Attr("openClaims").eq(claims)
        change = _again(run, now, reason, untried=True, gone=("execution",))
        ended: dict[Path, Any] = {
            ("openClaims", str(rank)): claim_value(run.open_claims[rank].changed(wait_until=now))
            for rank in ranks
        }
        both = Change(set={**change.set, **ended}, remove=change.remove)
        return run_from_item(
            self._table.update(keys.run(run.id), both, is_running & is_owned & is_unmoved)
        )

    def end_wait(self, run: Run, step: Step, now: int, reason: str) -> None:
        """Ends the wait of a recorded step now. Changes nothing if the step no longer waits."""
        is_waiting = Attr("status").eq(StepStatus.WAITING.value)
        is_later = Attr("waitUntil").gt(now)
        skipped = step.changed(
            status=StepStatus.COMPLETED, wait_until=now, finished_at=now, reason=reason
        )
        with suppress(ConditionFailedError):
            self._table.put(step_to_item(run, skipped, self._bodies), is_waiting & is_later)

    def resume(self, run: Run, execution: str, now: int) -> Run:
        """Makes the execution of the current attempt the owner of a run that was handed back.
        Raises ConditionFailedError, with the row, if the run was not handed back."""
        is_running = Attr("status").eq(RunStatus.RUNNING.value)
        is_this_attempt = Attr("attempt").eq(run.attempt)
        is_unowned = Attr("execution").not_exists()
        change = Change(set={"execution": execution, "resumedAt": now})
        return run_from_item(
            self._table.update(keys.run(run.id), change, is_running & is_this_attempt & is_unowned)
        )


def _messages_left(run: Run, status: RunStatus) -> int | None:
    """Returns the time at which an ended run must be checked for messages without an outcome: the
    end of the last lease of a node that was sending. After that, no process works on these
    messages. Returns None if the run completed, or if no node was sending."""
    if status is RunStatus.COMPLETED:
        return None
    return max((c.lease_until for c in run.open_claims.values() if c.sends), default=None)


def _again(
    run: Run, due_at: int, reason: str, *, untried: bool = False, gone: Sequence[Path] = ()
) -> Change:
    """Returns the update that begins the run's next attempt. With `untried`, the tick starts this
    attempt at `due_at`. Otherwise the caller starts it, and if it has not started by `due_at`, the
    tick begins another one."""
    return Change(
        set={
            "attempt": run.attempt + 1,
            "dueKey": keys.due_key(due_at, run.id),
            "startError": reason[:START_ERROR_CHARACTERS],
            "startRefused": untried,
        },
        remove=gone,
    )
