"""Steps of many runs at once, without the compressed fields (the bags)."""

from typing import TYPE_CHECKING

from runledger.store import keys
from runledger.store.run_rows import shown_step_from_item

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.models.run import Step
    from runledger.store.bodies import Bodies
    from runledger.store.table import Table
    from runledger.store.values import Item


class StepTimeStore:
    def __init__(self, table: "Table", bodies: "Bodies") -> None:
        self._table = table
        self._bodies = bodies

    def get_many(self, visits: "Iterable[tuple[str, str]]") -> "dict[tuple[str, str], Step]":
        """Returns the recorded steps, by run id and node id. A read costs half a unit for 4 KB of
        the whole item, including its bag."""
        wanted = {keys.step(run_id, node_id): (run_id, node_id) for run_id, node_id in visits}
        found = self._table.batch_get(wanted)
        steps = {wanted[key]: self._step(item) for key, item in found.items()}
        # The duration of a damaged step is unknown.
        return {visit: step for visit, step in steps.items() if step.unreadable is None}

    def _step(self, item: "Item") -> "Step":
        bare = {name: value for name, value in item.items() if name != "bag"}
        return shown_step_from_item(bare, self._bodies)
