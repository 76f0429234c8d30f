"""Freshness while the stream is read in many parallel parts, most of which see no pulse."""

from collections import defaultdict
from typing import Any

import pytest
from runledger.clock import DAY, MINUTE, SECOND
from runledger.errors import TransientError
from runledger.services.counts.changed_hours import TotalMarker, changes_in
from runledger.services.counts.stream_lag import StreamLag
from runledger.store import keys
from runledger.store.bodies import Bodies
from runledger.store.freshness import LAG_COUNTS_FOR, LATE, PULSES
from runledger.store.stores import Stores
from runledger.store.values import Item

from tests.support.boundary import Boundary
from tests.support.engine import Clock
from tests.support.fakes import S3
from tests.support.memory_table import MemoryTable
from tests.support.stream_records import Record
from tests.support.template import load_template

SHARDS = 160
WORKSPACE = "ws_demo"


def parts_of_a_shard() -> int:
    events = load_template()["Resources"]["FollowChanges"]["Properties"]["Events"]
    return int(events["Changes"]["Properties"]["ParallelizationFactor"])


PARTS = SHARDS * parts_of_a_shard()


class Stream:
    """A table whose stream is read in `PARTS` parts. Each part has its own process."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.boundary = Boundary()
        self.table = MemoryTable(self.boundary)
        self.stores = Stores(self.table, Bodies(S3(), "bucket"))  # type: ignore[arg-type]
        self.unread: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.lags: dict[int, StreamLag] = {}
        # The parts whose hours cannot be marked, and those that Lambda does not read.
        self.failing: set[int] = set()
        self.silent: set[int] = set()
        self.rows = 0
        self.table.listeners.append(self._report)

    def _report(self, before: Item | None, after: Item | None) -> None:
        row = after or before or {}
        if row["sk"] in ("RUN", "PULSE"):
            event = Record(before, after).to_event(self.rows)
            event["dynamodb"]["ApproximateCreationDateTime"] = self.clock() // SECOND
            self.unread[self.part_of(row["pk"])].append(event)

    @staticmethod
    def part_of(partition: str) -> int:
        return keys.shard_of(partition, PARTS)

    def without_pulse(self) -> list[int]:
        reached = {self.part_of(keys.pulse(number).pk) for number in range(PULSES)}
        return [part for part in range(PARTS) if part not in reached]

    def open_run(self, part: int) -> None:
        """Writes the row of a new run in this part."""
        while True:
            self.rows += 1
            key = keys.run(f"run_{self.rows}")
            if self.part_of(key.pk) == part:
                break
        self.table.put(
            {
                "pk": key.pk,
                "sk": key.sk,
                "gsi1pk": keys.by_status(WORKSPACE, keys.Kind.RUN, "OPEN", 0),
                "createdKey": keys.created_key(self.clock(), f"run_{self.rows}"),
                "status": "PENDING",
                "workspaceId": WORKSPACE,
                "ttl": (self.clock() + 90 * DAY) // SECOND,
            }
        )

    def read(self) -> None:
        """Handles the unread records of every part of the stream, except those that Lambda does not
        read."""
        for part in list(self.unread):
            if part not in self.silent:
                self.read_part(part)

    def read_part(self, part: int) -> None:
        batch = self.unread[part]
        if not batch:
            return
        lag = self.lags.setdefault(part, StreamLag(self.stores.freshness, self.clock))
        marker = TotalMarker(self.stores.totals, self.stores.freshness, self.clock)
        lag.note(batch)
        try:
            if part in self.failing:
                raise TransientError("throttled")
            marker.mark(changes_in(batch))
        except TransientError:
            return
        self.unread[part] = []

    def minute(self) -> None:
        self.stores.freshness.write_pulses(self.clock())
        self.clock.advance(2 * SECOND)
        self.read()
        self.clock.advance(MINUTE - 2 * SECOND)

    def oldest_unread(self) -> int:
        """Returns when the oldest unread change was made, or the current time if all changes were
        read."""
        times = [
            event["dynamodb"]["ApproximateCreationDateTime"] * SECOND
            for batch in self.unread.values()
            for event in batch
        ]
        return min(times, default=self.clock())

    def until(self) -> int:
        until = self.stores.freshness.read(self.clock()).until
        assert until is not None
        return until

    def age(self) -> int:
        return self.clock() - self.until()


@pytest.fixture
def stream() -> Stream:
    return Stream()


def test_most_parts_of_a_large_table_see_no_pulse(stream: Stream) -> None:
    assert PARTS == 640
    assert len(stream.without_pulse()) > 500


def test_freshness_is_current_while_all_parts_are_read(stream: Stream) -> None:
    for _ in range(5):
        for part in range(0, PARTS, 20):
            stream.open_run(part)
        stream.minute()
        assert stream.until() <= stream.oldest_unread()
    assert LATE <= stream.age() <= MINUTE + 2 * SECOND
    assert not [row for row in stream.table.items() if row["sk"].startswith("LAG#")]


def test_a_part_that_fails_holds_freshness_back_although_no_pulse_reaches_it(
    stream: Stream,
) -> None:
    failing, *others = stream.without_pulse()
    stream.minute()
    stream.failing = {failing}
    stream.open_run(failing)
    failed_at = stream.oldest_unread()
    stream.minute()
    for _ in range(2 * LAG_COUNTS_FOR // MINUTE):
        stream.open_run(others[0])
        stream.minute()
        assert stream.until() <= stream.oldest_unread() == failed_at

    stream.failing = set()
    stream.minute()
    for _ in range(LAG_COUNTS_FOR // MINUTE + 1):
        stream.minute()
    assert stream.age() <= MINUTE + 2 * SECOND


def test_a_slow_part_holds_freshness_back_by_its_own_lag(stream: Stream) -> None:
    slow = stream.without_pulse()[0]
    stream.silent = {slow}
    for _ in range(5):
        stream.open_run(slow)
        stream.minute()
    # Now it reads, always one of its records a minute: it stays five minutes behind.
    for _ in range(30):
        stream.open_run(slow)
        head, *rest = stream.unread[slow]
        stream.unread[slow] = [head]
        stream.read_part(slow)
        assert stream.unread[slow] == []
        stream.unread[slow] = rest
        stream.minute()
        assert stream.until() <= stream.oldest_unread()
        # A note holds as long as the slowest of the last minutes requires, and no longer.
        assert stream.age() <= LAG_COUNTS_FOR + 7 * MINUTE


def test_pulses_show_that_lambda_has_stopped_reading_a_tenth_of_the_parts(stream: Stream) -> None:
    """Lambda may stop reading parts of the stream, for example if the account has no concurrency
    left. Here Lambda stops reading one tenth of the parts and reads all others. Some of the 64
    pulses are in the parts that are not read. So freshness stays at or before the oldest unread
    change."""
    stream.minute()
    stream.silent = set(range(0, PARTS, 10))
    for part in sorted(stream.silent):
        stream.open_run(part)
    for _ in range(5):
        stream.minute()
        assert stream.until() <= stream.oldest_unread()


def test_a_process_notes_its_lag_once_a_minute(stream: Stream) -> None:
    lag = StreamLag(stream.stores.freshness, stream.clock)
    stream.open_run(1)
    batch = stream.unread[1]
    stream.clock.advance(LATE + SECOND)
    writes = []

    def count(call: Any, act: Any) -> Any:
        writes.append(call.operation)
        return act()

    stream.boundary.around = count
    for _ in range(50):
        lag.note(batch)
    assert len(writes) == 1
    stream.clock.advance(MINUTE)
    lag.note(batch)
    assert len(writes) == 2


@pytest.mark.parametrize("first_is_older", [True, False])
def test_the_longest_lag_of_a_minute_counts(stream: Stream, first_is_older: bool) -> None:
    freshness, now = stream.stores.freshness, stream.clock()
    older, newer = now - 9 * MINUTE, now - 3 * MINUTE
    stream.minute()
    for oldest in (older, newer) if first_is_older else (newer, older):
        freshness.note_lag(oldest, now)
    assert stream.until() == older


def test_a_slot_is_used_again_for_a_later_minute(stream: Stream) -> None:
    freshness = stream.stores.freshness
    freshness.note_lag(stream.clock() - 30 * MINUTE, stream.clock())
    stream.clock.advance(16 * MINUTE)
    stream.minute()
    later = stream.clock() - 2 * MINUTE
    freshness.note_lag(later, stream.clock())
    assert stream.until() == later


def test_two_readers_of_the_first_pulses_both_record_theirs(stream: Stream) -> None:
    """Each reader has read half of the pulses. If only one of them recorded its half, a new stack
    would not know the freshness of its counts until the next pulses."""
    now, freshness = stream.clock(), stream.stores.freshness
    half = PULSES // 2

    def interrupt(call: Any, act: Any) -> Any:
        if call.operation == "PutItem":
            stream.boundary.around = lambda call, act: act()
            freshness.record_pulses(dict.fromkeys(range(half), now))
        return act()

    stream.boundary.around = interrupt
    freshness.record_pulses(dict.fromkeys(range(half, PULSES), now))
    until = freshness.read(now + MINUTE).until
    assert until == now
