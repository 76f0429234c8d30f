"""Records why an event opened no run."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, Clock
from runledger.errors import TransientError
from runledger.ids import derived_id, new_id
from runledger.models.refusal import Refusal, RefusalReason
from runledger.observability import logger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.models.automation import Automation
    from runledger.models.kept_event import KeptEvent
    from runledger.models.run import TriggerType
    from runledger.services.triggers.kept_events import KeptEvents
    from runledger.store.rates import RateStore
    from runledger.store.refusals import RefusalStore
    from runledger.store.workspaces import WorkspaceStore

MESSAGE_CHARACTERS = 300
# The most events that are kept in a minute, for each automation. The others are only counted.
KEPT_A_MINUTE = 100
# The name of their counter, beside those of senders' addresses.
_KEPT = "kept"


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """Why an event opened no run. `event_key` identifies an event that may come again: the same key
    leaves only one refusal. `event` is what arrived, if its sender is known: it had a valid token
    and signature, and stayed within size and rate. `is_replayed`: a person sent it again."""

    trigger_type: "TriggerType"
    reason: RefusalReason
    message: str
    contact_id: str | None = None
    run_id: str | None = None
    source: str | None = None
    event_key: str | None = None
    event: "KeptEvent | None" = None
    is_replayed: bool = False


@dataclass(frozen=True, slots=True)
class Refusals:
    """Records refusals. `full` has, by automation, the minute for which this process knows that no
    more events may be kept."""

    store: "RefusalStore"
    workspaces: "WorkspaceStore"
    events: "KeptEvents"
    rates: "RateStore"
    clock: Clock
    full: dict[str, int] = field(default_factory=dict, repr=False)

    def record(self, automation: "Automation", refused: RefusedEvent) -> Refusal:
        """Writes a separate row for this refusal, and keeps its event if one is given. If too many
        events were kept in this minute, the refusal is only counted."""
        now = self.clock()
        workspace = self.workspaces.cached(automation.workspace_id)
        refusal = _refusal(
            _refusal_id(automation, refused), automation, refused, now, workspace.retention
        )
        event = refused.event
        if event is None:
            self.store.add(refusal, workspace.shards)
            return refusal
        if not refused.is_replayed and not self._is_room(automation, now // MINUTE):
            return self.tally(automation, refused)
        # The event first: a refusal never promises an event that is not there.
        kept_until = self.events.keep_refused(refusal, event)
        refusal = refusal.changed(kept_until=kept_until)
        self.store.add(refusal, workspace.shards)
        return refusal

    def _is_room(self, automation: "Automation", minute: int) -> bool:
        """Whether one more event may be kept in this minute. A process remembers that there is no
        room, so that it need not count every event of a flood."""
        if self.full.get(automation.id) == minute:
            return False
        if self.rates.count(automation.id, _KEPT, minute) <= KEPT_A_MINUTE:
            return True
        self.full.clear()
        self.full[automation.id] = minute
        return False

    def of_replay(self, refusal_id: str) -> Refusal | None:
        """Returns the refusal that a replayed event left, as far as it can be read."""
        return self.store.get_many([refusal_id], consistent=True).get(refusal_id)

    def recorded(
        self, automation: "Automation", event_keys: "Iterable[tuple[RefusalReason, str]]"
    ) -> list[Refusal]:
        """Returns the refusals that exist, each named by its reason and the key of its event."""
        ids = [_keyed_id(automation, reason, key) for reason, key in event_keys]
        return list(self.store.get_many(ids, consistent=True).values())

    def tally(self, automation: "Automation", refused: RefusedEvent) -> Refusal:
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
        return refusal


def _refusal_id(automation: "Automation", refused: RefusedEvent) -> str:
    key = refused.event_key
    return new_id("ref") if key is None else _keyed_id(automation, refused.reason, key)


def _keyed_id(automation: "Automation", reason: RefusalReason, event_key: str) -> str:
    return derived_id("ref", automation.id, reason.value, event_key)


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
