"""Recounts marked hours in two steps, so that no change is lost.

First the mark is removed. Later, when the indexes have caught up, the rows are counted. The result
is stored only if the hour was not marked meanwhile. A change during the count finds no mark, sets
one, and so causes another count.

A count may take so long that its process dies. So the hour is postponed before it is counted;
otherwise the next tick would begin with it again. Only hours need this: they come last in the tick
and are counted in one piece, while other kinds of work continue page by page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.clock import DAY, HOUR, MINUTE, SECOND, Clock
from runledger.errors import TransientError
from runledger.models.totals import HourTotal, Scope, hour_of
from runledger.observability import log_failure
from runledger.services.counts.row_counts import (
    Budget,
    Countable,
    Counted,
    Piece,
    count_rows,
    countable,
)
from runledger.services.in_parallel import Gather, in_turn
from runledger.services.lists.kinds import ListKind, RowT, deliveries_kind, refusals_kind, runs_kind
from runledger.store import keys

if TYPE_CHECKING:
    from runledger.store.due import DueRow
    from runledger.store.stores import Stores
    from runledger.store.table import Table
    from runledger.store.totals import TotalStore

# Longer than an index of DynamoDB lags behind its table.
INDEX_LAG = 45 * SECOND
# What the tick may read for one hour and scope: the most keys and rows, and for how long, which is
# less than the time the tick keeps back for its current row. About a hundred pages of keys: enough
# for an hour with a hundred rows a second.
_KEYS, _ROWS = 500_000, 30_000
COUNTING = 15 * SECOND
# How long to wait before an hour's count is tried again; the older the hour, the longer.
_PUT_OFF, _PUT_OFF_LONGEST = 15 * MINUTE, DAY


ScopeKinds = Mapping[str, Callable[[Scope], Countable[Any]]]


def countables(stores: "Stores") -> ScopeKinds:
    """Returns a function for each kind of scope, which says what to count for a scope of that
    kind."""

    def counted(kind: ListKind[RowT]) -> Callable[[Scope], Countable[RowT]]:
        def of(scope: Scope) -> Countable[RowT]:
            shards = stores.workspaces.cached(scope.workspace_id).shards
            return countable(kind, scope, shards)

        return of

    return {
        keys.Kind.RUN.value: counted(runs_kind(stores.runs)),
        keys.Kind.DELIVERY.value: counted(deliveries_kind(stores.deliveries)),
        keys.Kind.REFUSAL.value: counted(refusals_kind(stores.refusals)),
    }


@dataclass(frozen=True, slots=True)
class TotalSettler:
    """Recounts hours that are due. `kinds` maps a scope's kind to what to count."""

    table: "Table"
    totals: "TotalStore"
    kinds: ScopeKinds
    clock: Clock
    gather: Gather = in_turn

    def settle(self, row: "DueRow") -> None:
        """Takes the next step for one due hour. Raises ConditionFailedError if the hour was changed
        meanwhile; it is then due again. If the hour cannot be counted here, because it is too large
        or an AWS call failed, its recount is postponed. Until then, each request that needs the
        hour counts its rows, within the limits of a request."""
        total = self.totals.at(row.key)
        now = self.clock()
        if total is None or total.due_at is None or total.due_at > now:
            return
        if total.is_marked:
            self.totals.replace(total, total.changed(is_marked=False, due_at=now + INDEX_LAG))
            return
        put_off = self.totals.replace(total, total.changed(due_at=now + _put_off_for(total, now)))
        try:
            counted = self._counted(put_off, now)
        except TransientError as error:
            log_failure("hour could not be counted", error, rowId=row.id)
            return
        self.totals.replace(put_off, counted)

    def _counted(self, total: HourTotal, now: int) -> HourTotal:
        by_row = total.expires_from <= now
        found = Counted()
        if now < total.expires_by:
            found = self._count(total, now, by_row)
        counted = total.changed(
            counts=dict(found.hours.get(total.hour, {})),
            counted_at=now,
            holds_until=total.expires_from,
            due_at=None,
            unsettled_since=None,
        )
        if by_row:
            # Every row was read, including expired ones that are not deleted yet.
            ends = sorted(found.expiries or {now})
            left = [end for end in ends if end > now]
            counted = counted.changed(
                holds_until=min(left, default=now),
                expires_from=hour_of(ends[0]),
                expires_by=max(ends[-1], now),
            )
        return counted

    def _count(self, total: HourTotal, now: int, by_row: bool) -> Counted:
        what = self.kinds[total.scope.kind](total.scope)
        piece = Piece(total.hour, total.hour + HOUR - 1, by_row)
        until = self.clock() + COUNTING

        def deadline() -> None:
            if self.clock() > until:
                raise TransientError(f"an hour of {total.scope} takes too long to count")

        budget = Budget(_KEYS, _ROWS, deadline)
        found = count_rows(self.table, what, [piece], now, budget, self.gather)
        if not found.is_complete:
            raise TransientError(f"an hour of {total.scope} holds more rows than can be counted")
        return found


def _put_off_for(total: HourTotal, now: int) -> int:
    age = now - total.hour - HOUR
    return min(max(age // 4, _PUT_OFF), _PUT_OFF_LONGEST)
