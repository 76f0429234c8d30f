"""Measures time and cost of pages of runs on the local stack (`make bench`).

The synthetic rows come from bench/synthetic_table.py and are written into a workspace of a separate
stack. Costs are counted on the synthetic table itself, once with as many rows as were written and
once with ten million. Times depend on the emulator and this machine; compare them only with each
other.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from runledger.clock import now_ms

from bench.history_rows import load, stop_stream_readers
from bench.pages import Combination, Cost, combinations, page_costs
from bench.synthetic_table import SyntheticTable
from tests.support.stack import started_stack

# The reported far page, and how often the first page is requested.
FAR_PAGE, REPEATS = 100, 20
_WARM_SECONDS = 120
# A stack saves its rows when it stops.
_STOP_SECONDS = 300


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args(arguments).rows
    with (
        tempfile.TemporaryDirectory() as state,
        started_stack(Path(state), stop_seconds=_STOP_SECONDS) as stack,
    ):
        workspace = stack.local["workspaces"][1]
        table = SyntheticTable(rows, workspace_id=workspace["id"], newest=now_ms())
        stop_stream_readers(stack)
        begun = time.monotonic()
        load(stack, table, range(rows))
        print(f"{rows:,} runs written in {time.monotonic() - begun:.0f} s")
        print(_HEAD)
        with stack.api(workspace["users"][0]["email"]) as api:
            _warm(api)
            for combination in combinations():
                _print_cost(api, table, combination)
    return 0


_HEAD = (
    f"{'filters':<34} {'page':>4} {'rows':>5} {'read a row':>10} {'units':>6} "
    f"{'at 10 M':>7} {'waits':>5} {'median ms':>9} {'p99 ms':>7}"
)


def _warm(api: httpx.Client) -> None:
    """Repeats the first read until it succeeds. The emulator sorts the partition during this read,
    and may need longer than the time limit of a request."""
    deadline = time.monotonic() + _WARM_SECONDS
    while (answer := api.get("/v1/runs")).status_code == 503 and time.monotonic() < deadline:
        time.sleep(1)
    answer.raise_for_status()


def _print_cost(api: httpx.Client, table: SyntheticTable, combination: Combination) -> None:
    counted = _costs(table, combination)
    large = _costs(SyntheticTable(10_000_000, newest=table.newest), combination)
    for page, times in _timed(api, combination.parameters(table)):
        cost, huge = counted.get(page), large.get(page)
        if cost is None:
            continue
        ratio = cost.counted.rows / cost.rows if cost.rows else cost.counted.rows
        print(
            f"{combination!s:<34} {page:>4} {cost.rows:>5} {ratio:>10.2f} "
            f"{cost.counted.units:>6.1f} {huge.counted.units if huge else 0:>7.1f} "
            f"{cost.waits:>5} {statistics.median(times):>9.1f} {_p99(times):>7.1f}"
        )


def _costs(table: SyntheticTable, combination: Combination) -> dict[int, Cost]:
    """Returns the costs of the first page and of the page FAR_PAGE, if there is one."""
    found = enumerate(page_costs(table, combination, FAR_PAGE), 1)
    return {page: cost for page, cost in found if page in (1, FAR_PAGE)}


def _timed(api: httpx.Client, parameters: dict[str, str]) -> Iterator[tuple[int, list[float]]]:
    """Yields the number of a page and its times in milliseconds. The first page is read several
    times. Then, if the list has a page FAR_PAGE, yields the times of this page and of the pages
    just before it."""
    first = [_ask(api, parameters)[0] for _ in range(REPEATS)]
    yield 1, first
    cursor: str | None = None
    times: list[float] = []
    for _ in range(FAR_PAGE):
        took, cursor = _ask(api, parameters | ({"cursor": cursor} if cursor else {}))
        times.append(took)
        if cursor is None:
            return
    yield FAR_PAGE, times[-REPEATS:]


def _ask(api: httpx.Client, parameters: dict[str, str]) -> tuple[float, str | None]:
    begun = time.perf_counter()
    answer = api.get("/v1/runs", params=parameters).raise_for_status()
    took = (time.perf_counter() - begun) * 1_000
    following: str | None = answer.json()["nextCursor"]
    return took, following


def _p99(times: list[float]) -> float:
    return sorted(times)[-max(1, len(times) // 100)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
