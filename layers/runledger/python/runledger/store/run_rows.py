"""How runs, payloads and steps lie in the table.

A run row stays under 1 KB, so that a change of it costs one write unit an index at most: moments
are numbers, what the keys tell is not told again, and the error on the row is its first line (the
whole of it stands on the step).
"""

from typing import TYPE_CHECKING, Any

from runledger.models.failure import GROUP_PREFIX, failure_group_id
from runledger.models.run import (
    Cancellation,
    Claim,
    ErrorDetail,
    Payload,
    Run,
    RunStatus,
    Step,
    StepStatus,
    TriggerType,
)
from runledger.store import keys
from runledger.store.bodies import is_object, run_objects
from runledger.store.table import key_attributes, ttl

if TYPE_CHECKING:
    from runledger.store.bodies import Bodies
    from runledger.store.values import Item

# Characters of a reason for canceling that a run row keeps.
ROW_REASON_CHARACTERS = 120
# Bytes of the error message that a run row repeats from the step.
ROW_MESSAGE_BYTES = 92


def run_to_item(run: Run, shard: int) -> "Item":
    """A newly opened run."""
    bucket = keys.run_bucket(run.status)
    kind = keys.Kind.RUN
    return {
        **key_attributes(keys.run(run.id)),
        "createdKey": keys.created_key(run.created_at, run.id),
        "gsi1pk": keys.by_status(run.workspace_id, kind, bucket, shard),
        "gsi2pk": keys.by_automation(run.workspace_id, kind, run.automation_id, bucket, shard),
        "gsi3pk": run.contact_id and keys.by_contact(run.workspace_id, run.contact_id),
        "gsi4pk": keys.due(run.workspace_id),
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
        "sequence": run.sequence,
        "openClaims": {},
        "ttl": ttl(run.expires_at),
    }


def run_from_item(item: "Item") -> Run:
    due_key = item.get("dueKey")
    return Run(
        id=keys.id_of(item["createdKey"]),
        workspace_id=item["workspaceId"],
        automation_id=item["automationId"],
        automation_name=item["automationName"],
        version=item["version"],
        status=RunStatus(item["status"]),
        attempt=item["attempt"],
        execution=item.get("execution"),
        trigger_type=TriggerType(item["trigger"]),
        contact_id=item.get("contactId"),
        contact_email=item.get("email"),
        contact_phone=item.get("phone"),
        created_at=keys.created_at_of(item["createdKey"]),
        scheduled_for=item.get("scheduledFor"),
        started_at=item.get("startedAt"),
        resumed_at=item.get("resumedAt"),
        trigger_ms=item.get("triggerMs"),
        finished_at=item.get("finishedAt"),
        end_ms=item.get("endMs"),
        end_node_id=item.get("endNodeId"),
        due_at=keys.created_at_of(due_key) if due_key else None,
        sequence=item["sequence"],
        expires_at=item["ttl"] * 1_000,
        claimed=frozenset(item.get("claimed", ())),
        open_claims={
            int(rank): _claim_from_value(value)
            for rank, value in item.get("openClaims", {}).items()
        },
        error=_error_from_item(item.get("error")),
        error_group=_group_from_item(item.get("error")),
        canceled=Cancellation(**item["canceled"]) if "canceled" in item else None,
        start_error=item.get("startError"),
        start_refused=item.get("startRefused", False),
        erased_at=item.get("erasedAt"),
        list_partition=item["gsi1pk"],
    )


def claim_value(claim: Claim) -> list[Any]:
    """A claim as the run row carries it: as short as can be."""
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
    """The error as the run row carries it: its message cut to fit, its cause left to the step, and
    the failure group, which is made of the whole message."""
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
    """Whether a row's error has its message as it was; a whole one may be taken for a cut one."""
    return not error.message.endswith("…")


def payload_to_item(run: Run, payload: Payload, bodies: "Bodies") -> "Item":
    prefix = run_objects(run.id, run.expires_at)
    body = bodies.pack(payload.model_dump(mode="json"), f"{prefix}payload")
    return {
        **key_attributes(keys.payload(run.id)),
        "workspaceId": run.workspace_id,
        "body": body,
        "objects": prefix if is_object(body) else None,
        "ttl": ttl(run.expires_at),
    }


def payload_from_item(item: "Item", bodies: "Bodies") -> Payload:
    return Payload.model_validate(bodies.unpack(item["body"]))


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
        "bag": packed,
        "objects": prefix if is_object(packed) or step.keeps_files else None,
        "ttl": ttl(run.expires_at),
    }


def step_from_item(item: "Item", bodies: "Bodies") -> Step:
    bag: dict[str, Any] = bodies.unpack(item["bag"]) if "bag" in item else {}
    return _step(item, bag)


def step_outline(item: "Item") -> Step:
    """A step without what its bag holds, which may lie in S3."""
    return _step(item, {})


def _step(item: "Item", bag: dict[str, Any]) -> Step:
    return Step.model_validate(
        {
            "node_id": item["sk"].removeprefix(keys.STEP_PREFIX),
            "type": item["type"],
            "status": StepStatus(item["status"]),
            "started_at": item["startedAt"],
            "finished_at": item.get("finishedAt"),
            "outcome": item.get("outcome"),
            "wait_until": item.get("waitUntil"),
            "visits": item.get("visits", 1),
            **bag,
        }
    )
