"""Totals equal the rows, even if the stream is repeated, late or reordered, and after any lost
call."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runledger.clock import DAY, HOUR, MINUTE, SECOND
from runledger.composition import services
from runledger.errors import TransientError
from runledger.models.run import RunStatus
from runledger.models.totals import HourTotal, Scope, hour_of
from runledger.services.counts import changed_hours, recount
from runledger.services.counts.changed_hours import TotalMarker, changes_in
from runledger.services.counts.recount import TotalSettler, countables
from runledger.services.counts.totals import HourlyCounts, Totals
from runledger.services.due_work import DueWork
from runledger.services.workspaces.workspaces import create_workspace
from runledger.store import freshness, keys
from runledger.store.bodies import Bodies
from runledger.store.runs import Closing
from runledger.store.stores import Stores
from runledger.store.values import Item

from tests.functional.test_run_store import a_run
from tests.support.boundary import Call, straight
from tests.support.depth import examples, sample
from tests.support.engine import Clock
from tests.support.environment import START
from tests.support.events import an_event
from tests.support.fakes import S3
from tests.support.faults import Fault, FaultyCall
from tests.support.invariants import describe
from tests.support.kill_points import kill_points
from tests.support.memory_table import MemoryTable
from tests.support.simulation import Simulation, open_simulation
from tests.support.stream_records import Record

WORKSPACE = "ws_demo"
AUTOMATIONS = ("aut_one", "aut_two")
STATUSES = {
    "RUN": ("PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELED"),
    "DLV": ("QUEUED", "PROCESSING", "RETRYING", "SENT", "DELIVERED", "FAILED"),
    "REF": ("DUPLICATE", "INACTIVE"),
}
SHARDS = (1, 8)
# A stage's time begins on a whole hour.
BEGIN = hour_of(START)


@pytest.fixture(scope="module", autouse=True)
def few_pulses() -> Iterator[None]:
    """Uses four pulses, written three at a time, instead of many."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(freshness, "PULSES", 4)
        patched.setattr(freshness, "_AT_ONCE", 3)
        yield


class Lost(BaseException):
    """The process died."""


