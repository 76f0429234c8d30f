"""The cost of a page of runs for each combination of filters, counted on synthetic rows."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, TypeVar

from runledger.clock import DAY
from runledger.models.run import Run, RunStatus, TriggerType
from runledger.services.lists.kinds import ListFilter, runs_kind
from runledger.services.lists.pages import list_rows
from runledger.store.bodies import Bodies
from runledger.store.runs import RunStore

from bench.synthetic_table import Counted, SyntheticTable

T = TypeVar("T")

LIMIT = 50
# Limits for a page of LIMIT rows, with any status, automation and range.
MOST_UNITS, MOST_ROWS = 60.0, 1.2 * LIMIT
RANGES = {"any time": 200 * DAY, "30d": 30 * DAY, "7d": 7 * DAY, "24h": DAY}
_NO_S3: Any = None


@dataclass(frozen=True, slots=True)
class Combination:
    """Filters of a list of runs. `is_indexed` says that an index covers all of them."""

    status: RunStatus | None = None
    has_automation: bool = False
    has_contact: bool = False
    trigger: TriggerType | None = None
    range: str = "any time"
    newest_first: bool = True

    @property
    def is_indexed(self) -> bool:
        is_open = self.status in (RunStatus.PENDING, RunStatus.RUNNING)
        return not is_open and not self.has_contact and self.trigger is None

    def __str__(self) -> str:
        parts = [self.status or "All", "one automation" if self.has_automation else "", self.range]
        parts += ["one contact"] if self.has_contact else []
        parts += [f"by {self.trigger}"] if self.trigger else []
        parts += [] if self.newest_first else ["oldest first"]
        return ", ".join(str(part) for part in parts if part)

    def filter(self, table: SyntheticTable) -> ListFilter:
        return ListFilter(
            workspace_id=table.workspace_id,
            statuses=frozenset({self.status} if self.status else ()),
            automation_id=table.automation_id(7) if self.has_automation else None,
            contact_id=table.contact_id(7) if self.has_contact else None,
            created_from=table.newest - RANGES[self.range],
            created_to=table.newest + DAY,
            newest_first=self.newest_first,
        )

    def parameters(self, table: SyntheticTable) -> dict[str, str]:
        """Returns the filters as parameters of the API."""
        found = {"limit": str(LIMIT), "order": "newest" if self.newest_first else "oldest"}
        if self.status is not None:
            found["status"] = self.status.value
        if self.has_automation:
            found["automationId"] = table.automation_id(7)
        if self.has_contact:
            found["contact"] = table.contact_id(7)
        if self.trigger is not None:
            found["triggerType"] = self.trigger.value
        if self.range != "any time":
            found["range"] = self.range
        return found


def combinations() -> Iterator[Combination]:
    """Yields all combinations of status, automation and time range, and some filters that no index
    covers."""
    statuses = (None, *RunStatus)
    for status, has_automation, range_ in product(statuses, (False, True), RANGES):
        yield Combination(status, has_automation, range=range_)
    yield Combination(newest_first=False)
    yield Combination(RunStatus.FAILED, True, newest_first=False)
    yield Combination(has_contact=True)
    yield Combination(RunStatus.FAILED, has_contact=True)
    yield Combination(trigger=TriggerType.MANUAL)
    yield Combination(RunStatus.FAILED, True, trigger=TriggerType.MANUAL)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one page. `waits` counts reads one after the other: reads at the same time count
    as one."""

    rows: int
    counted: Counted
    waits: int
    has_more: bool


def page_costs(table: SyntheticTable, combination: Combination, pages: int) -> Iterator[Cost]:
    """Yields the costs of a list's first `pages` pages, one after the other."""
    wanted = combination.filter(table)
    kind = runs_kind(RunStore(table, Bodies(_NO_S3, "bodies")))
    waits = 0

    def gather(calls: Iterable[Callable[[], T]]) -> list[T]:
        nonlocal waits
        waits += 1
        return [call() for call in calls]

    def hydrate(ids: Iterable[str]) -> dict[str, Run]:
        nonlocal waits
        waits += 1
        return dict(kind.read(ids))

    after = None
    for _ in range(pages):
        table.counted, waits = Counted(), 0
        page = list_rows(
            table,
            replace(kind, read=hydrate),
            wanted,
            table.shards,
            limit=LIMIT,
            after=after,
            now=table.newest,
            also=None
            if combination.trigger is None
            else lambda run: run.trigger_type is combination.trigger,
            gather=gather,
        )
        after = page.position
        yield Cost(len(page.rows), table.counted, waits, after is not None)
        if after is None:
            return
