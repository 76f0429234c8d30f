"""Counting again what was marked: in two steps, so that no change is lost.

First the mark is taken away; later, when the indexes have caught up, the rows are counted; and the
counts are kept only if nobody marked the hour since. Whoever comes while it is counted finds no
mark, makes one, and the count is made again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.clock import HOUR, SECOND, Clock
from runledger.errors import TransientError
from runledger.models.totals import HourTotal, Scope, hour_of
from runledger.services.counting import Budget, Countable, Counted, Piece, count_rows, countable
from runledger.services.list_kinds import (
    ListKind,
    RowT,
    deliveries_kind,
    refusals_kind,
    runs_kind,
)
from runledger.store import keys

if TYPE_CHECKING:
    from runledger.services.stores import Stores
    from runledger.store.due import DueRow
    from runledger.store.table import Table
    from runledger.store.totals import TotalStore

# Longer than an index of DynamoDB stays behind its table.
INDEX_LAG = 45 * SECOND
# Of one hour and scope: an hour of a thousand rows a second is within it.
_KEYS, _ROWS = 4_000_000, 400_000


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

    def settle(self, row: "DueRow") -> None:
        """Takes the next step of one due hour. ConditionFailedError where it was changed
        meanwhile: it is due again then."""
        total = self.totals.at(row.key)
        now = self.clock()
        if total is None or total.due_at is None or total.due_at > now:
            return
        if total.is_marked:
            quiet = {"is_marked": False, "due_at": now + INDEX_LAG}
            self.totals.replace(total, total.model_copy(update=quiet))
            return
        self.totals.replace(total, self._counted(total, now))

    def _counted(self, total: HourTotal, now: int) -> HourTotal:
        by_row = total.expires_from <= now
        found = Counted()
        if now < total.expires_by:
            found = self._count(total, now, by_row)
        changes: dict[str, Any] = {
            "counts": dict(found.hours.get(total.hour, {})),
            "counted_at": now,
            "holds_until": total.expires_from,
            "due_at": None,
        }
        if by_row:
            # Every row was read, those included that have expired and are not deleted yet.
            ends = sorted(found.expiries or {now})
            left = [end for end in ends if end > now]
            changes |= {
                "holds_until": min(left, default=now),
                "expires_from": hour_of(ends[0]),
                "expires_by": max(ends[-1], now),
            }
        return total.model_copy(update=changes)

    def _count(self, total: HourTotal, now: int, by_row: bool) -> Counted:
        what = self.kinds[total.scope.kind](total.scope)
        piece = Piece(total.hour, total.hour + HOUR - 1, by_row)
        found = count_rows(self.table, what, [piece], now, Budget(_KEYS, _ROWS))
        if not found.is_complete:
            raise TransientError(f"an hour of {total.scope} holds more rows than can be counted")
        return found
