"""Counts of rows by hour and status. They are always counted again, never incremented. Times are
epoch milliseconds."""

from typing import NamedTuple

from runledger.clock import HOUR
from runledger.models.base import Model


class Scope(NamedTuple):
    """A set of rows that are counted together: all rows of one kind, in a whole workspace or in one
    part of it. For runs, deliveries and refusals a part is an automation."""

    workspace_id: str
    kind: str
    part: str | None


class HourTotal(Model):
    """The counts of one scope's rows that were created in one hour. `hour` is its first moment.

    - `counts` are by status, as counted at `counted_at`.
    - `due_at` is when a recount is due. If it is None, the counts are correct until the next row
      expires, at `holds_until`.
    - `unsettled_since` is the time at which the first change after `counted_at` was noted.
    - `is_marked` says that a change was noted, and that no recount has taken the mark away yet.
    - `expires_from` is the time before which no row expires, and `expires_by` the time by which all
      rows have expired. Between the two times, only the rows show which of them have expired.
    - `revision` grows by one with every change.
    """

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
    """The period whose changes are marked for the totals. Every change that was made between
    `since` and `until` is marked. Changes before `since` may lack a mark, because marking may have
    begun later, and changes after `until` may not be marked yet. A field is None if it is not known
    yet."""

    since: int | None
    until: int | None


def hour_of(moment: int) -> int:
    """Returns the first moment of the hour."""
    return moment - moment % HOUR
