"""The rows of delivery attempts in the table.

The row of one short message stays under 1 KB, because each further KB costs a unit per write.
Fields that no condition, list or event reads are compressed together into one attribute, the bag.
"""

from typing import TYPE_CHECKING, Any

from runledger.errors import NotFoundError, UnreadableError
from runledger.models.attempt_transitions import anonymized
from runledger.models.delivery import (
    DeliveryAttempt,
    DeliveryFacts,
    DeliveryStatus,
    Gate,
    Try,
    TryOutcome,
)
from runledger.models.feedback import error_after, has_complaint
from runledger.models.report import KeptReport
from runledger.models.run import ErrorDetail
from runledger.observability import log_failure
from runledger.store import keys
from runledger.store.bodies import delivery_objects, is_object
from runledger.store.salvage import NEVER, Reader, salvaged, whole
from runledger.store.table import Change, Path, key_attributes, ttl

if TYPE_CHECKING:
    from runledger.store.bodies import Bodies
    from runledger.store.values import Item

# Frequent contents of bags, the most frequent last (see `compress`). Never change them: stored rows
# are read with them. If the texts of gates change, they only take more space.
WORDS = (
    b'"forced_by":"reason":"on the suppression list since 2026-: a message to it came back"'
    b'"kind":"PROVIDER_REFUSED","message":"the provider refused the message","cause":"'
    b'"kind":"SUPPRESSED","message":"marketing consent was not given"'
    b'"kind":"OUTCOME_UNKNOWN","message":"the provider\'s answer was lost: the message may or may '
    b'not have been sent","cause":null}'
    b'"outcome":"REFUSED","outcome":"UNKNOWN","outcome":"TRANSIENT","code":"'
    b'TooManyRequestsException","message":"","error":{"node_id":"mail","kind":"PROVIDER_UNAVAILABLE"'
    b',"rules":{"frequency_cap":{"messages":1,"hours":24},"quiet_hours":{"from":"21:00","to":"08:00"'
    b',"timeZone":"Europe/Berlin"}}'
    b'"passed":false,"reason":"the contact has no address for WHATSAPP"a valid address for SMS"'
    b'an address given by the automation","consent":"MARKETING","reason":"marketing consent was '
    b'given"'
    b'{"subject":null,"body":"Hello , your order ","consent":"TRANSACTIONAL","gates":'
    b'[{"name":"consent","passed":true,"reason":"transactional consent was given"},'
    b'{"name":"address","passed":true,"reason":"a valid address for EMAIL"},'
    b'{"name":"suppression","passed":true,"reason":"not on the suppression list"},'
    b'{"name":"frequency","passed":true,"reason":"no frequency cap"},'
    b'{"name":"quiet_hours","passed":true,"reason":"no quiet hours"},'
    b'{"name":"template","passed":true,"reason":" is for EMAIL"}],'
    b'"tries":[{"at":17,"outcome":"ACCEPTED"}]}'
)

# The attributes that may change; the others are written once.
_CHANGING = (
    "address",
    "erasedAt",
    "status",
    "known",
    "tries",
    "providerId",
    "settledAt",
    "nextTryAt",
    "unknownSince",
    "generation",
    "sequence",
    "revision",
    "reports",
    "errorKind",
    "bag",
    "objects",
    "gsi1pk",
    "gsi2pk",
    "gsi3pk",
    "gsi4pk",
    "dueKey",
)


