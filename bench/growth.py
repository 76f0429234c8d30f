"""What a run and a page cost in a small and in a large workspace, and how long a run takes on AWS.

    python -m bench.growth

Units and requests are counted in the simulated stack and on synthetic rows. Milliseconds are
calculated, not measured: each request that a run waits for counts with a published median.
"""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from runledger.compiler.prices import PARTNER_MS
from runledger.store import keys

from bench.example_runs import Cost, cost_of, example
from bench.pages import Combination, page_costs
from bench.pages import Cost as PageCost
from bench.synthetic_table import SyntheticTable
from tests.support.boundary import Call
from tests.support.simulation import WORKSPACE, Simulation

ROWS = (1_000, 100_000, 10_000_000)
SHARDS = (1, 64)


def page(rows: int, shards: int) -> PageCost:
    """Returns the cost of a page with the newest 50 of `rows` runs, without a filter. A page with
    filters that an index covers does not cost more."""
    return next(page_costs(SyntheticTable(rows, shards), Combination(), 1))


def run(rows: int, shards: int) -> Cost:
    """Returns the cost of a five-node run in a workspace that already has a history. The history
    has the finished runs of a SyntheticTable with `rows` runs, without its open runs."""

    def prepare(simulation: Simulation) -> None:
        workspace = simulation.table.row(keys.workspace(WORKSPACE))
        assert workspace is not None
        simulation.table.put({**workspace, "shards": shards})
        computed = SyntheticTable(rows, shards, WORKSPACE, newest=simulation.clock.now)
        for number in range(rows):
            if computed.status(number).is_terminal:
                simulation.table.put(computed.item(number))

    return cost_of(example("five_nodes"), prepare=prepare)


# ── time on AWS ────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Published:
    """A published time in milliseconds."""

    milliseconds: float
    source: str


# The median of 400 or more calls from Lambda in one region.
_DYNAMODB = "https://www.alexdebrie.com/posts/dynamodb-transactions-performance/"
REQUEST = Published(7.55, _DYNAMODB)
TRANSACTION = Published(25.3, _DYNAMODB)
# The median of warm invocations, seen by their caller (USENIX ATC 2018).
INVOCATION = Published(25, "https://www.usenix.org/conference/atc18/presentation/wang-liang")
# 99 of 100 requests take less.
GATEWAY = Published(
    10,
    "https://aws.amazon.com/blogs/compute/building-better-apis-http-apis-now-generally-available/",
)
# Lambda asks a stream four times a second, so half of the changes wait longer than an eighth.
STREAM = Published(125, "https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the way from a webhook to the end of its run."""

    name: str
    count: float
    milliseconds: float


def published(call: Call) -> float:
    """Returns the published median time of a request to DynamoDB. No median is published for other
    services, so a request to another service counts like one to DynamoDB."""
    slow = call.operation == "TransactWriteItems"
    return (TRANSACTION if slow else REQUEST).milliseconds


def _transactions(call: Call) -> float:
    return float(call.operation == "TransactWriteItems")


def time_of_a_run() -> tuple[list[Part], list[Part]]:
    """Returns the parts until the webhook's answer, and the parts after it until END."""
    document: dict[str, Any] = example("five_nodes")
    requests, timed = cost_of(document), cost_of(document, weigh=published)
    transactions = cost_of(document, weigh=_transactions)
    answer = [
        Part("API Gateway", 1, GATEWAY.milliseconds),
        Part("invocation", 1, INVOCATION.milliseconds),
        *_parts(
            requests.answered_in_a_row, transactions.answered_in_a_row, timed.answered_in_a_row
        ),
    ]
    # Besides the nodes, the function that reads the stream and starts the run.
    invocations = requests.invocations - 1 + 1
    rest = [
        Part("wait for the stream", 1, STREAM.milliseconds),
        Part("invocation", invocations, invocations * INVOCATION.milliseconds),
        *_parts(
            requests.in_a_row - requests.answered_in_a_row,
            transactions.in_a_row - transactions.answered_in_a_row,
            timed.in_a_row - timed.answered_in_a_row,
        ),
        Part("the partner's answer", 1, PARTNER_MS),
    ]
    return answer, rest


def _parts(requests: float, transactions: float, milliseconds: float) -> Iterator[Part]:
    slow = transactions * TRANSACTION.milliseconds
    yield Part("request", requests - transactions, milliseconds - slow)
    if transactions:
        yield Part("transaction", transactions, slow)


def time_lines() -> Iterator[str]:
    """Yields the rows of the table in docs/performance.md."""
    answer, rest = time_of_a_run()
    for parts, until in ((answer, "until the webhook's answer"), (rest, "from there to END")):
        for part in parts:
            yield f"| {part.name} | {part.count:.0f} | {part.milliseconds:.0f} |"
        yield f"| **{until}** | | **{sum(part.milliseconds for part in parts):.0f}** |"


def page_lines() -> Iterator[str]:
    for shards in SHARDS:
        for rows in ROWS:
            cost = page(rows, shards)
            counted = cost.counted
            yield (
                f"| {rows:,} | {shards} | {counted.units:g} | {counted.calls} | {cost.waits} | "
                f"{counted.rows} |"
            )


def main() -> None:
    # The functions of the simulated stack print their metrics.
    with redirect_stdout(io.StringIO()):
        runs = [f"{shards} shard(s): {run(ROWS[0], shards)}" for shards in SHARDS]
        times = list(time_lines())
    print(f"a run after {ROWS[0]:,} others", *runs, *page_lines(), *times, sep="\n")


if __name__ == "__main__":
    main()
