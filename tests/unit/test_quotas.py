"""docs/limits.md says at how many runs a second a quota of AWS is reached; each figure follows from
the code."""

import re
from pathlib import Path
from typing import Any

import pytest
from runledger.compiler.prices import RunCost, items_of
from runledger.doctor.account import DEFAULT_CONCURRENCY, DEFAULT_TABLE_WRITES, WRITES_OF_A_RUN
from runledger.models.automation import MachineType
from runledger.services.execution.machines import INTERVAL, ROOM
from runledger.services.execution.start import BRAKE, LONGEST_PUT_OFF, SHORTEST_PUT_OFF
from runledger.sources import splitting
from runledger.store import keys

from bench.bill import BUDGET
from functions.tick.handler import LAST_SECONDS
from tests.support.template import load_template

TEXT = (Path(__file__).parents[2] / "docs" / "limits.md").read_text()
PARTITION_WRITES = 1_000
# Each list and the due index have a run's row twice: when it is opened, and when it ends.
WRITES_OF_AN_INDEX = 2
INVOCATIONS_OF_AN_EXECUTION = 10
# As in tests/functional/test_run_costs.py, which counts them.
FIVE_NODES = RunCost(
    writes=26, reads=10, in_a_row=20, invocations=6, transitions=6, log_lines=6, events=0
)
RESOURCES = load_template()["Resources"]


def rows() -> dict[str, list[str]]:
    """Returns the cells of each row of the table of quotas, by its first cell."""
    section = TEXT.partition("## Quotas of AWS")[2].partition("\n### ")[0]
    cells = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in section.splitlines()
        if line.startswith("| ")
    ]
    return {first: rest for first, *rest in cells}


def seconds_of_a_run() -> float:
    """Returns for how many seconds a run keeps functions busy. This is the number of its
    GB-seconds, because each function has one GB."""
    assert load_template()["Globals"]["Function"]["MemorySize"] == 1_024
    items = items_of(FIVE_NODES, MachineType.EXPRESS)
    return next(item.amount for item in items if item.name == "GB-second")


def route_settings() -> dict[str, Any]:
    settings: dict[str, Any] = RESOURCES["HttpApi"]["Properties"]["DefaultRouteSettings"]
    return settings


RUNS_A_SECOND = {
    "write units of a new table": 4_000 / WRITES_OF_A_RUN,
    "write units of a table": DEFAULT_TABLE_WRITES / WRITES_OF_A_RUN,
    "requests to the stack": route_settings()["ThrottlingRateLimit"],
    "invocations of Lambda": (
        DEFAULT_CONCURRENCY * INVOCATIONS_OF_AN_EXECUTION / FIVE_NODES.invocations
    ),
    "concurrent executions of Lambda": DEFAULT_CONCURRENCY / seconds_of_a_run(),
    "writes to one partition: lists of a workspace": PARTITION_WRITES / WRITES_OF_AN_INDEX,
    "writes to one partition: due rows of a workspace": (
        keys.DUE_SHARDS_OF_WORKSPACE * PARTITION_WRITES / WRITES_OF_AN_INDEX
    ),
    "`StartExecution`, Express": 6_000,
    "`StartExecution`, Standard": 300,
    "state transitions, Standard": 1_500 / FIVE_NODES.transitions,
}


@pytest.mark.parametrize("quota", RUNS_A_SECOND)
def test_the_runs_a_second_of_a_quota_follow_from_the_code(quota: str) -> None:
    written = int(rows()[quota][1].split()[0].replace(",", ""))
    exact = RUNS_A_SECOND[quota]
    # Figures that rest on measured times are rounded.
    assert written <= exact
    assert written > exact * 0.98 - 1


def test_the_due_rows_of_all_workspaces_together() -> None:
    whole = keys.DUE_SHARDS * PARTITION_WRITES // WRITES_OF_AN_INDEX
    cells = rows()["writes to one partition: due rows of a workspace"]
    assert f"{keys.DUE_SHARDS_OF_WORKSPACE} of {keys.DUE_SHARDS} partitions" in cells[0]
    assert f"together reach {whole:,}" in cells[2]


def test_the_counts_of_a_run_are_those_of_the_budget() -> None:
    assert BUDGET["writeUnits"] == FIVE_NODES.writes == WRITES_OF_A_RUN
    assert BUDGET["invocations"] == FIVE_NODES.invocations


def test_the_limit_of_requests_is_that_of_the_template() -> None:
    settings = route_settings()
    rate, burst = settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]
    cells = rows()["requests to the stack"]
    assert cells[0].startswith(f"{rate:,} a second, {burst:,} in a burst")
    assert f"The stack accepts {rate:,} requests a second, and {burst:,} in a burst" in TEXT
    assert f"opens up to {splitting.MAX_ELEMENTS} runs" in cells[2]


def test_a_postponed_start_waits_as_the_table_says() -> None:
    cells = rows()["`StartExecution`, Express"]
    minutes = f"{SHORTEST_PUT_OFF // 60_000} to {LONGEST_PUT_OFF // 60_000} minutes"
    assert minutes in cells[2]
    assert f"wait {BRAKE // 1_000} seconds" in cells[2]


def test_machines_are_made_at_half_of_the_quota() -> None:
    assert rows()["`CreateStateMachine`, `DeleteStateMachine`"][0] == "1 a second after 100 at once"
    assert (INTERVAL, ROOM) == (1_000, 50)


def test_the_time_of_a_tick() -> None:
    timeout = RESOURCES["Tick"]["Properties"]["Timeout"]
    seconds = timeout - LAST_SECONDS // 1_000
    section = TEXT.partition("### The tick")[2].partition("### ")[0]
    found = re.search(r"for (\d+) seconds .* at (\d+) milliseconds a row, ([\d,]+) rows", section)
    assert found is not None
    assert int(found[1]) == seconds
    rows_a_minute = int(found[3].replace(",", ""))
    assert rows_a_minute == seconds * 1_000 // int(found[2])
    words = " ".join(section.split())
    found = re.search(r"refuses (\d+) starts a second .* ([\d,]+) starts .* (\d+) minutes", words)
    assert found is not None
    left = int(found[2].replace(",", ""))
    assert left == int(found[1]) * 3_600
    assert left == int(found[3]) * rows_a_minute


def test_the_readers_of_a_large_stream() -> None:
    factors = [
        event["Properties"]["ParallelizationFactor"]
        for resource in RESOURCES.values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "DynamoDB"
    ]
    found = re.search(r"a table of (\d+) partitions .*may use ([\d,]+) concurrent", TEXT, re.DOTALL)
    assert found is not None
    assert int(found[1]) * sum(factors) == int(found[2].replace(",", ""))
    assert len(factors) == 2


def test_concurrency_is_reserved_only_on_request() -> None:
    template = load_template()
    parameter = template["Parameters"]["IntakeConcurrency"]
    assert (parameter["Type"], parameter["Default"]) == ("Number", 0)
    reserved = {
        name: resource["Properties"]["ReservedConcurrentExecutions"]
        for name, resource in RESOURCES.items()
        if "ReservedConcurrentExecutions" in resource.get("Properties", {})
    }
    condition, value, otherwise = reserved.pop("WebhookIn")["If"]
    assert condition == "HasIntakeConcurrency"
    assert (value, otherwise) == ({"Ref": "IntakeConcurrency"}, {"Ref": "AWS::NoValue"})
    assert not reserved
