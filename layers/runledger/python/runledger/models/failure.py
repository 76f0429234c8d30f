"""Failure groups: runs of an automation that failed in the same way. Times are epoch
milliseconds."""

from enum import StrEnum
from typing import TYPE_CHECKING

from runledger.ids import short_derived_id
from runledger.models.base import Model

if TYPE_CHECKING:
    from runledger.models.run import ErrorDetail

GROUP_PREFIX = "err"
# The kind of an error for an unexpected HTTP status: the call describes it fully.
UNEXPECTED_STATUS = "HTTP_STATUS"
# The most characters of a note on a group.
NOTE_CHARACTERS = 500


class GroupStatus(StrEnum):
    """Whether a person resolved the group."""

    OPEN = "OPEN"
    RESOLVED = "RESOLVED"


class GroupOrder(StrEnum):
    """Which groups of a list come first: those that failed last, or those with the most runs."""

    NEWEST = "newest"
    COUNT = "count"


class TrendUnit(StrEnum):
    """The span of time that one bar of a trend covers."""

    MINUTE = "MINUTE"
    HOUR = "HOUR"
    DAY = "DAY"


def failure_group_id(workspace_id: str, automation_id: str, error: "ErrorDetail") -> str:
    """Returns the id of the group for a run with this error. The same error always gives the same
    id."""
    node_id = error.node_id or ""
    parts = (workspace_id, automation_id, node_id, error.kind)
    if error.call is None:
        return short_derived_id(GROUP_PREFIX, *parts, _fingerprint(error.message))
    call = error.call.text
    if error.kind == UNEXPECTED_STATUS:
        return short_derived_id(GROUP_PREFIX, *parts, call)
    return short_derived_id(GROUP_PREFIX, *parts, call, _fingerprint(error.message))


def group_names(error: "ErrorDetail") -> tuple[str | None, str]:
    """Returns the group's title for this error, and the error's message without values. The title
    is None if the message itself is the best title."""
    from runledger.models.fingerprint import normalized

    if error.call is None:
        return None, normalized(error.message)
    call = error.call.text
    if error.kind == UNEXPECTED_STATUS:
        # The message quotes the address, and only the call knows which parts of it are values.
        return call, call
    message = normalized(error.message)
    return f"{call}: {message}", message


def _fingerprint(message: str) -> str:
    # Imported here, because its patterns load slowly and code that only shows groups needs none.
    from runledger.models.fingerprint import fingerprint

    return fingerprint(message)


class Resolution(Model):
    """Who resolved a group and when. `reopened_at` is when the group was opened again, by the next
    failure or by a person."""

    by: str
    at: int
    note: str | None
    reopened_at: int | None = None


class Assignment(Model):
    """The member who looks after a group, and who assigned it to them."""

    user_id: str
    by: str
    at: int


class FailureGroup(Model):
    """One way in which an automation's runs failed.

    - `message` is the normalized text of the first recorded failure; `title` is a better name for
      the group, if there is one.
    - `first_at` and `first_version` belong to the earliest failure, even if its run has expired.
    - `listed_at` is when a run of the group last failed, updated at most once an hour. Lists are
      sorted by it.
    - `resolution` is the latest one.
    """

    id: str
    workspace_id: str
    automation_id: str
    node_id: str | None
    kind: str
    title: str | None = None
    message: str
    first_at: int
    first_version: int
    listed_at: int
    expires_at: int
    resolution: Resolution | None = None
    assignment: Assignment | None = None

    @property
    def shown_title(self) -> str:
        return self.message if self.title is None else self.title

    @property
    def is_resolved(self) -> bool:
        return self.resolution is not None and self.resolution.reopened_at is None


class FailedRun(Model):
    """A failed run in a group. `created_at` is when the run was created."""

    run_id: str
    contact_id: str | None
    version: int
    created_at: int
    failed_at: int
    expires_at: int
