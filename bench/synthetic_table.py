"""A synthetic table of runs. Its rows are computed and not stored, so ten million take no memory.

Each row, and each partition of the indexes, is computed from the row's number. The planner and the
stores read it as if it were in DynamoDB. Reads are counted as DynamoDB bills them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from runledger.clock import DAY
from runledger.models.run import ErrorDetail, Run, RunStatus, TriggerType
from runledger.store import keys
from runledger.store.keys import INDEX_ATTRIBUTES, Index, Key
from runledger.store.run_rows import row_error, run_to_item
from runledger.store.table import Change, Page, SortRange, Write
from runledger.store.values import Item, to_dynamo
from ulid import ULID

from bench.units import item_size, read_units

NEWEST = 1_750_000_000_000
# Milliseconds between runs: ten million in 90 days.
STEP = 90 * DAY // 10_000_000
AUTOMATIONS = 20
# Runs per contact, spread over the whole time.
RUNS_OF_A_CONTACT = 20
# A hundred runs of an automation: most are completed, some failed, a few are open.
_MIX = (RunStatus.COMPLETED,) * 86 + (RunStatus.FAILED,) * 8 + (RunStatus.CANCELED,) * 3
_STATUSES = (*_MIX, RunStatus.RUNNING, RunStatus.RUNNING, RunStatus.PENDING)
_TRIGGERS = (TriggerType.WEBHOOK,) * 7 + (TriggerType.DATE,) * 2 + (TriggerType.MANUAL,)
_WHOLE = SortRange()


@dataclass
class Counted:
    """The reads: `units` are read units, `keys` index items, `rows` rows read from the table."""

    units: float = 0.0
    keys: int = 0
    rows: int = 0
    calls: int = 0


class SyntheticTable:
    """A read-only table of `rows` runs of one workspace. The newest was created at `newest`."""

    def __init__(
        self,
        rows: int,
        shards: int = 1,
        workspace_id: str = "ws_demo",
        newest: int = NEWEST,
    ) -> None:
        self.rows = rows
        self.newest = newest
        self.shards = shards
        self.workspace_id = workspace_id
        self.contacts = max(1, rows // RUNS_OF_A_CONTACT)
        self.counted = Counted()
        self._shards: dict[int, int] = {}

    # ── computing a row ────────────────────────────────────────────────────────────────────────

    def created_at(self, number: int) -> int:
        return self.newest - (self.rows - 1 - number) * STEP

    def run_id(self, number: int) -> str:
        raw = self.created_at(number) << 80 | number
        return f"run_{ULID.from_bytes(raw.to_bytes(16))}"

    def number_of(self, run_id: str) -> int:
        return int.from_bytes(ULID.from_str(run_id.removeprefix("run_")).bytes) & (1 << 80) - 1

    @staticmethod
    def automation_id(number: int) -> str:
        return f"aut_{number % AUTOMATIONS:026d}"

    @staticmethod
    def status(number: int) -> RunStatus:
        # The step shares no factor with a hundred, so the mix is the same everywhere.
        return _STATUSES[number // AUTOMATIONS * 37 % 100]

    def contact_id(self, number: int) -> str:
        return f"con_{number % self.contacts:026d}"

    def item(self, number: int) -> Item:
        """Returns the whole row as the run store would have written it."""
        status, created_at = self.status(number), self.created_at(number)
        run = Run(
            id=self.run_id(number),
            workspace_id=self.workspace_id,
            automation_id=self.automation_id(number),
            automation_name="Order paid: score it and thank the customer",
            version=3,
            status=status,
            attempt=1,
            execution=None,
            trigger_type=_TRIGGERS[number // AUTOMATIONS % 10],
            contact_id=self.contact_id(number),
            contact_email=f"somebody.{number % self.contacts}@customer.example",
            contact_phone="+491701234567",
            created_at=created_at,
            started_at=created_at + 200,
            trigger_ms=4,
            finished_at=None,
            end_ms=None,
            end_node_id=None,
            due_at=None if status.is_terminal else created_at + 300_000,
            sequence=3,
            expires_at=created_at + 200 * DAY,
            claimed=frozenset(),
            open_claims={},
            error=None,
        )
        item = run_to_item(run, keys.shard_of(run.id, self.shards))
        item |= {"startedAt": run.started_at, "triggerMs": 4}
        if status.is_terminal:
            item |= {"finishedAt": created_at + 1_500, "endNodeId": "done", "endMs": 3}
            for name in ("gsi4pk", "dueKey"):
                item[name] = None
        if status is RunStatus.FAILED:
            error = ErrorDetail(node_id="score", kind="HTTP_STATUS", message="answered 503 " * 7)
            item["error"] = row_error(run, error)
        return {name: value for name, value in item.items() if value is not None}

    # ── reading ────────────────────────────────────────────────────────────────────────────────

    def query(
        self,
        partition: str,
        sort: SortRange = _WHOLE,
        *,
        index: Index | None = None,
        ascending: bool = True,
        limit: int | None = None,
        consistent: bool = False,
        after: Item | None = None,
    ) -> Page:
        assert index is not None and limit is not None and after is None
        found: list[Item] = []
        for number in self._numbers(partition, sort, index, ascending):
            found.append(self._index_item(number, partition, index))
            if len(found) == limit:
                break
        size = sum(item_size(to_dynamo(item)) for item in found)
        self.counted.calls += 1
        self.counted.keys += len(found)
        self.counted.units += read_units(size, consistent=consistent)
        return Page(found, found[-1] if len(found) == limit else None)

    def batch_get(self, wanted: Iterable[Key], *, consistent: bool = False) -> dict[Key, Item]:
        found: dict[Key, Item] = {}
        for key in wanted:
            item = self.item(self.number_of(key.pk.partition("#")[2]))
            self.counted.units += read_units(item_size(to_dynamo(item)), consistent=consistent)
            found[key] = item
        self.counted.calls += -(-len(found) // 100)
        self.counted.rows += len(found)
        return found

    def _index_item(self, number: int, partition: str, index: Index) -> Item:
        run_id = self.run_id(number)
        pk, sk = keys.run(run_id)
        partition_name, sort_name = INDEX_ATTRIBUTES[index]
        created = keys.created_key(self.created_at(number), run_id)
        return {"pk": pk, "sk": sk, partition_name: partition, sort_name: created}

    def _numbers(
        self, partition: str, sort: SortRange, index: Index, ascending: bool
    ) -> Iterator[int]:
        """Yields the numbers of the rows in a range of a partition, in order."""
        assert sort.low is not None and sort.high is not None
        parts = partition.split("#")
        start, step = 0, 1
        if index is Index.BY_CONTACT:
            start, step = int(parts[1].removeprefix("con_")), self.contacts
        elif index is Index.BY_AUTOMATION:
            start, step = int(parts[2].removeprefix("aut_")), AUTOMATIONS
        first = max(0, self._number_at(keys.created_at_of(sort.low)) - 1)
        last = min(self.rows - 1, self._number_at(keys.created_at_of(sort.high)) + 1)
        first += (start - first) % step
        numbers = range(first, last + 1, step)
        by_contact = index is Index.BY_CONTACT
        bucket, shard = parts[-2:]
        for number in numbers if ascending else reversed(numbers):
            if not by_contact and _BUCKETS[number % len(_BUCKETS)] != bucket:
                continue
            if not by_contact and self.shards > 1 and self._shard(number) != int(shard):
                continue
            created = keys.created_key(self.created_at(number), self.run_id(number))
            if sort.low <= created <= sort.high:
                yield number

    def _number_at(self, moment: int) -> int:
        return self.rows - 1 - (self.newest - moment) // STEP

    def _shard(self, number: int) -> int:
        if number not in self._shards:
            self._shards[number] = keys.shard_of(self.run_id(number), self.shards)
        return self._shards[number]

    # ── the rest of the protocol, refused: the table is only read in lists ──────────────────────

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        raise TypeError("synthetic rows can be read only by queries")

    def put(self, item: Item, condition: Any = None) -> None:
        raise TypeError("synthetic rows cannot be written")

    def update(self, key: Key, change: Change, condition: Any = None) -> Item:
        raise TypeError("synthetic rows cannot be written")

    def change(self, key: Key, change: Change, condition: Any = None) -> None:
        raise TypeError("synthetic rows cannot be written")

    def delete(self, key: Key) -> None:
        raise TypeError("synthetic rows cannot be written")

    def transact(self, writes: Sequence[Write], token: str | None = None) -> None:
        raise TypeError("synthetic rows cannot be written")


# The bucket of each row, which repeats itself.
_BUCKETS = [
    keys.run_bucket(SyntheticTable.status(number)) for number in range(AUTOMATIONS * len(_STATUSES))
]
