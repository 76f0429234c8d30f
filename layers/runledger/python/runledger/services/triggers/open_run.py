"""Opens runs, for every trigger.

A trigger that answered 2xx has written a PENDING row, and needs nothing else: the row is the queue
that `start_runs` reads from the table's stream.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, SECOND, Clock
from runledger.errors import ConflictError, KeyReusedError, ReentryBlockedError
from runledger.ids import derived_id, new_id
from runledger.models.automation import AutomationStatus
from runledger.models.event import MAX_EVENT_BYTES, Event
from runledger.models.refusal import RefusalReason
from runledger.models.run import Run, RunStatus
from runledger.observability import trace_header
from runledger.services.triggers.refusals import RefusedEvent
from runledger.services.triggers.run_keys import run_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.models.automation import ActiveVersion, Automation
    from runledger.models.contact import Contact, ContactIdentity
    from runledger.models.kept_event import KeptEvent
    from runledger.services.triggers.refusals import Refusals
    from runledger.store.runs import RunStore
    from runledger.store.workspaces import WorkspaceStore

MAX_BODY_BYTES = MAX_EVENT_BYTES
# By then the tick starts a run that has not started, and looks at one that is at work.
FIRST_LOOK = 2 * MINUTE


@dataclass(frozen=True, slots=True)
class RunRequest:
    """An event, and how to open its run. `dedupe_key` identifies the event: the same key opens only
    one run.

    `scheduled_for` (epoch milliseconds) is when the run starts, if not at once. `source` is the
    sender: an address, a user or a run. `may_repeat`: this kind of event may arrive more than once,
    so a repeat leaves no refusal. `must_match`: the caller chose the key, so the same key with
    another body or contact is refused. `kept` returns the event to store if it is refused;
    `refusal_key` identifies that refusal, if the same one may be written again."""

    event: Event
    dedupe_key: str | None = None
    scheduled_for: int | None = None
    source: str | None = None
    may_repeat: bool = False
    must_match: bool = False
    kept: "Callable[[], KeptEvent] | None" = None
    refusal_key: str | None = None


def keyed_run_id(workspace_id: str, automation_id: str, dedupe_key: str) -> str:
    """Returns the id of the run that the event with this key opens."""
    return derived_id("run", workspace_id, automation_id, dedupe_key)


@dataclass(frozen=True, slots=True)
class OpenedRun:
    run: Run
    is_duplicate: bool


def require_active(automation: "Automation") -> "ActiveVersion":
    """Returns the active version. Raises ConflictError if the automation accepts no events now."""
    active = automation.active
    if automation.status is not AutomationStatus.ACTIVE or active is None:
        message = f"the automation is {automation.status} and accepts no events"
        raise ConflictError(message, status=automation.status.value)
    return active


@dataclass(frozen=True, slots=True)
class RunOpener:
    runs: "RunStore"
    workspaces: "WorkspaceStore"
    refusals: "Refusals"
    clock: Clock
    is_traced: bool

    def open(
        self,
        automation: "Automation",
        contact: "Contact | ContactIdentity | None",
        request: RunRequest,
    ) -> OpenedRun:
        """Writes a PENDING run, or returns the one that the same event opened before.

        Raises ConflictError if the automation accepts no events now, ReentryBlockedError if it
        accepts none for this contact, and KeyReusedError if the key was used for another event. An
        event that opened no run leaves a refusal."""
        try:
            active = require_active(automation)
        except ConflictError as error:
            reason = RefusalReason.INACTIVE
            error.refusal_id = self._refuse(automation, contact, request, reason, str(error))
            raise
        workspace = self.workspaces.cached(automation.workspace_id)
        run = self._run(automation, active, contact, request, workspace.retention)
        try:
            stored, is_new = self.runs.open(
                run, request.event, workspace.shards, active.reentry, must_match=request.must_match
            )
        except KeyReusedError as error:
            error.refusal_id = self._refuse(
                automation, contact, request, RefusalReason.KEY_REUSED, str(error), error.run_id
            )
            raise
        except ReentryBlockedError as error:
            reason = RefusalReason.REENTRY_BLOCKED
            error.refusal_id = self._refuse(
                automation, contact, request, reason, str(error), error.run_id
            )
            raise
        if not is_new and not request.may_repeat:
            message = f"the same event opened {stored.id} before"
            self._refuse(automation, contact, request, RefusalReason.DUPLICATE, message, stored.id)
        return OpenedRun(run=stored, is_duplicate=not is_new)

    def _run(
        self,
        automation: "Automation",
        active: "ActiveVersion",
        contact: "Contact | ContactIdentity | None",
        request: RunRequest,
        retention: int,
    ) -> Run:
        now = self.clock()
        key = request.dedupe_key
        run_id = (
            new_id("run")
            if key is None
            else keyed_run_id(automation.workspace_id, automation.id, key)
        )
        starts_at = now
        if request.scheduled_for is not None:
            starts_at = max(now, request.scheduled_for)
        is_later = starts_at > now
        is_held = automation.hold is not None
        return Run(
            id=run_id,
            workspace_id=automation.workspace_id,
            automation_id=automation.id,
            automation_name=automation.name,
            version=active.version,
            status=RunStatus.PENDING,
            attempt=1,
            execution=None,
            trigger_type=request.event.trigger_type,
            contact_id=contact.id if contact else None,
            contact_email=contact.email if contact else None,
            contact_phone=contact.phone if contact else None,
            created_at=now,
            scheduled_for=starts_at if is_later else None,
            started_at=None,
            trigger_ms=None,
            finished_at=None,
            end_ms=None,
            end_node_id=None,
            due_at=now if is_held else starts_at if is_later else now + FIRST_LOOK,
            is_held=is_held,
            sequence=1,
            expires_at=starts_at + active.run_seconds * SECOND + retention,
            claimed=frozenset(),
            open_claims={},
            error=None,
            keys=run_keys(active.trigger, request.event.body),
            trace=trace_header() if self.is_traced else None,
        )

    def _refuse(
        self,
        automation: "Automation",
        contact: "Contact | ContactIdentity | None",
        request: RunRequest,
        reason: RefusalReason,
        message: str,
        run_id: str | None = None,
    ) -> str:
        """Records the refusal and returns its id."""
        event_key = request.dedupe_key if request.may_repeat else None
        # The run that a repeated event had opened holds the event already.
        is_kept = reason is not RefusalReason.DUPLICATE
        refused = RefusedEvent(
            trigger_type=request.event.trigger_type,
            reason=reason,
            message=message,
            contact_id=contact.id if contact else None,
            run_id=run_id,
            source=request.source,
            event_key=request.refusal_key or event_key,
            event=request.kept() if request.kept and is_kept else None,
            is_replayed=request.refusal_key is not None,
        )
        return self.refusals.record(automation, refused).id
