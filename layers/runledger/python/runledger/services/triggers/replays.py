"""Replays of refused events: each is sent once through the trigger as it is now.

First, the refusal records that the replay has begun, and which version's trigger reads the event.
Then the runs are opened, and last, the refusal records the result. If a process dies in between,
the next request continues the replay: it reads the event by the same version, so it finds the runs
that are already open. Once there is a result, another request is refused.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import Clock, iso
from runledger.errors import (
    ConditionFailedError,
    ConflictError,
    GoneError,
    NotFoundError,
)
from runledger.models.refusal import Replay
from runledger.nodes.trigger import TriggerConfig
from runledger.services.triggers.open_run import OpenedRun, require_active

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.models.kept_event import KeptEvent
    from runledger.models.refusal import Refusal
    from runledger.services.triggers.refusals import Refusals
    from runledger.services.triggers.webhooks import Webhooks
    from runledger.store.automations import AutomationStore
    from runledger.store.kept_events import KeptEventStore

# How many runs a message names.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Replayed:
    """The runs that a replay opened or found. `refusal` is the new refusal, if the event or some of
    its elements were refused again."""

    runs: tuple[OpenedRun, ...]
    refusal: "Refusal | None" = None


@dataclass(frozen=True, slots=True)
class Replays:
    automations: "AutomationStore"
    events: "KeptEventStore"
    refusals: "Refusals"
    webhooks: "Webhooks"
    clock: Clock

    def replay(self, workspace_id: str, refusal_id: str, by: str) -> Replayed:
        """Sends the event of a refusal again, without checks of signature and rate.

        Raises NotFoundError if there is no such refusal, and GoneError if its event was erased or
        is no longer kept. Raises ConflictError if the event was never kept or was replayed before,
        if the automation accepts no events now, or if its active version has no webhook trigger.
        These errors change nothing."""
        refusal = self._refusal(workspace_id, refusal_id)
        event = self._event(refusal)
        automation = self.automations.get(workspace_id, refusal.automation_id)
        active = require_active(automation)
        if TriggerConfig.model_validate(active.trigger).intake is None:
            raise ConflictError("the automation's active version has no webhook trigger")
        replay = self._begin(refusal, Replay(at=self.clock(), by=by, version=active.version))
        key = f"replay:{refusal.id}"
        runs, again_id = self.webhooks.replay(
            self._as_begun(automation, replay), event, key, refusal.id
        )
        # Only what this try led to: an interrupted one may have left a refusal with the same key.
        again = None if again_id is None else self.refusals.of_replay(again_id)
        ended = replay.changed(run_ids=tuple(each.run.id for each in runs), refusal_id=again_id)
        self.refusals.store.end_replay(refusal.id, ended)
        return Replayed(tuple(runs), again)

    def _refusal(self, workspace_id: str, refusal_id: str) -> "Refusal":
        refusal = self.refusals.store.find(refusal_id)
        now = self.clock()
        if refusal is None or refusal.workspace_id != workspace_id or refusal.expires_at <= now:
            raise NotFoundError(f"there is no refusal {refusal_id}")
        if refusal.replay is not None and refusal.replay.has_ended:
            raise _replayed_before(refusal.replay)
        return refusal

    def _event(self, refusal: "Refusal") -> "KeptEvent":
        now = self.clock()
        if refusal.erased_at is not None:
            raise GoneError("the event was erased", erasedAt=iso(refusal.erased_at))
        if refusal.kept_until is None:
            raise ConflictError("this event was not kept, so it cannot be replayed", "NOT_KEPT")
        found = self.events.of_refusal(refusal.id, now)
        if found is None:
            kept_until = iso(refusal.kept_until)
            raise GoneError(f"the event was kept only until {kept_until}", expiredAt=kept_until)
        return found

    def _begin(self, refusal: "Refusal", replay: Replay) -> Replay:
        """Records the replay, and returns it. If an earlier replay was interrupted, returns that
        one instead."""
        try:
            begun = self.refusals.store.begin_replay(refusal.id, replay).replay
        except ConditionFailedError as error:
            raise GoneError("the event was erased") from error
        assert begun is not None
        if begun.has_ended:
            raise _replayed_before(begun)
        return begun

    def _as_begun(self, automation: "Automation", replay: Replay) -> "Automation":
        """Returns the automation with the trigger that the replay began with."""
        active = automation.active
        if active is None or active.version == replay.version:
            return automation
        # Loads every node type, which only an interrupted replay needs.
        from runledger.compiler.graph import GraphView

        view = GraphView(self.automations.version(automation.id, replay.version).graph, {})
        _, config = view.parsed(view.starts[0])
        trigger = config.model_dump(mode="json", by_alias=True)
        return automation.changed(active=active.changed(trigger=trigger))


def _replayed_before(replay: Replay) -> ConflictError:
    runs = replay.run_ids or ()
    named = ", ".join(runs[:_NAMED])
    if len(runs) > _NAMED:
        named = f"{named} and {len(runs) - _NAMED} more"
    if replay.refusal_id is not None:
        result = f"it was refused again: see {replay.refusal_id}"
    else:
        result = f"see {named}" if runs else "it opened no run"
    return ConflictError(
        f"{replay.by} replayed this event at {iso(replay.at)}; {result}", "REPLAYED"
    )