class TotalsSimulation:
    """Rows that are created, changed and deleted, the stream that reports them, and the functions
    that count them. Every row is kept for at least `kept` milliseconds."""

    def __init__(self, shards: int, kept: int) -> None:
        self.clock = Clock()
        self.clock.now = BEGIN
        self.shards = shards
        self.broken: Callable[[Call], str | None] = lambda call: None
        self.calls: list[Call] = []
        # Whether a function is at work, whose calls may break.
        self.is_at_work = False
        self.interludes: Callable[[], None] | None = None
        self.is_interlude = False
        self.held_since: int | None = None
        self.table = MemoryTable(self._around)
        self.stores = Stores(self.table, Bodies(S3(), "bucket"))  # type: ignore[arg-type]
        create_workspace(
            self.stores.workspaces, self.clock, workspace_id=WORKSPACE, name="A", shards=shards
        )
        self.stream: list[Record] = []
        self.table.listeners.append(lambda before, after: self._tell(before, after))
        self.marker = TotalMarker(self.stores.totals, self.stores.freshness, self.clock)
        self.kinds = {kind: self._reading(of) for kind, of in countables(self.stores).items()}
        settler = TotalSettler(self.table, self.stores.totals, self.kinds, self.clock)
        self.due = DueWork(self.stores.due, {"tot": settler.settle}, self.clock)
        # Expiry times are stored in whole seconds.
        workspace = SimpleNamespace(least_retention=kept - SECOND)
        workspaces: Any = SimpleNamespace(cached=lambda workspace_id: workspace)
        self.totals = Totals(self.table, self.stores.totals, self.stores.freshness, workspaces)
        self.made = 0

    def _reading(self, of: Callable[[Scope], Any]) -> Callable[[Scope], Any]:
        """Returns a function that wraps `of`. Both functions return the `Countable` of a scope. A
        `Countable` of the returned function reads the rows of this simulation, which have only the
        attributes that lists and totals need."""

        def read(ids: Iterable[str]) -> dict[str, Any]:
            wanted = [_key(row_id) for row_id in ids]
            return {
                keys.id_of(row["createdKey"]): SimpleNamespace(
                    expires_at=row["ttl"] * 1_000, status=_status(row)
                )
                for row in self.table.batch_get(wanted).values()
            }

        return lambda scope: replace(of(scope), read=read, status_of=lambda row: row.status)

    def _tell(self, before: Item | None, after: Item | None) -> None:
        row = after or before or {}
        if row["sk"] in ("RUN", "DELIVERY", "REFUSAL", "PULSE"):
            self.stream.append(Record(before, after))

    def _around(self, call: Call, act: Callable[[], Any]) -> Any:
        if not self.is_at_work:
            return act()
        if not call.target.startswith("DUE#"):
            self.calls.append(call)
            self._meanwhile()
        match self.broken(call):
            case "refused":
                raise TransientError(f"{call}: throttled")
            case "unanswered":
                act()
                raise TransientError(f"{call}: no answer")
            case "dead":
                act()
                raise Lost
            case "again":
                act()
        return act()

    def _meanwhile(self) -> None:
        """Runs the interludes, which change rows between two calls that a function makes."""
        if self.interludes and not self.is_interlude:
            self.is_interlude = True
            self.interludes()
            self.is_interlude = False

    # ── rows ───────────────────────────────────────────────────────────────────────────────────

    def add(self, kind: str, automation: str | None, created_at: int, kept: int) -> None:
        """Adds a row as the stores write it, reduced to what lists and totals read."""
        self.made += 1
        row_id = f"{kind.lower()}_{self.made:05d}"
        key = _key(row_id)
        self._put(
            {
                "pk": key.pk,
                "sk": key.sk,
                "createdKey": keys.created_key(created_at, row_id),
                "workspaceId": WORKSPACE,
                **({"automationId": automation} if automation else {}),
                "ttl": (created_at + kept) // 1_000,
            },
            STATUSES[kind][0],
        )

    def change(self, number: int, step: int) -> None:
        """Moves a row to a later status of its kind."""
        rows = self.rows()
        if rows:
            row = rows[number % len(rows)]
            statuses = STATUSES[_kind(row)]
            at = statuses.index(_status(row))
            if _kind(row) != "REF" and at < len(statuses) - 1:
                self._put(row, statuses[min(at + 1 + step, len(statuses) - 1)])

    def remove_expired(self, number: int) -> None:
        rows = [row for row in self.rows() if row["ttl"] * 1_000 <= self.clock.now]
        if rows:
            row = rows[number % len(rows)]
            self.table.delete(keys.Key(row["pk"], row["sk"]))

    def _put(self, row: Item, status: str) -> None:
        kind = keys.Kind(_kind(row))
        bucket = "OPEN" if kind is keys.Kind.RUN and status in ("PENDING", "RUNNING") else status
        row_id = keys.id_of(row["createdKey"])
        shard = keys.shard_of(row_id, self.shards)
        named = {"reason" if kind is keys.Kind.REFUSAL else "status": status}
        listed = {"gsi1pk": keys.by_status(WORKSPACE, kind, bucket, shard)}
        if "automationId" in row:
            listed["gsi2pk"] = keys.by_automation(
                WORKSPACE, kind, row["automationId"], bucket, shard
            )
        if kind is keys.Kind.DELIVERY and status == "PROCESSING":
            # In no list, as before its first try has come to an end.
            listed = {}
            row = {name: value for name, value in row.items() if not name.startswith("gsi")}
        self.table.put({**row, **named, **listed})

    def rows(self) -> list[Item]:
        found = [row for row in self.table.items() if row["sk"] in ("RUN", "DELIVERY", "REFUSAL")]
        return sorted(found, key=lambda row: row["pk"])

    # ── what AWS does by itself ────────────────────────────────────────────────────────────────

    def deliver(self, records: list[Record]) -> None:
        """Delivers records like Lambda: again until the function succeeds."""
        told = changes_in(record.to_event(n) for n, record in enumerate(records, 1))
        while not self._works(lambda: self.marker.mark(told)):
            continue

    def _works(self, function: Callable[[], Any]) -> bool:
        was_at_work, self.is_at_work = self.is_at_work, True
        try:
            function()
        except (TransientError, Lost):
            return False
        finally:
            self.is_at_work = was_at_work
        return True

    def hold_back(self) -> None:
        """Lets the indexes follow the table half a minute late."""
        self.table.holds_back, self.held_since = True, self.clock.now

    def let_pass(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds)
        if self.held_since is not None and self.clock.now - self.held_since >= 30_000:
            self.catch_up()

    def catch_up(self) -> None:
        self.table.catch_up()
        self.table.holds_back, self.held_since = False, None

    def read_stream(self) -> None:
        records, self.stream = self.stream, []
        if records:
            self.deliver(records)

    def pulse(self) -> None:
        self._works(lambda: self.stores.freshness.write_pulses(self.clock()))

    def tick(self) -> None:
        self.let_pass(MINUTE - self.clock.now % MINUTE)
        self.work()

    def work(self) -> None:
        self._works(lambda: self.due.settle_due(10_000))

    def settle(self) -> None:
        """Delivers the stream and runs everything that is due."""
        self.read_stream()
        for _ in range(400):
            due = [row["dueKey"] for row in self.table.items() if "dueKey" in row]
            if not due:
                return
            self.let_pass(max(0, int(min(due)[:13]) - self.clock.now))
            self.tick()
            self.read_stream()
        raise AssertionError("no rest")

    # ── what there is ──────────────────────────────────────────────────────────────────────────

    def count(self, scope: Scope, first: int, last: int) -> HourlyCounts:
        what = self.kinds[scope.kind](scope)
        return self.totals.count(scope, what, first, last, self.clock.now)

    def truth(self, scope: Scope, first: int, last: int) -> dict[int, Counter[str]]:
        found: dict[int, Counter[str]] = {}
        for row in self.rows():
            created_at = keys.created_at_of(row["createdKey"])
            is_of = _kind(row) == scope.kind and scope.part in (None, row.get("automationId"))
            is_kept = row["ttl"] * 1_000 > self.clock.now
            if is_of and is_kept and "gsi1pk" in row and first <= created_at <= last:
                found.setdefault(hour_of(created_at), Counter())[_status(row)] += 1
        return found

    def check(self, ranges: list[tuple[int, int]]) -> None:
        for kind in STATUSES:
            for part in (None, *AUTOMATIONS):
                scope = Scope(WORKSPACE, kind, part)
                for first, last in ranges:
                    counted = self.count(scope, first, last)
                    told = {hour: found for hour, found in counted.hours.items() if +found}
                    assert told == self.truth(scope, first, last), (scope, first, last)
                    assert counted.is_complete


