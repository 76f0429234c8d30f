"""Opens runs: writes the event, the row and, if re-entry is restricted, the contact's entry."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr, ConditionBase

from runledger.clock import MINUTE, SECOND
from runledger.errors import (
    AlreadyRerunError,
    ConditionFailedError,
    ConflictError,
    KeyReusedError,
    ReentryBlockedError,
    TransientError,
)
from runledger.json_body import is_same_json
from runledger.models.automation import Reentry
from runledger.models.event import Event
from runledger.models.run import Run, RunStatus, TriggerType
from runledger.store import keys
from runledger.store.run_rows import (
    event_from_item,
    event_to_item,
    run_from_item,
    run_key_items,
    run_to_item,
    step_to_item,
)
from runledger.store.table import Check, Put, Write, key_attributes, ttl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runledger.models.run import Step
    from runledger.store.bodies import Bodies
    from runledger.store.table import Table
    from runledger.store.values import Item


@dataclass(frozen=True, slots=True)
class RerunContents:
    """The steps that a rerun takes from earlier runs. `recorded` are written at once, `prepared`
    only when the rerun comes to them. `request` is a hash of the request. `known` are the runs of
    the family that the plan took into account. `is_alone` says that no other request can open this
    run. `copied` copies the files of a step for the rerun, and returns the step with the names of
    the copies. `recovery_id` is the recovery that lists the rerun, if any."""

    request: str
    recorded: "Sequence[Step]"
    prepared: "Sequence[Step]"
    known: frozenset[str]
    is_alone: bool
    copied: "Callable[[Run, Step], Step]"
    recovery_id: str | None = None


# A lost try means that another run of the same contact was opened or ended in between.
_ENTRY_TRIES = 5
# No request that opens a rerun takes longer.
_LONGEST_OPENING = 1 * MINUTE
_REUSED = "this idempotency key was already used with another {}"


class RunOpening:
    def __init__(self, table: "Table", bodies: "Bodies") -> None:
        self._table = table
        self._bodies = bodies

    def open(
        self,
        run: Run,
        event: Event,
        shards: int,
        reentry: Reentry,
        *,
        must_match: bool,
    ) -> tuple[Run, bool]:
        """Writes a PENDING run. Returns the run, and whether this call opened it. Raises
        ReentryBlockedError if the contact may not enter the automation now; with `must_match`,
        KeyReusedError if an existing run has another contact or body.

        The event is written before the row. The row is the queue, and a process that sees the row
        must find the event. If a run with this id exists, that run is returned and nothing changes.
        If an earlier call died between the two writes, the event that it wrote equals this one and
        stays."""
        found, is_opened = self._open(run, event, shards, reentry, must_match=must_match)
        if must_match and not is_opened:
            self._require_same(found, run, event)
        return found, is_opened

    def open_rerun(
        self,
        run: Run,
        event: Event,
        contents: RerunContents,
        shards: int,
        reentry: Reentry,
    ) -> tuple[Run, bool]:
        """Writes a PENDING rerun. Returns the run, and whether this call opened it. Raises:

        - ReentryBlockedError if the re-entry rule allows only one open run and the contact has
          another.
        - KeyReusedError if an earlier request used the same key for something else.
        - AlreadyRerunError if another rerun of the family was opened since the plan was made.
        - TransientError if another request may be opening a rerun of the family now.
        - ConflictError if the contact was erased meanwhile.

        The run is entered in its family first, so that an erasure of the original also finds the
        rerun, and so that at most one of two simultaneous requests opens a rerun. The row is
        written last, because the row is the queue. If a call dies in between, a repeated call
        writes the same items again.
        """
        assert run.root_run_id is not None
        found = self._table.get(keys.run(run.id), consistent=True)
        if found is not None:
            return run_from_item(found), False
        is_guarded = reentry is Reentry.ONE_AT_A_TIME and run.contact_id is not None
        holder = self._holder(run, reentry) if is_guarded else None
        if holder is not None:
            raise ReentryBlockedError(_blocked(reentry, holder), holder)
        run = self._entered(run, contents)
        self._require_no_other(run, contents)
        self._table.put(event_to_item(run, event, self._bodies))
        for step in contents.recorded:
            self._table.put(step_to_item(run, contents.copied(run, step), self._bodies))
        for step in contents.prepared:
            item = step_to_item(run, contents.copied(run, step), self._bodies)
            key = keys.prepared_step(run.id, step.node_id)
            self._table.put({**item, **key_attributes(key)})
        row = run_to_item(run, keys.shard_of(run.id, shards))
        is_new = Attr("pk").not_exists()
        also = [
            *self._contact_check(run),
            *_listed_by_recovery(run, contents.recovery_id),
            *_listed_by_keys(run),
        ]
        try:
            if is_guarded:
                return self._enter(run, row, reentry, also)
            self._table.transact([Put(row, is_new), *also])
        except (ConditionFailedError, ReentryBlockedError, TransientError) as error:
            # Read before the row: once the contact is gone, no request can write the row any more.
            is_erased = self._is_erased(run)
            found = self._table.get(keys.run(run.id), consistent=True)
            if found is not None:
                return run_from_item(found), False
            if is_erased:
                self._take_back(run, contents)
                raise ConflictError("the contact of this run was erased") from error
            if isinstance(error, ReentryBlockedError) and contents.is_alone:
                self._take_back(run, contents)
            raise
        return run_from_item(row), True

    def _entered(self, run: Run, contents: RerunContents) -> Run:
        """Enters the run in its family, and returns the run. Raises KeyReusedError if an earlier
        request used the same key for something else.

        If another request with the same key may be writing the same run, the returned run has the
        times of that request, so that both requests write the same items. With different times, the
        steps could have another expiry than their run. Such steps do not count, so their effects
        would happen again.
        """
        assert run.root_run_id is not None
        member = {
            **key_attributes(keys.rerun(run.root_run_id, run.id)),
            "workspaceId": run.workspace_id,
            "request": contents.request,
            "at": run.created_at,
            "ttl": ttl(run.expires_at),
        }
        is_free: ConditionBase = Attr("pk").not_exists()
        for _ in range(_ENTRY_TRIES):
            try:
                self._table.put(member, is_free)
            except ConditionFailedError as error:
                found = error.item
            else:
                return run
            if found is None:
                is_free = Attr("pk").not_exists()
                continue
            if found["request"] != contents.request:
                raise KeyReusedError(_REUSED.format("request"), run.id)
            if found["at"] > run.created_at - _LONGEST_OPENING:
                due_at = None if run.due_at is None else run.due_at + found["at"] - run.created_at
                expires_at = found["ttl"] * SECOND
                return run.changed(created_at=found["at"], due_at=due_at, expires_at=expires_at)
            # The request that entered it has died.
            is_free = Attr("at").eq(found["at"])
        raise TransientError(
            "other requests with this idempotency key kept coming at the same time; try again"
        )

    def _require_no_other(self, run: Run, contents: RerunContents) -> None:
        """Raises an error if the family has a rerun that the plan does not know. Each request first
        enters its own run in the family. So of two simultaneous requests, at least the later one
        sees the other."""
        assert run.root_run_id is not None
        try:
            for item in self._table.query(keys.family(run.root_run_id), consistent=True).items:
                other = str(item["sk"])
                if other == run.id or other in contents.known:
                    continue
                if self._table.get(keys.run(other), consistent=True) is not None:
                    raise AlreadyRerunError(
                        f"the run was just rerun as {other}; look at that rerun, then try again",
                        other,
                        is_open=True,
                    )
                if item["at"] > run.created_at - _LONGEST_OPENING:
                    raise TransientError("another request is rerunning this run; try again")
        except (AlreadyRerunError, TransientError):
            if contents.is_alone:
                self._table.delete(keys.rerun(run.root_run_id, run.id))
            raise

    def _is_erased(self, run: Run) -> bool:
        """Whether the run's contact was erased."""
        if run.contact_id is None:
            return False
        key = keys.contact(run.workspace_id, run.contact_id)
        return self._table.get(key, consistent=True) is None

    def _contact_check(self, run: Run) -> "list[Write]":
        if run.contact_id is None:
            return []
        is_there = Attr("pk").exists()
        return [Check(keys.contact(run.workspace_id, run.contact_id), is_there)]

    def _take_back(self, run: Run, contents: RerunContents) -> None:
        """Deletes everything that was written for a rerun that was not opened. Its entry in the
        family stays if another request may still write for it."""
        assert run.root_run_id is not None
        for item in self._table.query(keys.run(run.id).pk, consistent=True).items:
            self._table.delete(keys.Key(item["pk"], item["sk"]))
        self._bodies.delete_all(f"runs/{run.id}/")
        if contents.is_alone:
            self._table.delete(keys.rerun(run.root_run_id, run.id))

    def _open(
        self, run: Run, event: Event, shards: int, reentry: Reentry, *, must_match: bool
    ) -> tuple[Run, bool]:
        is_new = Attr("pk").not_exists()
        is_guarded = reentry is not Reentry.ALWAYS and run.contact_id is not None
        holder = self._holder(run, reentry) if is_guarded else None
        if holder is not None:
            # Checked before anything is written: no row would lead to the event, neither to show
            # nor to erase it.
            existing = self._table.get(keys.run(run.id), consistent=True)
            if existing is not None:
                return run_from_item(existing), False
            raise ReentryBlockedError(_blocked(reentry, holder), holder)
        item = event_to_item(run, event, self._bodies)
        is_blank = Attr("isBlank").exists()
        try:
            self._table.put(item, is_new | is_blank)
        except ConditionFailedError as error:
            existing = self._table.get(keys.run(run.id), consistent=True)
            if existing is not None:
                return run_from_item(existing), False
            if must_match and error.item is not None and error.item["ttl"] > ttl(run.created_at):
                # An earlier call wrote the event but no row. The event would become this run's.
                _require_same_body(event_from_item(error.item, self._bodies), event, None)
            self._replace_expired(item, error.item, run.created_at)
        row = run_to_item(run, keys.shard_of(run.id, shards))
        listed = _listed_by_keys(run)
        if is_guarded:
            try:
                return self._enter(run, row, reentry, listed)
            except ReentryBlockedError:
                # Another run was opened in between.
                body = self._bodies.pack(None, "")
                self._table.put({**item, "body": body, "isBlank": True})
                raise
        try:
            if listed:
                # Together, so that no item leads to a run that was never opened.
                self._table.transact([Put(row, is_new), *listed])
            else:
                self._table.put(row, is_new)
        except ConditionFailedError as error:
            # A transaction does not return the row.
            existing = error.item or self._table.get(keys.run(run.id), consistent=True)
            if existing is None:
                raise
            return run_from_item(existing), False
        return run_from_item(row), True

    def _require_same(self, found: Run, run: Run, event: Event) -> None:
        """Raises KeyReusedError if the run found has another contact or body. An erased run can no
        longer be compared."""
        if found.erased_at is not None:
            return
        is_by_hand = run.trigger_type is TriggerType.MANUAL
        # For an event, the body decides the contact.
        if is_by_hand and found.contact_id != run.contact_id:
            raise KeyReusedError(_REUSED.format("contact"), found.id)
        item = self._table.get(keys.event(found.id), consistent=True)
        if item is not None and "erasedAt" not in item:
            _require_same_body(event_from_item(item, self._bodies), event, found.id)

    def _replace_expired(self, item: "Item", found: "Item | None", now: int) -> None:
        """Writes the new run's event over the event of an expired run with the same id, whose row
        is already deleted. The old event's time to live would otherwise delete it soon, although
        the new run needs an event."""
        if found is None or found["ttl"] > ttl(now):
            return
        is_as_found = Attr("ttl").eq(found["ttl"])
        is_gone = Attr("pk").not_exists()
        with suppress(ConditionFailedError):
            self._table.put(item, is_as_found | is_gone)

    def _enter(
        self, run: Run, row: "Item", reentry: Reentry, also: "Sequence[Write]" = ()
    ) -> tuple[Run, bool]:
        """Writes the row, the contact's entry and the writes in `also` together. The entry names
        the contact's run in this automation.

        Under ONCE an entry is permanent. Under ONE_AT_A_TIME a new run may take over the entry of a
        run that has ended. The write has a condition on that run, so only one of several new runs
        succeeds.
        """
        assert run.contact_id is not None
        key = keys.reentry(run.automation_id, run.contact_id)
        is_new = Attr("pk").not_exists()
        may_enter: ConditionBase = is_new
        for _ in range(_ENTRY_TRIES):
            entry = {**key_attributes(key), "runId": run.id}
            try:
                self._table.transact([Put(row, is_new), Put(entry, may_enter), *also])
            except ConditionFailedError:
                existing = self._table.get(keys.run(run.id), consistent=True)
                if existing is not None:
                    return run_from_item(existing), False
                held = self._table.get(key, consistent=True)
                if held is None:
                    may_enter = is_new
                    continue
                holder = held["runId"]
                if reentry is Reentry.ONCE or self._is_open(holder):
                    raise ReentryBlockedError(_blocked(reentry, holder), holder) from None
                may_enter = Attr("runId").eq(holder)
            else:
                return run_from_item(row), True
        raise TransientError("other runs of this contact kept opening at the same time; try again")

    def _holder(self, run: Run, reentry: Reentry) -> str | None:
        """Returns the run that prevents this one from being opened."""
        assert run.contact_id is not None
        key = keys.reentry(run.automation_id, run.contact_id)
        held = self._table.get(key, consistent=True)
        if held is None or held["runId"] == run.id:
            return None
        holder: str = held["runId"]
        return holder if reentry is Reentry.ONCE or self._is_open(holder) else None

    def _is_open(self, run_id: str) -> bool:
        item = self._table.get(keys.run(run_id), consistent=True)
        return item is not None and not RunStatus(item["status"]).is_terminal


def _listed_by_recovery(run: Run, recovery_id: str | None) -> "list[Write]":
    """Returns the write that lists the rerun with its recovery. The caller must put it into the
    transaction that writes the run's row, so that both have the same creation time."""
    if recovery_id is None:
        return []
    key = keys.recovery_rerun(recovery_id, run.created_at, run.id)
    return [Put({**key_attributes(key), "ttl": ttl(run.expires_at)})]


def _listed_by_keys(run: Run) -> "list[Write]":
    """Returns the writes of the items by which the run is found, one for each of its keys."""
    return [
        Put({**key_attributes(key), "workspaceId": run.workspace_id, "ttl": ttl(run.expires_at)})
        for key in run_key_items(run)
    ]


def _require_same_body(found: Event, given: Event, run_id: str | None) -> None:
    if not is_same_json(found.body, given.body):
        raise KeyReusedError(_REUSED.format("body"), run_id)


def _blocked(reentry: Reentry, run_id: str) -> str:
    if reentry is Reentry.ONCE:
        return (
            f"the contact already has the run {run_id} of this automation, which allows one "
            "run per contact"
        )
    return (
        f"the contact already has the open run {run_id} of this automation, which allows "
        "one open run per contact"
    )
