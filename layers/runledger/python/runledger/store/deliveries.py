"""Delivery attempts. An attempt is written before its message leaves, and settled after."""

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, NotFoundError, RunReleasedError
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.run import RunStatus
from runledger.store import keys
from runledger.store.delivery_rows import delivery_from_item, delivery_to_item
from runledger.store.table import Check, Put

if TYPE_CHECKING:
    from runledger.models.run import Run
    from runledger.store.bodies import Bodies
    from runledger.store.table import Table


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
                    Put(delivery_to_item(attempt, self._bodies, listed=None), is_new),
                    Check(keys.run(run.id), is_running & is_owned),
                ]
            )
        except ConditionFailedError as error:
            found = self._table.get(keys.delivery(attempt.id), consistent=True)
            if found is None:
                raise RunReleasedError("the run was ended or taken meanwhile") from error
            return delivery_from_item(found, self._bodies)
        return None

    def settle(self, attempt: DeliveryAttempt, shards: int) -> DeliveryAttempt:
        """Writes what became of an attempt, with its place in the lists. Where it was settled
        before, that stands and is returned."""
        is_unsettled = Attr("status").eq(DeliveryStatus.PROCESSING.value)
        is_new = Attr("pk").not_exists()
        try:
            self._table.put(
                delivery_to_item(attempt, self._bodies, listed=shards), is_new | is_unsettled
            )
        except ConditionFailedError as error:
            if error.item is None:
                raise
            return delivery_from_item(error.item, self._bodies)
        return attempt

    def get(self, delivery_id: str) -> DeliveryAttempt:
        item = self._table.get(keys.delivery(delivery_id), consistent=True)
        if item is None:
            raise NotFoundError(f"there is no delivery {delivery_id}")
        return delivery_from_item(item, self._bodies)