def _key(row_id: str) -> keys.Key:
    return {"run": keys.run, "dlv": keys.delivery, "ref": keys.refusal}[row_id[:3]](row_id)


def _kind(row: Item) -> str:
    return {"RUN": "RUN", "DELIVERY": "DLV", "REFUSAL": "REF"}[row["sk"]]


def _status(row: Item) -> str:
    return str(row.get("status") or row["reason"])


RANGES = [
    (0, BEGIN + 400 * DAY),
    (BEGIN - 3 * HOUR + 17 * MINUTE, BEGIN + 7 * HOUR + 3 * MINUTE),
    (BEGIN + 2 * HOUR, BEGIN + 5 * HOUR - 1),
    (BEGIN + 30 * MINUTE, BEGIN + 31 * MINUTE),
]

FAULTS = ("refused", "unanswered", "dead", "again")


def life(simulated: TotalsSimulation, chance: random.Random, steps: int, kept: int) -> list[Record]:
    """Takes this many random steps. A step creates, changes or deletes rows, delays the indexes,
    runs the tick, or delivers the records of the stream. The records are delivered in random order,
    and some of them several times. Returns the delivered records, except those of pulses. The
    records of the last steps may remain in the stream."""
    told: list[Record] = []
    for _ in range(steps):
        match chance.randrange(9):
            case 0 | 1 | 2:
                kind = chance.choice(list(STATUSES))
                automation = chance.choice((*AUTOMATIONS, None) if kind == "DLV" else AUTOMATIONS)
                created_at = simulated.clock.now - chance.choice((0, 0, 0, MINUTE, 3 * HOUR))
                simulated.add(kind, automation, created_at, kept + chance.randrange(2 * HOUR))
            case 3 | 4:
                simulated.change(chance.randrange(1_000), chance.randrange(3))
            case 5:
                simulated.remove_expired(chance.randrange(1_000))
                simulated.let_pass(chance.choice((1_000, MINUTE, 20 * MINUTE, HOUR)))
            case 6:
                records, simulated.stream = simulated.stream, []
                told += records
                chance.shuffle(records)
                again = chance.sample(told, min(len(told), chance.randrange(4)))
                simulated.deliver([*records, *again, *records[:2]])
                if chance.random() < 0.5:
                    # Every record from before a pulse is reported before it.
                    simulated.pulse()
                    simulated.read_stream()
            case 7:
                simulated.tick()
            case 8:
                simulated.hold_back()
    return told


