"""Counts the runs of the last hour, and of the same hour in earlier weeks.

The runs are counted from index keys. A run that has not ended counts as open, so its health is not
needed. A row is read only if its run ended during the count.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from runledger.api.overview import LastHourView, SpanView, UsualView
from runledger.clock import HOUR, iso
from runledger.models.run import RunStatus
from runledger.nodes.timezones import to_milliseconds, to_utc
from runledger.services.counts.row_counts import (
    Budget,
    Countable,
    CountedSource,
    Piece,
    count_rows,
)
from runledger.store import keys
from runledger.store.keys import OPEN_BUCKET, Index, Kind
from runledger.store.table import SortRange

if TYPE_CHECKING:
    from runledger.models.run import Run
    from runledger.models.workspace import Workspace
    from runledger.store.stores import Stores

# The earlier weeks that are compared, and how many of them must be in the history.
WEEKS, FEWEST_WEEKS = 4, 2
# The most keys that one hour may have to be counted.
MOST_KEYS = 20_000
_MOST_ROWS = 1_000
_ENDED = (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED)
_BUCKETS = frozenset({OPEN_BUCKET, *(status.value for status in _ENDED)})


class CountedHour(NamedTuple):
    """The runs of one hour by bucket: OPEN, or the status of an ended run. `first` and `last`
    (epoch milliseconds) are both included."""

    first: int
    last: int
    counts: Counter[str]
    is_complete: bool

    def span(self) -> SpanView:
        return SpanView(
            from_=iso(self.first),
            to=iso(self.last),
            runs=self.counts.total(),
            failed=self.counts[RunStatus.FAILED],
        )


@dataclass(frozen=True, slots=True)
class UsualHours:
    """Counts the runs of the last hour, and of the same hour in earlier weeks, for one request."""

    stores: "Stores"
    workspace: "Workspace"
    zone: str
    now: int

    def reads(self, begun_at: int | None) -> list[Callable[[], CountedHour]]:
        """Returns the reads that count the runs: first of the last hour, then of the same hour in
        earlier weeks, the latest week first. Leaves out an earlier hour if it began before the
        history (`begun_at`; None if there is no history), or if its runs may have expired. If fewer
        than FEWEST_WEEKS earlier hours remain, leaves out all of them. The reads may run in
        parallel."""
        earlier: list[int] = []
        if begun_at is not None:
            # Older runs may have expired, even if some of them still exist.
            since = max(begun_at, self.now - self.workspace.least_retention)
            earlier = [last for last in self._earlier() if _first_of(last) >= since]
        if len(earlier) < FEWEST_WEEKS:
            earlier = []
        return [self._reader(last) for last in (self.now, *earlier)]

    def begin(self) -> int | None:
        """Reads when the history begins: when the oldest completed run was created. None if there
        is no such run."""
        found = [
            page.items[0]
            for shard in range(self.workspace.shards)
            if (
                page := self.stores.table.query(
                    keys.by_status(self.workspace.id, Kind.RUN, RunStatus.COMPLETED, shard),
                    SortRange(),
                    index=Index.BY_STATUS,
                    limit=1,
                )
            ).items
        ]
        return min((keys.created_at_of(item["createdKey"]) for item in found), default=None)

    def view(self, hours: Sequence[CountedHour]) -> LastHourView:
        last, *earlier = hours
        return LastHourView(
            **dict(last.span()),
            open_=last.counts[OPEN_BUCKET],
            completed=last.counts[RunStatus.COMPLETED],
            canceled=last.counts[RunStatus.CANCELED],
            is_complete=last.is_complete,
            usual=_usual(earlier),
        )

    def _earlier(self) -> list[int]:
        """Returns when the hours of earlier weeks end: at the same time of day in the zone."""
        place = ZoneInfo(self.zone)
        local = datetime.fromtimestamp(self.now / 1_000, UTC).astimezone(place)
        milliseconds = self.now % 1_000
        plain = local.replace(tzinfo=None, microsecond=0)
        return [
            to_milliseconds(to_utc(plain - timedelta(weeks=week), place)) + milliseconds
            for week in range(1, WEEKS + 1)
        ]

    def _reader(self, last: int) -> Callable[[], CountedHour]:
        def read() -> CountedHour:
            piece = Piece(_first_of(last), last)
            budget = Budget(MOST_KEYS, _MOST_ROWS)
            found = count_rows(self.stores.table, self._countable(), [piece], self.now, budget)
            counts = Counter[str]()
            for each in found.hours.values():
                counts.update(each)
            return CountedHour(piece.first, piece.last, counts, found.is_complete)

        return read

    def _countable(self) -> "Countable[Run]":
        def sources(buckets: Iterable[str]) -> tuple[CountedSource, ...]:
            return tuple(
                CountedSource(
                    keys.by_status(self.workspace.id, Kind.RUN, bucket, shard),
                    Index.BY_STATUS,
                    bucket,
                )
                for bucket in buckets
                for shard in range(self.workspace.shards)
            )

        return Countable(
            phases=(sources([OPEN_BUCKET]), sources(_ENDED)),
            statuses=_BUCKETS,
            status_of=lambda run: keys.run_bucket(run.status),
            read=self.stores.runs.get_many,
        )


def _first_of(last: int) -> int:
    """Returns the start of the hour that ends at `last`."""
    return last - HOUR + 1


def _usual(hours: Sequence[CountedHour]) -> UsualView | None:
    if not hours or not all(hour.is_complete for hour in hours):
        return None
    spans = [hour.span() for hour in hours]
    return UsualView(
        runs=_rounded(median(span.runs for span in spans)),
        failed=_rounded(median(span.failed for span in spans)),
        hours=spans,
    )


def _rounded(value: float) -> int:
    """Rounds halves up: half a failure is shown as one."""
    return int(value + 0.5)
