"""Answers readers about failure groups.

A group's numbers are counted from its runs each time it is shown, so they cannot be wrong. Reads
are bounded, so a count may be a lower bound; then `is_complete` is False."""

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from runledger.api.failures import FailureGroupView
from runledger.api.lists import ListView
from runledger.clock import DAY, HOUR, Clock, iso, optional_iso
from runledger.errors import NotFoundError
from runledger.models.failure import FailureGroup, GroupStatus
from runledger.models.fingerprint import holds_words, words_of
from runledger.services.lists.windows import window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runledger.models.failure import FailedRun
    from runledger.models.run import ErrorDetail, Run
    from runledger.services.lists.cursors import Cursors
    from runledger.store.automations import AutomationStore
    from runledger.store.failures import FailureStore
    from runledger.store.runs import RunStore

# The most runs counted in one group. An answer ends when it has read RUN_BUDGET runs of all groups,
# or looked at GROUP_BUDGET groups, because no index covers text and range.
MOST_RUNS = 10_000
RUN_BUDGET = 20_000
GROUP_BUDGET = 500
_FAILED_CALL = re.compile(r"\b([A-Z]{3,7}) https?://([^\s/?#]+)\S* answered (\d{3})\b")
_ANSWERED = re.compile(r"\banswered (?:with )?(?:status )?(\d{3})\b")


@dataclass(frozen=True, slots=True)
class FailureRequest:
    """A reader's request, as they wrote it.

    `since` and `until` are dates or times, read in `time_zone`. All words of `text` must occur in a
    group's title or message; numbers, ids and addresses in `text` are ignored."""

    automation_id: str | None
    status: GroupStatus | None
    range: str | None
    since: str | None
    until: str | None
    time_zone: str | None
    text: str | None
    limit: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class FailureViews:
    """Shows groups as readers see them, with current numbers from their runs."""

    runs: "RunStore"
    failures: "FailureStore"
    automations: "AutomationStore"
    clock: Clock

    def group(
        self, workspace_id: str, group_id: str, *, consistent: bool = False
    ) -> FailureGroupView:
        """Returns one group. Raises NotFoundError also for a group of another workspace, or one
        whose runs have expired."""
        now = self.clock()
        group = self.failures.find(group_id, consistent=consistent)
        if group is not None and group.workspace_id == workspace_id:
            there = self.found(group, *window(None, None, None, now), now)
            if there.runs:
                return self.views(workspace_id, [there], whole=True)[0]
        raise NotFoundError(f"there is no failure group {group_id}")

    def found(self, group: FailureGroup, since: int, until: int, now: int) -> "GroupInRange":
        runs, is_complete = self.failures.runs(group.id, since, until, MOST_RUNS)
        newest = runs[:1]
        if until < now:
            newest, _ = self.failures.runs(group.id, 0, now + DAY, 1)
        # A run that waited long may have failed after newer runs. The group has its hour.
        last_at = max(group.first_at, group.listed_at, *(run.failed_at for run in newest + runs))
        alive = [run for run in runs if run.expires_at > now]
        return GroupInRange(
            group, alive, newest[0].run_id if newest else None, is_complete, last_at
        )

    def views(
        self, workspace_id: str, found: "Sequence[GroupInRange]", *, whole: bool = False
    ) -> list[FailureGroupView]:
        """Returns the views of groups, with one read of all automations and one of all newest runs.
        A run's row has the start of its message; `whole` reads each step for the rest."""
        wanted = {each.group.automation_id for each in found}
        automations = self.automations.get_many(workspace_id, wanted)
        newest = self.runs.get_many(each.newest for each in found if each.newest is not None)
        shown = []
        for each in found:
            automation = automations.get(each.group.automation_id)
            run = newest.get(each.newest or "")
            if run is not None and (run.workspace_id != workspace_id or _is_over(run, self.clock)):
                run = None
            error = run.error if run is not None else None
            if run is not None and whole:
                error = self.failures.whole_error(run)
            shown.append(_view(each, automation.name if automation else None, run, error))
        return shown


