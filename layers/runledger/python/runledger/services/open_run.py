"""Opening runs: the one way in, whatever the trigger.

A trigger that answered 2xx has written a PENDING row and nothing else was needed: the row is the
queue that `start_runs` reads from the table's stream.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.clock import DAY, MINUTE, SECOND, Clock
from runledger.errors import ConflictError
from runledger.ids import derived_id, new_id
from runledger.models.automation import AutomationStatus
from runledger.models.run import Payload, Run, RunStatus, TriggerType

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.models.contact import Contact
    from runledger.store.runs import RunStore
    from runledger.store.workspaces import WorkspaceStore

# Of the event that opens a run, however it comes in.
MAX_BODY_BYTES = 1_000_000
# A run that nothing started by then is started by the tick; one that is at work is looked at.
FIRST_LOOK = 2 * MINUTE
RETENTION = 90 * DAY


@dataclass(frozen=True, slots=True)
class TriggerFacts:
    """What fired. `dedupe_key` names the event: the same key opens one run, ever."""

    type: TriggerType
    details: dict[str, Any]
    body: Any
    dedupe_key: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    run: Run
    is_duplicate: bool


def open_run(
    runs: "RunStore",
    workspaces: "WorkspaceStore",
    clock: Clock,
    automation: "Automation",
    contact: "Contact | None",
    facts: TriggerFacts,
) -> Opened:
    """Writes a PENDING run, or finds the one the same event opened before.

    ConflictError where the automation takes no runs now; ReentryBlockedError where it takes none
    for this contact."""
    active = automation.active
    if automation.status is not AutomationStatus.ACTIVE or active is None:
        raise ConflictError(
            f"the automation is {automation.status}, so it takes no runs",
            status=automation.status.value,
        )
    now = clock()
    run_id = (
        new_id("run")
        if facts.dedupe_key is None
        else derived_id("run", automation.workspace_id, automation.id, facts.dedupe_key)
    )
    run = Run(
        id=run_id,
        workspace_id=automation.workspace_id,
        automation_id=automation.id,
        automation_name=automation.name,
        version=active.version,
        status=RunStatus.PENDING,
        attempt=1,
        execution=None,
        trigger_type=facts.type,
        contact_id=contact.id if contact else None,
        contact_email=contact.email if contact else None,
        contact_phone=contact.phone if contact else None,
        created_at=now,
        started_at=None,
        trigger_ms=None,
        finished_at=None,
        end_ms=None,
        end_node_id=None,
        due_at=now + FIRST_LOOK,
        sequence=1,
        expires_at=now + active.run_seconds * SECOND + RETENTION,
        claimed=frozenset(),
        open_claims={},
        error=None,
    )
    payload = Payload(trigger={"type": facts.type.value, **facts.details}, body=facts.body)
    shards = workspaces.cached(automation.workspace_id).shards
    stored, is_new = runs.open(run, payload, shards, active.reentry)
    return Opened(run=stored, is_duplicate=not is_new)
