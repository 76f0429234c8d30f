"""How many rows there are, by hour and status: recounted, never incremented. Times are epoch
milliseconds."""

from typing import NamedTuple

from runledger.clock import HOUR
from runledger.models.base import Model


class Scope(NamedTuple):
    """What is counted together: all rows of a kind, of a workspace or of one part of it. For runs,
    deliveries and refusals the part is an automation."""

    workspace_id: str
    kind: str
    part: str | None


class HourTotal(Model):
    """The rows of one scope that were created in one hour, told by its first moment.

    `counts` by status are as counted at `counted_at`, and hold until the next row expires, at
    `holds_until`, where `due_at` is None: nothing has changed since. Else they are to be counted
    anew, and `unsettled_since` is when the first such change was told of; `is_marked` while a
    change came that no recount may have seen yet. No row expires before `expires_from`, whether it
    was deleted since or not, and all have by `expires_by`: in between, only the rows themselves
    tell. Every change makes `revision` one more."""

    scope: Scope
    hour: int
    counts: dict[str, int]
    counted_at: int | None
    holds_until: int
    is_marked: bool
    due_at: int | None
    unsettled_since: int | None
    expires_from: int
    expires_by: int
    revision: int

    def holds(self, now: int) -> bool:
        return self.counted_at is not None and self.due_at is None and now < self.holds_until


class Freshness(NamedTuple):
    """Every change made before `until` was marked; rows of hours before `since` may never have
    been. None where that is not known yet."""

    since: int | None
    until: int | None


def hour_of(moment: int) -> int:
    """The first moment of the hour."""
    return moment - moment % HOUR
