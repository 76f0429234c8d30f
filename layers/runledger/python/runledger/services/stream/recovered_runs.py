"""Stores the id of a completed rerun on the runs that it repeats."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.errors import UnreadableError
from runledger.models.run import RunStatus
from runledger.observability import log_failure
from runledger.store import keys
from runledger.store.run_reads import FAMILY_SIZE
from runledger.store.run_rows import run_from_item
from runledger.store.salvage import DAMAGES
from runledger.store.values import from_dynamo

if TYPE_CHECKING:
    from runledger.models.run import Run
    from runledger.store.runs import RunStore


@dataclass(frozen=True, slots=True)
class RecoveredRuns:
    runs: "RunStore"

    def note(self, rerun: "Run") -> None:
        """Stores the rerun's id on the run that it repeats and, if that is a rerun too, on all runs
        before it. Safe to repeat. A damaged run is read as far as possible: it will never be
        readable, and the stream must go on."""
        run_id = rerun.rerun_of
        for _ in range(FAMILY_SIZE + 1):
            if run_id is None:
                return
            self.runs.recovered(run_id, rerun)
            found = self.runs.find_shown(run_id)
            # A run that is not found has expired.
            run_id = None if found is None else found.rerun_of


def completed_reruns(records: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, "Run"]]:
    """Yields each rerun that became COMPLETED, with its record's position. A record that cannot be
    read is logged and skipped, because it will never be readable and must not delay others."""
    for record in records:
        change = record.get("dynamodb", {})
        new, old = change.get("NewImage", {}), change.get("OldImage", {})
        is_run = new.get("sk", {}).get("S") == keys.run("").sk
        is_rerun = is_run and "rerunOf" in new
        completed = {"S": RunStatus.COMPLETED.value}
        if is_rerun and new.get("status") == completed != old.get("status"):
            try:
                yield str(change.get("SequenceNumber", "")), run_from_item(from_dynamo(new))
            except (*DAMAGES, UnreadableError) as error:
                log_failure("a row cannot be read", error, row=new["pk"].get("S"))
