"""Failure groups: one item per group, and one per failed run in it.

The items of a failed run are derived from its row alone, so it may be added twice, late or in any
order. Nothing is incremented.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, NotFoundError, UnreadableError
from runledger.models.erasure import ERASED_TEXT
from runledger.models.failure import Assignment, FailedRun, FailureGroup, Resolution
from runledger.observability import log_failure
from runledger.store import keys
from runledger.store.paging import every_item
from runledger.store.run_rows import has_whole_message, shown_step_from_item
from runledger.store.salvage import DAMAGES
from runledger.store.table import Change, Path, SortRange, key_attributes, ttl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boto3.dynamodb.conditions import ConditionBase

    from runledger.models.run import ErrorDetail, Run
    from runledger.store.bodies import Bodies
    from runledger.store.table import Table
    from runledger.store.values import Item

# How many runs of a group are read at a time, if all are wanted.
_RUNS_READ = 1_000
_ASSIGNED = ("assignedTo", "assignedBy", "assignedAt")


class ListedGroup(NamedTuple):
    """A group in a list. `position` is where the list continues after the group. `group` is None if
    the group is gone or damaged."""

    position: str
    group: FailureGroup | None


class FailedRuns(NamedTuple):
    """Failed runs, newest first. `is_complete` is False if there are more than the limit."""

    runs: list[FailedRun]
    is_complete: bool


class FailureStore:
    def __init__(self, table: "Table", bodies: "Bodies") -> None:
        self._table = table
        self._bodies = bodies

    def whole_error(self, run: "Run") -> "ErrorDetail | None":
        """Returns the error of a failed run with its whole message, if it was kept. If the row's
        message is cut, the step is read."""
        if run.error is None or has_whole_message(run.error):
            return run.error
        return self.step_error(run) or run.error

    def step_error(self, run: "Run", *, consistent: bool = False) -> "ErrorDetail | None":
        """Returns the error as the failed node recorded it. Costs half a read unit for each 4 KB of
        the step, or one if consistent."""
        if run.error is None or run.error.node_id is None:
            return None
        item = self._table.get(keys.step(run.id, run.error.node_id), consistent=consistent)
        return shown_step_from_item(item, self._bodies).error if item is not None else None

    def add_run(self, group_id: str, run: FailedRun) -> None:
        """Adds a failed run to the group. Costs one write unit. A repeated call writes the same
        item."""
        self._table.put(_run_to_item(group_id, run))

    def erase_run(self, group_id: str, created_at: int, run_id: str) -> None:
        """Removes the contact from a run of the group. The run still counts."""
        key = keys.failed_run(group_id, created_at, run_id)
        self._change_if_there(key, Change(remove=["contactId"]))

    def erase_message(self, group_id: str) -> None:
        """Erases the group's message and title, and the note that a user wrote."""
        gone = Change(set={"message": ERASED_TEXT}, remove=["title", "note"])
        self._change_if_there(keys.failure_group(group_id), gone)

    def _change_if_there(self, key: keys.Key, change: Change) -> None:
        is_there = Attr("pk").exists()
        with suppress(ConditionFailedError):
            self._table.update(key, change, is_there)

    def add(self, group: FailureGroup) -> FailureGroup | None:
        """Writes a group. If it exists already, the existing one is kept and returned."""
        is_new = Attr("pk").not_exists()
        try:
            self._table.put(_to_item(group), is_new)
        except ConditionFailedError as error:
            if error.item is None:
                raise
            return _from_item(error.item)
        return None

    def move(self, before: FailureGroup, after: FailureGroup) -> FailureGroup | None:
        """Changes a group if it was not changed since it was read; otherwise returns the current
        group. Raises NotFoundError if the group is gone. Costs five write units if the group moves
        in the lists."""
        was, becomes = _to_item(before), _to_item(after)
        changed: dict[Path, Any] = {
            name: value for name, value in becomes.items() if value != was.get(name)
        }
        is_as_read = (
            Attr("createdKey").eq(was["createdKey"])
            & Attr("firstAt").eq(was["firstAt"])
            & Attr("firstVersion").eq(was["firstVersion"])
            & Attr("ttl").eq(was["ttl"])
            & _is_resolved_as_in(before)
        )
        key = keys.failure_group(before.id)
        try:
            self._table.update(key, Change(set=changed), is_as_read)
        except ConditionFailedError as error:
            if error.item is None:
                raise NotFoundError(f"there is no failure group {before.id}") from error
            return _from_item(error.item)
        return None

    def resolve(self, group_id: str, resolution: Resolution) -> None:
        """Stores a resolution, in place of an earlier one. Raises NotFoundError if the group has
        expired."""
        values: dict[Path, Any] = {"resolvedBy": resolution.by, "resolvedAt": resolution.at}
        gone: list[Path] = ["reopenedAt"]
        if resolution.note is None:
            gone.append("note")
        else:
            values["note"] = resolution.note
        is_there = Attr("pk").exists()
        try:
            self._table.update(
                keys.failure_group(group_id), Change(set=values, remove=gone), is_there
            )
        except ConditionFailedError as error:
            raise NotFoundError(f"there is no failure group {group_id}") from error

    def reopen(self, group_id: str, resolved_at: int, moment: int) -> None:
        """Opens a group again. Changes nothing if it was already opened again, or resolved
        again."""
        is_that_resolution = Attr("resolvedAt").eq(resolved_at)
        is_not_reopened = Attr("reopenedAt").not_exists()
        with suppress(ConditionFailedError):
            self._table.update(
                keys.failure_group(group_id),
                Change(set={"reopenedAt": moment}),
                is_that_resolution & is_not_reopened,
            )

    def assign(self, group_id: str, assignment: Assignment | None) -> None:
        """Stores who looks after a group; None removes it. Raises NotFoundError if the group has
        expired."""
        values: dict[Path, Any] = dict(_assignment_to_item(assignment).items())
        change = Change(set=values, remove=[] if values else list(_ASSIGNED))
        is_there = Attr("pk").exists()
        try:
            self._table.update(keys.failure_group(group_id), change, is_there)
        except ConditionFailedError as error:
            raise NotFoundError(f"there is no failure group {group_id}") from error

    def find(self, group_id: str, *, consistent: bool = False) -> FailureGroup | None:
        """Returns a group. Costs half a read unit, and the group may be slightly out of date. A
        consistent read costs a whole unit. Raises UnreadableError if the group is damaged."""
        item = self._table.get(keys.failure_group(group_id), consistent=consistent)
        return _from_item(item) if item is not None else None

    def newest(
        self, workspace_id: str, automation_id: str | None, since: int, after: str | None, size: int
    ) -> "Iterator[ListedGroup]":
        """Yields groups whose place in the list is at `since` or later, newest first, read `size`
        at a time. A group that gets a new failure meanwhile moves to the front, so the reader does
        not see it again."""
        index, partition = keys.failure_groups(workspace_id, automation_id)
        sort = SortRange(low=keys.created_key(since, ""), high=after)
        start: Item | None = None
        while True:
            page = self._table.query(
                partition, sort, index=index, ascending=False, limit=size, after=start
            )
            # The bound is the last row of the previous page.
            listed = [item for item in page.items if item["createdKey"] != after]
            wanted = [keys.Key(item["pk"], item["sk"]) for item in listed]
            rows = self._table.batch_get(wanted)
            for item, key in zip(listed, wanted, strict=True):
                yield ListedGroup(item["createdKey"], _listed_group(rows.get(key)))
            start = page.next
            if start is None:
                return

    def runs(
        self, group_id: str, since: int, until: int, limit: int, *, consistent: bool = False
    ) -> FailedRuns:
        """Returns up to `limit` runs of a group that were created from `since` to `until`. Costs
        half a read unit for about 24 runs."""
        page = self._table.query(
            keys.failure_members(group_id),
            SortRange(low=keys.created_key(since, ""), high=keys.created_key(until, "\uffff")),
            ascending=False,
            limit=limit + 1,
            consistent=consistent,
        )
        found = [_run_from_item(item) for item in page.items]
        return FailedRuns(found[:limit], len(found) <= limit)

    def all_runs(self, group_id: str, until: int) -> "Iterator[FailedRun]":
        """Returns every run of a group that was created by `until`, newest first, from consistent
        reads. Costs one read unit for about 24 runs."""
        created = SortRange(low=keys.created_key(0, ""), high=keys.created_key(until, "\uffff"))
        items = every_item(
            self._table,
            keys.failure_members(group_id),
            created,
            limit=_RUNS_READ,
            ascending=False,
            consistent=True,
        )
        return map(_run_from_item, items)


