"""A run and a page cost the same in a small and in a large workspace, and docs/performance.md says
what was counted."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

import pytest
from runledger.nodes.webhook_intake import WebhookIntake
from runledger.settings import StoreSettings

from bench.example_runs import PATH, cost_of, example
from bench.growth import ROWS, SHARDS, page, page_lines, run, time_lines, time_of_a_run
from tests.support.memory_table import MemoryTable
from tests.support.simulation import Simulation
from tests.unit.test_quotas import PARTITION_WRITES, RUNS_A_SECOND, WRITES_OF_AN_INDEX

if TYPE_CHECKING:
    from runledger.store.keys import Index

TEXT = (Path(__file__).parents[2] / "docs" / "performance.md").read_text()


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("shards", SHARDS)
def test_a_run_costs_the_same_after_a_thousand_others(shards: int) -> None:
    alone, later = cost_of(example("five_nodes")), run(ROWS[0], shards)
    assert later == alone
    told = (
        f"costs {alone.writes:g} write units, {alone.reads:g} read units and "
        f"{alone.in_a_row:g} requests in a row"
    )
    assert told in section("Growth")


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("shards", SHARDS)
def test_a_run_costs_the_same_after_a_hundred_thousand_others(shards: int) -> None:
    assert run(ROWS[1], shards) == cost_of(example("five_nodes"))


def test_the_queries_of_a_run_read_its_own_partition() -> None:
    read: list[tuple[str, Index | None]] = []
    query = MemoryTable.query

    def watch(simulation: Simulation) -> None:
        def recorded(table: MemoryTable, partition: str, *rest: Any, **options: Any) -> Any:
            if simulation.function in PATH:
                read.append((partition, options.get("index")))
            return query(table, partition, *rest, **options)

        watching.side_effect = recorded

    with patch.object(MemoryTable, "query", autospec=True) as watching:
        watching.side_effect = query
        cost_of(example("five_nodes"), prepare=watch)
    assert read
    assert all(partition.startswith("RUN#") for partition, _ in read), read
    assert {index for _, index in read} == {None}


@pytest.mark.parametrize("shards", SHARDS)
def test_a_page_costs_the_same_at_any_size(shards: int) -> None:
    costs = [page(rows, shards) for rows in ROWS]
    units = [cost.counted.units for cost in costs]
    assert max(units) <= 1.1 * min(units)
    assert len({(cost.counted.calls, cost.waits, cost.counted.rows) for cost in costs}) == 1


def test_the_page_says_what_pages_cost() -> None:
    rows = [line for line in section("Growth").splitlines() if line.startswith("| 1")]
    assert rows == list(page_lines())


def test_the_page_says_how_long_a_run_takes_on_aws() -> None:
    table = section("Time on AWS").partition("|---|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == list(time_lines())


def test_the_model_counts_every_request_of_the_run_once() -> None:
    counted = cost_of(example("five_nodes"))
    answer, rest = time_of_a_run()
    requests = [part for part in (*answer, *rest) if part.name in ("request", "transaction")]
    assert sum(part.count for part in requests) == counted.in_a_row
    invocations = [part.count for part in (*answer, *rest) if part.name == "invocation"]
    # The reader of the stream works for several runs, but each waits for it.
    assert sum(invocations) == counted.invocations + 1


# ── the ceiling ────────────────────────────────────────────────────────────────────────────────
CEILING = {
    "write units of a new table": RUNS_A_SECOND["write units of a new table"],
    "requests to the stack": RUNS_A_SECOND["requests to the stack"],
    "writes to a partition of a list, with one shard": (
        RUNS_A_SECOND["writes to one partition: lists of a workspace"]
    ),
    "write units of a table": RUNS_A_SECOND["write units of a table"],
    "invocations of Lambda": RUNS_A_SECOND["invocations of Lambda"],
    "due rows of a workspace": RUNS_A_SECOND["writes to one partition: due rows of a workspace"],
    "Express executions": RUNS_A_SECOND["`StartExecution`, Express"],
}


def ceiling() -> dict[str, list[str]]:
    lines = [line for line in section("The ceiling of one workspace").splitlines() if "|" in line]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]
    return {first: rest for first, *rest in cells}


@pytest.mark.parametrize("limit", CEILING)
def test_the_runs_a_second_of_a_limit_follow_from_the_code(limit: str) -> None:
    assert ceiling()[limit][0] == f"{int(CEILING[limit]):,}"


def test_limits_are_in_the_order_in_which_a_workspace_meets_them() -> None:
    found = [int(re.sub(r"\D.*", "", cells[0].replace(",", ""))) for cells in ceiling().values()]
    assert found == sorted(found)


def test_shards_lift_the_ceiling_of_lists_to_that_of_due_rows() -> None:
    each = PARTITION_WRITES // WRITES_OF_AN_INDEX
    field = StoreSettings.model_fields["index_shards"]
    most = next(each.le for each in field.metadata if hasattr(each, "le"))
    assert f"{each * most:,} with {most}" in ceiling()[list(CEILING)[2]][1]
    due = int(CEILING["due rows of a workspace"])
    assert due // each == 4
    assert f"four shards or more reaches **{due:,}** runs a second" in TEXT


def test_the_events_of_one_address() -> None:
    field = WebhookIntake.model_fields["rate_limit_per_minute"]
    most = next(each.le for each in field.metadata if hasattr(each, "le"))
    usual = cast("int", field.default)
    told = f"{usual // 60}, or {most // 60} with the highest `rateLimitPerMinute`"
    assert ceiling()["events from one address"][0] == told
