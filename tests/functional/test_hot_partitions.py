"""How often a run writes to a partition that it shares with other runs. docs/limits.md rests on
it."""

from collections import Counter
from typing import Any

import pytest
from runledger.store import keys
from runledger.store.keys import INDEX_ATTRIBUTES, Index
from runledger.store.values import Item

from bench.example_runs import _fire, _with_template, example
from tests.support.every_node import make_template
from tests.support.simulation import open_simulation


@pytest.fixture(scope="module")
def writes() -> Counter[tuple[str, str]]:
    """Returns the writes of one five-node run, by index and partition."""
    with open_simulation() as simulation:
        document = _with_template(example("five_nodes"), make_template(simulation))
        path = simulation.webhook_path(simulation.activate(document))
        _fire(simulation, path, "A-1")
        counted = Counter[tuple[str, str]]()

        def count(before: Item | None, after: Item | None) -> None:
            row = after or before or {}
            counted["table", row["pk"]] += 1
            for index in Index:
                places = [_place(image, index) for image in (before, after)]
                if places[0] != places[1]:
                    counted.update((index.value, place[0]) for place in places if place)

        simulation.table.listeners.append(count)
        _fire(simulation, path, "A-2")
    return counted


def _place(image: Item | None, index: Index) -> tuple[Any, Any] | None:
    partition, sort = INDEX_ATTRIBUTES[index]
    row = image or {}
    return (row[partition], row[sort]) if partition in row and sort in row else None


def test_a_run_writes_twice_to_the_due_index(writes: Counter[tuple[str, str]]) -> None:
    due = {place: count for place, count in writes.items() if place[0] == Index.DUE}
    assert len(due) == 1
    assert set(due.values()) == {2}


@pytest.mark.parametrize("index", [Index.BY_STATUS, Index.BY_AUTOMATION])
def test_a_run_writes_at_most_twice_to_a_partition_of_a_list(
    writes: Counter[tuple[str, str]], index: Index
) -> None:
    lists = {place: count for place, count in writes.items() if place[0] == index}
    assert max(lists.values()) == 2
    (hottest,) = [place for (_, place), count in lists.items() if count == 2]
    assert f"#{keys.OPEN_BUCKET}#" in hottest


def test_of_the_table_a_run_shares_only_the_counter_of_its_sender(
    writes: Counter[tuple[str, str]],
) -> None:
    own = ("RUN#", "DELIVERY#")
    shared = {
        partition: count
        for (where, partition), count in writes.items()
        if where == "table" and not partition.startswith(own)
    }
    ((counter, count),) = shared.items()
    assert counter.startswith("RATE#")
    assert count == 1