def _to_item(group: FailureGroup) -> "Item":
    _, all_groups = keys.failure_groups(group.workspace_id)
    _, of_automation = keys.failure_groups(group.workspace_id, group.automation_id)
    return {
        **key_attributes(keys.failure_group(group.id)),
        "createdKey": keys.created_key(group.listed_at, group.id),
        "gsi1pk": all_groups,
        "gsi2pk": of_automation,
        "workspaceId": group.workspace_id,
        "automationId": group.automation_id,
        "node": group.node_id,
        "kind": group.kind,
        "title": group.title,
        "message": group.message,
        "firstAt": group.first_at,
        "firstVersion": group.first_version,
        "ttl": ttl(group.expires_at),
        **_resolution_to_item(group.resolution),
        **_assignment_to_item(group.assignment),
    }


def _resolution_to_item(resolution: Resolution | None) -> "Item":
    if resolution is None:
        return {}
    return {
        "resolvedBy": resolution.by,
        "resolvedAt": resolution.at,
        "note": resolution.note,
        "reopenedAt": resolution.reopened_at,
    }


def _resolution_from_item(item: "Item") -> Resolution | None:
    if "resolvedAt" not in item:
        return None
    return Resolution(
        by=item["resolvedBy"],
        at=item["resolvedAt"],
        note=item.get("note"),
        reopened_at=item.get("reopenedAt"),
    )


