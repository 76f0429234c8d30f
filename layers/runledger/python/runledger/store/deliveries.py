"""Delivery attempts. An attempt is written before its message is sent, and settled afterwards.

Every change is one conditional write on the state that was read (`sequence` and `revision`), so if
two processes change an attempt at once, one of them fails and must read it again. The changes
themselves are in `models/attempt_transitions.py`."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr, ConditionBase

from runledger.clock import DAY
from runledger.errors import (
    ConditionFailedError,
    NotFoundError,
    TransientError,
)
from runledger.models.attempt_transitions import reported, stopped
from runledger.models.base import Model
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.feedback import merge
from runledger.models.run import RunStatus
from runledger.store import keys
from runledger.store.delivery_rows import (
    delivery_change,
    delivery_from_item,
    delivery_to_item,
    shown_delivery_from_item,
)
from runledger.store.table import Change, Check, Modify, Put, Write, key_attributes, ttl

if TYPE_CHECKING:
    from runledger.models.report import FeedbackReport
    from runledger.store.bodies import Bodies
    from runledger.store.table import Table
    from runledger.store.values import Item

# How long an answer to a marketing SMS is understood: as long as an unsubscribe link.
ANSWERABLE = 400 * DAY
# A lost try means that a walker, a report or the tick changed the attempt in between.
_TRIES = 12
# In the place of the delivery of a damaged note.
_UNKNOWN = "unknown"


class TextedPhone(Model):
    """A workspace's newest marketing message to a phone. `sent_at` is in epoch milliseconds."""

    workspace_id: str
    delivery_id: str
    sent_at: int


