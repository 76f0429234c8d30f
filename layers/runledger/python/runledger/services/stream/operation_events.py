"""Builds the events of reruns, recoveries and holds from rows of the table's stream. Each is built
from its row alone, so publishing it again gives the same event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runledger.api.operation_events import (
    HoldEvent,
    OperationEvent,
    RecoveryEvent,
    RecoveryEventCounts,
    RerunEvent,
)
from runledger.api.run_events import event_id
from runledger.clock import iso
from runledger.ids import derived_id
from runledger.models.hold import Hold
from runledger.models.recovery import Recovery, RecoveryStatus
from runledger.models.run import Run
from runledger.store import keys
from runledger.store.holds import release_from_item
from runledger.store.recoveries import recovery_from_item
from runledger.store.run_rows import run_from_item
from runledger.store.values import from_dynamo

RELEASE = keys.release("").sk
# Both end as the partitions do that hold the rows of a workspace's recoveries and automations.
_RECOVERIES = keys.recovery("", "").pk.rpartition("#")[2]
_AUTOMATIONS = keys.automation("", "").pk.rpartition("#")[2]


@dataclass(frozen=True, slots=True)
class OperationChange:
    """A change that becomes an event about a rerun, recovery or hold. `position` is the change's
    place in the stream."""

    position: str
    name: str
    made: OperationEvent

    @property
    def ended_automation(self) -> None:
        """Returns None, because no run has ended."""

    def detail_type(self) -> str:
        return self.name

    def event(self, heard: frozenset[str]) -> OperationEvent:
        return self.made


def operation_change(row_change: Mapping[str, Any]) -> OperationChange | None:
    """Reads the change from the `dynamodb` part of a stream record. Returns None if the record is
    not about such a change."""
    key = row_change["Keys"]
    kind = key["pk"]["S"].rpartition("#")[2]
    if key["sk"]["S"] == keys.run("").sk:
        return _rerun(row_change)
    if key["sk"]["S"] == RELEASE:
        return _release(row_change)
    if kind == _RECOVERIES:
        return _recovery(row_change)
    return _hold(row_change) if kind == _AUTOMATIONS else None


def _rerun(row_change: Mapping[str, Any]) -> OperationChange | None:
    if "OldImage" in row_change or "rerunOf" not in row_change["NewImage"]:
        return None
    run = run_from_item(from_dynamo(row_change["NewImage"]))
    return OperationChange(row_change["SequenceNumber"], "run.rerun", _rerun_event(run))


def _rerun_event(run: Run) -> RerunEvent:
    assert run.rerun_of is not None
    return RerunEvent(
        id=derived_id("evt", run.id, "rerun"),
        workspace_id=run.workspace_id,
        occurred_at=iso(run.created_at),
        run_id=run.id,
        rerun_of=run.rerun_of,
        root_run_id=run.root_run_id or run.rerun_of,
        automation_id=run.automation_id,
        contact_id=run.contact_id,
    )


def _recovery(row_change: Mapping[str, Any]) -> OperationChange | None:
    before = int(row_change["OldImage"]["sequence"]["N"]) if "OldImage" in row_change else 0
    if int(row_change["NewImage"]["sequence"]["N"]) <= before:
        return None
    recovery = recovery_from_item(from_dynamo(row_change["NewImage"]))
    name = recovery.status.value.lower()
    if recovery.status in (RecoveryStatus.CANARY, RecoveryStatus.RUNNING):
        if recovery.sequence > 1:
            # It goes on.
            return None
        name = "started"
    return OperationChange(
        row_change["SequenceNumber"], f"recovery.{name}", _recovery_event(recovery)
    )


def _recovery_event(recovery: Recovery) -> RecoveryEvent:
    return RecoveryEvent(
        id=event_id(recovery.id, recovery.sequence),
        workspace_id=recovery.workspace_id,
        occurred_at=iso(recovery.status_at),
        sequence=recovery.sequence,
        recovery_id=recovery.id,
        status=recovery.status,
        status_reason=recovery.status_reason,
        by=recovery.status_by,
        error_group=recovery.filter.error_group,
        counts=RecoveryEventCounts(
            eligible=recovery.eligible,
            excluded=sum(recovery.excluded.values()),
            opened=recovery.opened,
            completed=recovery.completed,
            failed=recovery.failed,
            canceled=recovery.canceled,
        ),
        created_at=iso(recovery.created_at),
    )


def _hold(row_change: Mapping[str, Any]) -> OperationChange | None:
    row = row_change["NewImage"]
    if "M" not in row.get("hold", {}) or row["hold"] == row_change.get("OldImage", {}).get("hold"):
        return None
    held = from_dynamo({name: row[name] for name in ("sk", "workspaceId", "hold")})
    hold = Hold.model_validate(held["hold"])
    event = HoldEvent(
        id=derived_id("evt", held["sk"], "held", str(hold.at)),
        workspace_id=held["workspaceId"],
        occurred_at=iso(hold.at),
        automation_id=held["sk"],
        by=hold.by,
        reason=hold.reason,
        rate_per_minute=None,
    )
    return OperationChange(row_change["SequenceNumber"], "automation.held", event)


def _release(row_change: Mapping[str, Any]) -> OperationChange | None:
    if row_change["NewImage"]["at"] == row_change.get("OldImage", {}).get("at"):
        return None
    release = release_from_item(from_dynamo(row_change["NewImage"]))
    event = HoldEvent(
        id=derived_id("evt", release.automation_id, "released", str(release.at)),
        workspace_id=release.workspace_id,
        occurred_at=iso(release.at),
        automation_id=release.automation_id,
        by=release.by,
        reason=None,
        rate_per_minute=release.rate,
    )
    return OperationChange(row_change["SequenceNumber"], "automation.released", event)
