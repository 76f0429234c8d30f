"""Answering readers about failure groups.

What a group holds is read from its runs each time it is shown, so no number of it can be wrong; and
what is read is bounded, so a number may be "at least" (`is_complete` is False then)."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from runledger.clock import DAY, HOUR, Clock, iso
from runledger.errors import NotFoundError
from runledger.models.failure import FailureGroup, FailureGroupView
from runledger.models.fingerprint import holds_words, words_of
from runledger.models.wire import ListView
from runledger.services.windows import window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runledger.models.failure import FailedRun
    from runledger.services.cursors import Cursors
    from runledger.store.automations import AutomationStore
    from runledger.store.failures import FailureStore

# Runs of one group that are counted. An answer ends when it has read so many runs of all groups, or
# looked at so many groups, as text and range are in no index.
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
        found: list[_Found] = []
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
            there = self._found(group, since, until, now)
            runs_left -= len(there.runs)
            if there.runs:
                found.append(there)
        # The list knows the hour; within it, these know the moment.
        found.sort(key=lambda each: each.last_at, reverse=True)
        following = None
        if has_more:
            following = self.cursors.issue(binding, json.dumps([since, until, position]))
        return ListView(items=self._views(workspace_id, found), next_cursor=following)

    def group(self, workspace_id: str, group_id: str) -> FailureGroupView:
        """NotFoundError also for a group of another workspace, and one whose runs have expired."""
        now = self.clock()
        group = self.failures.find(group_id)
        if group is not None and group.workspace_id == workspace_id:
            there = self._found(group, *window(None, None, None, now), now)
            if there.runs:
                return self._views(workspace_id, [there])[0]
        raise NotFoundError(f"there is no failure group {group_id}")

    def _found(self, group: FailureGroup, since: int, until: int, now: int) -> "_Found":
        runs, is_complete = self.failures.runs(group.id, since, until, MOST_RUNS)
        newest = runs[:1]
        if until < now:
            newest, _ = self.failures.runs(group.id, 0, now + DAY, 1)
        # A run that waited long may have failed after newer ones: the group knows its hour.
        last_at = max(group.first_at, group.listed_at, *(run.failed_at for run in newest + runs))
        alive = [run for run in runs if run.expires_at > now]
        return _Found(group, alive, is_complete, last_at)

    def _views(self, workspace_id: str, found: "Sequence[_Found]") -> list[FailureGroupView]:
        wanted = {each.group.automation_id for each in found}
        automations = self.automations.get_many(workspace_id, wanted)
        names = {automation_id: each.name for automation_id, each in automations.items()}
        return [_view(each, names.get(each.group.automation_id)) for each in found]


class _Found(NamedTuple):
    """A group with its runs in the range, the expired ones left out."""

    group: FailureGroup
    runs: "list[FailedRun]"
    is_complete: bool
    last_at: int


def _is_wanted(
    group: FailureGroup, workspace_id: str, request: FailureRequest, words: list[str], now: int
) -> bool:
    return (
        group.workspace_id == workspace_id
        and request.automation_id in (None, group.automation_id)
        and group.expires_at > now
        and holds_words(group.message, words)
    )


def _view(found: _Found, automation_name: str | None) -> FailureGroupView:
    group = found.group
    contacts = {run.contact_id for run in found.runs if run.contact_id is not None}
    return FailureGroupView(
        id=group.id,
        automation_id=group.automation_id,
        automation_name=automation_name,
        node_id=group.node_id,
        kind=group.kind,
        message=group.message,
        count=len(found.runs),
        contacts=len(contacts),
        is_complete=found.is_complete,
        first_seen_at=iso(group.first_at),
        last_seen_at=iso(found.last_at),
        first_version=group.first_version,
    )