@dataclass(frozen=True, slots=True)
class FailureQueries:
    shown: FailureViews
    cursors: "Cursors"

    def page(self, workspace_id: str, request: FailureRequest) -> ListView[FailureGroupView]:
        """Returns groups with runs created in the range, the latest failure first.

        Every page is full, except the last one and a page whose budget ran out, which still has a
        cursor. Raises InvalidInputError, with the parameter, if a parameter cannot be read."""
        now = self.shown.clock()
        since, until = window(request.range, request.since, request.until, now, request.time_zone)
        words = words_of(request.text or "")
        binding = {
            "workspace": workspace_id,
            "list": "failure-groups",
            "automation": request.automation_id,
            "status": request.status,
            "range": [request.range, request.since, request.until, request.time_zone],
            "text": words,
        }

        def read(limit: int, place: str | None) -> "tuple[list[GroupInRange], str | None]":
            # A range that ends now keeps its bounds on all pages.
            start, end, after = (since, until, None) if place is None else json.loads(place)
            found, position = self._read(workspace_id, request, words, start, end, after, now)
            return found, None if position is None else json.dumps([start, end, position])

        def views(found: "Sequence[GroupInRange]") -> list[FailureGroupView]:
            return self.shown.views(workspace_id, found)

        return self.cursors.page(binding, request.limit, request.cursor, read, views)

    def _read(
        self,
        workspace_id: str,
        request: FailureRequest,
        words: list[str],
        since: int,
        until: int,
        position: str | None,
        now: int,
    ) -> "tuple[list[GroupInRange], str | None]":
        """Returns the groups after `position`, and the position of the next page, or None at the
        end."""
        found: list[GroupInRange] = []
        has_more = False
        groups_left, runs_left = GROUP_BUDGET, RUN_BUDGET
        # Start an hour early: a run fails after it was created, and groups are listed by the hour.
        listed = self.shown.failures.newest(
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
            there = self.shown.found(group, since, until, now)
            runs_left -= len(there.runs)
            if there.runs:
                found.append(there)
        # The index sorts by hour. Within an hour, sort by the exact time.
        found.sort(key=lambda each: each.last_at, reverse=True)
        return found, position if has_more else None


class GroupInRange(NamedTuple):
    """A group with its unexpired runs in the range, and the id of its newest run in any range."""

    group: FailureGroup
    runs: "list[FailedRun]"
    newest: str | None
    is_complete: bool
    last_at: int


def _is_over(run: "Run", clock: Clock) -> bool:
    return run.expires_at <= clock()


def _is_wanted(
    group: FailureGroup, workspace_id: str, request: FailureRequest, words: list[str], now: int
) -> bool:
    return (
        group.workspace_id == workspace_id
        and request.automation_id in (None, group.automation_id)
        and request.status in (None, status_of(group))
        and group.expires_at > now
        and _holds(group, request.text or "", words)
    )


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


def status_of(group: FailureGroup) -> GroupStatus:
    return GroupStatus.RESOLVED if group.is_resolved else GroupStatus.OPEN


def _view(
    found: GroupInRange, automation_name: str | None, run: "Run | None", error: "ErrorDetail | None"
) -> FailureGroupView:
    group = found.group
    contacts = {run.contact_id for run in found.runs if run.contact_id is not None}
    resolution = group.resolution if group.is_resolved else None
    reopened_at = group.resolution.reopened_at if group.resolution is not None else None
    return FailureGroupView(
        id=group.id,
        automation_id=group.automation_id,
        automation_name=automation_name,
        node_id=group.node_id,
        kind=group.kind,
        title=group.shown_title,
        message=group.message,
        newest_message=error.message if error is not None else None,
        newest_run_id=run.id if run is not None else None,
        status=status_of(group),
        resolved_by=resolution.by if resolution is not None else None,
        resolved_at=iso(resolution.at) if resolution is not None else None,
        note=resolution.note if resolution is not None else None,
        reopened_at=optional_iso(reopened_at),
        count=len(found.runs),
        contacts=len(contacts),
        is_complete=found.is_complete,
        first_seen_at=iso(group.first_at),
        last_seen_at=iso(found.last_at),
        first_version=group.first_version,
    )
