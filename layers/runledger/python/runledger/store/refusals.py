"""Refusals: one row each, or one row for all refusals with one reason in a minute."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, NotFoundError, UnreadableError
from runledger.models.erasure import ERASED_TEXT
from runledger.models.refusal import Refusal, RefusalReason, Replay
from runledger.models.run import TriggerType
from runledger.observability import log_failure
from runledger.store import keys
from runledger.store.salvage import NEVER, Reader, salvaged, whole
from runledger.store.table import Change, key_attributes, ttl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runledger.store.table import Table
    from runledger.store.values import Item


class RefusalStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def add(self, refusal: Refusal, shards: int) -> None:
        """Writes a refusal. If a refusal with the same id exists, that one is kept, unless it has
        expired."""
        is_new = Attr("pk").not_exists()
        is_expired = Attr("ttl").lt(ttl(refusal.created_at))
        with suppress(ConditionFailedError):
            self._table.put(_to_item(refusal, shards), is_new | is_expired)

    def tally(self, refusal: Refusal, shards: int) -> None:
        """Counts one more refusal with the same id. The first one is kept as the sample.

        Each refusal after the first costs one write unit, because no list key changes."""
        is_there = Attr("pk").exists()
        is_new = Attr("pk").not_exists()
        one_more = Change(add={"count": 1}, set={"lastAt": refusal.last_at})
        try:
            self._table.update(keys.refusal(refusal.id), one_more, is_there)
        except ConditionFailedError:
            try:
                self._table.put(_to_item(refusal, shards), is_new)
            except ConditionFailedError:
                # Another instance wrote the first one in between.
                self._table.update(keys.refusal(refusal.id), one_more, is_there)

    def erase(self, refusal_id: str, now: int) -> None:
        """Removes personal data from a refusal, and the refusal from the contact's index."""
        is_there = Attr("pk").exists()
        change = Change(
            set={"message": ERASED_TEXT, "erasedAt": now},
            remove=["source", "contactId", "gsi3pk", "keptUntil"],
        )
        with suppress(ConditionFailedError):
            self._table.update(keys.refusal(refusal_id), change, is_there)

    def begin_replay(self, refusal_id: str, replay: Replay) -> Refusal:
        """Records a replay before the event is sent again, and returns the refusal. If a replay was
        recorded before, the refusal keeps that one. Raises ConditionFailedError if the refusal does
        not exist, or if its personal data was erased."""
        is_there = Attr("pk").exists()
        is_not_erased = Attr("erasedAt").not_exists()
        is_first = Attr("replay").not_exists()
        change = Change(set={"replay": _replay_value(replay)})
        key = keys.refusal(refusal_id)
        try:
            return _from_item(self._table.update(key, change, is_there & is_not_erased & is_first))
        except ConditionFailedError as error:
            if error.item is None or "replay" not in error.item or "erasedAt" in error.item:
                raise
            return _from_item(error.item)

    def end_replay(self, refusal_id: str, ended: Replay) -> Refusal:
        """Records the result of a replay. If another process has recorded one, that one is kept.
        Returns the refusal. Raises ConditionFailedError if the refusal does not exist."""
        is_same_replay = Attr("replay.at").eq(ended.at) & Attr("replay.by").eq(ended.by)
        is_open = Attr("replay.runIds").not_exists()
        change = Change(set={"replay": _replay_value(ended)})
        key = keys.refusal(refusal_id)
        try:
            return _from_item(self._table.update(key, change, is_same_replay & is_open))
        except ConditionFailedError as error:
            if error.item is None:
                raise
            return _from_item(error.item)

    def get(self, refusal_id: str) -> Refusal:
        found = self.find(refusal_id)
        if found is None:
            raise NotFoundError(f"there is no refusal {refusal_id}")
        return found

    def find(self, refusal_id: str) -> Refusal | None:
        """Returns a refusal, or None if it does not exist."""
        item = self._table.get(keys.refusal(refusal_id), consistent=True)
        return None if item is None else _from_item(item)

    def find_shown(self, refusal_id: str) -> Refusal | None:
        """Returns a refusal as `find` does, but reads a damaged row as far as possible."""
        item = self._table.get(keys.refusal(refusal_id), consistent=True)
        return None if item is None else _shown_from_item(item)

    def get_many(
        self, refusal_ids: "Iterable[str]", *, consistent: bool = False
    ) -> dict[str, Refusal]:
        """Returns refusals for display. A damaged row is read as far as possible."""
        wanted = [keys.refusal(refusal_id) for refusal_id in refusal_ids]
        found = self._table.batch_get(wanted, consistent=consistent)
        refusals = [_shown_from_item(item) for item in found.values()]
        return {refusal.id: refusal for refusal in refusals}


