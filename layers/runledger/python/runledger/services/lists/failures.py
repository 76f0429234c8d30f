"""Lists failure groups.

One answer reads only a limited number of groups, because no index covers text, range and status.
So a page may be shorter than its limit although more groups follow."""

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.failures import FailureGroupListView, FailureGroupView
from runledger.clock import HOUR
from runledger.models.failure import FailureGroup, GroupOrder, GroupStatus
from runledger.models.fingerprint import holds_words, words_of
from runledger.services.lists.failure_views import (
    TOGETHER,
    Assignees,
    FailureViews,
    GroupInRange,
    Period,
    assignee_of,
    status_of,
)
from runledger.services.lists.windows import DEFAULT_ZONE, window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runledger.services.lists.cursors import Cursors

# An answer ends when it has read RUN_BUDGET runs of all groups, or looked at GROUP_BUDGET groups.
RUN_BUDGET = 20_000
GROUP_BUDGET = 500
# How many groups are listed at a time.
_LISTED = 100
# The assignee of a request for groups without one.
NOBODY = "none"
_FAILED_CALL = re.compile(r"\b([A-Z]{3,7}) https?://([^\s/?#]+)\S* answered (\d{3})\b")
_ANSWERED = re.compile(r"\banswered (?:with )?(?:status )?(\d{3})\b")


@dataclass(frozen=True, slots=True)
class FailureRequest:
    """A reader's request, as they wrote it.

    `since` and `until` are dates or times, read in `time_zone`. All words of `text` must occur in a
    group's title or message; numbers, ids and addresses in `text` are ignored. `assignee` is a
    user's id, or NOBODY."""

    automation_id: str | None
    status: GroupStatus | None
    range: str | None
    since: str | None
    until: str | None
    time_zone: str | None
    text: str | None
    limit: int
    cursor: str | None
    assignee: str | None = None
    order: GroupOrder = GroupOrder.NEWEST


@dataclass(frozen=True, slots=True)
class FailureQueries:
    shown: FailureViews
    cursors: "Cursors"

    def page(self, workspace_id: str, request: FailureRequest) -> FailureGroupListView:
        """Returns groups with runs created in the range.

        In the order NEWEST, the group that failed last is first. Every page is full, except the
        last one and a page whose budget ran out, which still has a cursor. In the order COUNT there
        is only one page: the groups with the most runs, of those that the budget covers. Raises
        InvalidInputError, with the parameter, if a parameter cannot be read."""
        now = self.shown.clock()
        since, until = window(request.range, request.since, request.until, now, request.time_zone)
        period = Period(since, until, request.time_zone or DEFAULT_ZONE)
        # The filter needs to know who is still a member.
        assignees = self.shown.assignees(workspace_id) if request.assignee is not None else None
        wanted = _Wanted(workspace_id, request, words_of(request.text or ""), assignees or {}, now)
        if request.order is GroupOrder.COUNT:
            return self._most_frequent(wanted, period, assignees)

        def read(limit: int, place: str | None) -> "tuple[list[GroupInRange], str | None]":
            # All pages have the range of the first page, even if the request's range ends now.
            start, end, after = (since, until, None) if place is None else json.loads(place)
            bounds = period._replace(since=start, until=end)
            found, position = self._read(wanted, bounds, after, limit)
            # The index sorts by hour. Within an hour, sort by the exact time.
            found.sort(key=lambda each: each.last_at, reverse=True)
            return found, None if position is None else json.dumps([start, end, position])

        def views(found: "Sequence[GroupInRange]") -> list[FailureGroupView]:
            return self.shown.views(workspace_id, found, assignees)

        page = self.cursors.page(wanted.binding(), request.limit, request.cursor, read, views)
        return FailureGroupListView(
            items=page.items, next_cursor=page.next_cursor, is_complete=True
        )

    def _most_frequent(
        self, wanted: "_Wanted", period: Period, assignees: Assignees | None
    ) -> FailureGroupListView:
        found, position = self._read(wanted, period, None, GROUP_BUDGET)
        found.sort(key=lambda each: (-len(each.runs), -each.last_at))
        top = found[: wanted.request.limit]
        return FailureGroupListView(
            items=self.shown.views(wanted.workspace_id, top, assignees),
            next_cursor=None,
            is_complete=position is None and len(top) == len(found),
        )

    def _read(
        self, wanted: "_Wanted", period: Period, position: str | None, limit: int
    ) -> "tuple[list[GroupInRange], str | None]":
        """Returns up to `limit` groups after `position`, and the position of the next page, or None
        at the end."""
        found: list[GroupInRange] = []
        batch: list[FailureGroup] = []
        groups_left, runs_left = GROUP_BUDGET, RUN_BUDGET

        def count() -> int:
            """Counts the runs of each group in the batch, moves the groups that have runs to
            `found`, and returns the number of all these runs."""
            there = self.shown.found(batch, period, wanted.now)
            batch.clear()
            found.extend(each for each in there if each.runs)
            return sum(len(each.runs) for each in there)

        # Start an hour early: a run fails after it was created, and groups are listed by the hour.
        listed = self.shown.failures.newest(
            wanted.workspace_id,
            wanted.request.automation_id,
            max(period.since - HOUR, 0),
            position,
            min(limit, _LISTED) + 1,
        )
        for place, group in listed:
            # A batch of more groups could have more runs, or fill more than the page.
            if len(batch) >= min(TOGETHER, limit - len(found), runs_left) or groups_left <= 0:
                runs_left -= count()
            if len(found) == limit or groups_left <= 0 or runs_left <= 0:
                return found, position
            position = place
            groups_left -= 1
            if group is not None and wanted.holds(group):
                batch.append(group)
        count()
        return found, None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The groups that a reader asks for."""

    workspace_id: str
    request: FailureRequest
    words: list[str]
    assignees: Assignees
    now: int

    def binding(self) -> dict[str, object]:
        request = self.request
        return {
            "workspace": self.workspace_id,
            "list": "failure-groups",
            "automation": request.automation_id,
            "status": request.status,
            "assignee": request.assignee,
            "range": [request.range, request.since, request.until, request.time_zone],
            "text": self.words,
        }

    def holds(self, group: FailureGroup) -> bool:
        request = self.request
        return (
            group.workspace_id == self.workspace_id
            and request.automation_id in (None, group.automation_id)
            and request.status in (None, status_of(group))
            and request.assignee in (None, self._assignee(group))
            and group.expires_at > self.now
            and _holds(group, request.text or "", self.words)
        )

    def _assignee(self, group: FailureGroup) -> str:
        assignee = assignee_of(group, self.assignees)
        return NOBODY if assignee is None else assignee.user_id


def _holds(group: FailureGroup, text: str, words: list[str]) -> bool:
    """Whether a group matches a reader's text: some words, or a copied message. A status code in
    the text must match, because different status codes are different groups. All other numbers are
    ignored."""
    title = group.shown_title
    pasted = _FAILED_CALL.search(text)
    if pasted is not None:
        method, host, status = pasted.groups()
        is_that_call = title.casefold().startswith(f"{method} {host}".casefold())
        return is_that_call and title.endswith(f" answered {status}")
    asked, shown = _ANSWERED.search(text), _ANSWERED.search(title)
    is_that_status = asked is None or shown is None or asked[1] == shown[1]
    return is_that_status and holds_words(f"{title} {group.message}", words)
