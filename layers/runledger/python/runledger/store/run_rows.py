"""The rows of runs, events and steps in the table.

A run row stays under 1 KB, so that a change costs at most one write unit per index: times are
numbers, facts in the keys are not repeated, and the row has only the start of the error's message
(the step has the whole error).
"""

from typing import TYPE_CHECKING, Any

from runledger.errors import NotFoundError, UnreadableError
from runledger.models.event import Event
from runledger.models.failure import GROUP_PREFIX, failure_group_id
from runledger.models.run import (
    Cancellation,
    Claim,
    ErrorDetail,
    Run,
    RunStatus,
    Step,
    StepStatus,
    TriggerType,
)
from runledger.models.run_keys import RunKey, folded
from runledger.observability import log_failure
from runledger.store import keys
from runledger.store.bodies import is_object, run_objects
from runledger.store.salvage import DAMAGES, NEVER, Reader, left_out, salvaged, whole
from runledger.store.table import key_attributes, ttl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runledger.store.bodies import Bodies
    from runledger.store.values import Item

# How many characters of a cancel reason a run row keeps.
ROW_REASON_CHARACTERS = 120
# How many bytes of the step's error message a run row repeats.
ROW_MESSAGE_BYTES = 92


def run_to_item(run: Run, shard: int) -> "Item":
    """Returns the row of a new run."""
    bucket = keys.run_bucket(run.status)
    kind = keys.Kind.RUN
    return {
        **key_attributes(keys.run(run.id)),
        "createdKey": keys.created_key(run.created_at, run.id),
        "gsi1pk": keys.by_status(run.workspace_id, kind, bucket, shard),
        "gsi2pk": keys.by_automation(run.workspace_id, kind, run.automation_id, bucket, shard),
        "gsi3pk": run.contact_id and keys.by_contact(run.workspace_id, run.contact_id),
        "gsi4pk": (
            keys.held(run.automation_id) if run.is_held else keys.due(run.workspace_id, run.id)
        ),
        "dueKey": run.due_at and keys.due_key(run.due_at, run.id),
        "workspaceId": run.workspace_id,
        "automationId": run.automation_id,
        "automationName": run.automation_name,
        "version": run.version,
        "status": run.status.value,
        "attempt": run.attempt,
        "trigger": run.trigger_type.value,
        "contactId": run.contact_id,
        "email": run.contact_email,
        "phone": run.contact_phone,
        "scheduledFor": run.scheduled_for,
        "rerunOf": run.rerun_of,
        "rootRunId": run.root_run_id,
        "keys": [[key.name, key.value] for key in run.keys] or None,
        "trace": run.trace,
        "sequence": run.sequence,
        "openClaims": {},
        "ttl": ttl(run.expires_at),
    }


_RUN: dict[str, Reader] = {
    "id": lambda item: keys.id_of(item["createdKey"]),
    "workspace_id": lambda item: item["workspaceId"],
    "automation_id": lambda item: item["automationId"],
    "automation_name": lambda item: item["automationName"],
    "version": lambda item: item["version"],
    "status": lambda item: RunStatus(item["status"]),
    "attempt": lambda item: item["attempt"],
    "execution": lambda item: item.get("execution"),
    "trigger_type": lambda item: TriggerType(item["trigger"]),
    "contact_id": lambda item: item.get("contactId"),
    "contact_email": lambda item: item.get("email"),
    "contact_phone": lambda item: item.get("phone"),
    "created_at": lambda item: keys.created_at_of(item["createdKey"]),
    "scheduled_for": lambda item: item.get("scheduledFor"),
    "started_at": lambda item: item.get("startedAt"),
    "resumed_at": lambda item: item.get("resumedAt"),
    "trigger_ms": lambda item: item.get("triggerMs"),
    "finished_at": lambda item: item.get("finishedAt"),
    "end_ms": lambda item: item.get("endMs"),
    "end_node_id": lambda item: item.get("endNodeId"),
    "due_at": lambda item: keys.created_at_of(item["dueKey"]) if item.get("dueKey") else None,
    "sequence": lambda item: item["sequence"],
    "expires_at": lambda item: item["ttl"] * 1_000,
    "claimed": lambda item: frozenset(item.get("claimed", ())),
    "open_claims": lambda item: {
        int(rank): _claim_from_value(value) for rank, value in item.get("openClaims", {}).items()
    },
    "error": lambda item: _error_from_item(item.get("error")),
    "error_group": lambda item: _group_from_item(item.get("error")),
    "canceled": lambda item: Cancellation(**item["canceled"]) if "canceled" in item else None,
    "start_error": lambda item: item.get("startError"),
    "start_refused": lambda item: item.get("startRefused", False),
    "erased_at": lambda item: item.get("erasedAt"),
    "is_held": lambda item: item.get("gsi4pk", "").startswith(keys.HELD_PREFIX),
    "rerun_of": lambda item: item.get("rerunOf"),
    "root_run_id": lambda item: item.get("rootRunId"),
    "recovered_by": lambda item: keys.id_of(item["recoveredBy"]) if "recoveredBy" in item else None,
    "keys": lambda item: tuple(RunKey(name=n, value=v) for n, v in item.get("keys") or ()),
    "trace": lambda item: item.get("trace"),
    "list_partition": lambda item: item["gsi1pk"],
}