def _to_item(refusal: Refusal, shards: int) -> "Item":
    kind, bucket = keys.Kind.REFUSAL, refusal.reason.value
    workspace_id = refusal.workspace_id
    shard = keys.shard_of(refusal.id, shards)
    contact_id = refusal.contact_id
    return {
        **key_attributes(keys.refusal(refusal.id)),
        "createdKey": keys.created_key(refusal.created_at, refusal.id),
        "gsi1pk": keys.by_status(workspace_id, kind, bucket, shard),
        "gsi2pk": keys.by_automation(workspace_id, kind, refusal.automation_id, bucket, shard),
        "gsi3pk": contact_id and keys.by_contact(workspace_id, contact_id),
        "workspaceId": workspace_id,
        "automationId": refusal.automation_id,
        "automationName": refusal.automation_name,
        "version": refusal.version,
        "trigger": refusal.trigger_type.value,
        "reason": refusal.reason.value,
        "message": refusal.message,
        "contactId": contact_id,
        "runId": refusal.run_id,
        "source": refusal.source,
        "count": refusal.count,
        "lastAt": refusal.last_at,
        "keptUntil": refusal.kept_until,
        "replay": refusal.replay and _replay_value(refusal.replay),
        "erasedAt": refusal.erased_at,
        "ttl": ttl(refusal.expires_at),
    }


def _replay_value(replay: Replay) -> dict[str, Any]:
    optional = {
        "runIds": None if replay.run_ids is None else list(replay.run_ids),
        "refusalId": replay.refusal_id,
    }
    given = {name: value for name, value in optional.items() if value is not None}
    return {"at": replay.at, "by": replay.by, "version": replay.version, **given}


def _replay(value: "Mapping[str, Any]") -> Replay:
    run_ids = value.get("runIds")
    return Replay(
        at=value["at"],
        by=value["by"],
        version=value["version"],
        run_ids=None if run_ids is None else tuple(run_ids),
        refusal_id=value.get("refusalId"),
    )


_REFUSAL: dict[str, Reader] = {
    "id": lambda item: keys.id_of(item["createdKey"]),
    "workspace_id": lambda item: item["workspaceId"],
    "automation_id": lambda item: item["automationId"],
    "automation_name": lambda item: item["automationName"],
    "version": lambda item: item.get("version"),
    "trigger_type": lambda item: TriggerType(item["trigger"]),
    "reason": lambda item: RefusalReason(item["reason"]),
    "message": lambda item: item["message"],
    "contact_id": lambda item: item.get("contactId"),
    "run_id": lambda item: item.get("runId"),
    "source": lambda item: item.get("source"),
    "count": lambda item: item["count"],
    "created_at": lambda item: keys.created_at_of(item["createdKey"]),
    "last_at": lambda item: item["lastAt"],
    "expires_at": lambda item: item["ttl"] * 1_000,
    "kept_until": lambda item: item.get("keptUntil"),
    "replay": lambda item: _replay(item["replay"]) if item.get("replay") else None,
    "erased_at": lambda item: item.get("erasedAt"),
}


def _from_item(item: "Item") -> Refusal:
    """Returns the refusal of a row. Raises UnreadableError if the row is damaged."""
    return whole(Refusal, _REFUSAL, item, "refusal")


def _shown_from_item(item: "Item") -> Refusal:
    """Returns the refusal of a row, and reads a damaged row as far as possible. For display
    only."""
    try:
        return _from_item(item)
    except UnreadableError as error:
        log_failure("a refusal is damaged", error, row=str(item.get("pk")))
    listed = str(item.get("gsi1pk", "")).split("#")[2:3]
    reasons = (each for each in RefusalReason if [each.value] == listed)
    instead = {
        "id": str(item.get("pk", "")).partition("#")[2],
        "workspace_id": "",
        "automation_id": "",
        "automation_name": "",
        "version": None,
        "trigger_type": TriggerType.WEBHOOK,
        "reason": next(reasons, RefusalReason.INVALID_PAYLOAD),
        "message": "",
        "count": 1,
        "created_at": 0,
        "last_at": 0,
        "expires_at": NEVER,
    }
    return salvaged(Refusal, _REFUSAL, instead, item)
