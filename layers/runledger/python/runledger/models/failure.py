"""Failure groups: failed runs of an automation that failed alike. Times are epoch milliseconds."""

from enum import StrEnum
from typing import TYPE_CHECKING

from runledger.ids import short_derived_id
from runledger.models.base import Model

if TYPE_CHECKING:
    from runledger.models.run import ErrorDetail

GROUP_PREFIX = "err"
# The kind of an error that is an answer's status: the call says all of it.
UNEXPECTED_STATUS = "HTTP_STATUS"
# Characters of a note on a group.
NOTE_CHARACTERS = 500


class GroupStatus(StrEnum):
    """Whether somebody said that the failure is dealt with."""

    OPEN = "OPEN"
    RESOLVED = "RESOLVED"


def failure_group_id(workspace_id: str, automation_id: str, error: "ErrorDetail") -> str:
    """The group that a run with this error belongs to: whoever asks derives the same one."""
    node_id = error.node_id or ""
    parts = (workspace_id, automation_id, node_id, error.kind)
    if error.call is None:
        return short_derived_id(GROUP_PREFIX, *parts, _fingerprint(error.message))
    call = error.call.text
    if error.kind == UNEXPECTED_STATUS:
        return short_derived_id(GROUP_PREFIX, *parts, call)
    return short_derived_id(GROUP_PREFIX, *parts, call, _fingerprint(error.message))


def group_names(error: "ErrorDetail") -> tuple[str | None, str]:
    """The title of the group of an error, where there is a better one than its message, and the
    message without values."""
    from runledger.models.fingerprint import normalised

    if error.call is None:
        return None, normalised(error.message)
    call = error.call.text
    if error.kind == UNEXPECTED_STATUS:
        # The message quotes the address, and what is a value in it is known to the call alone.
        return call, call
    message = normalised(error.message)
    return f"{call}: {message}", message


def _fingerprint(message: str) -> str:
    # Its patterns take a while to load, and those who only show groups need none of them.
    from runledger.models.fingerprint import fingerprint

    return fingerprint(message)


class Resolution(Model):
    """Who resolved a group and when; `reopened_at` is when it was opened again since: by the first
    failure after it, or by a person."""

    by: str
    at: int
    note: str | None
    reopened_at: int | None = None


class FailureGroup(Model):
    """One way in which an automation's runs failed.

    `message` is the normalised text of the first failure that was recorded, `title` names the
    group where there is a better name than that. `first_at` and `first_version` are of the
    earliest failure, also where its run has expired since. `listed_at` is where the lists have it:
    when a run of it last failed, moved once an hour at most. `resolution` is the latest one."""

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

    @property
    def shown_title(self) -> str:
        return self.message if self.title is None else self.title

    @property
    def is_resolved(self) -> bool:
        return self.resolution is not None and self.resolution.reopened_at is None


class FailedRun(Model):
    """A member of a group: a run that failed so. `created_at` is the run's."""

    run_id: str
    contact_id: str | None
    version: int
    created_at: int
    failed_at: int
    expires_at: int
