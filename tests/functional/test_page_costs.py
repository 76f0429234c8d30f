"""The cost of pages of runs, from a thousand to ten million rows, counted on generated rows."""

from collections.abc import Callable, Iterator
from dataclasses import asdict

import pytest
from runledger.services.lists.pages import SCAN_BUDGET

from bench.pages import LIMIT, MOST_ROWS, MOST_UNITS, Combination, combinations, page_costs
from bench.synthetic_table import SyntheticTable
from tests.support.depth import sample

SIZES = (1_000, 100_000, 10_000_000)


def first_page(rows: int, combination: Combination, shards: int) -> tuple[int, float, int]:
    """Returns the numbers of rows shown, of read units, and of rows read in full."""
    cost = next(page_costs(SyntheticTable(rows, shards), combination, 1))
    return cost.rows, cost.counted.units, cost.counted.rows


def features(combination: Combination) -> Iterator[tuple[str, object]]:
    """Yields each filter with its value, so that a sample covers all of them."""
    yield from asdict(combination).items()


@pytest.mark.parametrize("shards", [1, 8])
def test_a_page_costs_the_same_at_any_size(
    shards: int, report_figure: Callable[[str], None]
) -> None:
    dearest = 0.0
    indexed = [each for each in combinations() if each.is_indexed]
    for combination in sample(indexed, features, story=f"{shards} shards"):
        found = {rows: first_page(rows, combination, shards) for rows in SIZES}
        full = {rows: units for rows, (shown, units, _) in found.items() if shown == LIMIT}
        assert 10_000_000 in full, combination
        assert max(full.values()) <= 1.1 * min(full.values()), (str(combination), full)
        for shown, units, hydrated in found.values():
            assert units <= MOST_UNITS, (str(combination), units)
            assert hydrated <= max(shown, 1) * MOST_ROWS / LIMIT, (str(combination), hydrated)
        dearest = max(dearest, *full.values())
    report_figure(
        f"a page of {LIMIT} runs, {shards} shard(s): at most {dearest} read units at any size"
    )


@pytest.mark.parametrize("rows", SIZES)
def test_filters_without_an_index_stay_within_the_scan_budget(rows: int) -> None:
    for combination in combinations():
        if combination.is_indexed:
            continue
        cost = next(page_costs(SyntheticTable(rows), combination, 1))
        assert cost.counted.rows < SCAN_BUDGET + LIMIT, str(combination)
        # 1,000 rows of half a unit, and their keys.
        assert cost.counted.units <= 600, str(combination)
        assert cost.rows == LIMIT or cost.has_more or rows == 1_000 or combination.has_contact


def test_page_one_hundred_costs_the_same_as_the_first() -> None:
    costs = list(page_costs(SyntheticTable(10_000_000), Combination(has_automation=True), 100))
    units = [cost.counted.units for cost in costs]
    assert len(units) == 100
    assert max(units) <= 1.1 * min(units)
    assert all(cost.rows == LIMIT for cost in costs)
