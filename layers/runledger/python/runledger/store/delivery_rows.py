"""How delivery attempts lie in the table."""

from typing import TYPE_CHECKING, Any

from runledger.models.delivery import DeliveryAttempt, DeliveryStatus, Gate
from runledger.models.feedback import error_after
from runledger.models.report import KeptReport, Reports
from runledger.models.run import ErrorDetail
from runledger.store import keys
from runledger.store.table import key_attributes, ttl

if TYPE_CHECKING:
    from runledger.store.bodies import Bodies
    from runledger.store.values import Item


def delivery_to_item(attempt: DeliveryAttempt, bodies: "Bodies", listed: int | None) -> "Item":
    """`listed` is the workspace's shard count once the attempt belongs into the lists."""
    bag: dict[str, Any] = {
        "subject": attempt.subject,
        "gates": [gate.model_dump() for gate in attempt.gates],
        "error": attempt.error.model_dump() if attempt.error else None,
    }
    item: Item = {
        **key_attributes(keys.delivery(attempt.id)),
        "createdKey": keys.created_key(attempt.created_at, attempt.id),
        "workspaceId": attempt.workspace_id,
        "runId": attempt.run_id,
        "nodeId": attempt.node_id,
        "automationId": attempt.automation_id,
        "contactId": attempt.contact_id,
        "channel": attempt.channel,
        "address": attempt.address,
        "status": attempt.status.value,
        "templateId": attempt.template_id,
        "tries": attempt.tries,
        "providerId": attempt.provider_id,
        "settledAt": attempt.settled_at,
        "reports": reports_to_attribute(attempt.reports) or None,
        "bag": bodies.pack(bag, f"deliveries/{attempt.id}"),
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
        if attempt.contact_id:
            item["gsi3pk"] = keys.by_contact(workspace_id, attempt.contact_id)
    return item


def delivery_from_item(item: "Item", bodies: "Bodies") -> DeliveryAttempt:
    bag = bodies.unpack(item["bag"])
    reports = reports_from_item(item)
    error = ErrorDetail.model_validate(bag["error"]) if bag["error"] else None
    return DeliveryAttempt(
        id=keys.id_of(item["createdKey"]),
        workspace_id=item["workspaceId"],
        run_id=item.get("runId"),
        node_id=item.get("nodeId"),
        automation_id=item.get("automationId"),
        contact_id=item.get("contactId"),
        channel=item["channel"],
        address=item["address"],
        status=DeliveryStatus(item["status"]),
        template_id=item["templateId"],
        subject=bag["subject"],
        gates=tuple(Gate.model_validate(gate) for gate in bag["gates"]),
        tries=item["tries"],
        provider_id=item.get("providerId"),
        error=error_after(error, item.get("nodeId"), reports),
        created_at=keys.created_at_of(item["createdKey"]),
        settled_at=item.get("settledAt"),
        expires_at=item["ttl"] * 1_000,
        reports=reports,
    )


def reports_from_item(item: "Item") -> Reports:
    """Kept beside the bag, which feedback leaves as it is: the bag says what we know ourselves."""
    return {
        event_id: KeptReport.model_validate(report)
        for event_id, report in item.get("reports", {}).items()
    }


def reports_to_attribute(reports: Reports) -> dict[str, Any]:
    return {
        event_id: report.model_dump(mode="json", exclude_defaults=True)
        for event_id, report in reports.items()
    }