def run_key_items(run: Run) -> list[keys.Key]:
    """Returns the keys of the items by which the run is found."""
    return [
        keys.keyed_run(
            run.workspace_id, folded(key.name), folded(key.value), run.created_at, run.id
        )
        for key in run.keys
    ]


def run_from_item(item: "Item") -> Run:
    """Returns the run of a row. Raises UnreadableError if the row is damaged."""
    return whole(Run, _RUN, item, "run")


def shown_run_from_item(item: "Item") -> Run:
    """Returns the run of a row, and reads a damaged row as far as possible. For display and erasure
    only."""
    try:
        return run_from_item(item)
    except UnreadableError as error:
        log_failure("a run row is damaged", error, row=str(item.get("pk")))
        instead = {
            "id": str(item.get("pk", "")).partition("#")[2],
            "workspace_id": "",
            "automation_id": "",
            "automation_name": "",
            "version": 0,
            "status": _listed_status(item),
            "attempt": 1,
            "execution": None,
            "trigger_type": TriggerType.MANUAL,
            "contact_id": None,
            "contact_email": None,
            "contact_phone": None,
            "created_at": 0,
            "started_at": None,
            "trigger_ms": None,
            "finished_at": None,
            "end_ms": None,
            "end_node_id": None,
            "due_at": None,
            "sequence": 0,
            "expires_at": NEVER,
            "claimed": frozenset(),
            "open_claims": {},
            "error": None,
        }
        return salvaged(Run, _RUN, instead, item)


def _listed_status(item: "Item") -> RunStatus:
    """Returns the status of a damaged row from the list that it is in."""
    bucket = str(item.get("gsi1pk", "")).split("#")[2:3]
    return next((each for each in RunStatus if [each.value] == bucket), RunStatus.RUNNING)


def claim_value(claim: Claim) -> list[Any]:
    """Returns a claim in the short form of the run row."""
    waiting = [] if claim.wait_until is None else [claim.wait_until]
    sending = [True] if claim.sends else []
    return [claim.request_id, claim.started_at, claim.lease_until, *waiting, *sending]


def _claim_from_value(value: list[Any]) -> Claim:
    more = value[3:]
    return Claim(
        request_id=value[0],
        started_at=value[1],
        lease_until=value[2],
        wait_until=next((each for each in more if each is not True), None),
        sends=any(each is True for each in more),
    )


def row_error(run: Run, error: ErrorDetail | None) -> dict[str, str] | None:
    """Returns the error in the form of the run row: the message is cut, only the step has the
    cause, and the failure group is derived from the whole message."""
    if error is None:
        return None
    group_id = failure_group_id(run.workspace_id, run.automation_id, error)
    message = error.message.encode()
    if len(message) > ROW_MESSAGE_BYTES:
        message = message[: ROW_MESSAGE_BYTES - 3].decode(errors="ignore").encode() + "…".encode()
    node = {"node": error.node_id} if error.node_id else {}
    group = group_id.removeprefix(f"{GROUP_PREFIX}_")
    return {**node, "kind": error.kind, "message": message.decode(), "group": group}


def row_cancellation(canceled: Cancellation | None) -> dict[str, str] | None:
    if canceled is None:
        return None
    return {"by": canceled.by, "reason": canceled.reason[:ROW_REASON_CHARACTERS]}


def _error_from_item(value: dict[str, str] | None) -> ErrorDetail | None:
    if value is None:
        return None
    return ErrorDetail(node_id=value.get("node"), kind=value["kind"], message=value["message"])


def _group_from_item(value: dict[str, str] | None) -> str | None:
    return f"{GROUP_PREFIX}_{value['group']}" if value and "group" in value else None


def has_whole_message(error: ErrorDetail) -> bool:
    """Whether a row's error has its whole message. A complete message that happens to end with an
    ellipsis counts as cut."""
    return not error.message.endswith("…")


def event_to_item(run: Run, event: Event, bodies: "Bodies") -> "Item":
    prefix = run_objects(run.id, run.expires_at)
    dumped = event.model_dump(mode="json")
    stored = {"trigger": {"type": dumped["trigger_type"], **dumped["details"]}}
    body = bodies.pack({**stored, "body": dumped["body"]}, f"{prefix}payload")
    return {
        **key_attributes(keys.event(run.id)),
        "workspaceId": run.workspace_id,
        "body": body,
        "objects": prefix if is_object(body) else None,
        "ttl": ttl(run.expires_at),
    }


