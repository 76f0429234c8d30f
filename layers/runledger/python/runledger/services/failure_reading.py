"""Answering readers about failure groups.

What a group holds is read from its runs each time it is shown, so no number of it can be wrong; and
what is read is bounded, so a number may be "at least" (`is_complete` is False then)."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import HOUR, Clock, iso
from runledger.errors import NotFoundError
from runledger.models.failure import FailureGroup, FailureGroupView
from runledger.models.fingerprint import words_of
from runledger.models.wire import ListView
from runledger.services.windows import window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runledger.services.cursors import Cursors
    from runledger.store.automations import AutomationStore
    from runledger.store.failures import FailedRuns, FailureStore

# Runs of one group that are counted, and of all groups of one answer; groups that one answer looks
# at, as text and range are in no index.
MOST_RUNS = 10_000
RUN_BUDGET = 20_000
GROUP_BUDGET = 500


@dataclass(frozen=True, slots=True)
class FailureRequest:
    """What a reader asked for, as they wrote it. `since` and `until` are ISO 8601; the words of
    `text` all have to occur in a group's message, the values in it are passed over."""

    automation_id: str | None
    range: str | None
    since: str | None
    until: str | None
    text: str | None
    limit: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class FailureReading:
    failures: "FailureStore"
    automations: "AutomationStore"
    cursors: "Cursors"
    clock: Clock

    def page(self, workspace_id: str, request: FailureRequest) -> ListView[FailureGroupView]:
        """Groups with runs that were created in the range, those that failed latest first.

        A page is full until the end, or until its budget was spent; then it has a cursor, too.
        InvalidInputError names the parameter that cannot be read."""
        now = self.clock()
        since, until = window(request.range, request.since, request.until, now)
        words = words_of(request.text or "")
        binding = {
            "workspace": workspace_id,
            "list": "failure-groups",
            "automation": request.automation_id,
            "range": [request.range, request.since, request.until],
            "text": words,
        }
        position: str | None = None
        if request.cursor is not None:
            # A range that ends now goes on where it began.
            since, until, position = json.loads(self.cursors.read(binding, request.cursor))
        found: list[tuple[FailureGroup, FailedRuns]] = []
        has_more = False
        groups_left, runs_left = GROUP_BUDGET, RUN_BUDGET
        # A run fails after it was created, and its group is listed by the hour.
        listed = self.failures.newest(
            workspace_id, request.automation_id, max(since - HOUR, 0), position, request.limit + 1
        )
        for place, group in listed:
            has_more = len(found) == request.limit or groups_left <= 0 or runs_left <= 0
            if has_more:
                break
            position = place
            groups_left -= 1
            if group is None or not _is_wanted(group, workspace_id, request, words, now):
                continue
            runs = self._runs(group, since, until, min(MOST_RUNS, max(runs_left, 1)), now)
            runs_left -= len(runs.runs)
            if runs.runs:
                found.append((group, runs))
        names = self._names(workspace_id, [group for group, _ in found])
        views = [_view(group, runs, names.get(group.automation_id)) for group, runs in found]
        # The list knows the hour; within it, these know the moment.
        views.sort(key=lambda view: view.last_seen_at, reverse=True)
        following = None
        if has_more:
            following = self.cursors.issue(binding, json.dumps([since, until, position]))
        return ListView(items=views, next_cursor=following)

    def group(self, workspace_id: str, group_id: str) -> FailureGroupView:
        """NotFoundError also for a group of another workspace, and one whose runs have expired."""
        now = self.clock()
        group = self.failures.find(group_id)
        runs = None
        if group is not None and group.workspace_id == workspace_id:
            runs = self._runs(group, *window(None, None, None, now), MOST_RUNS, now)
        if group is None or runs is None or not runs.runs:
            raise NotFoundError(f"there is no failure group {group_id}")
        names = self._names(workspace_id, [group])
        return _view(group, runs, names.get(group.automation_id))

    def _runs(
        self, group: FailureGroup, since: int, until: int, limit: int, now: int
    ) -> "FailedRuns":
        found = self.failures.runs(group.id, since, until, limit)
        return found._replace(runs=[run for run in found.runs if run.expires_at > now])

    def _names(self, workspace_id: str, groups: "Sequence[FailureGroup]") -> dict[str, str]:
        wanted = {group.automation_id for group in groups}
        found = self.automations.get_many(workspace_id, wanted)
        return {automation_id: each.name for automation_id, each in found.items()}


def _is_wanted(
    group: FailureGroup, workspace_id: str, request: FailureRequest, words: list[str], now: int
) -> bool:
    message = group.message.casefold()
    return (
        group.workspace_id == workspace_id
        and request.automation_id in (None, group.automation_id)
        and group.expires_at > now
        and all(word in message for word in words)
    )


def _view(group: FailureGroup, runs: "FailedRuns", automation_name: str | None) -> FailureGroupView:
    contacts = {run.contact_id for run in runs.runs if run.contact_id is not None}
    last_at = max([group.first_at, group.listed_at, *(run.failed_at for run in runs.runs)])
    return FailureGroupView(
        id=group.id,
        automation_id=group.automation_id,
        automation_name=automation_name,
        node_id=group.node_id,
        kind=group.kind,
        message=group.message,
        count=len(runs.runs),
        contacts=len(contacts),
        is_complete=runs.is_complete,
        first_seen_at=iso(group.first_at),
        last_seen_at=iso(last_at),
        first_version=group.first_version,
    )
