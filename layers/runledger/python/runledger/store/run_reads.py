"""Reads of runs, with their events and steps."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runledger.errors import NotFoundError
from runledger.models.event import Event
from runledger.models.run import Run, Step
from runledger.store import keys
from runledger.store.run_rows import (
    run_from_item,
    shown_event_from_item,
    shown_run_from_item,
    shown_step_from_item,
    step_outline,
)
from runledger.store.table import SortRange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runledger.store.bodies import Bodies
    from runledger.store.table import Table
    from runledger.store.values import Item

# The most reruns that go back to one run.
FAMILY_SIZE = 25


@dataclass(frozen=True, slots=True)
class RunHistory:
    """A run's whole partition, from one read."""

    run: Run
    event: Event
    steps: dict[str, Step]
    # The steps that a rerun takes over when it comes to their nodes.
    prepared: dict[str, Step] = field(default_factory=dict)


class RunReads:
    def __init__(self, table: "Table", bodies: "Bodies") -> None:
        self._table = table
        self._bodies = bodies

    def family(self, root_run_id: str) -> list[str]:
        """Returns the ids of all reruns that go back to this run, ordered by id. A request stores
        the id of its rerun before it opens the rerun. So there may be ids without a run: the
        request died, or is still at work. At most FAMILY_SIZE of the ids have a run."""
        page = self._table.query(keys.family(root_run_id), consistent=True)
        return [str(item["sk"]) for item in page.items]

    def get(self, run_id: str, *, consistent: bool = True) -> Run:
        item = self._table.get(keys.run(run_id), consistent=consistent)
        if item is None:
            raise NotFoundError(f"there is no run {run_id}")
        return run_from_item(item)

    def find_shown(self, run_id: str) -> Run | None:
        """Returns a run, or None if it does not exist, from a consistent read. A damaged row is
        read as far as possible, so never store the result."""
        item = self._table.get(keys.run(run_id), consistent=True)
        return None if item is None else shown_run_from_item(item)

    def get_many(self, run_ids: "Iterable[str]", *, consistent: bool = False) -> dict[str, Run]:
        """Returns runs for display. A damaged row is read as far as possible."""
        wanted = (keys.run(run_id) for run_id in run_ids)
        found = self._table.batch_get(wanted, consistent=consistent)
        runs = [shown_run_from_item(item) for item in found.values()]
        return {run.id: run for run in runs}

    def find_alive(self, workspace_id: str, run_id: str, now: int) -> Run | None:
        """Returns one run for display. Returns None if it belongs to another workspace or has
        expired."""
        run = self.get_many([run_id]).get(run_id)
        is_alive = run is not None and run.workspace_id == workspace_id and run.expires_at > now
        return run if is_alive else None

    def history(self, run_id: str, now: int = 0) -> RunHistory:
        """Returns row, event and steps from one consistent read. Raises NotFoundError if the row
        does not exist or has expired by `now`, UnreadableError if the row is damaged. In a damaged
        event or step, `unreadable` names what could not be read."""
        return self._history(run_id, now, run_from_item)

    def shown(self, run_id: str, now: int) -> RunHistory:
        """Returns the history as `history` does, but reads a damaged row as far as possible. For
        display only."""
        return self._history(run_id, now, shown_run_from_item)

    def _history(self, run_id: str, now: int, read: "Callable[[Item], Run]") -> RunHistory:
        page = self._table.query(keys.run(run_id).pk, consistent=True)
        rows = {item["sk"]: item for item in page.items}
        run = read(rows["RUN"]) if "RUN" in rows and "PAYLOAD" in rows else None
        if run is None or run.expires_at <= now:
            raise NotFoundError(f"there is no run {run_id}")

        def steps(prefix: str) -> dict[str, Step]:
            found = [
                shown_step_from_item(item, self._bodies)
                for sort, item in rows.items()
                # A step with another expiry is left from an earlier run that the same event opened.
                if sort.startswith(prefix) and item.get("ttl") == rows["RUN"].get("ttl")
            ]
            return {step.node_id: step for step in found}

        return RunHistory(
            run=run,
            event=shown_event_from_item(rows["PAYLOAD"], self._bodies, run.trigger_type),
            steps=steps(keys.STEP_PREFIX),
            prepared=steps(keys.PREPARED_PREFIX),
        )

    def outline(self, run_id: str) -> tuple[Run, dict[str, Step]]:
        """Returns row and steps from one consistent read. The steps lack the fields in their bags
        (input, output, evidence …). Raises NotFoundError if the row does not exist."""
        page = self._table.query(
            keys.run(run_id).pk, SortRange(low=keys.run(run_id).sk), consistent=True
        )
        rows = {item["sk"]: item for item in page.items}
        if "RUN" not in rows:
            raise NotFoundError(f"there is no run {run_id}")
        steps = [
            step_outline(item)
            for sort, item in rows.items()
            if sort.startswith(keys.STEP_PREFIX) and item.get("ttl") == rows["RUN"].get("ttl")
        ]
        return run_from_item(rows["RUN"]), {step.node_id: step for step in steps}