def event_from_item(item: "Item", bodies: "Bodies") -> Event:
    """Returns an event. Raises UnreadableError if it is damaged, NotFoundError if it was in S3 and
    is gone."""
    try:
        stored = bodies.unpack(item["body"])
        details = dict(stored["trigger"])
        return Event(trigger_type=details.pop("type"), details=details, body=stored["body"])
    except DAMAGES as error:
        raise UnreadableError("the stored event cannot be read") from error


def shown_event_from_item(item: "Item", bodies: "Bodies", trigger_type: TriggerType) -> Event:
    """Returns an event, or only its trigger's type if the event is damaged or gone."""
    try:
        return event_from_item(item, bodies)
    except (UnreadableError, NotFoundError) as error:
        log_failure("an event is damaged", error, row=str(item.get("pk")))
        lost = left_out(["payload"])
        return Event(trigger_type=trigger_type, details={}, body=None, unreadable=lost)


_BAG = (
    "input",
    "output",
    "evidence",
    "request",
    "response",
    "error",
    "delivery_ids",
    "reason",
    "progress",
)


def step_to_item(run: Run, step: Step, bodies: "Bodies") -> "Item":
    dumped = step.model_dump(mode="json")
    bag = {name: dumped[name] for name in _BAG if dumped[name]}
    prefix = run_objects(run.id, run.expires_at)
    packed = bodies.pack(bag, f"{prefix}steps/{step.node_id}") if bag else None
    return {
        **key_attributes(keys.step(run.id, step.node_id)),
        "workspaceId": run.workspace_id,
        "type": step.type,
        "status": step.status.value,
        "startedAt": step.started_at,
        "finishedAt": step.finished_at,
        "outcome": step.outcome,
        "waitUntil": step.wait_until,
        "visits": step.visits if step.visits > 1 else None,
        "reusedFrom": step.reused_from,
        "bag": packed,
        "objects": prefix if is_object(packed) or step.keeps_files else None,
        "ttl": ttl(run.expires_at),
    }


_SHOWN_BAG = ("input", "output", "evidence", "request", "response", "error")
_STEP: dict[str, Reader] = {
    "node_id": lambda item: item["sk"].partition("#")[2],
    "type": lambda item: item["type"],
    "status": lambda item: StepStatus(item["status"]),
    "started_at": lambda item: item["startedAt"],
    "finished_at": lambda item: item.get("finishedAt"),
    "outcome": lambda item: item.get("outcome"),
    "wait_until": lambda item: item.get("waitUntil"),
    "visits": lambda item: item.get("visits", 1),
    "reused_from": lambda item: item.get("reusedFrom"),
}


def step_from_item(item: "Item", bodies: "Bodies") -> Step:
    """Returns a step. Raises UnreadableError if it is damaged, NotFoundError if its compressed
    fields (the bag) were in S3 and are gone."""
    bag = _unpacked(item, bodies)
    return whole(Step, {**_STEP, **{name: _from(bag, name) for name in bag}}, item, "step")


def shown_step_from_item(item: "Item", bodies: "Bodies") -> Step:
    """Returns a step, and reads a damaged step as far as possible, so that the rest of the run can
    be shown."""
    try:
        return step_from_item(item, bodies)
    except (UnreadableError, NotFoundError) as error:
        log_failure("a step is damaged", error, row=str(item.get("pk")), step=str(item.get("sk")))
    try:
        return _salvaged_step(item, _unpacked(item, bodies), [])
    except (UnreadableError, NotFoundError):
        return _salvaged_step(item, {}, _SHOWN_BAG)


def step_outline(item: "Item") -> Step:
    """Returns a step without the fields in its bag, which may be in S3. A damaged step is read as
    far as possible."""
    try:
        return whole(Step, _STEP, item, "step")
    except UnreadableError:
        return _salvaged_step(item, {}, [])


def _salvaged_step(item: "Item", bag: dict[str, Any], lost: "Sequence[str]") -> Step:
    is_over = isinstance(item.get("finishedAt"), int)
    instead = {
        "type": "UNKNOWN",
        "status": StepStatus.COMPLETED if is_over else StepStatus.RUNNING,
        "started_at": item["finishedAt"] if is_over else 0,
        "finished_at": None,
    }
    readers = {**_STEP, **{name: _from(bag, name) for name in bag if name in _BAG}}
    return salvaged(Step, readers, instead, item, lost)


def _unpacked(item: "Item", bodies: "Bodies") -> dict[str, Any]:
    bag = bodies.unpack(item["bag"]) if "bag" in item else {}
    if not isinstance(bag, dict):
        raise UnreadableError("a step is damaged: its content is not an object")
    return bag


def _from(bag: dict[str, Any], name: str) -> Reader:
    return lambda _: bag[name]
