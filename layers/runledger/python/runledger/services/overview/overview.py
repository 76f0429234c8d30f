"""The overview: one answer from many small reads, which go out in parallel.

Each read is bounded, and the number of reads does not depend on the number of rows. Every number
is counted with the filters of the list that shows its items.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from runledger.api.overview import CountView, NextFireView, OverviewView
from runledger.clock import DAY, Clock, iso
from runledger.models.automation import AutomationStatus
from runledger.models.failure import GroupStatus
from runledger.models.run import TriggerType
from runledger.services.in_parallel import Gather, in_turn
from runledger.services.lists.failures import FailureRequest
from runledger.services.lists.windows import zone_of
from runledger.services.overview.last_day import LastDay
from runledger.services.overview.open_runs import OpenRuns
from runledger.services.overview.slow_nodes import SlowNodes
from runledger.services.overview.usual_hours import UsualHours

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.api.failures import FailureGroupView
    from runledger.api.lists import ListView
    from runledger.models.automation import Automation
    from runledger.services.lists.failures import FailureQueries
    from runledger.store.stores import Stores

# The most automations and failure groups that are counted, and how many of each are shown.
MOST_AUTOMATIONS, MOST_GROUPS, SHOWN = 200, 20, 5


@dataclass(frozen=True, slots=True)
class Overview:
    stores: "Stores"
    failures: "FailureQueries"
    clock: Clock
    gather: Gather = in_turn

    def of(self, workspace_id: str, time_zone: str | None = None) -> OverviewView:
        """Returns the overview of a workspace. `time_zone` decides which hours of earlier weeks
        have the same time of day. Raises InvalidInputError if it is not a time zone."""
        now = self.clock()
        day_from = now - DAY
        workspace = self.stores.workspaces.cached(workspace_id)
        hours = UsualHours(self.stores, workspace, zone_of(time_zone), now)
        open_runs = OpenRuns(self.stores, workspace, now)
        day = LastDay(self.stores, workspace, day_from, now)
        nodes = SlowNodes(self.stores, workspace, day_from, now)
        # Most histories are shorter than the weeks that could be compared.
        of_hours = hours.reads(hours.begin())
        # The longest first.
        reads: list[Callable[[], Any]] = [
            nodes.read,
            lambda: self._failures(workspace_id, day_from, now),
            open_runs.view,
            day.refusals,
            lambda: self._automations(workspace_id),
            day.bounces,
            day.dead_letters,
            *of_hours,
        ]
        (
            slow_nodes,
            failures,
            opened,
            refusals,
            dated,
            bounces,
            dead_letters,
            *counted_hours,
        ) = self.gather(reads)
        return OverviewView(
            at=iso(now),
            day_from=iso(day_from),
            automations=dated.all,
            active_automations=dated.active,
            last_hour=hours.view(counted_hours),
            open_runs=opened,
            open_failures=CountView(
                count=len(failures.items), is_complete=failures.next_cursor is None
            ),
            newest_failures=list(failures.items[:SHOWN]),
            refusals=refusals,
            bounces=bounces,
            dead_letters=dead_letters,
            date_automations=dated.dated,
            next_fires=dated.next,
            measured_runs=slow_nodes.runs,
            slowest_nodes=slow_nodes.slowest,
        )

    def _failures(self, workspace_id: str, first: int, now: int) -> "ListView[FailureGroupView]":
        request = FailureRequest(
            automation_id=None,
            status=GroupStatus.OPEN,
            range=None,
            since=iso(first),
            until=iso(now),
            time_zone=None,
            text=None,
            limit=MOST_GROUPS,
            cursor=None,
        )
        return self.failures.page(workspace_id, request)

    def _automations(self, workspace_id: str) -> "CountedAutomations":
        found, more = self.stores.automations.newest(workspace_id, MOST_AUTOMATIONS, None)
        active = [each for each in found if each.status is AutomationStatus.ACTIVE]
        dated = {each.id: each for each in active if _is_dated(each)}
        schedules = self.stores.schedules.get_many(dated)
        fires = sorted(schedules.values(), key=lambda each: each.next_fire_at)
        is_complete = more is None
        return CountedAutomations(
            all=CountView(count=len(found), is_complete=is_complete),
            active=CountView(count=len(active), is_complete=is_complete),
            dated=CountView(count=len(fires), is_complete=is_complete),
            next=[
                NextFireView(
                    automation_id=each.automation_id,
                    automation_name=dated[each.automation_id].name,
                    next_fire_at=iso(each.next_fire_at),
                    time_zone=each.time_zone,
                    is_held=dated[each.automation_id].hold is not None,
                )
                for each in fires[:SHOWN]
            ],
        )


class CountedAutomations(NamedTuple):
    """The numbers of automations, and the next fires of the date automations."""

    all: CountView
    active: CountView
    dated: CountView
    next: list[NextFireView]


def _is_dated(automation: "Automation") -> bool:
    active = automation.active
    return active is not None and active.trigger["triggerType"] == TriggerType.DATE.value
