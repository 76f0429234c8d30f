"""The run history: which partitions a list reads, merged newest first and hydrated.

Lists read keys from an index and the rows themselves by BatchGetItem, so that a row is always as
fresh as the table. Filters that no index knows are applied to the rows under a scan budget: a page
may then be short, but has a cursor that goes on where it stopped.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING

from runledger.models.run import Run, RunStatus
from runledger.store import keys
from runledger.store.table import SortRange

if TYPE_CHECKING:
    from runledger.store.runs import RunStore
    from runledger.store.table import Table
    from runledger.store.values import Item

SCAN_BUDGET = 1_000


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What a list shows. Times are epoch milliseconds, both ends included; empty `statuses` means
    every status."""

    workspace_id: str
    statuses: frozenset[RunStatus]
    automation_id: str | None
    contact_id: str | None
    created_from: int
    created_to: int

    def admits(self, run: Run, now: int) -> bool:
        """Whether a row belongs to the list. An index may lag behind its row, and rows outlive
        their time by days."""
        return (
            run.workspace_id == self.workspace_id
            and (not self.statuses or run.status in self.statuses)
            and (self.automation_id is None or run.automation_id == self.automation_id)
            and (self.contact_id is None or run.contact_id == self.contact_id)
            and self.created_from <= run.created_at <= self.created_to
            and run.expires_at > now
        )


@dataclass(frozen=True, slots=True)
class RunPage:
    """`position` is where the next page starts after, None at the end."""

    runs: list[Run]
    position: str | None


def plan(wanted: RunFilter, shards: int) -> list[tuple[keys.Index, str]]:
    """The partitions to merge: the contact's own, else one a bucket and shard of the narrowest
    index that knows the rest."""
    workspace_id = wanted.workspace_id
    if wanted.contact_id is not None:
        return [(keys.Index.BY_CONTACT, keys.by_contact(workspace_id, wanted.contact_id))]
    # OPEN is read first: a run that ends while the buckets are read is then seen in both, and
    # told once, instead of in neither.
    found = {keys.run_bucket(status) for status in wanted.statuses or RunStatus}
    buckets = sorted(found, key=lambda bucket: (bucket != keys.OPEN_BUCKET, bucket))
    pairs = [(bucket, shard) for bucket in buckets for shard in range(shards)]
    run = keys.Kind.RUN
    if wanted.automation_id is not None:
        automation_id = wanted.automation_id
        return [
            (
                keys.Index.BY_AUTOMATION,
                keys.by_automation(workspace_id, run, automation_id, bucket, shard),
            )
            for bucket, shard in pairs
        ]
    return [
        (keys.Index.BY_STATUS, keys.by_status(workspace_id, run, bucket, shard))
        for bucket, shard in pairs
    ]


def list_runs(
    table: "Table",
    runs: "RunStore",
    wanted: RunFilter,
    shards: int,
    *,
    limit: int,
    after: str | None,
    now: int,
) -> RunPage:
    """One page, newest first."""
    high = after or keys.created_key(wanted.created_to, "\uffff")
    low = keys.created_key(wanted.created_from, "")
    if wanted.created_from > wanted.created_to:
        return RunPage([], None)
    streams = [
        _newest(table, index, partition, SortRange(low=low, high=high), limit + 1)
        for index, partition in plan(wanted, shards)
    ]
    merged = heapq.merge(*streams, reverse=True)
    candidates = (
        key for key, _ in groupby(merged) if key != after and keys.id_of(key).startswith("run_")
    )
    found: list[Run] = []
    examined = 0
    position = after
    while len(found) < limit and examined < SCAN_BUDGET:
        batch = _take(candidates, limit - len(found))
        if not batch:
            return RunPage(found, None)
        examined += len(batch)
        rows = runs.get_many(keys.id_of(key) for key in batch)
        here = [rows[keys.id_of(key)] for key in batch if keys.id_of(key) in rows]
        found += [run for run in here if wanted.admits(run, now)]
        position = batch[-1]
    has_more = bool(_take(candidates, 1))
    return RunPage(found, position if has_more else None)


def _newest(
    table: "Table", index: keys.Index, partition: str, sort: SortRange, page_size: int
) -> Iterator[str]:
    start: Item | None = None
    while True:
        page = table.query(
            partition, sort, index=index, ascending=False, limit=page_size, after=start
        )
        for item in page.items:
            yield str(item["createdKey"])
        start = page.next
        if start is None:
            return


def _take(source: Iterator[str], count: int) -> list[str]:
    return list(islice(source, count))