def delivery_to_item(attempt: DeliveryAttempt, bodies: "Bodies", listed: int | None) -> "Item":
    """Returns the row of an attempt. `listed` is the workspace's shard count, or None while the
    attempt is in no list."""
    if attempt.erased_at is not None:
        attempt = anonymized(attempt)
    error = error_after(attempt.error, attempt.node_id, attempt.reports)
    due_at = attempt.due_at
    prefix = delivery_objects(attempt.id, attempt.expires_at)
    bag = bodies.pack(_bag(attempt), f"{prefix}message", WORDS)
    item: Item = {
        **key_attributes(keys.delivery(attempt.id)),
        "createdKey": keys.created_key(attempt.created_at, attempt.id),
        "workspaceId": attempt.workspace_id,
        "runId": attempt.run_id,
        "nodeId": attempt.node_id,
        "automationId": attempt.automation_id,
        "contactId": attempt.contact_id,
        "addresseeId": attempt.addressee_id,
        "channel": attempt.channel,
        "address": attempt.address if attempt.erased_at is None else None,
        "status": attempt.status.value,
        "known": attempt.known and attempt.known.value,
        "templateId": attempt.template_id,
        "tries": attempt.tries,
        "providerId": attempt.provider_id,
        "settledAt": attempt.settled_at,
        "nextTryAt": attempt.next_try_at,
        "unknownSince": attempt.unknown_since,
        "generation": attempt.generation or None,
        "sequence": attempt.sequence,
        "revision": attempt.revision or None,
        "reports": _reports_to_item(attempt) or None,
        "errorKind": error and error.kind,
        "resendOf": attempt.resend_of,
        "requestedBy": attempt.requested_by,
        "forced": attempt.forced or None,
        "erasedAt": attempt.erased_at,
        "bag": bag,
        "objects": prefix if is_object(bag) else None,
        "gsi4pk": due_at and keys.due(attempt.workspace_id, attempt.id),
        "dueKey": due_at and keys.due_key(due_at, attempt.id),
        "ttl": ttl(attempt.expires_at),
    }
    if listed is not None:
        kind, bucket = keys.Kind.DELIVERY, attempt.status.value
        shard = keys.shard_of(attempt.id, listed)
        workspace_id = attempt.workspace_id
        item["gsi1pk"] = keys.by_status(workspace_id, kind, bucket, shard)
        if attempt.automation_id:
            item["gsi2pk"] = keys.by_automation(
                workspace_id, kind, attempt.automation_id, bucket, shard
            )
    if attempt.person_id and (listed is not None or due_at):
        # A due attempt cannot be found through its run, so the contact's index has it before the
        # lists do.
        item["gsi3pk"] = keys.by_contact(attempt.workspace_id, attempt.person_id)
    return item


def delivery_change(attempt: DeliveryAttempt, bodies: "Bodies", shards: int) -> Change:
    """Returns the update after which the row describes this attempt, whatever earlier state it
    described."""
    item = delivery_to_item(attempt, bodies, listed=shards)
    values: dict[Path, Any] = {name: item[name] for name in _CHANGING if item.get(name) is not None}
    return Change(set=values, remove=[name for name in _CHANGING if item.get(name) is None])


def delivery_from_item(item: "Item", bodies: "Bodies") -> DeliveryAttempt:
    """Returns an attempt. Raises NotFoundError if its message was in S3 and is gone,
    UnreadableError if the row is damaged."""
    return whole(DeliveryAttempt, _ATTEMPT, {**item, "bag": _unpacked(item, bodies)}, "delivery")


def shown_delivery_from_item(item: "Item", bodies: "Bodies") -> DeliveryAttempt:
    """Returns an attempt for display. It has no message if the message is lost, and a damaged row
    is read as far as possible. Never store the result."""
    bag: dict[str, Any] = {}
    lost: list[str] = []
    try:
        return delivery_from_item(item, bodies)
    except NotFoundError:
        pass
    except UnreadableError as error:
        log_failure("a delivery is damaged", error, row=str(item.get("pk")))
        try:
            bag = _unpacked(item, bodies)
        except (NotFoundError, UnreadableError):
            lost = ["message"]
    listed = str(item.get("gsi1pk", "")).split("#")[2:3]
    statuses = (each for each in DeliveryStatus if [each.value] == listed)
    instead: dict[str, Any] = {
        "id": str(item.get("pk", "")).partition("#")[2],
        "workspace_id": "",
        "run_id": None,
        "node_id": None,
        "automation_id": None,
        "contact_id": None,
        "channel": "",
        "address": "",
        "status": next(statuses, DeliveryStatus.PROCESSING),
        "known": None,
        "template_id": "",
        "consent": "TRANSACTIONAL",
        "subject": None,
        "body": None,
        "html": None,
        "gates": (),
        "tries": 0,
        "tries_log": (),
        "provider_id": None,
        "error": None,
        "reports": {},
        "created_at": 0,
        "settled_at": None,
        "due_at": None,
        "sequence": 1,
        "expires_at": NEVER,
    }
    return salvaged(DeliveryAttempt, _ATTEMPT, instead, {**item, "bag": bag}, lost)


def _unpacked(item: "Item", bodies: "Bodies") -> dict[str, Any]:
    bag = bodies.unpack(item.get("bag", b""), WORDS)
    if not isinstance(bag, dict):
        raise UnreadableError("a delivery is damaged: its content is not an object")
    return bag


