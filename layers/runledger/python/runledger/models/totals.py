"""Counts of rows by hour and status. They are recounted, never incremented. Times are epoch
milliseconds."""

from typing import NamedTuple

from runledger.clock import HOUR
from runledger.models.base import Model


class Scope(NamedTuple):
    """A set of rows that is counted together: all rows of one kind, in a workspace or in one part
    of it. For runs, deliveries and refusals the part is an automation."""

    workspace_id: str
    kind: str
    part: str | None


class HourTotal(Model):
    """The counts of one scope's rows that were created in one hour. `hour` is its first moment.

    `counts` are by status, as counted at `counted_at`. If `due_at` is None, nothing has changed
    since, and they hold until the next row expires, at `holds_until`. Otherwise a recount is due;
    `unsettled_since` is when the first change was marked, and `is_marked` says that the last
    recount may have missed a change. No row, deleted or not, expires before `expires_from`, and all
    have expired by `expires_by`: between these times, only the rows themselves show which have
    expired. `revision` grows by one with every change."""

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
    """How current the totals are. Every change before `until` was marked; rows of hours before
    `since` may never have been marked. None if not known yet."""

    since: int | None
    until: int | None


def hour_of(moment: int) -> int:
    """Returns the first moment of the hour."""
    return moment - moment % HOUR
