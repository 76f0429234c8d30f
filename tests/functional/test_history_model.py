"""Compares pages to a plain list, while runs are opened, change status and expire between any two
reads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from runledger.ids import derived_id
from runledger.models.run import Run, RunStatus, TriggerType
from runledger.services.lists import pages
from runledger.services.lists.kinds import ListFilter, runs_kind
from runledger.services.lists.pages import list_rows
from runledger.store.bodies import Bodies
from runledger.store.runs import Closing, RunStore

from tests.functional.test_run_store import a_run
from tests.support.boundary import Call, straight
from tests.support.depth import examples
from tests.support.events import an_event
from tests.support.memory_table import MemoryTable

START = 1_700_000_000_000
AUTOMATIONS = ("aut_one", "aut_two")
CONTACTS = ("con_ada", "con_bob")
TRIGGERS = (TriggerType.WEBHOOK, TriggerType.DATE)
OPEN = frozenset({RunStatus.PENDING, RunStatus.RUNNING})
ENDS = (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED)
NOTHING_STORED: Any = None
"""Payloads are too short for S3."""


@dataclass
class KnownRun:
    """A run in the plain list to which the pages are compared."""

    run: Run
    status: RunStatus

    def matches(self, wanted: ListFilter, trigger: TriggerType | None, now: int) -> bool:
        return wanted.admits(self.run, self.status, now) and trigger in (
            None,
            self.run.trigger_type,
        )


moves = st.tuples(st.sampled_from(["open", "own", "close", "close"]), st.integers(0, 40))


class Pages(RuleBasedStateMachine):
    @initialize(shards=st.sampled_from([1, 8]))
    def begin(self, shards: int) -> None:
        self.table = MemoryTable()
        self.runs = RunStore(self.table, Bodies(NOTHING_STORED, "bodies"))
        self.shards = shards
        self.now = START
        self.told: dict[str, KnownRun] = {}
        self.changed: set[str] = set()
        for which in range(12):
            self.now += which % 2
            self._move("open", which)
            self._move("own", which)

    @rule(several=st.lists(moves, min_size=1, max_size=12), later=st.integers(0, 3))
    def move(self, several: list[tuple[str, int]], later: int) -> None:
        self.now += later
        for what, which in several:
            self._move(what, which)

    @rule(later=st.sampled_from([1, 40, 400]))
    def let_expire(self, later: int) -> None:
        self.now += later

    @rule(
        statuses=st.frozensets(st.sampled_from(list(RunStatus)), max_size=3),
        automation_id=st.sampled_from([None, *AUTOMATIONS]),
        contact_id=st.sampled_from([None, None, *CONTACTS]),
        trigger=st.sampled_from([None, None, *TRIGGERS]),
        span=st.sampled_from([(0, 9_999_999_999_999), (START + 2, START + 9)]),
        newest_first=st.booleans(),
        limit=st.integers(1, 8),
        fewest=st.sampled_from([1, 2, 25]),
        budget=st.sampled_from([3, 1_000]),
        meanwhile=st.lists(st.tuples(st.integers(0, 3), moves), max_size=12),
    )
    def read(self, *, limit: int, fewest: int, budget: int, **about: Any) -> None:
        meanwhile = about.pop("meanwhile")
        trigger = about.pop("trigger")
        created_from, created_to = about.pop("span")
        wanted = ListFilter(
            workspace_id="ws_demo", created_from=created_from, created_to=created_to, **about
        )
        before = self._matching(wanted, trigger)
        self.changed = set()
        kept = pages._FEWEST, pages.SCAN_BUDGET
        pages._FEWEST, pages.SCAN_BUDGET = fewest, budget
        ever = set(before)

        def look() -> None:
            ever.update(self._matching(wanted, trigger))

        self.table.around = self._between(meanwhile, look)
        try:
            found = self._pages(wanted, trigger, limit)
        finally:
            self.table.around = straight
            pages._FEWEST, pages.SCAN_BUDGET = kept
        after = self._matching(wanted, trigger)
        keys = [(self.told[each].run.created_at, each) for each in found]
        assert keys == sorted(keys, reverse=wanted.newest_first)
        assert len(set(found)) == len(found)
        stayed = before & after
        if wanted.statuses:
            stayed -= self.changed
        assert stayed <= set(found)
        assert set(found) <= ever

    def _pages(self, wanted: ListFilter, trigger: TriggerType | None, limit: int) -> list[str]:
        """Returns the ids of the runs on all pages."""
        found: list[str] = []
        after = None
        # A run that is open may have either status: only its row tells.
        is_known_to_the_indexes = (
            wanted.contact_id is None
            and trigger is None
            and wanted.statuses & OPEN in (frozenset(), OPEN)
        )
        while True:
            page = list_rows(
                self.table,
                runs_kind(self.runs),
                wanted,
                self.shards,
                limit=limit,
                after=after,
                now=self.now,
                also=None if trigger is None else lambda run: run.trigger_type is trigger,
            )
            found += [run.id for run in page.rows]
            after = page.position
            if after is None:
                return found
            if is_known_to_the_indexes and not self.changed and not self._expired():
                assert len(page.rows) == limit

    def _between(
        self, meanwhile: Iterable[tuple[int, tuple[str, int]]], look: Callable[[], None]
    ) -> Callable[..., Any]:
        """Wraps the table's calls, so that moves, which change runs, happen between the reads.
        `meanwhile` lists the moves; each has the number of reads that happen between the previous
        move and this one. After each move, `look` is called."""
        waiting: list[list[Any]] = [
            [calls, partial(self._move, *move)] for calls, move in meanwhile
        ]

        def around(call: Call, act: Callable[[], Any]) -> Any:
            if waiting and call.operation in ("Query", "BatchGetItem"):
                waiting[0][0] -= 1
                if waiting[0][0] < 0:
                    move: Any = waiting.pop(0)[1]
                    self.table.around = straight
                    move()
                    look()
                    self.table.around = around
            return act()

        return around

    def _matching(self, wanted: ListFilter, trigger: TriggerType | None) -> set[str]:
        return {
            run_id for run_id, told in self.told.items() if told.matches(wanted, trigger, self.now)
        }

    def _expired(self) -> bool:
        return any(told.run.expires_at <= self.now for told in self.told.values())

    def _move(self, what: str, which: int) -> None:
        if what == "open":
            self._open(which)
            return
        wanted = RunStatus.PENDING if what == "own" else RunStatus.RUNNING
        ids = [each for each, told in self.told.items() if told.status is wanted]
        if not ids:
            return
        run_id = ids[which % len(ids)]
        run = self.runs.get(run_id)
        if what == "own":
            self.runs.own(run, "1", self.now, 1)
            run = self.runs.get(run.id)
        else:
            run = self.runs.close(run, Closing(ENDS[which % 3], self.now))
        self.told[run_id].status = run.status
        self.changed.add(run_id)

    def _open(self, which: int) -> None:
        run = a_run(
            derived_id("run", str(len(self.told))),
            automation_id=AUTOMATIONS[which % 2],
            contact_id=CONTACTS[which // 2 % 2],
            trigger_type=TRIGGERS[which // 4 % 2],
            created_at=self.now,
            expires_at=(self.now // 1_000 + 1 + which % 3) * 1_000,
        )
        run, is_new = self.runs.open(run, an_event({}), self.shards)
        assert is_new
        self.told[run.id] = KnownRun(run, run.status)


class TestPages(Pages.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(
        max_examples=examples(120),
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(("limit", "fewest"), [(1, 1), (2, 1), (3, 2), (6, 2)])
def test_a_run_that_ends_between_any_two_reads_is_listed_once(
    newest_first: bool, limit: int, fewest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_FEWEST", fewest)
    table = MemoryTable()
    runs = RunStore(table, Bodies(NOTHING_STORED, "bodies"))
    made = []
    for number in range(6):
        run, _ = runs.open(
            a_run(created_at=START + number),
            an_event({}),
            1,
        )
        runs.own(run, "1", START, 1)
        made.append(runs.get(run.id))
    wanted = ListFilter("ws_demo", frozenset(), None, None, 0, START + 9, None, newest_first)
    begun = table.snapshot()

    def read_all(moment: int, ending: Run) -> tuple[list[str], int]:
        """Reads every page; the run ends just before read number `moment`. Returns the ids and the
        number of reads."""
        reads = 0

        def around(call: Call, act: Callable[[], Any]) -> Any:
            nonlocal reads
            if call.operation in ("Query", "BatchGetItem"):
                reads += 1
                if reads == moment:
                    table.around = straight
                    runs.close(ending, Closing(RunStatus.COMPLETED, START))
                    table.around = around
            return act()

        table.restore(begun)
        table.around = around
        found: list[str] = []
        after = None
        while True:
            page = list_rows(table, runs_kind(runs), wanted, 1, limit=limit, after=after, now=START)
            found += [run.id for run in page.rows]
            after = page.position
            if after is None:
                table.around = straight
                return found, reads

    expected = [run.id for run in made][:: -1 if newest_first else 1]
    for ending in made:
        moment, reads = 1, 1
        while moment <= reads:
            found, reads = read_all(moment, ending)
            assert found == expected, (moment, ending.created_at - START)
            moment += 1
