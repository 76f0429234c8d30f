"""Records why an event opened no run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, Clock
from runledger.errors import TransientError
from runledger.ids import derived_id, new_id
from runledger.models.refusal import Refusal, RefusalReason
from runledger.observability import logger

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.models.run import TriggerType
    from runledger.store.refusals import RefusalStore
    from runledger.store.workspaces import WorkspaceStore

MESSAGE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """Why an event opened no run. `event_key` identifies an event that may come again: the same key
    leaves only one refusal."""

    trigger_type: "TriggerType"
    reason: RefusalReason
    message: str
    contact_id: str | None = None
    run_id: str | None = None
    source: str | None = None
    event_key: str | None = None


@dataclass(frozen=True, slots=True)
class Refusals:
    store: "RefusalStore"
    workspaces: "WorkspaceStore"
    clock: Clock

    def record(self, automation: "Automation", refused: RefusedEvent) -> Refusal:
        """Writes a separate row for this refusal."""
        now = self.clock()
        key = refused.event_key
        refusal_id = (
            new_id("ref")
            if key is None
            else derived_id("ref", automation.id, refused.reason.value, key)
        )
        workspace = self.workspaces.cached(automation.workspace_id)
        refusal = _refusal(refusal_id, automation, refused, now, workspace.retention)
        self.store.add(refusal, workspace.shards)
        return refusal

    def tally(self, automation: "Automation", refused: RefusedEvent) -> None:
        """Counts the refusal in one row for its automation, reason and minute. The row shows the
        first refusal as a sample. Separate rows would let an attacker write any number of them."""
        now = self.clock()
        minute = str(now // MINUTE)
        refusal_id = derived_id("ref", automation.id, refused.reason.value, "minute", minute)
        workspace = self.workspaces.cached(automation.workspace_id)
        refusal = _refusal(refusal_id, automation, refused, now, workspace.retention)
        try:
            self.store.tally(refusal, workspace.shards)
        except TransientError as error:
            # More refusals a second than one row can count. The caller still gets the same answer.
            logger.warning("refusal not counted", extra={"reason": error.for_log()})


def _refusal(
    refusal_id: str, automation: "Automation", refused: RefusedEvent, now: int, retention: int
) -> Refusal:
    return Refusal(
        id=refusal_id,
        workspace_id=automation.workspace_id,
        automation_id=automation.id,
        automation_name=automation.name,
        version=automation.active.version if automation.active else None,
        trigger_type=refused.trigger_type,
        reason=refused.reason,
        message=refused.message[:MESSAGE_CHARACTERS],
        contact_id=refused.contact_id,
        run_id=refused.run_id,
        source=refused.source,
        created_at=now,
        last_at=now,
        expires_at=now + retention,
    )
