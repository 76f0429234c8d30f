"""The list of runs filtered by the run that they repeat, or by the recovery that opened them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest
from runledger.api.filters import FilterDocument
from runledger.composition import services
from runledger.models.listing import ListName
from runledger.store import keys

from bench.counted_table import CountedTable, Tally
from tests.functional import test_recovery
from tests.functional.test_recovery import failed_runs, group_of, post, reruns, shown
from tests.support.lambda_processes import forget
from tests.support.lists import all_ids, request
from tests.support.simulation import WORKSPACE, Simulation

if TYPE_CHECKING:
    from tests.support.memory_table import MemoryTable

stage, simulation, automations = (
    test_recovery.stage,
    test_recovery.simulation,
    test_recovery.automations,
)
OTHER = "ws_other"


def newest_first(rows: list[Any]) -> list[str]:
    return [keys.id_of(key) for key in sorted((row["createdKey"] for row in rows), reverse=True)]


def rerun(simulation: Simulation, run_id: str, **asked: Any) -> str:
    answer = simulation.request("api", "POST", f"/v1/runs/{run_id}/rerun", asked)
    assert answer["status"] == 202, answer
    simulation.settle()
    return str(answer["body"]["runId"])


@pytest.fixture
def recovered(simulation: Simulation, automations: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Two recoveries: one of the first three failed runs, and then one of all seven, whose four new
    reruns fail."""
    failed = failed_runs(simulation, automations["orders"], 3)
    group = group_of(simulation, failed[0])
    first = post(simulation, errorGroup=group)["id"]
    simulation.settle()
    by_first = newest_first(reruns(simulation))
    simulation.http.status_of = lambda url: 503
    path = simulation.webhook_path(automations["orders"])
    for number in range(4):
        simulation.request("webhook_in", "POST", path, {"number": number})
        simulation.settle()
    second = post(simulation, filter={}, stopAfterFailures=100)["id"]
    simulation.settle()
    counts = shown(simulation, second)["counts"]
    assert (counts["opened"], counts["failed"]) == (4, 4)
    by_second = [id_ for id_ in newest_first(reruns(simulation)) if id_ not in by_first]
    yield {"group": group, "first": first, "second": second, "by": (by_first, by_second)}


def test_a_recovery_lists_the_reruns_that_it_opened(
    simulation: Simulation, recovered: dict[str, Any]
) -> None:
    read, (by_first, by_second) = services().list_snapshots.queries.runs, recovered["by"]
    assert all_ids(read, recovery_id=recovered["first"]) == by_first
    for limit in (1, 3, 50):
        assert all_ids(read, recovery_id=recovered["second"], limit=limit) == by_second
        oldest = all_ids(read, recovery_id=recovered["second"], limit=limit, newest_first=False)
        assert oldest == by_second[::-1]

    def both(**also: Any) -> list[list[str]]:
        return [all_ids(read, recovery_id=recovered[each], **also) for each in ("first", "second")]

    assert both(statuses=frozenset({"COMPLETED"})) == [by_first, []]
    assert both(statuses=frozenset({"FAILED"})) == [[], by_second]
    assert both(error_group=recovered["group"]) == [[], by_second]
    assert both(contact="ada@example.com") == [[], []]
    assert both(automation_id="atm_other") == [[], []]
    assert both(rerun_of=by_second[0]) == [[], []]
    original = next(row["rerunOf"] for row in reruns(simulation) if by_second[0] in row["pk"])
    assert both(rerun_of=original) == [[], by_second[:1]]


def test_the_reruns_of_a_run_are_listed_without_theirs(
    simulation: Simulation, recovered: dict[str, Any]
) -> None:
    read, (_, by_second) = services().list_snapshots.queries.runs, recovered["by"]
    failed_rerun = by_second[0]
    row = simulation.table.row(keys.run(failed_rerun))
    assert row is not None
    original = str(row["rerunOf"])
    by_hand = rerun(simulation, original)
    of_rerun = rerun(simulation, failed_rerun)
    for limit in (1, 7):
        assert all_ids(read, rerun_of=original, limit=limit) == [by_hand, failed_rerun]
        assert all_ids(read, rerun_of=original, limit=limit, newest_first=False) == [
            failed_rerun,
            by_hand,
        ]
    assert all_ids(read, rerun_of=failed_rerun) == [of_rerun]
    assert all_ids(read, rerun_of=of_rerun) == all_ids(read, rerun_of="run_unknown") == []
    assert all_ids(read, rerun_of=original, statuses=frozenset({"CANCELED"})) == []
    # The reruns stay listed after the original is deleted.
    simulation.table.delete(keys.run(original))
    assert all_ids(read, rerun_of=original) == [by_hand, failed_rerun]


def test_another_workspace_lists_none_of_them(
    simulation: Simulation, recovered: dict[str, Any]
) -> None:
    simulation.open_workspace(OTHER)
    of = services().list_snapshots.queries
    (row, *_) = reruns(simulation)
    for asked in ({"recovery_id": recovered["first"]}, {"rerun_of": row["rerunOf"]}):
        assert of.runs(WORKSPACE, request(**asked)).items
        assert of.runs(OTHER, request(**asked)).items == []
        assert services().counts.runs(OTHER, request(**asked)).total == 0


def test_counts_exports_and_bulk_work_read_the_same_runs(
    simulation: Simulation, recovered: dict[str, Any]
) -> None:
    by_second = recovered["by"][1]
    row = simulation.table.row(keys.run(by_second[0]))
    assert row is not None
    lists, now = services().list_snapshots, simulation.clock()
    for asked, wanted in (
        ({"recoveryId": recovered["second"]}, by_second),
        ({"rerunOf": row["rerunOf"]}, by_second[:1]),
    ):
        document = FilterDocument.model_validate(asked)
        frozen = lists.freeze(WORKSPACE, ListName.RUNS, document, now)
        page = lists.page(WORKSPACE, ListName.RUNS, frozen, 50, None)
        assert [each.id for each in page.rows] == wanted
        given = {"recovery_id": document.recovery_id, "rerun_of": document.rerun_of}
        counts = services().counts.runs(WORKSPACE, request(**given))
        assert (counts.counts["FAILED"], counts.total) == (len(wanted), len(wanted))
        answer = simulation.request(
            "api", "POST", "/v1/exports", {"list": "RUNS", "format": "CSV", "filter": asked}
        )
        assert answer["status"] == 202
        (name,) = asked
        assert answer["body"]["filter"][name] == asked[name]
        refused = {"list": "DELIVERIES", "format": "CSV", "filter": asked}
        answer = simulation.request("api", "POST", "/v1/exports", refused)
        assert (answer["status"], answer["body"]["field"]) == (422, f"filter.{name}")


def test_a_page_reads_only_the_reruns_of_the_recovery(
    simulation: Simulation, recovered: dict[str, Any]
) -> None:
    table = CountedTable(simulation.table)
    kept, simulation.table = simulation.table, cast("MemoryTable", table)
    try:
        forget()
        read = services().list_snapshots.queries.runs
        read(WORKSPACE, request(limit=50))
        units = []
        for asked in ({"recovery_id": recovered["first"]}, {"recovery_id": recovered["second"]}):
            table.tally = Tally()
            page = read(WORKSPACE, request(limit=50, **asked))
            units.append(table.tally.reads - len(page.items) / 2)
    finally:
        simulation.table = kept
        forget()
    # Besides the rows: half a unit for the keys.
    assert units == [0.5, 0.5]
