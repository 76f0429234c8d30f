"""Publishes an event on the bus for each new status of a run, delivery or recovery, for each rerun
and for each hold.

The table's stream shows every change of a row; a change of status has a new `sequence`. A change is
published at least once, always with the same id, so subscribers can drop duplicates.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from runledger.api.run_events import (
    SOURCE,
    EventCanceled,
    EventError,
    EventTrigger,
    RunEvent,
    detail_type,
    event_id,
)
from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import iso, optional_iso
from runledger.errors import UnreadableError
from runledger.models.run import Run, RunStatus
from runledger.observability import log_failure, logger
from runledger.services.stream.delivery_events import DeliveryChange, delivery_change
from runledger.services.stream.operation_events import OperationChange, operation_change
from runledger.store import keys
from runledger.store.run_rows import run_from_item
from runledger.store.salvage import DAMAGES
from runledger.store.values import from_dynamo

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

    from runledger.services.stream.bus_rules import BusRules
    from runledger.store.automations import AutomationStore

# The most events in one call. Its limit of 256 KB does not matter: an event has at most 3 KB.
BATCH = 10


@dataclass(frozen=True, slots=True)
class RunChange:
    """A run as it was when it reached a status. `position` is the change's place in the stream."""

    position: str
    run: Run

    @property
    def ended_automation(self) -> str | None:
        """Returns the automation of an ended run, which may have downstream automations."""
        return self.run.automation_id if self.run.status.is_terminal else None

    def detail_type(self) -> str:
        return detail_type(self.run.status)

    def event(self, heard: frozenset[str]) -> RunEvent:
        return run_event(self.run, heard)


Change = RunChange | DeliveryChange | OperationChange


