"""Recoveries: one row each, and one item for each run. Times are epoch milliseconds.

An item's sort key begins with its state. A change of state and the counts of the recovery are
written in one transaction, so the counts are always true.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.models.listing import FrozenFilter
from runledger.models.recovery import (
    CanaryThen,
    ItemState,
    LeftOut,
    Recovery,
    RecoveryItem,
    RecoveryStatus,
)
from runledger.store import keys
from runledger.store.request_keys import RequestKey, put_once
from runledger.store.table import (
    Change,
    Delete,
    Modify,
    Path,
    Put,
    SortRange,
    Write,
    key_attributes,
    ttl,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.store.keys import Key
    from runledger.store.table import Table
    from runledger.store.values import Item

# The most items in one change: with two writes each they fit into one transaction.
MOST_ITEMS = 40
_PROGRESS = (
    "version cursor isRead againAt pacedTo batch eligible excluded blocked opened completed failed "
    "canceled"
).split()


class RecoveryStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def create(self, recovery: Recovery, request: RequestKey | None) -> Recovery:
        """Stores a new recovery and returns it. If the same idempotency key was used before with
        the same request, returns the recovery that this request began. If the key was used with
        another request, raises KeyReusedError."""
        row = {**_to_item(recovery), **_due(recovery, recovery.created_at)}
        if request is None:
            # Ids are never drawn twice, so nothing is overwritten.
            self._table.put(row)
            return recovery_from_item(row)
        place = keys.recovery_request(recovery.workspace_id, request.key)
        now, until = recovery.created_at, recovery.expires_at
        name = ("recoveryId", recovery.id)
        written = put_once(self._table, row, place, name, request.digest, now=now, until=until)
        if written == recovery.id:
            return recovery_from_item(row)
        return self.get(recovery.workspace_id, written, now)

    def get(self, workspace_id: str, recovery_id: str, now: int) -> Recovery:
        """Returns a recovery. Raises NotFoundError also if it belongs to another workspace."""
        found = self.at(keys.recovery(workspace_id, recovery_id))
        if found is None or found.expires_at <= now:
            raise NotFoundError(f"there is no recovery {recovery_id}")
        return found

    def at(self, key: "Key") -> Recovery | None:
        item = self._table.get(key, consistent=True)
        return None if item is None else recovery_from_item(item)

    def newest(
        self, workspace_id: str, limit: int, after: str | None, now: int
    ) -> tuple[list[Recovery], str | None]:
        """Returns a page of recoveries, newest first, after the one with the given id. Also returns
        the id of the last one if more follow."""
        partition = keys.recovery(workspace_id, "").pk
        start = {"pk": partition, "sk": after} if after else None
        page = self._table.query(partition, ascending=False, limit=limit, after=start)
        position = str(page.items[-1]["sk"]) if page.next and page.items else None
        found = [recovery_from_item(item) for item in page.items]
        return [each for each in found if each.expires_at > now], position

    def items(
        self, recovery_id: str, state: ItemState | None, limit: int, after: str | None = None
    ) -> tuple[list[RecoveryItem], str | None]:
        """Returns the items in this state, or in any, the oldest runs of a state first. `after` is
        the position that the previous page returned. The returned position is None after the last
        page."""
        partition = keys.recovery_items(recovery_id)
        prefix = None if state is None else keys.recovery_item(recovery_id, state, "").sk
        page = self._table.query(
            partition,
            SortRange(prefix=prefix),
            limit=limit,
            after=None if after is None else {"pk": partition, "sk": after},
            consistent=True,
        )
        position = str(page.items[-1]["sk"]) if page.next and page.items else None
        return [_item_from(item) for item in page.items], position

    def at_places(
        self, recovery_id: str, states: "Iterable[ItemState]", places: "Iterable[str]"
    ) -> dict[str, RecoveryItem]:
        """Returns the items that are at these places and in one of these states, by place. A place
        is `createdAt#run`."""
        wanted = [
            keys.recovery_item(recovery_id, state, place) for state in states for place in places
        ]
        found = map(_item_from, self._table.batch_get(wanted, consistent=True).values())
        return {each.place: each for each in found}

    def begin_batch(self, recovery: Recovery, batch: Sequence[str], due_at: int) -> Recovery:
        """Stores which runs are being rerun. Raises ConditionFailedError if another process
        continued the recovery, or a person changed its status."""
        change = Change(
            set={"batch": list(batch), "version": recovery.version + 1, **_due(recovery, due_at)}
        )
        return recovery_from_item(self._table.update(_key(recovery), change, _is_as_read(recovery)))

    def record(
        self,
        before: Recovery,
        after: Recovery,
        moved: Sequence[tuple[RecoveryItem | None, RecoveryItem]],
    ) -> Recovery:
        """Stores progress together with the changed items, each as a pair of before and after.
        Returns the recovery as it is now. Raises ConditionFailedError if another process continued
        it. A change of its status meanwhile is kept."""
        is_unchanged = Attr("version").eq(before.version)
        after = after.changed(version=before.version + 1)
        item = _to_item(after)
        values: dict[Path, Any] = {name: item[name] for name in _PROGRESS if name in item}
        gone: list[Path] = [name for name in _PROGRESS if name not in item]
        writes: list[Write] = [
            Modify(_key(before), Change(set=values, remove=gone), is_unchanged),
        ]
        for old, new in moved:
            if old is not None and old.state is not new.state:
                writes.append(Delete(_item_key(before, old)))
            writes.append(Put(_item_to(before, new)))
        try:
            self._table.transact(writes)
        except ConditionFailedError:
            # The SDK may have repeated our own write, because its answer was lost.
            found = self.at(_key(before))
            if found is None or not _is_same_progress(found, after):
                raise
            return found
        found = self.at(_key(before))
        if found is None:
            raise ConditionFailedError
        return found

    def turn(self, before: Recovery, after: Recovery, due_at: int) -> Recovery:
        """Changes the status to that of `after`, with the attributes that belong to the status.
        Raises ConflictError if another process changed the status since it was read."""
        after = after.changed(sequence=before.sequence + 1)
        item = _to_item(after)
        values: dict[Path, Any] = {name: item[name] for name in _CONTROL if name in item}
        gone: list[Path] = [name for name in _CONTROL if name not in item]
        is_same_status = Attr("sequence").eq(before.sequence)
        change = Change(set={**values, **_due(before, due_at)}, remove=gone)
        try:
            return recovery_from_item(self._table.update(_key(before), change, is_same_status))
        except ConditionFailedError as error:
            found = None if error.item is None else recovery_from_item(error.item)
            if found is not None and found.sequence == after.sequence and _is_turned(found, after):
                # The SDK may have repeated our own write, because its answer was lost.
                return found
            raise ConflictError(
                "the recovery was changed at the same time; reload it",
                status=None if found is None else found.status.value,
            ) from error

    def rest(self, recovery: Recovery, due_at: int | None) -> None:
        """Stores when the recovery continues; None takes it out of the due index. Raises
        ConditionFailedError if anything changed since it was read."""
        if due_at is None:
            change = Change(remove=["gsi4pk", "dueKey"])
        else:
            change = Change(set=_due(recovery, due_at))
        self._table.change(_key(recovery), change, _is_as_read(recovery))


# The attributes that belong to the status.
_CONTROL = (
    "status statusAt statusBy statusReason sequence isCanaryOver failedBefore finishedAt"
).split()


def _is_as_read(recovery: Recovery) -> Any:
    is_unchanged = Attr("version").eq(recovery.version)
    is_same_status = Attr("sequence").eq(recovery.sequence)
    return is_unchanged & is_same_status


def _is_same_progress(found: Recovery, after: Recovery) -> bool:
    mine, theirs = _to_item(after), _to_item(found)
    return all(mine.get(name) == theirs.get(name) for name in _PROGRESS)


def _is_turned(found: Recovery, after: Recovery) -> bool:
    mine, theirs = _to_item(after), _to_item(found)
    return all(mine.get(name) == theirs.get(name) for name in _CONTROL)


def _key(recovery: Recovery) -> "Key":
    return keys.recovery(recovery.workspace_id, recovery.id)


def _due(recovery: Recovery, due_at: int) -> dict[Any, Any]:
    return {"gsi4pk": keys.due_recovery(), "dueKey": keys.due_key(due_at, recovery.id)}


def _to_item(recovery: Recovery) -> "Item":
    item = {
        **key_attributes(_key(recovery)),
        "workspaceId": recovery.workspace_id,
        "filter": recovery.filter.model_dump(mode="json", exclude_defaults=True),
        "request": recovery.request,
        "by": recovery.by,
        "mayRepeatMessages": recovery.may_repeat_messages,
        "canary": recovery.canary,
        "canaryThen": recovery.canary_then.value,
        "rate": recovery.rate,
        "stopAfter": recovery.stop_after,
        "createdAt": recovery.created_at,
        "ttl": ttl(recovery.expires_at),
        "status": recovery.status.value,
        "statusAt": recovery.status_at,
        "statusBy": recovery.status_by,
        "statusReason": recovery.status_reason,
        "sequence": recovery.sequence,
        "isCanaryOver": recovery.is_canary_over,
        "failedBefore": recovery.failed_before,
        "version": recovery.version,
        "cursor": recovery.cursor,
        "isRead": recovery.is_read,
        "againAt": recovery.again_at,
        "pacedTo": recovery.paced_to,
        "batch": list(recovery.batch) or None,
        "eligible": recovery.eligible,
        "excluded": dict(sorted(recovery.excluded.items())),
        "blocked": recovery.blocked,
        "opened": recovery.opened,
        "completed": recovery.completed,
        "failed": recovery.failed,
        "canceled": recovery.canceled,
        "finishedAt": recovery.finished_at,
    }
    return {name: value for name, value in item.items() if value is not None}


def recovery_from_item(item: "Item") -> Recovery:
    return Recovery(
        workspace_id=item["workspaceId"],
        id=item["sk"],
        filter=FrozenFilter.model_validate(item["filter"]),
        request=item["request"],
        by=item["by"],
        may_repeat_messages=item["mayRepeatMessages"],
        canary=item["canary"],
        canary_then=CanaryThen(item["canaryThen"]),
        rate=item["rate"],
        stop_after=item["stopAfter"],
        created_at=item["createdAt"],
        expires_at=item["ttl"] * 1_000,
        status=RecoveryStatus(item["status"]),
        status_at=item["statusAt"],
        status_by=item.get("statusBy"),
        status_reason=item.get("statusReason"),
        sequence=item["sequence"],
        is_canary_over=item["isCanaryOver"],
        failed_before=item["failedBefore"],
        due_at=keys.due_at_of(item["dueKey"]) if "dueKey" in item else None,
        version=item["version"],
        cursor=item.get("cursor"),
        is_read=item["isRead"],
        again_at=item.get("againAt"),
        paced_to=item["pacedTo"],
        batch=tuple(item.get("batch", ())),
        eligible=item["eligible"],
        excluded=item["excluded"],
        blocked=item["blocked"],
        opened=item["opened"],
        completed=item["completed"],
        failed=item["failed"],
        canceled=item["canceled"],
        finished_at=item.get("finishedAt"),
    )


def _item_key(recovery: Recovery, item: RecoveryItem) -> "Key":
    return keys.recovery_item(recovery.id, item.state, item.place)


def _item_to(recovery: Recovery, item: RecoveryItem) -> "Item":
    fields = {
        "rerunId": item.rerun_id,
        "result": item.result,
        "blockedBy": item.blocked_by,
        "reason": None if item.reason is None else item.reason.value,
        "detail": item.detail,
    }
    return {
        **key_attributes(_item_key(recovery, item)),
        "ttl": ttl(recovery.expires_at),
        **{name: value for name, value in fields.items() if value is not None},
    }


def _item_from(item: "Item") -> RecoveryItem:
    state, _, place = item["sk"].partition("#")
    return RecoveryItem(
        place=place,
        run_id=keys.id_of(place),
        state=ItemState(state),
        rerun_id=item.get("rerunId"),
        result=item.get("result"),
        blocked_by=item.get("blockedBy"),
        reason=LeftOut(item["reason"]) if "reason" in item else None,
        detail=item.get("detail"),
    )