# Readers for a row whose bag was unpacked.
_ATTEMPT: dict[str, Reader] = {
    "id": lambda item: keys.id_of(item["createdKey"]),
    "workspace_id": lambda item: item["workspaceId"],
    "run_id": lambda item: item.get("runId"),
    "node_id": lambda item: item.get("nodeId"),
    "automation_id": lambda item: item.get("automationId"),
    "contact_id": lambda item: item.get("contactId"),
    "addressee_id": lambda item: item.get("addresseeId"),
    "channel": lambda item: item["channel"],
    "address": lambda item: item.get("address", ""),
    "status": lambda item: DeliveryStatus(item["status"]),
    "known": lambda item: DeliveryStatus(item["known"]) if "known" in item else None,
    "template_id": lambda item: item["templateId"],
    "consent": lambda item: item["bag"].get("consent", "TRANSACTIONAL"),
    "subject": lambda item: item["bag"].get("subject"),
    "body": lambda item: item["bag"].get("body"),
    "html": lambda item: item["bag"].get("html"),
    "gates": lambda item: tuple(Gate.model_validate(g) for g in item["bag"].get("gates", ())),
    "rules": lambda item: item["bag"].get("rules", {}),
    "tries": lambda item: item["tries"],
    "tries_log": lambda item: tuple(
        _try_from_bag(each, item) for each in item["bag"].get("tries", ())
    ),
    "provider_id": lambda item: item.get("providerId"),
    "error": lambda item: (
        ErrorDetail.model_validate(item["bag"]["error"]) if item["bag"].get("error") else None
    ),
    "reports": lambda item: _reports_from_item(item),
    "created_at": lambda item: keys.created_at_of(item["createdKey"]),
    "settled_at": lambda item: item.get("settledAt"),
    "next_try_at": lambda item: item.get("nextTryAt"),
    "unknown_since": lambda item: item.get("unknownSince"),
    "due_at": lambda item: keys.created_at_of(item["dueKey"]) if item.get("dueKey") else None,
    "generation": lambda item: item.get("generation", 0),
    "sequence": lambda item: item.get("sequence", 1),
    "revision": lambda item: item.get("revision", 0),
    "resend_of": lambda item: item.get("resendOf"),
    "requested_by": lambda item: item.get("requestedBy"),
    "forced": lambda item: item.get("forced", False),
    "resends": lambda item: frozenset(item.get("resends", ())),
    "erased_at": lambda item: item.get("erasedAt"),
    "expires_at": lambda item: item["ttl"] * 1_000,
}


def delivery_facts(item: "Item") -> DeliveryFacts:
    return DeliveryFacts(
        id=keys.id_of(item["createdKey"]),
        workspace_id=item["workspaceId"],
        run_id=item.get("runId"),
        node_id=item.get("nodeId"),
        automation_id=item.get("automationId"),
        contact_id=item.get("contactId"),
        channel=item["channel"],
        template_id=item["templateId"],
        status=DeliveryStatus(item["status"]),
        error_kind=item.get("errorKind"),
        has_complaint=has_complaint(_reports_from_item(item)),
        tries=item["tries"],
        sequence=item["sequence"],
        created_at=keys.created_at_of(item["createdKey"]),
        settled_at=item.get("settledAt"),
        next_try_at=item.get("nextTryAt"),
        resend_of=item.get("resendOf"),
    )


def _bag(attempt: DeliveryAttempt) -> dict[str, Any]:
    tries = [_try_to_bag(each, attempt) for each in attempt.tries_log]
    bag: dict[str, Any] = {
        "subject": attempt.subject,
        "body": attempt.body,
        "consent": attempt.consent,
        "gates": [gate.model_dump(exclude_none=True) for gate in attempt.gates],
    }
    if attempt.html is not None:
        bag["html"] = attempt.html
    if attempt.rules:
        bag["rules"] = attempt.rules
    if tries:
        bag["tries"] = tries
    if attempt.error is not None:
        bag["error"] = attempt.error.model_dump()
    return bag


def _try_to_bag(made: Try, attempt: DeliveryAttempt) -> dict[str, Any]:
    """Returns a try as the bag stores it, without the provider's id if the row already has that
    outside the bag."""
    is_known = made.provider_id == attempt.provider_id
    left_out = {"provider_id"} if is_known else set()
    return made.model_dump(mode="json", exclude_none=True, exclude=left_out)


def _try_from_bag(value: dict[str, Any], item: "Item") -> Try:
    made = Try.model_validate(value)
    if made.outcome is TryOutcome.ACCEPTED and made.provider_id is None:
        return made.changed(provider_id=item.get("providerId"))
    return made


def _reports_to_item(attempt: DeliveryAttempt) -> dict[str, Any]:
    return {
        event_id: report.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        for event_id, report in attempt.reports.items()
    }


def _reports_from_item(item: "Item") -> dict[str, KeptReport]:
    found = item.get("reports", {})
    return {event_id: KeptReport.model_validate(report) for event_id, report in found.items()}
