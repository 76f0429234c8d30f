"""The machine type of a graph, its reason, and how long one run may take."""

from itertools import pairwise

import pytest
from runledger.compiler.graph import GraphView
from runledger.compiler.timing import Bound, bound, lease_seconds, retriers, task_seconds
from runledger.models.automation import MachineType
from runledger.nodes.registry import NODE_TYPES

from tests.support.graphs import (
    TEMPLATES,
    Document,
    assign,
    condition,
    end,
    graph,
    integration,
    merge,
    message,
    trigger,
    wait,
)

DAY = 86_400


def bound_of(nodes: list[Document], *edges: str) -> Bound:
    return bound(GraphView(graph(nodes, *edges), TEMPLATES))


def row(*nodes: Document) -> Bound:
    chain = [trigger(), *nodes, end()]
    ids = [each["id"] for each in chain]
    return bound_of(chain, *(f"{a} > {b}" for a, b in pairwise(ids)))


@pytest.mark.parametrize(
    ("timeout", "expected"),
    # 4 tries; delays of 1, 2 and one longer than the lease.
    [(6, 24 + 3 + 8), (12, 48 + 3 + 14), (15, 60 + 3 + 17)],
)
def test_a_task_is_bounded_by_its_tries_and_delays(timeout: int, expected: int) -> None:
    assert task_seconds(timeout) == expected


def test_the_second_walker_comes_back_after_the_lease() -> None:
    end_type = NODE_TYPES["END"]
    config = end_type.config_model()
    lease = lease_seconds(end_type, config)
    assert lease == end_type.timeout_seconds(config) + 1
    in_progress = retriers(end_type.timeout_seconds(config))[1]
    assert in_progress.interval > lease
    assert not in_progress.jitter


def test_the_five_node_path_runs_on_express() -> None:
    found = bound_of(
        [trigger(), condition("big"), integration("score"), message("mail"), end()],
        *("start > big", "big > score : true", "big > done : false"),
        *("score > mail", "mail > done"),
    )
    assert found == Bound(
        machine_type=MachineType.EXPRESS,
        reason="Express, because the longest path needs up to 192 s (the limit is "
        "270 s) and no node waits.",
        path=192,
        waits=0,
        run=285,
    )


def test_nodes_without_effects_count_with_one_try_and_one_of_them_with_all() -> None:
    # Trigger and end as well; the retries of one node take 29 s.
    fits = row(*(assign(f"a{index}") for index in range(38)))
    assert (fits.machine_type, fits.path) == (MachineType.EXPRESS, 40 * 6 + 29)
    assert fits.run == 290
    more = row(*(assign(f"a{index}") for index in range(39)))
    assert more.machine_type is MachineType.STANDARD
    assert more.reason == (
        "Standard, because the longest path needs up to 275 s, more than the 270 s that Express "
        "allows."
    )
    # A Standard machine is not ended early: every try of every node counts.
    assert more.run == 41 * 35 + 35


def test_nodes_with_effects_count_with_every_try() -> None:
    found = row(*(message(f"m{index}") for index in range(3)))
    assert (found.machine_type, found.path) == (MachineType.EXPRESS, 3 * 65 + 2 * 6 + 29)
    assert found.run == 290
    assert row(*(message(f"m{index}") for index in range(4))).machine_type is MachineType.STANDARD


def test_a_wait_needs_standard_and_adds_to_the_time() -> None:
    found = row(wait("pause", 60))
    assert found.machine_type is MachineType.STANDARD
    assert found.reason == "Standard, because pause may wait up to 3600 s in all."
    assert (found.waits, found.run) == (3_600, 3 * 35 + 3_600 + 35)


def test_the_longest_of_exclusive_paths_or_branches_counts() -> None:
    exclusive = bound_of(
        [trigger(), condition("c"), assign("a"), integration("b"), end()],
        *("start > c", "c > a : true", "c > b : false", "a > done", "b > done"),
    )
    assert exclusive.path == 6 + 6 + 80 + 6 + 29
    forked = bound_of(
        [trigger(), assign("a"), integration("b"), merge("m"), end()],
        *("start > a", "start > b", "a > m", "b > m", "m > done"),
    )
    assert forked.path == 6 + 80 + 6 + 6 + 29


def test_the_longest_wait_and_the_longest_path_may_lie_on_different_paths() -> None:
    found = bound_of(
        [trigger(), condition("c"), wait("w", 1), *map(integration, ("i", "j")), end()],
        *("start > c", "c > w : true", "c > i : false", "i > j", "w > done", "j > done"),
    )
    assert found.waits == 60
    assert found.path == 6 + 6 + 80 + 80 + 6 + 29
    assert found.run == 35 + 35 + 80 + 80 + 35 + 35


def test_many_waiting_nodes_are_not_all_listed() -> None:
    found = row(*(wait(f"w{index}") for index in range(5)))
    assert "w0, w1, w2 and 2 more may wait up to 1500 s in all" in found.reason


def test_a_run_ends_within_a_year() -> None:
    found = row(wait("w", 364 * 24 * 60), *(integration(f"i{index}") for index in range(190)))
    assert 364 * DAY < found.run <= 365 * DAY
