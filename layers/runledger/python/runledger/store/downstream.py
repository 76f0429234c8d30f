"""Who waits for the runs of which automation: an item in the upstream one's partition."""

from typing import TYPE_CHECKING

from runledger.models.automation import AutomationStatus
from runledger.store import keys
from runledger.store.table import Delete, Put, Write, key_attributes

if TYPE_CHECKING:
    from runledger.models.automation import Automation


def downstream_writes(before: "Automation", after: "Automation") -> list[Write]:
    """What goes with an activation, or with archiving: the item under the upstream automation that
    `after` waits for, and none under the one that `before` did.

    A paused automation keeps its item, so that whatever it misses leaves a refusal."""
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