def _assignment_to_item(assignment: Assignment | None) -> "Item":
    if assignment is None:
        return {}
    values = (assignment.user_id, assignment.by, assignment.at)
    return dict(zip(_ASSIGNED, values, strict=True))


def _assignment_from_item(item: "Item") -> Assignment | None:
    if "assignedTo" not in item:
        return None
    user_id, by, at = (item[name] for name in _ASSIGNED)
    return Assignment(user_id=user_id, by=by, at=at)


def _is_resolved_as_in(group: FailureGroup) -> "ConditionBase":
    """The condition that the group was neither resolved nor opened again since it was read."""
    facts = _resolution_to_item(group.resolution)
    resolved_at, reopened_at = facts.get("resolvedAt"), facts.get("reopenedAt")
    resolved, reopened = Attr("resolvedAt"), Attr("reopenedAt")
    is_same = resolved.not_exists() if resolved_at is None else resolved.eq(resolved_at)
    return is_same & (reopened.not_exists() if reopened_at is None else reopened.eq(reopened_at))


def _from_item(item: "Item") -> FailureGroup:
    """Returns the group of a row. Raises UnreadableError if the row is damaged."""
    try:
        return FailureGroup(
            id=keys.id_of(item["createdKey"]),
            workspace_id=item["workspaceId"],
            automation_id=item["automationId"],
            node_id=item.get("node"),
            kind=item["kind"],
            title=item.get("title"),
            message=item["message"],
            first_at=item["firstAt"],
            first_version=item["firstVersion"],
            listed_at=keys.created_at_of(item["createdKey"]),
            expires_at=item["ttl"] * 1_000,
            resolution=_resolution_from_item(item),
            assignment=_assignment_from_item(item),
        )
    except DAMAGES as error:
        raise UnreadableError("the stored failure group cannot be read") from error


def _listed_group(row: "Item | None") -> FailureGroup | None:
    """Returns the group of a row in a list. Returns None if the row is gone or damaged, so that it
    does not hide the other groups."""
    try:
        return _from_item(row) if row else None
    except UnreadableError as error:
        log_failure("a failure group is damaged", error, row=str((row or {}).get("pk")))
        return None


def _run_to_item(group_id: str, run: FailedRun) -> "Item":
    return {
        **key_attributes(keys.failed_run(group_id, run.created_at, run.run_id)),
        "contactId": run.contact_id,
        "version": run.version,
        "failedAt": run.failed_at,
        "ttl": ttl(run.expires_at),
    }


def _run_from_item(item: "Item") -> FailedRun:
    return FailedRun(
        run_id=keys.id_of(item["sk"]),
        contact_id=item.get("contactId"),
        version=item["version"],
        created_at=keys.created_at_of(item["sk"]),
        failed_at=item["failedAt"],
        expires_at=item["ttl"] * 1_000,
    )