def interlude(simulated: TotalsSimulation, chance: random.Random, told: list[Record]) -> None:
    """Sometimes changes a row between two calls, and perhaps creates one. The stream reports this
    at once or later."""
    if chance.random() < 0.1:
        if chance.random() < 0.3:
            simulated.add("RUN", "aut_one", simulated.clock.now - HOUR, 90 * DAY)
        simulated.change(chance.randrange(1_000), chance.randrange(3))
        if chance.random() < 0.5:
            records, simulated.stream = simulated.stream, []
            told += records
            simulated.deliver(records)


@pytest.mark.parametrize("shards", SHARDS)
@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), kept=st.sampled_from([5 * HOUR, 90 * DAY]))
def test_counts_equal_the_rows_despite_reordered_and_repeated_records(
    shards: int, seed: int, kept: int
) -> None:
    chance = random.Random(seed)
    simulated = TotalsSimulation(shards, kept)
    # Before the first pulse all is counted, as rows that are kept for 90 days.
    has_pulses = kept < 90 * DAY or chance.random() < 0.7
    if has_pulses:
        simulated.pulse()
        simulated.read_stream()
    told: list[Record] = []
    simulated.interludes = lambda: interlude(simulated, chance, told)
    told += life(simulated, chance, 60, kept)
    # Calls break at random, and the work continues each time.
    simulated.broken = lambda call: chance.choice(FAULTS) if chance.random() < 0.1 else None
    told += life(simulated, chance, 40, kept)
    simulated.broken, simulated.interludes = lambda call: None, None
    simulated.catch_up()
    # Every record was reported once: marked hours are now counted, whatever was settled before.
    simulated.read_stream()
    simulated.check(RANGES)
    simulated.settle()
    simulated.check(RANGES)
    # The whole stream once more, long after.
    simulated.deliver(chance.sample(told, len(told)))
    simulated.check(RANGES)
    simulated.settle()
    simulated.clock.advance(HOUR)
    if has_pulses:
        simulated.pulse()
        simulated.read_stream()
    simulated.check(RANGES)


# ── concurrent changes ──────────────────────────────────────────────────────────────────────────


def an_hour_of_runs(shards: int) -> TotalsSimulation:
    """Returns a simulation an hour after three runs were opened. The stream has been read, so the
    hour of the runs is marked."""
    simulated = TotalsSimulation(shards, 90 * DAY)
    simulated.pulse()
    for _ in range(3):
        simulated.add("RUN", "aut_one", simulated.clock.now + MINUTE, 90 * DAY)
    simulated.read_stream()
    simulated.let_pass(HOUR + 6 * MINUTE)
    simulated.pulse()
    simulated.read_stream()
    return simulated


@pytest.mark.parametrize(
    ("shards", "is_told_at_once", "lags"),
    [(1, True, True), (1, True, False), (1, False, True), (1, False, False), (8, True, True)],
)
def test_a_change_between_any_two_calls_of_the_tick_is_not_lost(
    shards: int, is_told_at_once: bool, lags: bool
) -> None:
    def ticks(point: int | None) -> list[str]:
        """Runs ticks. Changes a row right before their call of AWS with the number `point`, from 0.
        Returns the calls of AWS that the ticks made."""
        simulated = an_hour_of_runs(shards)

        def interlude() -> None:
            if point is not None and len(simulated.calls) == point + 1:
                if lags:
                    simulated.hold_back()
                simulated.change(0, 2)
                simulated.add("RUN", "aut_two", BEGIN + 2 * MINUTE, 90 * DAY)
                if is_told_at_once:
                    simulated.read_stream()

        simulated.calls.clear()
        simulated.interludes = interlude
        for _ in range(3):
            simulated.tick()
            # A second tick, that began late.
            simulated.let_pass(1_000)
            simulated.work()
        calls = [f"{call.operation} {call.target.partition('#')[0]}" for call in simulated.calls]
        simulated.interludes = None
        simulated.read_stream()
        simulated.let_pass(MINUTE)
        simulated.catch_up()
        simulated.check(RANGES)
        simulated.settle()
        simulated.check(RANGES)
        return calls

    unchanged = calls = ticks(None)
    assert len(unchanged) > 10
    story = f"{shards} {is_told_at_once} {lags}"
    tried = sample(range(len(unchanged)), lambda point: [unchanged[point]], story=story)
    point = 0
    while point < len(calls):
        # A change may lead to further calls.
        if point in tried or point >= len(unchanged):
            calls = ticks(point)
        point += 1


