"""Failure groups: an item a group, and one a failed run of it.

What a failed run adds is derived from its row alone and from nothing that was there before, so it
may be added twice, late or in any order. Nothing is counted up.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, NotFoundError
from runledger.models.erasure import ERASED_TEXT
from runledger.models.failure import FailedRun, FailureGroup
from runledger.store import keys
from runledger.store.run_rows import has_whole_message, step_from_item
from runledger.store.table import Change, Path, SortRange, key_attributes, ttl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runledger.models.run import ErrorDetail, Run
    from runledger.store.bodies import Bodies
    from runledger.store.table import Table
    from runledger.store.values import Item


class ListedGroup(NamedTuple):
    """`position` is where the list goes on after it; `group` is None where it is gone."""

    position: str
    group: FailureGroup | None


class FailedRuns(NamedTuple):
    """Newest first; `is_complete` is False where there were more than asked for."""

    runs: list[FailedRun]
    is_complete: bool


class FailureStore:
    def __init__(self, table: "Table", bodies: "Bodies") -> None:
        self._table = table
        self._bodies = bodies

    def whole_error(self, run: "Run") -> "ErrorDetail | None":
        """The error of a failed run with all of its message, as far as it was kept: half a read
        unit for each 4 KB of the step, where the row's is cut."""
        error = run.error
        if error is None or error.node_id is None or has_whole_message(error):
            return error
        item = self._table.get(keys.step(run.id, error.node_id))
        step = step_from_item(item, self._bodies) if item is not None else None
        return step.error if step is not None and step.error is not None else error

    def add_run(self, group_id: str, run: FailedRun) -> None:
        """One write unit: the same item, however often."""
        self._table.put(_run_to_item(group_id, run))

    def erase_run(self, group_id: str, created_at: int, run_id: str) -> None:
        """Takes the contact from a run of the group, which counts still."""
        key = keys.failed_run(group_id, created_at, run_id)
        self._change_if_there(key, Change(remove=["contactId"]))

    def erase_message(self, group_id: str) -> None:
        self._change_if_there(keys.failure_group(group_id), Change(set={"message": ERASED_TEXT}))

    def _change_if_there(self, key: keys.Key, change: Change) -> None:
        is_there = Attr("pk").exists()
        with suppress(ConditionFailedError):
            self._table.update(key, change, is_there)

    def add(self, group: FailureGroup) -> FailureGroup | None:
        """Writes a group. Where it was there before, that one stands and is returned."""
        is_new = Attr("pk").not_exists()
        try:
            self._table.put(_to_item(group), is_new)
        except ConditionFailedError as error:
            if error.item is None:
                raise
            return _from_item(error.item)
        return None

    def move(self, before: FailureGroup, after: FailureGroup) -> FailureGroup | None:
        """Changes a group that is as it was read; otherwise the one that is there now is returned,
        or NotFoundError raised where none is. Five write units where it moves in the lists."""
        was, becomes = _to_item(before), _to_item(after)
        changed: dict[Path, Any] = {
            name: value for name, value in becomes.items() if value != was[name]
        }
        is_as_read = (
            Attr("createdKey").eq(was["createdKey"])
            & Attr("firstAt").eq(was["firstAt"])
            & Attr("firstVersion").eq(was["firstVersion"])
            & Attr("ttl").eq(was["ttl"])
        )
        key = keys.failure_group(before.id)
        try:
            self._table.update(key, Change(set=changed), is_as_read)
        except ConditionFailedError as error:
            if error.item is None:
                raise NotFoundError(f"there is no failure group {before.id}") from error
            return _from_item(error.item)
        return None

    def find(self, group_id: str) -> FailureGroup | None:
        """Half a read unit, and as stale as an index."""
        item = self._table.get(keys.failure_group(group_id))
        return _from_item(item) if item is not None else None

    def newest(
        self, workspace_id: str, automation_id: str | None, since: int, after: str | None, size: int
    ) -> "Iterator[ListedGroup]":
        """Groups whose place in the list is at `since` or later, newest first, read `size` at a
        time. One that fails meanwhile moves to the front, which is behind the reader."""
        index, partition = keys.failure_groups(workspace_id, automation_id)
        sort = SortRange(low=keys.created_key(since, ""), high=after)
        start: Item | None = None
        while True:
            page = self._table.query(
                partition, sort, index=index, ascending=False, limit=size, after=start
            )
            # The bound itself is where the page before ended.
            listed = [item for item in page.items if item["createdKey"] != after]
            wanted = [keys.Key(item["pk"], item["sk"]) for item in listed]
            rows = self._table.batch_get(wanted)
            for item, key in zip(listed, wanted, strict=True):
                row = rows.get(key)
                yield ListedGroup(item["createdKey"], _from_item(row) if row else None)
            start = page.next
            if start is None:
                return

    def runs(self, group_id: str, since: int, until: int, limit: int) -> FailedRuns:
        """The runs of a group that were created from `since` to `until`, at most so many: half a
        read unit for about 24 of them."""
        page = self._table.query(
            keys.failure_members(group_id),
            SortRange(low=keys.created_key(since, ""), high=keys.created_key(until, "\uffff")),
            ascending=False,
            limit=limit + 1,
        )
        found = [_run_from_item(item) for item in page.items]
        return FailedRuns(found[:limit], len(found) <= limit)


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
        "message": group.message,
        "firstAt": group.first_at,
        "firstVersion": group.first_version,
        "ttl": ttl(group.expires_at),
    }


def _from_item(item: "Item") -> FailureGroup:
    return FailureGroup(
        id=keys.id_of(item["createdKey"]),
        workspace_id=item["workspaceId"],
        automation_id=item["automationId"],
        node_id=item.get("node"),
        kind=item["kind"],
        message=item["message"],
        first_at=item["firstAt"],
        first_version=item["firstVersion"],
        listed_at=keys.created_at_of(item["createdKey"]),
        expires_at=item["ttl"] * 1_000,
    )


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
