"""Counting again what was marked: in two steps, so that no change is lost.

First the mark is taken away; later, when the indexes have caught up, the rows are counted; and the
counts are kept only if nobody marked the hour since. Whoever comes while it is counted finds no
mark, makes one, and the count is made again.

A count may take long, and its process may die of it. So the hour is put off before it is counted:
it is not the first of the next tick. Of all that is due only hours need this, as only they lie
behind everything else and are counted in one piece; the other kinds work a bounded page at a time.
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

# Longer than an index of DynamoDB stays behind its table.
INDEX_LAG = 45 * SECOND
# What the tick reads of one hour and scope, and how long: it has some time left for the row at
# hand. About a hundred pages of keys; an hour of a hundred rows a second is within it.
_KEYS, _ROWS = 500_000, 30_000
COUNTING = 15 * SECOND
# How long an hour is left alone before its count is tried again: the older the longer.
_PUT_OFF, _PUT_OFF_LONGEST = 15 * MINUTE, DAY


ScopeKinds = Mapping[str, Callable[[Scope], Countable[Any]]]


def countables(stores: "Stores") -> ScopeKinds:
    """What to count for a scope, by its kind."""

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
    """`kinds` tells what to count for a scope, by its kind."""

    table: "Table"
    totals: "TotalStore"
    kinds: ScopeKinds
    clock: Clock
    gather: Gather = in_turn

    def settle(self, row: "DueRow") -> None:
        """Takes the next step of one due hour. ConditionFailedError where it was changed
        meanwhile: it is due again then. An hour that cannot be counted, being too large or for now,
        stays put off and is counted for each reader, as far as a request may."""
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
            # Every row was read, those included that have expired and are not deleted yet.
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
