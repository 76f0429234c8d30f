"""What the overview costs: a bounded number of requests, and few units among many runs."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from runledger.clock import DAY, HOUR
from runledger.services.overview import open_runs
from runledger.services.overview.overview import Overview
from runledger.store import keys
from runledger.store.keys import Key
from runledger.store.stores import Stores
from runledger.store.table import Page, SortRange
from runledger.store.values import Item

from bench.counted_table import WHOLE_PARTITION, CountedTable
from bench.synthetic_table import AUTOMATIONS, STEP, SyntheticTable
from tests.functional.test_health_filters import bounced
from tests.functional.test_overview import NOW, shown, took
from tests.functional.test_refusal_lists import a_refusal
from tests.functional.test_stats import waiting
from tests.support.api_calls import record_calls
from tests.support.engine import Engine


def test_the_number_of_requests_is_bounded(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    automation_id = engine.activate(waiting())
    engine.clock.now = NOW - 1
    shown(engine)
    asked = record_calls(monkeypatch, engine.table)

    def requests() -> dict[str, int]:
        asked.clear()
        shown(engine)
        return {name: asked.count(name) for name in ("Query", "BatchGetItem", "GetItem")}

    empty = requests()
    assert sum(empty.values()) == len(asked) <= 22
    for number in range(30):
        took(engine, automation_id, NOW - number, 5)
        a_refusal(engine, created_at=NOW - number)
        bounced(engine, created_at=NOW - number)
        engine.fire(automation_id, {"number": number})
    shown(engine)
    few = requests()
    assert few["Query"] == empty["Query"]
    assert sum(few.values()) == len(asked) <= 27
    for number in range(300):
        took(engine, automation_id, NOW - 100 - number, 5)
        a_refusal(engine, created_at=NOW - 100 - number)
    many = requests()
    # Only more rows and steps are read at once: a hundred a request, up to their limits.
    assert many["Query"] == empty["Query"]
    assert many["BatchGetItem"] <= few["BatchGetItem"] + 3
    assert sum(many.values()) == len(asked) <= 27


class ManyRuns:
    """A table with synthetic runs; all other rows are those of `table`."""

    def __init__(self, table: Any, runs: SyntheticTable) -> None:
        self._table = table
        self._runs = runs
        self._is_run = f"{runs.workspace_id}#{keys.Kind.RUN}#"

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        found: Item | None = self._table.get(key, consistent=consistent)
        return found

    def batch_get(self, wanted: Iterable[Key], *, consistent: bool = False) -> dict[Key, Item]:
        every = list(wanted)
        runs = [key for key in every if key == keys.run(key.pk.partition("#")[2])]
        others = [key for key in every if key not in set(runs)]
        found: dict[Key, Item] = self._runs.batch_get(runs) if runs else {}
        return found | (self._table.batch_get(others) if others else {})

    def query(self, partition: str, sort: SortRange = WHOLE_PARTITION, **options: Any) -> Page:
        if not partition.startswith(self._is_run):
            page: Page = self._table.query(partition, sort, **options)
            return page
        low = sort.low or keys.created_key(0, "")
        high = sort.high or keys.created_key(self._runs.newest + DAY, "")
        return self._runs.query(partition, SortRange(low, high), **options)


def test_a_hundred_thousand_runs_take_few_requests_and_units(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The history has the size of that in the published measurements: 4,629 runs an hour, of which
    3% are open."""
    copied = engine.table.get(keys.version(engine.activate(waiting()), 1))
    assert copied is not None
    for number in range(AUTOMATIONS):
        automation_id = SyntheticTable.automation_id(number)
        engine.table.put(copied | keys.version(automation_id, 3)._asdict())
    runs = SyntheticTable(100_000, newest=engine.clock.now)
    table = CountedTable(ManyRuns(engine.table, runs))
    asked: list[str] = []

    def counting(call: Any, act: Callable[[], Any]) -> Any:
        asked.append(call.operation)
        return act()

    monkeypatch.setattr(engine.table, "around", counting)
    stores = Stores(table, engine.bodies)
    for number in range(AUTOMATIONS):
        # A process keeps the versions that it has read.
        stores.automations.version(SyntheticTable.automation_id(number), 3)
    table.tally.reads = 0
    asked.clear()
    told = Overview(stores, engine.failure_queries, engine.clock).of("ws_demo")
    in_hour = range(runs.rows - HOUR // STEP - 1, runs.rows)
    assert told.last_hour.runs == sum(runs.created_at(n) > runs.newest - HOUR for n in in_hour)
    assert told.last_hour.is_complete and told.measured_runs.count > 0
    assert told.open_runs.total == open_runs.MOST_ROWS + 1
    assert told.open_runs.oldest_at is not None
    assert len(asked) + runs.counted.calls <= 32
    assert table.tally.reads <= 300