@pytest.mark.parametrize("shards", SHARDS)
def test_a_run_that_ends_while_it_is_counted_is_counted_once(shards: int) -> None:
    scope = Scope(WORKSPACE, "RUN", None)
    point, calls = 0, 1
    while point < calls:
        simulated = an_hour_of_runs(shards)

        def interlude(simulated: TotalsSimulation = simulated, at: int = point) -> None:
            if len(simulated.calls) == at + 1:
                simulated.change(0, 2)

        simulated.calls.clear()
        simulated.interludes, simulated.is_at_work = interlude, True
        found = simulated.count(scope, *RANGES[0])
        assert found.all.total() == 3, f"at call {point}: {found.all}"
        calls = len(simulated.calls)
        point += 1
    assert calls > 5


def test_rows_that_the_stream_has_not_reported_yet_are_counted() -> None:
    simulated = an_hour_of_runs(1)
    for _ in range(4):
        simulated.add("RUN", "aut_one", simulated.clock.now, 90 * DAY)
        simulated.let_pass(HOUR)
    simulated.check(RANGES)
    until = simulated.stores.freshness.read(simulated.clock()).until
    assert until is not None
    assert simulated.count(Scope(WORKSPACE, "RUN", None), *RANGES[0]).until == until
    assert until <= simulated.clock.now - 4 * HOUR


# ── hours that are too much for one tick ────────────────────────────────────────────────────────

RUNS = Scope(WORKSPACE, "RUN", None)


def total_of(simulated: TotalsSimulation, scope: Scope, hour: int) -> HourTotal:
    found = simulated.stores.totals.at(keys.total(*scope, hour))
    assert found is not None
    return found


def due_rows(simulated: TotalsSimulation) -> list[str]:
    return [row.id for row in simulated.stores.due.rows(simulated.clock.now)]


def is_counting(call: Call) -> bool:
    return call.operation == "Query" and not call.target.startswith("DUE#")


def ready_to_count(simulated: TotalsSimulation) -> None:
    """Removes the marks, so that all totals of the hour are due to be counted."""
    simulated.work()
    simulated.let_pass(recount.INDEX_LAG)
    assert len(due_rows(simulated)) == 2


def test_an_hour_whose_count_killed_the_tick_is_not_retried_first() -> None:
    simulated = an_hour_of_runs(1)
    ready_to_count(simulated)
    before = due_rows(simulated)
    simulated.broken = lambda call: "dead" if is_counting(call) else None
    deaths = []
    for _ in before:
        simulated.work()
        deaths.append(due_rows(simulated))
    assert deaths == [before[1:], []]
    simulated.broken = lambda call: None
    simulated.check(RANGES)
    simulated.let_pass(15 * MINUTE)
    simulated.work()
    assert total_of(simulated, RUNS, BEGIN).holds(simulated.clock.now)
    simulated.check(RANGES)


