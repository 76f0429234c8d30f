"""Automations, their drafts and versions, and the webhook tokens that lead to them."""

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.models.automation import (
    ActiveVersion,
    Automation,
    AutomationStatus,
    Drain,
    Graph,
    Reentry,
    SecretRotation,
    Version,
)
from runledger.models.base import Model
from runledger.models.hold import Hold
from runledger.models.kept_event import Capture
from runledger.models.webhook_keys import WebhookKeys
from runledger.store import keys
from runledger.store.documents import newest_rows
from runledger.store.downstream import downstream_writes
from runledger.store.table import Change, Modify, Path, Put, SortRange, Write, key_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boto3.dynamodb.conditions import ConditionBase

    from runledger.store.bodies import Bodies
    from runledger.store.keys import Key
    from runledger.store.table import Table
    from runledger.store.values import Item

_VERSIONS_CACHED = 64
_TOKENS_CACHED = 1_000


class WebhookTarget(Model):
    """The automation that a webhook token belongs to."""

    workspace_id: str
    automation_id: str


class AutomationStore:
    def __init__(self, table: "Table", bodies: "Bodies") -> None:
        self._table = table
        self._bodies = bodies
        # Versions never change, so the process caches them.
        self._cached_version = lru_cache(maxsize=_VERSIONS_CACHED)(self._read_version)
        self._targets: dict[str, WebhookTarget] = {}

    def create(self, automation: Automation, graph: Graph) -> None:
        is_new = Attr("pk").not_exists()
        writes: list[Write] = [
            Put(_to_item(automation), is_new),
            Put(self._draft_item(automation, graph), is_new),
        ]
        self._table.transact([*writes, *_token_writes(automation)])

    def save_draft(
        self, automation: Automation, graph: Graph, *, with_new_token: bool = False
    ) -> None:
        """Writes name, re-entry and graph, with `automation.draft_revision` as the new revision.
        With `with_new_token`, also writes the webhook's first token. Raises ConflictError if the
        stored revision is not the one just before the new one, or if there is a token already."""
        is_as_it_was: ConditionBase = Attr("draftRevision").eq(automation.draft_revision - 1)
        values: dict[Path, Any] = {
            "name": automation.name,
            "reentry": automation.reentry.value,
            "draftRevision": automation.draft_revision,
            "updatedAt": automation.updated_at,
            "updatedBy": automation.updated_by,
        }
        token: list[Write] = []
        if with_new_token:
            values["webhookToken"] = automation.webhook_token
            is_as_it_was &= _has_token(None)
            token = _token_writes(automation)
        key = keys.automation(automation.workspace_id, automation.id)
        try:
            self._table.transact(
                [
                    Modify(key, Change(set=values), is_as_it_was),
                    Put(self._draft_item(automation, graph)),
                    *token,
                ]
            )
        except ConditionFailedError as error:
            raise ConflictError(
                "somebody else changed the automation in the meantime; reload it and try again"
            ) from error

    def get(self, workspace_id: str, automation_id: str, *, consistent: bool = True) -> Automation:
        item = self._table.get(keys.automation(workspace_id, automation_id), consistent=consistent)
        if item is None:
            raise NotFoundError(f"there is no automation {automation_id}")
        return _from_item(item)

    def get_many(self, workspace_id: str, automation_ids: "Iterable[str]") -> dict[str, Automation]:
        """Returns the automations that exist, by id."""
        found = self._table.batch_get(keys.automation(workspace_id, id_) for id_ in automation_ids)
        return {item["sk"]: _from_item(item) for item in found.values()}

    def names(
        self, workspace_id: str, automation_ids: "Iterable[str | None]"
    ) -> dict[str | None, str]:
        """Returns the names of the automations that exist, by id."""
        wanted = {each for each in automation_ids if each is not None}
        return {id_: each.name for id_, each in self.get_many(workspace_id, wanted).items()}

    def newest(
        self, workspace_id: str, limit: int, after: str | None
    ) -> tuple[list[Automation], str | None]:
        """Returns a page of automations, newest first, after the automation with the given id. Also
        returns the id of the last one if more follow."""
        return newest_rows(self._table, keys.automation, _from_item, workspace_id, limit, after)

    def draft(self, automation: Automation) -> Graph:
        item = self._table.get(keys.draft(automation.id), consistent=True)
        if item is None:
            raise NotFoundError(f"the automation {automation.id} has no draft; save one first")
        return Graph.model_validate(self._bodies.unpack(item["graph"]))

    def version(self, automation_id: str, number: int) -> Version:
        """Returns a version. Raises NotFoundError if it never existed."""
        return self._cached_version(automation_id, number)

    def versions(self, automation_id: str) -> list[Version]:
        """Returns all versions, newest first."""
        page = self._table.query(
            keys.draft(automation_id).pk, SortRange(prefix=keys.VERSION_PREFIX), ascending=False
        )
        return [self._version_from_item(item) for item in page.items]

    def downstream_ids(self, automation_id: str) -> list[str]:
        """Returns the ids of the automations that start after runs of this one."""
        prefix = keys.DOWNSTREAM_PREFIX
        partition = keys.downstream(automation_id, "").pk
        page = self._table.query(partition, SortRange(prefix=prefix), consistent=True)
        return [str(item["sk"]).removeprefix(prefix) for item in page.items]

    def has_downstream(self, automation_id: str) -> bool:
        """Whether any automation starts after runs of this one. The read may be about a
        second old."""
        prefix = keys.DOWNSTREAM_PREFIX
        partition = keys.downstream(automation_id, "").pk
        return bool(self._table.query(partition, SortRange(prefix=prefix), limit=1).items)

    def activate(self, before: Automation, after: Automation, also: Sequence[Write] = ()) -> None:
        """Changes `before` into `after`, with the writes in `also`, or changes nothing. The draft
        may have been saved meanwhile. Raises ConflictError if the status was changed or another
        activation was requested."""
        is_same_version = Attr("lastVersion").eq(before.last_version)
        is_same_status = Attr("status").eq(before.status.value)
        # A saved draft may have got its address meanwhile.
        is_as_it_was = is_same_version & is_same_status & _has_token(before.webhook_token)
        if after.active == before.active:
            # The same version becomes active again, so it must still match the draft.
            is_as_it_was &= Attr("draftRevision").eq(before.draft_revision)
        values: dict[Path, Any] = {
            "status": after.status.value,
            "active": after.active and after.active.model_dump(mode="json"),
            "activeRevision": after.active_revision,
            "updatedAt": after.updated_at,
            "updatedBy": after.updated_by,
        }
        if after.webhook_token is not None:
            values["webhookToken"] = after.webhook_token
        # The token is written each time, so that another activation repairs a lost token item.
        writes: list[Write] = [
            Modify(
                keys.automation(before.workspace_id, before.id),
                Change(set=values),
                is_as_it_was,
            ),
            *_token_writes(after),
        ]
        try:
            self._table.transact([*writes, *downstream_writes(before, after), *also])
        except ConditionFailedError as error:
            raise ConflictError(
                "somebody else changed the automation in the meantime; reload it and try again"
            ) from error

    def stop(self, before: Automation, after: Automation, also: Sequence[Write] = ()) -> None:
        """Stores `after`, which accepts no more events, and starts to drain the open runs: the row
        is in the due index until they are drained. `also` is written in the same transaction.
        Raises ConflictError if the automation was changed since it was read."""
        is_same_status = Attr("status").eq(before.status.value)
        is_same_version = Attr("lastVersion").eq(before.last_version)
        # An activation may have reserved its number before `before` was read, and committed
        # afterwards.
        is_same_active = (
            Attr("active").not_exists()
            if before.active is None
            else Attr("active.version").eq(before.active.version)
        )
        change = Change(
            set={
                "status": after.status.value,
                "updatedAt": after.updated_at,
                "updatedBy": after.updated_by,
                "drain": after.drain and after.drain.model_dump(mode="json"),
                "gsi4pk": keys.due(after.workspace_id, after.id),
                "dueKey": keys.due_key(after.updated_at, after.id),
            },
            # Its held runs are canceled with the others.
            remove=["hold"],
        )
        try:
            key = keys.automation(after.workspace_id, after.id)
            stopped = Modify(key, change, is_same_status & is_same_version & is_same_active)
            self._table.transact([stopped, *downstream_writes(before, after), *also])
        except ConditionFailedError as error:
            raise ConflictError(
                "somebody else changed the automation in the meantime; reload it and try again"
            ) from error

    def drained(self, automation: Automation, drain: Drain | None, due_at: int) -> None:
        """Stores the progress of a drain; a `drain` of None takes the row out of the due index. A
        newer drain is not changed."""
        assert automation.drain is not None
        is_same_drain = Attr("drain.before").eq(automation.drain.before)
        if drain is None:
            change = Change(remove=["drain", "gsi4pk", "dueKey"])
        else:
            change = Change(
                set={
                    "drain": drain.model_dump(mode="json"),
                    "dueKey": keys.due_key(due_at, automation.id),
                }
            )
        key = keys.automation(automation.workspace_id, automation.id)
        with suppress(ConditionFailedError):
            self._table.update(key, change, is_same_drain)

    def set_webhook_keys(self, before: Automation, after: Automation) -> None:
        """Stores the webhook's keys, whose revision must be the next one. Raises ConflictError if
        another user changed them since `before` was read, or archived the automation."""
        changed = after.webhook_keys
        assert changed is not None
        is_same_revision = (
            Attr("webhookKeys").not_exists()
            if before.webhook_keys is None
            else Attr("webhookKeys.revision").eq(before.webhook_keys.revision)
        )
        is_not_archived = Attr("status").ne(AutomationStatus.ARCHIVED.value)
        stored = changed.model_dump(mode="json")
        values: dict[Path, Any] = {
            "webhookKeys": stored,
            "updatedAt": after.updated_at,
            "updatedBy": after.updated_by,
        }
        key = keys.automation(before.workspace_id, before.id)
        try:
            self._table.update(
                key, Change(set=values, remove=["rotation"]), is_same_revision & is_not_archived
            )
        except ConditionFailedError as error:
            if error.item is not None and error.item.get("webhookKeys") == stored:
                # The AWS client sent our own write twice, because the first answer was lost.
                return
            raise ConflictError(
                "somebody else changed the webhook's keys at the same time; try again in a minute"
            ) from error

    def capture(self, automation: Automation, capture: Capture) -> None:
        """Begins a capture, in place of any earlier one. Raises NotFoundError if the automation
        does not exist."""
        is_there = Attr("pk").exists()
        key = keys.automation(automation.workspace_id, automation.id)
        change = Change(set={"capture": capture.model_dump(mode="json")})
        try:
            self._table.change(key, change, is_there)
        except ConditionFailedError as error:
            raise NotFoundError(f"there is no automation {automation.id}") from error

    def at(self, key: "Key") -> Automation:
        """Returns the automation whose row has this key."""
        item = self._table.get(key, consistent=True)
        if item is None:
            raise NotFoundError(f"there is no automation {key.sk}")
        return _from_item(item)

    def by_webhook_token(self, token: str) -> WebhookTarget | None:
        """Returns the automation of a token. A token never changes its automation, so each process
        keeps the answers for the last 1,000 known tokens."""
        known = self._targets.get(token)
        if known is not None:
            return known
        item = self._table.get(keys.webhook(token))
        if item is None:
            return None
        found = WebhookTarget(workspace_id=item["workspaceId"], automation_id=item["automationId"])
        if len(self._targets) >= _TOKENS_CACHED:
            self._targets.pop(next(iter(self._targets)), None)
        self._targets[token] = found
        return found

    def _draft_item(self, automation: Automation, graph: Graph) -> "Item":
        body = self._bodies.pack(
            graph.model_dump(mode="json"),
            f"automations/{automation.id}/drafts/{automation.draft_revision}",
        )
        return {**key_attributes(keys.draft(automation.id)), "graph": body}

    def _read_version(self, automation_id: str, number: int) -> Version:
        key = keys.version(automation_id, number)
        # An eventually consistent read may miss a version that was just written.
        item = self._table.get(key) or self._table.get(key, consistent=True)
        if item is None:
            raise NotFoundError(f"the automation {automation_id} has no version {number}")
        return self._version_from_item(item)

    def _version_from_item(self, item: "Item") -> Version:
        return Version.model_validate(self._bodies.unpack(item["body"]))


