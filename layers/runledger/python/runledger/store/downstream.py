"""Automations that start after runs of another one: one item each, in the upstream automation's
partition."""

from typing import TYPE_CHECKING

from runledger.models.automation import AutomationStatus
from runledger.store import keys
from runledger.store.table import Delete, Put, Write, key_attributes

if TYPE_CHECKING:
    from runledger.models.automation import Automation


def downstream_writes(before: "Automation", after: "Automation") -> list[Write]:
    """Returns the writes for the transaction that activates or archives an automation, and so
    changes `before` into `after`. They put its item under the upstream automation of `after`, and
    delete the item under the upstream automation of `before` if that is another one. An archived
    automation has no item.

    A paused automation keeps its item, so that every event it misses leaves a refusal."""
    was = before.active.upstream_id if before.active else None
    now = after.active.upstream_id if after.active else None
    if after.status is AutomationStatus.ARCHIVED:
        now = None
    writes: list[Write] = []
    if was is not None and was != now:
        writes.append(Delete(keys.downstream(was, after.id)))
    if now is not None:
        key = keys.downstream(now, after.id)
        writes.append(Put({**key_attributes(key), "workspaceId": after.workspace_id}))
    return writes
