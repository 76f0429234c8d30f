"""Delivery attempts. An attempt is written before its message leaves, and settled after."""

from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, NotFoundError, RunReleasedError
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus, Gate
from runledger.models.run import ErrorDetail, RunStatus
from runledger.store import keys
from runledger.store.table import Check, Put, key_attributes, ttl

if TYPE_CHECKING:
    from runledger.models.run import Run
    from runledger.store.bodies import Bodies
    from runledger.store.table import Table
    from runledger.store.values import Item


class DeliveryStore:
    def __init__(self, table: "Table", bodies: "Bodies") -> None:
        self._table = table
        self._bodies = bodies

    def begin(self, attempt: DeliveryAttempt, run: "Run") -> DeliveryAttempt | None:
        """Claims the effect by writing its PROCESSING attempt, in one transaction with a look at
        the run: once a run has ended or changed hands, none of its messages can be claimed.

        Returns None, or, where the effect was claimed before, the attempt found: nothing may be
        sent then. RunReleasedError where the run is not this execution's to walk any more."""
        is_new = Attr("pk").not_exists()
        is_running = Attr("status").eq(RunStatus.RUNNING.value)
        is_owned = Attr("execution").eq(run.execution)
        try:
            self._table.transact(
                [
                    Put(self._item(attempt, listed=None), is_new),
                    Check(keys.run(run.id), is_running & is_owned),
                ]
            )
        except ConditionFailedError as error:
            found = self._table.get(keys.delivery(attempt.id), consistent=True)
            if found is None:
                raise RunReleasedError("the run was ended or taken meanwhile") from error
            return self._from_item(found)
        return None

    def settle(self, attempt: DeliveryAttempt, shards: int) -> DeliveryAttempt:
        """Writes what became of an attempt, with its place in the lists. Where it was settled
        before, that stands and is returned."""
        is_unsettled = Attr("status").eq(DeliveryStatus.PROCESSING.value)
        is_new = Attr("pk").not_exists()
        try:
            self._table.put(self._item(attempt, listed=shards), is_new | is_unsettled)
        except ConditionFailedError as error:
            if error.item is None:
                raise
            return self._from_item(error.item)
        return attempt

    def get(self, delivery_id: str) -> DeliveryAttempt:
        item = self._table.get(keys.delivery(delivery_id), consistent=True)
        if item is None:
            raise NotFoundError(f"there is no delivery {delivery_id}")
        return self._from_item(item)

    def _item(self, attempt: DeliveryAttempt, listed: int | None) -> "Item":
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
            "bag": self._bodies.pack(bag, f"deliveries/{attempt.id}"),
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

    def _from_item(self, item: "Item") -> DeliveryAttempt:
        bag = self._bodies.unpack(item["bag"])
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
            error=ErrorDetail.model_validate(bag["error"]) if bag["error"] else None,
            created_at=keys.created_at_of(item["createdKey"]),
            settled_at=item.get("settledAt"),
            expires_at=item["ttl"] * 1_000,
        )
