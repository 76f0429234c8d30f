"""The due index: a workspace's rows are spread, and rows of earlier releases are still found."""

from collections import Counter

import pytest
from runledger.clock import HOUR
from runledger.store import keys

from tests.functional.test_noisy_tenant import Tenants, tenants

__all__ = ["tenants"]

WORKSPACE = "ws_busy"


def test_the_rows_of_a_workspace_are_spread_evenly_over_its_partitions() -> None:
    count = 10_000
    used = Counter(keys.due(WORKSPACE, f"run_{number}") for number in range(count))
    assert len(used) == keys.DUE_SHARDS_OF_WORKSPACE
    assert max(used.values()) < 1.1 * count / keys.DUE_SHARDS_OF_WORKSPACE
    every_partition = {name for rank in keys.due_partitions() for name in rank}
    assert used.keys() <= every_partition


def test_a_workspace_leaves_most_partitions_to_others() -> None:
    used = Counter(
        keys.due(f"ws_{number}", f"run_{row}") for number in range(500) for row in range(20)
    )
    assert len(used) == keys.DUE_SHARDS
    assert keys.DUE_SHARDS_OF_WORKSPACE <= keys.DUE_SHARDS / 4


def test_a_row_of_an_earlier_release_is_found(
    tenants: Tenants, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Earlier releases put all rows of a workspace into one partition."""
    simulation = tenants.simulation
    workspace_id = "ws_noisy"
    earlier = f"DUE#{keys.shard_of(workspace_id, keys.DUE_SHARDS)}"
    simulation.deaf |= {"start_runs", "follow_changes"}
    with monkeypatch.context() as release:
        release.setattr(keys, "due", lambda workspace_id, item_id: earlier)
        runs = [tenants.open(workspace_id, number) for number in range(30)]
    now_in = {keys.due(workspace_id, run_id) for run_id in runs}
    assert len(now_in) == keys.DUE_SHARDS_OF_WORKSPACE
    assert {row["gsi4pk"] for row in simulation.runs()} == {earlier}

    simulation.clock.advance(HOUR)
    simulation.tick()
    assert all(tenants.is_started(run_id) for run_id in runs)
    assert all(int(row["dueKey"][:13]) > simulation.clock() for row in simulation.runs())
