"""Removes personal data from a run's partition. Keeps what is counted: status, times, nodes,
branches and kinds of errors. No write restores a deleted item."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, NotFoundError, UnreadableError
from runledger.models.erasure import CANCEL_REASON, ERASED_TEXT
from runledger.store import keys
from runledger.store.run_rows import run_key_items, shown_run_from_item
from runledger.store.table import Change, Path

if TYPE_CHECKING:
    from runledger.models.run import Run
    from runledger.store.bodies import Bodies
    from runledger.store.table import Table
    from runledger.store.values import Item

# Facts of the event that stay besides its type: its place in a chain of runs.
_KEPT_DETAILS = ("depth", "upstreamRunId", "upstreamAutomationId")


class ErasedRunStore:
    def __init__(self, table: "Table", bodies: "Bodies") -> None:
        self._table = table
        self._bodies = bodies

    def blank_contents(self, run: "Run", now: int) -> bool:
        """Blanks the event and the steps. Returns whether there was anything to blank. If an
        execution that is still at work writes a step again, the next call finds it."""
        page = self._table.query(keys.run(run.id).pk, consistent=True)
        left = [item for item in page.items if item["sk"] != "RUN" and "erasedAt" not in item]
        for item in left:
            is_event = item["sk"] == keys.event("").sk
            blank = self._blank_event(run, item) if is_event else self._blank_step(item)
            self._write(keys.Key(item["pk"], item["sk"]), {**blank, "erasedAt": now}, ())
        # The files that the items name are deleted with all other files of the run.
        return bool(left)

    def _blank_event(self, run: "Run", item: "Item") -> dict[Path, Any]:
        trigger = _mapping(self._unpacked(item.get("body", b"")).get("trigger"))
        details = {name: trigger[name] for name in _KEPT_DETAILS if name in trigger}
        facts = {"type": run.trigger_type.value, **details}
        return {"body": self._bodies.pack({"trigger": facts, "body": None}, "")}

    def _blank_step(self, item: "Item") -> dict[Path, Any]:
        """Blanks one step. Keeps where it failed, the kind of its error, and its deliveries."""
        bag = self._unpacked(item["bag"]) if "bag" in item else {}
        kept: dict[str, Any] = {}
        if bag.get("delivery_ids"):
            kept["delivery_ids"] = bag["delivery_ids"]
        error = _mapping(bag.get("error"))
        if error:
            kept["error"] = {**error, "message": ERASED_TEXT, "cause": None, "call": None}
        if bag.get("reason"):
            kept["reason"] = ERASED_TEXT
        return {"bag": self._bodies.pack(kept, "")}

    def _unpacked(self, attribute: "bytes | dict[str, str]") -> dict[str, Any]:
        """Returns the unpacked object. Returns an empty object if another process has already
        deleted the file, or if the object is damaged: nothing of a damaged object is kept."""
        try:
            value = self._bodies.unpack(attribute)
        except (NotFoundError, UnreadableError):
            return {}
        return value if isinstance(value, dict) else {}

    def delete_keys(self, run: "Run") -> None:
        """Deletes the items by which the run is found. Must come before `blank_row`, because the
        row names them."""
        for key in run_key_items(run):
            self._table.delete(key)

    def blank_row(self, run: "Run", now: int) -> None:
        """Blanks the row of an ended run. The row stays in the lists. It also stays in the
        contact's index, because the erasure checks it once more. The status does not change, so no
        event is published.
        """
        values: dict[Path, Any] = {"erasedAt": now}
        if run.error is not None:
            values["error", "message"] = ERASED_TEXT
        if run.canceled is not None and run.canceled.reason != CANCEL_REASON:
            values["canceled", "reason"] = ERASED_TEXT
        gone = ["email", "phone", "startError", "keys"]
        if run.unreadable is not None:
            # Damaged parts may hold the person too.
            left = {"error": run.error, "canceled": run.canceled}
            gone += [name for name, value in left.items() if value is None]
        self._write(keys.run(run.id), values, tuple(gone))

    def release(self, run: "Run") -> None:
        """Removes the contact from the row, and the row from the contact's index, so that neither
        leads to the other."""
        self._write(keys.run(run.id), {}, ("contactId", "gsi3pk"))

    def read(self, run_id: str) -> "Run | None":
        item = self._table.get(keys.run(run_id), consistent=True)
        return None if item is None else shown_run_from_item(item)

    def lost_reruns(self, root_run_id: str) -> dict[str, int]:
        """Returns the reruns that a family lists but that were not opened, each with the time when
        its request began. Such a request has either died or is still running; the rows do not show
        which."""
        page = self._table.query(keys.family(root_run_id), consistent=True)
        begun = {str(item["sk"]): int(item["at"]) for item in page.items}
        rows = self._table.batch_get((keys.run(run_id) for run_id in begun), consistent=True)
        opened = {key.pk for key in rows}
        return {run_id: at for run_id, at in begun.items() if keys.run(run_id).pk not in opened}

    def delete_rerun(self, run_id: str) -> None:
        """Deletes everything of a rerun that was not opened, except its entry in the family."""
        for item in self._table.query(keys.run(run_id).pk, consistent=True).items:
            self._table.delete(keys.Key(item["pk"], item["sk"]))
        self._bodies.delete_all(f"runs/{run_id}/")

    def forget_rerun(self, root_run_id: str, run_id: str) -> None:
        """Removes a rerun that was never opened from the list of its family."""
        self._table.delete(keys.rerun(root_run_id, run_id))

    def _write(self, key: keys.Key, values: dict[Path, Any], gone: tuple[str, ...]) -> None:
        is_there = Attr("pk").exists()
        with suppress(ConditionFailedError):
            self._table.update(key, Change(set=values, remove=gone), is_there)


def _mapping(value: Any) -> dict[str, Any]:
    """Returns the value, or an empty one if it is damaged: a damaged value may hold the person's
    data."""
    return value if isinstance(value, dict) else {}