def changes_of(records: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Returns the changes of status in these stream records, in order.

    Claims and new due times are not changes of status, and expired rows are skipped. A record that
    cannot be read is logged and skipped, because it will never be readable and must not delay
    others.
    """
    found: list[Change] = []
    for record in records:
        try:
            found += _changes_of(record)
        except (*DAMAGES, UnreadableError) as error:
            key = record.get("dynamodb", {}).get("Keys", {}).get("pk", {}).get("S", "unknown")
            log_failure("stream record cannot be read", error, row=str(key))
    return found


def _changes_of(record: Mapping[str, Any]) -> list[Change]:
    if record["eventName"] == "REMOVE":
        return []
    row_change = record["dynamodb"]
    read = _PUBLISHED_ROWS.get(row_change["Keys"]["sk"]["S"])
    changes = [None if read is None else read(row_change), operation_change(row_change)]
    return [change for change in changes if change is not None]


def _run_change(row_change: Mapping[str, Any]) -> RunChange | None:
    before = _sequence(row_change["OldImage"]) if "OldImage" in row_change else 0
    if _sequence(row_change["NewImage"]) <= before:
        # Most changes of a row are not of its status, so they are not read.
        return None
    return RunChange(
        row_change["SequenceNumber"], run_from_item(from_dynamo(row_change["NewImage"]))
    )


def _sequence(image: Mapping[str, Any]) -> int:
    return int(image["sequence"]["N"])


# By the sort key of the row.
_PUBLISHED_ROWS: dict[str, Callable[[Mapping[str, Any]], Change | None]] = {
    keys.run("").sk: _run_change,
    keys.delivery("").sk: delivery_change,
}


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes changes that a rule may match. `bus` is the name of the event bus."""

    events: "EventBridgeClient"
    bus: str
    automations: "AutomationStore"
    rules: "BusRules"

    def publish(self, changes: Sequence[Change]) -> str | None:
        """Publishes the changes in order. Returns the position of the first one that the bus
        refused, from which to read the stream again, or None."""
        heard = self._heard(changes)
        for start in range(0, len(changes), BATCH):
            batch = changes[start : start + BATCH]
            made = [(change, self._entry_of(change, heard)) for change in batch]
            published = [(change, entry) for change, entry in made if entry is not None]
            refused = self._put([entry for _, entry in published]) if published else None
            if refused is not None:
                return published[refused][0].position
        return None

    def _heard(self, changes: Sequence[Change]) -> frozenset[str]:
        """Returns the automations of ended runs that have downstream automations. Reads from the
        table at each call which automations have them, so that a new downstream automation soon
        sees the runs."""
        ended = {each.ended_automation for each in changes if each.ended_automation is not None}
        return frozenset(each for each in sorted(ended) if self.automations.has_downstream(each))

    def _put(self, entries: "Sequence[PutEventsRequestEntryTypeDef]") -> int | None:
        """Returns the index of the first event that the bus refused, for any reason, or None. The
        event is sent again until its stream record is too old."""
        try:
            answer = self.events.put_events(Entries=entries)
        except AWS_ERRORS as error:
            reason = domain_error(error).for_log()
            logger.warning("events refused", extra={"events": len(entries), "reason": reason})
            return 0
        for index, (entry, result) in enumerate(zip(entries, answer["Entries"], strict=True)):
            if "ErrorCode" in result:
                refused = {"detailType": entry.get("DetailType"), "reason": result["ErrorCode"]}
                logger.warning("event refused", extra=refused)
                return index
        return None

    def _entry_of(
        self, change: Change, heard: frozenset[str]
    ) -> "PutEventsRequestEntryTypeDef | None":
        """Returns the event's entry, or None if it has no listeners. Also returns None for a row
        that can never become an event, so that it does not delay others."""
        try:
            return self._entry(change, heard)
        except DAMAGES as error:
            log_failure("a row cannot become an event", error, position=change.position)
            return None

    def _entry(
        self, change: Change, heard: frozenset[str]
    ) -> "PutEventsRequestEntryTypeDef | None":
        event = change.event(heard)
        shown = event.model_dump(mode="json")
        fields = {"source": SOURCE, "detail-type": change.detail_type(), "detail": shown}
        if not self.rules.may_match(fields):
            return None
        return {
            "EventBusName": self.bus,
            "Source": SOURCE,
            "DetailType": change.detail_type(),
            "Detail": event.model_dump_json(),
            "Time": datetime.fromisoformat(event.occurred_at).astimezone(UTC),
        }


def run_event(run: Run, heard: frozenset[str] = frozenset()) -> RunEvent:
    """Builds the event of the run's current status; `heard` are the automations with downstream
    automations.

    Uses only the row, so publishing it again gives the same event.
    """
    canceled = None
    if run.canceled is not None:
        canceled = EventCanceled(by=run.canceled.by, reason=run.canceled.reason)
    error = None
    if run.error is not None:
        detail = run.error
        error = EventError(node_id=detail.node_id, kind=detail.kind, message=detail.message)
    begun, ended = run.started_at, run.finished_at
    return RunEvent(
        id=event_id(run.id, run.sequence),
        sequence=run.sequence,
        workspace_id=run.workspace_id,
        run_id=run.id,
        automation_id=run.automation_id,
        automation_name=run.automation_name,
        version=run.version,
        status=run.status,
        attempt=run.attempt,
        trigger=EventTrigger(type=run.trigger_type),
        contact_id=run.contact_id,
        occurred_at=iso(_occurred_at(run)),
        created_at=iso(run.created_at),
        scheduled_for=optional_iso(run.scheduled_for),
        started_at=optional_iso(begun),
        finished_at=optional_iso(ended),
        duration_ms=ended - begun if begun is not None and ended is not None else None,
        error=error,
        canceled=canceled,
        has_downstream=run.status.is_terminal and run.automation_id in heard,
    )


def _occurred_at(run: Run) -> int:
    moment = run.created_at
    if run.status is RunStatus.RUNNING and run.started_at is not None:
        moment = run.started_at
    elif run.finished_at is not None:
        moment = run.finished_at
    return moment