class DeliveryStore:
    def __init__(self, table: "Table", bodies: "Bodies") -> None:
        self._table = table
        self._bodies = bodies

    def begin(self, attempt: DeliveryAttempt, run_part: Write, token: str) -> bool:
        """Claims the effect: writes its PROCESSING attempt together with `run_part`, which checks
        the run. If the run has ended or has another owner, its messages can no longer be claimed.
        `token` names the claim: a repeated call with it succeeds if the first one did.

        Returns False, and writes nothing, if the attempt exists or the condition on the run does
        not hold. The caller must then send nothing.
        """
        is_new = _is_new(attempt)
        item = delivery_to_item(attempt, self._bodies, listed=None)
        try:
            self._table.transact([Put(item, is_new), run_part], token)
        except ConditionFailedError:
            return False
        return True

    def add(self, attempt: DeliveryAttempt, shards: int) -> DeliveryAttempt:
        """Writes an attempt that no run claims: a SUPPRESSED one, or the QUEUED one of a test send.
        If an attempt with the same id exists, the existing one is kept and returned."""
        is_new = _is_new(attempt)
        try:
            self._table.put(delivery_to_item(attempt, self._bodies, listed=shards), is_new)
        except ConditionFailedError as error:
            if error.item is None:
                raise
            return delivery_from_item(error.item, self._bodies)
        return attempt

    def add_resend(
        self, attempt: DeliveryAttempt, original: DeliveryAttempt, shards: int
    ) -> DeliveryAttempt:
        """Writes a resend, and its id on the attempt that it repeats, in one transaction. If a
        resend with the same id exists, it is kept and returned."""
        is_new = Attr("pk").not_exists()
        is_there = Attr("pk").exists()
        link = Change(add={"resends": {attempt.id}})
        try:
            self._table.transact(
                [
                    Put(delivery_to_item(attempt, self._bodies, listed=shards), is_new),
                    Modify(keys.delivery(original.id), link, is_there),
                ]
            )
        except ConditionFailedError as error:
            found = self._find(attempt.id)
            if found is None:
                raise NotFoundError(f"there is no delivery {original.id}") from error
            return found
        return attempt

    def settle(
        self,
        attempt: DeliveryAttempt,
        change: Callable[[DeliveryAttempt], DeliveryAttempt],
        shards: int,
        *,
        by_provider_id: bool = False,
    ) -> DeliveryAttempt:
        """Writes the result of the current try. `change` is applied to the current attempt, because
        reports may have changed it since `attempt` was read. If this try was settled before, that
        result is kept and returned. With `by_provider_id`, `find_sent` can find the attempt once
        the provider has accepted its message."""
        found = attempt
        for _ in range(_TRIES):
            is_this_try = found.tries == attempt.tries
            if not is_this_try or found.base_status is not DeliveryStatus.PROCESSING:
                return found
            after = change(found)
            if after == found:
                return found
            is_linked = by_provider_id and after.provider_id is not None
            if is_linked and found.erased_at is None:
                # First, so that a report finds the attempt even if the next write never happens.
                self._link(after)
            try:
                return self.change(found, after, shards)
            except ConditionFailedError as error:
                found = self._after_conflict(attempt.id, error)
            if is_linked and found.erased_at is not None:
                self.forget_sent(after)
        raise TransientError(f"the delivery {attempt.id} kept changing; try again")

    def _link(self, attempt: DeliveryAttempt) -> None:
        """Writes the item by which `find_sent` finds the attempt."""
        link = {"deliveryId": attempt.id, "ttl": ttl(attempt.expires_at)}
        self._table.put({**key_attributes(_sent(attempt)), **link})

    def change(
        self, before: DeliveryAttempt, after: DeliveryAttempt, shards: int
    ) -> DeliveryAttempt:
        """Writes one transition of an attempt. Raises ConditionFailedError, with the row, if the
        attempt changed since it was read."""
        update = delivery_change(after, self._bodies, shards)
        self._table.change(keys.delivery(before.id), update, _is_unchanged(before))
        return after

    def claim(
        self,
        before: DeliveryAttempt,
        after: DeliveryAttempt,
        shards: int,
        now: int,
        token: str,
    ) -> DeliveryAttempt | None:
        """Claims the next try of a waiting attempt, and checks its run in the same transaction: a
        canceled run stops the attempt. Returns the claimed attempt, or None if nothing may be sent
        because the attempt changed or was stopped. `token` names the claim, as in `begin`."""
        change = delivery_change(after, self._bodies, shards)
        writes: list[Write] = [Modify(keys.delivery(before.id), change, _is_unchanged(before))]
        if before.run_id is not None:
            # An expired run counts as not canceled.
            is_gone = Attr("pk").not_exists()
            is_not_canceled = Attr("status").ne(RunStatus.CANCELED.value)
            writes.append(Check(keys.run(before.run_id), is_gone | is_not_canceled))
        try:
            self._table.transact(writes, token)
        except ConditionFailedError:
            found = self.get(before.id)
            if found.sequence == before.sequence and found.revision == before.revision:
                # If another process stops it first, the result is the same.
                with suppress(ConditionFailedError):
                    self.change(found, stopped(found, now), shards)
            return None
        return after

    def release(self, attempt: DeliveryAttempt) -> None:
        """Removes an erased attempt from its contact's index, and the contact from the attempt, so
        that neither leads to the other. Raises ConditionFailedError if the attempt was changed
        since it was read."""
        change = Change(
            set={"revision": attempt.revision + 1},
            remove=["contactId", "addresseeId", "gsi3pk"],
        )
        self._table.update(keys.delivery(attempt.id), change, _is_unchanged(attempt))

    def report(
        self, attempt: DeliveryAttempt, report: "FeedbackReport", shards: int
    ) -> DeliveryAttempt | None:
        """Adds a provider's report and returns the attempt. A report that was added before changes
        nothing. Returns None if the attempt was never sent."""
        found = attempt
        for _ in range(_TRIES):
            if found.tries == 0:
                return None
            reports = merge(found.reports, report.event_id, report.kept())
            if reports == found.reports:
                return found
            after = reported(found, reports, report.provider_id)
            try:
                return self.change(found, after, shards)
            except ConditionFailedError as error:
                found = self._after_conflict(attempt.id, error)
        raise TransientError(f"the delivery {attempt.id} kept changing; try again")

    def get(self, delivery_id: str) -> DeliveryAttempt:
        found = self._find(delivery_id)
        if found is None:
            raise NotFoundError(f"there is no delivery {delivery_id}")
        return found

    def shown(self, delivery_ids: Iterable[str]) -> dict[str, DeliveryAttempt]:
        """Returns the attempts that exist, by id, only for display: a damaged row is read as far as
        possible, and an attempt whose message is gone is returned without the message."""
        found = self._table.batch_get(keys.delivery(each) for each in delivery_ids)
        attempts = [shown_delivery_from_item(item, self._bodies) for item in found.values()]
        return {attempt.id: attempt for attempt in attempts}

    def find(self, delivery_id: str) -> DeliveryAttempt | None:
        """Returns a delivery, or None if it does not exist."""
        return self._find(delivery_id)

    def find_sent(self, channel: str, provider_id: str) -> DeliveryAttempt | None:
        """Returns the delivery whose message has this id at the channel's provider. Returns None if
        the channel's reports name deliveries by our ids, if the provider's answer is not stored
        yet, or if the delivery was erased or has expired."""
        link = self._table.get(keys.sent_message(channel, provider_id), consistent=True)
        return None if link is None else self._find(link["deliveryId"])

    def forget_sent(self, attempt: DeliveryAttempt) -> None:
        """Deletes the item by which `find_sent` finds the attempt, if there is one."""
        if attempt.provider_id is not None:
            self._table.delete(_sent(attempt))

    def note_texted(self, attempt: DeliveryAttempt, now: int) -> None:
        """Notes the marketing message that the workspace is about to send to a phone, so that
        `texted` finds it. The note replaces that of the previous message to this phone."""
        self._table.put(
            {
                **key_attributes(keys.texted_by(attempt.address, attempt.workspace_id)),
                "deliveryId": attempt.id,
                "sentAt": now,
                "ttl": ttl(now + ANSWERABLE),
            }
        )

    def texted(self, phone: str) -> list[TextedPhone]:
        """Returns the newest marketing message of each workspace to this phone, newest first. A
        damaged note still names its workspace, so that a STOP counts there, too."""
        page = self._table.query(keys.texted(phone), consistent=True)
        found = (_texted_phone(item) for item in page.items)
        return sorted(found, key=lambda each: each.sent_at, reverse=True)

    def forget_texted(self, workspace_id: str, phone: str) -> None:
        """Deletes what `note_texted` wrote, if anything."""
        self._table.delete(keys.texted_by(phone, workspace_id))

    def find_shown(self, delivery_id: str) -> DeliveryAttempt | None:
        """Returns a delivery as `find` does, but only for display and erasure: a damaged row is
        read as far as possible."""
        item = self._table.get(keys.delivery(delivery_id), consistent=True)
        return None if item is None else shown_delivery_from_item(item, self._bodies)

    def _find(self, delivery_id: str) -> DeliveryAttempt | None:
        item = self._table.get(keys.delivery(delivery_id), consistent=True)
        return None if item is None else delivery_from_item(item, self._bodies)

    def _after_conflict(self, delivery_id: str, error: ConditionFailedError) -> DeliveryAttempt:
        if error.item is None:
            raise NotFoundError(f"there is no delivery {delivery_id}") from error
        return delivery_from_item(error.item, self._bodies)


def _texted_phone(item: "Item") -> TextedPhone:
    delivery_id, sent_at = item.get("deliveryId"), item.get("sentAt")
    return TextedPhone(
        workspace_id=item["sk"],
        delivery_id=delivery_id if isinstance(delivery_id, str) else _UNKNOWN,
        sent_at=sent_at if isinstance(sent_at, int) else 0,
    )


def _sent(attempt: DeliveryAttempt) -> keys.Key:
    return keys.sent_message(attempt.channel, attempt.provider_id or "")


def _is_new(attempt: DeliveryAttempt) -> ConditionBase:
    """The condition that there is no attempt with this id, except one left over from an expired run
    that the same event opened."""
    is_first = Attr("pk").not_exists()
    is_expired = Attr("ttl").lt(ttl(attempt.created_at))
    return is_first | is_expired


def _is_unchanged(attempt: DeliveryAttempt) -> ConditionBase:
    is_same_status = Attr("sequence").eq(attempt.sequence)
    is_same_otherwise = (
        Attr("revision").eq(attempt.revision) if attempt.revision else Attr("revision").not_exists()
    )
    return is_same_status & is_same_otherwise
