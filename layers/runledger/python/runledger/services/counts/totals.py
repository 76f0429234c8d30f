"""Counts the rows of a scope: settled hours from their totals, everything else row by row.

Three kinds of hours are counted row by row: those that the stream may not have reported yet, those
marked since their last count, and partial hours at the ends of the range.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import HOUR, MINUTE
from runledger.models.totals import Freshness, HourTotal, Scope, hour_of
from runledger.services.counts.row_counts import Budget, Countable, Piece, count_rows
from runledger.services.in_parallel import Gather, in_turn
from runledger.services.lists.kinds import RowT

if TYPE_CHECKING:
    from runledger.store.freshness import FreshnessStore
    from runledger.store.table import Table
    from runledger.store.totals import TotalStore
    from runledger.store.workspaces import WorkspaceStore

# The most keys and rows that one request may count besides the totals.
_KEYS, _ROWS = 200_000, 10_000


@dataclass(frozen=True, slots=True)
class HourlyCounts:
    """Numbers of rows by hour and status; hours without rows are left out. The numbers include
    every change up to `until`. If `is_complete` is False, they are lower bounds."""

    hours: dict[int, Counter[str]]
    until: int
    is_complete: bool

    @property
    def all(self) -> Counter[str]:
        whole = Counter[str]()
        for counts in self.hours.values():
            whole.update(counts)
        return whole


@dataclass(frozen=True, slots=True)
class Totals:
    table: "Table"
    totals: "TotalStore"
    freshness: "FreshnessStore"
    workspaces: "WorkspaceStore"
    gather: Gather = in_turn

    def count(
        self, scope: Scope, what: Countable[RowT], first: int, last: int, now: int
    ) -> HourlyCounts:
        """Counts the rows created from `first` to `last`, both included (epoch milliseconds)."""
        fresh = self.freshness.read(now)
        totals = {}
        if fresh.until is not None:
            found = self.totals.between(scope, hour_of(first), hour_of(last))
            totals = {total.hour: total for total in found}
        kept_for = self.workspaces.cached(scope.workspace_id).least_retention
        reading = _Reading(first, last, now, fresh, totals, kept_for)
        pieces = _merged(reading.pieces())
        counted = count_rows(self.table, what, pieces, now, Budget(_KEYS, _ROWS), self.gather)
        hours = counted.hours
        for total in reading.settled():
            for status, count in total.counts.items():
                if status in what.statuses:
                    hours.setdefault(total.hour, Counter())[status] += count
        until = fresh.until
        if until is None or first >= reading.reported_before:
            # All of it was counted just now.
            until = now
        return HourlyCounts(hours, until, counted.is_complete)

    def count_minutes(
        self, scope: Scope, what: Countable[RowT], first: int, last: int, now: int
    ) -> HourlyCounts:
        """Counts the rows created from `first` to `last` by the minute instead of the hour. Every
        row is counted, because stored totals are by the hour. So this is for short ranges."""
        kept_for = self.workspaces.cached(scope.workspace_id).least_retention
        piece = Piece(first, last, by_row=first <= now - kept_for)
        budget = Budget(_KEYS, _ROWS)
        counted = count_rows(self.table, what, [piece], now, budget, self.gather, unit=MINUTE)
        return HourlyCounts(counted.hours, now, counted.is_complete)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Decides which hours are taken from stored totals and which are counted. An hour is identified
    by its first millisecond. Every row was kept for at least `kept_for` milliseconds."""

    first: int
    last: int
    now: int
    fresh: Freshness
    totals: dict[int, HourTotal]
    kept_for: int

    @property
    def reported_before(self) -> int:
        """Returns the start of the first hour that the stream may not have fully reported."""
        return 0 if self.fresh.until is None else hour_of(self.fresh.until)

    def settled(self) -> Iterable[HourTotal]:
        """Returns the hours whose totals are valid."""
        return [total for total in self.totals.values() if self._is_taken(total)]

    def pieces(self) -> Iterable[Piece]:
        """Returns the hours, and parts of hours, that must be counted now."""
        for total in self.totals.values():
            has_expired = total.expires_by <= self.now
            if not has_expired and not self._is_taken(total):
                first = max(total.hour, self.first)
                last = min(total.hour + HOUR - 1, self.last)
                yield Piece(first, last, by_row=total.expires_from <= self.now)
        if self.fresh.since is not None:
            # Nothing was marked before that, so hours without a total may hold rows.
            marked = min(hour_of(self.fresh.since) + HOUR, self.reported_before)
            yield from self._gaps(self.first, min(marked - 1, self.last))
        yield from self._gaps(max(self.first, self.reported_before), self.last)

    def _gaps(self, first: int, last: int) -> Iterable[Piece]:
        """Returns the pieces between the hours that have totals."""
        at = first
        for hour in sorted(hour for hour in self.totals if hour <= last):
            if at < hour:
                yield from self._unknown(at, hour - 1)
            at = max(at, hour + HOUR)
        if at <= last:
            yield from self._unknown(at, last)

    def _unknown(self, first: int, last: int) -> Iterable[Piece]:
        """Returns the pieces of a range that has no totals: the part that is older than `kept_for`,
        where rows may have expired, and the rest."""
        oldest = self.now - self.kept_for
        if first <= oldest:
            yield Piece(first, min(last, oldest), by_row=True)
        if last > oldest:
            yield Piece(max(first, oldest + 1), last)

    def _is_taken(self, total: HourTotal) -> bool:
        is_whole = self.first <= total.hour and total.hour + HOUR - 1 <= self.last
        is_reported = total.hour < self.reported_before
        return is_whole and is_reported and total.holds(self.now)


def _merged(pieces: Iterable[Piece]) -> list[Piece]:
    """Joins adjacent pieces with the same `by_row`, so that they are counted together."""
    found: list[Piece] = []
    for piece in sorted(pieces):
        if found and found[-1].last + 1 == piece.first and found[-1].by_row == piece.by_row:
            found[-1] = Piece(found[-1].first, piece.last, piece.by_row)
        else:
            found.append(piece)
    return found