def _token_writes(automation: Automation) -> "list[Write]":
    """Returns the write of the item that leads from the webhook's token to the automation."""
    if automation.webhook_token is None:
        return []
    target = {"workspaceId": automation.workspace_id, "automationId": automation.id}
    key = keys.webhook(automation.webhook_token)
    is_new = Attr("pk").not_exists()
    is_ours = Attr("automationId").eq(automation.id)
    return [Put({**key_attributes(key), **target}, is_new | is_ours)]


def _has_token(token: str | None) -> "ConditionBase":
    stored = Attr("webhookToken")
    return stored.not_exists() | stored.eq(None) if token is None else stored.eq(token)


def _to_item(automation: Automation) -> "Item":
    return {
        **key_attributes(keys.automation(automation.workspace_id, automation.id)),
        "workspaceId": automation.workspace_id,
        "name": automation.name,
        "reentry": automation.reentry.value,
        "status": automation.status.value,
        "active": automation.active and automation.active.model_dump(mode="json"),
        "lastVersion": automation.last_version,
        "draftRevision": automation.draft_revision,
        "activeRevision": automation.active_revision,
        "webhookToken": automation.webhook_token,
        "createdAt": automation.created_at,
        "updatedAt": automation.updated_at,
        "updatedBy": automation.updated_by,
    }


def _from_item(item: "Item") -> Automation:
    return Automation(
        workspace_id=item["workspaceId"],
        id=item["sk"],
        name=item["name"],
        reentry=Reentry(item["reentry"]),
        status=AutomationStatus(item["status"]),
        active=ActiveVersion.model_validate(item["active"]) if item.get("active") else None,
        last_version=item["lastVersion"],
        draft_revision=item["draftRevision"],
        active_revision=item.get("activeRevision"),
        webhook_token=item.get("webhookToken"),
        created_at=item["createdAt"],
        updated_at=item["updatedAt"],
        updated_by=item["updatedBy"],
        drain=Drain.model_validate(item["drain"]) if item.get("drain") else None,
        hold=Hold.model_validate(item["hold"]) if item.get("hold") else None,
        rotation=SecretRotation.model_validate(item["rotation"]) if item.get("rotation") else None,
        webhook_keys=(
            WebhookKeys.model_validate(item["webhookKeys"]) if item.get("webhookKeys") else None
        ),
        capture=Capture.model_validate(item["capture"]) if item.get("capture") else None,
    )