@pytest.mark.parametrize("bound", ["time", "keys", "rows"])
def test_an_hour_that_is_too_large_is_postponed_longer_each_time(
    bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = an_hour_of_runs(1)
    ready_to_count(simulated)
    if bound == "keys":
        monkeypatch.setattr(recount, "_KEYS", 2)
    elif bound == "rows":
        monkeypatch.setattr(recount, "_ROWS", 2)
    else:
        simulated.interludes = lambda: simulated.let_pass(8 * SECOND)
    tried = []
    for _ in range(12):
        simulated.calls.clear()
        began = simulated.clock.now
        simulated.work()
        tried.append(began)
        assert simulated.clock.now - began < 2 * (recount.COUNTING + 30 * SECOND)
        due_at = [int(row["dueKey"][:13]) for row in simulated.table.items() if "dueKey" in row]
        assert min(due_at) >= began + 15 * MINUTE and len(due_at) == 2
        simulated.clock.now = max(due_at)
        simulated.interludes, lull = None, simulated.interludes
        simulated.check(RANGES)
        simulated.interludes = lull
    waits = [after - before for before, after in itertools.pairwise(tried)]
    assert waits[-1] > 2 * waits[0] and max(waits) <= DAY + MINUTE
    # A mark does not bring it nearer.
    simulated.work()
    put_off = total_of(simulated, RUNS, BEGIN).due_at
    simulated.interludes = None
    simulated.change(0, 2)
    simulated.read_stream()
    marked = total_of(simulated, RUNS, BEGIN)
    assert (marked.is_marked, marked.due_at) == (True, put_off)
    monkeypatch.undo()
    simulated.settle()
    simulated.check(RANGES)
    assert total_of(simulated, RUNS, BEGIN).holds(simulated.clock.now)


def test_the_tick_counts_hours_after_all_other_work() -> None:
    simulated = an_hour_of_runs(1)
    later = keys.due_key(simulated.clock.now, "run_late")
    simulated.table.put(
        {"pk": "RUN#run_late", "sk": "DUE", "gsi4pk": keys.due("ws_x", "run_late"), "dueKey": later}
    )
    seen: list[str] = []
    simulated.due = replace(
        simulated.due, kinds={kind: lambda row: seen.append(row.id) for kind in ("run", "tot")}
    )
    simulated.work()
    assert [row_id[:3] for row_id in seen] == ["run", "tot", "tot"]
    # With no time left they are not looked at.
    seen.clear()
    simulated.due.settle_due(1)
    assert seen == ["run_late"]


def test_the_scopes_of_an_hour_are_due_at_different_moments() -> None:
    simulated = TotalsSimulation(1, 90 * DAY)
    for number in range(50):
        simulated.add("RUN", f"aut_{number}", BEGIN + MINUTE, 90 * DAY)
    simulated.read_stream()
    due_at = [int(row["dueKey"][:13]) for row in simulated.table.items() if "dueKey" in row]
    assert len(due_at) == 51
    end = BEGIN + HOUR + changed_hours.QUIET
    assert end <= min(due_at) < max(due_at) < end + changed_hours.SPREAD
    assert len({moment // MINUTE for moment in due_at}) >= 5


def test_an_hour_that_keeps_changing_is_counted_less_often_until_it_settles() -> None:
    simulated = an_hour_of_runs(1)
    simulated.settle()
    # A change each half a minute, for hours.
    looks: list[int] = []
    for _ in range(12 * 60 * 2):
        simulated.let_pass(30 * SECOND)
        simulated.add("RUN", "aut_one", BEGIN + 2 * MINUTE, 90 * DAY)
        simulated.read_stream()
        before = total_of(simulated, RUNS, BEGIN).revision
        simulated.work()
        if total_of(simulated, RUNS, BEGIN).revision > before:
            looks.append(simulated.clock.now)
        assert not total_of(simulated, RUNS, BEGIN).holds(simulated.clock.now)
    simulated.check(RANGES)
    gaps = [after - before for before, after in itertools.pairwise(looks)]
    assert gaps[0] < 3 * MINUTE and gaps[:4] == sorted(gaps[:4])
    assert changed_hours.LONGEST_QUIET <= max(gaps) < changed_hours.LONGEST_QUIET + 2 * MINUTE
    assert len(looks) < 100
    begun = simulated.clock.now
    simulated.settle()
    assert simulated.clock.now - begun < changed_hours.LONGEST_QUIET + 3 * MINUTE
    settled = total_of(simulated, RUNS, BEGIN)
    assert settled.holds(simulated.clock.now) and settled.unsettled_since is None
    simulated.check(RANGES)
    # The next change is looked at soon again.
    simulated.change(0, 2)
    simulated.read_stream()
    due_at = total_of(simulated, RUNS, BEGIN).due_at
    assert due_at is not None
    assert due_at <= simulated.clock.now + changed_hours.QUIET < due_at + SECOND


# ── every call broken ───────────────────────────────────────────────────────────────────────────


def story(simulation: Simulation, workspace_id: str) -> None:
    """Opens, starts and ends runs while the functions work. The runs are created in two hours."""
    stores = services().stores
    shards = stores.workspaces.get(workspace_id).shards
    event = an_event({})
    made = []
    simulation.tick()
    simulation.deliver_stream()
    for minutes in (0, 20, 40, 70):
        simulation.run_until(BEGIN + minutes * MINUTE)
        run = a_run(
            run_id=f"run_{minutes}",
            workspace_id=workspace_id,
            automation_id=AUTOMATIONS[minutes == 20],
            created_at=simulation.clock.now,
            due_at=BEGIN + 30 * DAY,
            expires_at=simulation.clock.now + 90 * DAY,
        )
        made.append(stores.runs.open(run, event, shards)[0])
        simulation.deliver_stream()
    stores.runs.own(made[0], "1", simulation.clock.now, 1)
    run = stores.runs.get(made[0].id)
    stores.runs.close(run, Closing(RunStatus.COMPLETED, simulation.clock.now))
    stores.runs.own(made[1], "1", simulation.clock.now, 1)
    again = list(simulation.records)
    simulation.deliver_stream()
    simulation.run_until(BEGIN + 125 * MINUTE)
    stores.runs.close(made[3], Closing(RunStatus.FAILED, simulation.clock.now))
    simulation.tick()
    simulation.records += again
    simulation.run_until(BEGIN + 140 * MINUTE)


def counted(simulation: Simulation, workspace_id: str, part: str | None) -> dict[str, int]:
    stores = services().stores
    totals = Totals(simulation.table, stores.totals, stores.freshness, stores.workspaces)
    scope = Scope(workspace_id, "RUN", part)
    what = countables(stores)["RUN"](scope)
    found = totals.count(scope, what, BEGIN, BEGIN + DAY, simulation.clock.now)
    assert found.is_complete
    return {str(status): count for status, count in found.all.items() if count}


def faults_of(call: Call) -> Iterable[Fault]:
    """Returns the faults to try for a call. A PutItem or UpdateItem is broken in every way, any
    other call in one way. Of calls that differ only in their partition, only those to partition 0
    are broken."""
    is_one_of_many = call.operation == "Query" or call.target.startswith("PULSE#")
    if is_one_of_many and "#0/" not in call.target:
        return ()
    return Fault if call.operation in ("PutItem", "UpdateItem") else (Fault.REFUSED,)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("shards", SHARDS)
def test_after_any_fault_the_totals_equal_the_rows(
    shards: int, report_figure: Callable[[str], None]
) -> None:
    with open_simulation() as simulation:
        # Nothing is started, told or buried.
        simulation.followers = {"marker"}
        del simulation.consumers["start_runs"]
        create_workspace(
            services().stores.workspaces,
            simulation.clock,
            workspace_id="ws_x",
            name="X",
            shards=shards,
        )
        simulation.clock.now = BEGIN
        simulation.records.clear()
        restore = simulation.snapshot()

        def play(point: int | None, fault: Fault | None) -> FaultyCall:
            restore()
            faulty = FaultyCall(simulation, point, fault)
            simulation.boundary.around = faulty
            story(simulation, "ws_x")
            simulation.boundary.around = straight
            where = "unbroken" if point is None else f"{describe(faulty.made, point)}: {fault}"
            told = counted(simulation, "ws_x", None)
            assert told == {"COMPLETED": 1, "RUNNING": 1, "PENDING": 1, "FAILED": 1}, where
            assert counted(simulation, "ws_x", "aut_two") == {"RUNNING": 1}, where
            # Everything is read from totals: no work is left, even if it was begun several times.
            simulation.run_until(BEGIN + 6 * HOUR)
            assert counted(simulation, "ws_x", None) == told, where
            items = services().stores.totals.between(Scope("ws_x", "RUN", None), BEGIN, BEGIN + DAY)
            sums = Counter[str]()
            for item in items:
                assert item.holds(simulation.clock.now), where
                sums.update(item.counts)
            assert sums == told, where
            return faulty

        unbroken = play(None, None).made
        assert {function for function, _ in unbroken} == {"follow_changes", "tick"}
        points = kill_points(f"{shards} shards", unbroken, faults_of)
        for point, fault in points:
            play(point, fault)
        report_figure(f"{shards} shards: {len(unbroken)} calls, {len(points)} kill points")
