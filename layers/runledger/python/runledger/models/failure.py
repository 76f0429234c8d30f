"""Failure groups: failed runs of an automation that failed alike. Times are epoch milliseconds."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from runledger.ids import short_derived_id
from runledger.models.base import Model, WireModel

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


class FailureGroupView(WireModel):
    """Runs of an automation that failed alike: at the same node, of the same kind, with messages
    that differ only in ids, numbers, addresses and the like."""

    id: str = Field(description="The group's id.")
    automation_id: str = Field(description="The automation whose runs failed.")
    automation_name: str | None = Field(description="Null where the automation is gone.")
    node_id: str | None = Field(description="Null where the run failed outside of any node.")
    kind: str = Field(description="The error's stable code.")
    title: str = Field(
        description="Names the group: a call by method, host, path and status, such as POST "
        "api.example.com/score/{id} answered 503; any other error by its message."
    )
    message: str = Field(
        description="The first message, with placeholders, such as <number>, for what differs."
    )
    newest_message: str | None = Field(
        description="As the newest run tells it; a list shows its beginning. Null where that run "
        "is gone."
    )
    newest_run_id: str | None = Field(description="The run that was created last.")
    status: GroupStatus = Field(
        description="RESOLVED until a run fails after that in the same way."
    )
    resolved_by: str | None = Field(description="Who resolved it; null where it is OPEN.")
    resolved_at: str | None = Field(description="When it was resolved; null where it is OPEN.")
    note: str | None = Field(description="What was written then; null where it is OPEN.")
    reopened_at: str | None = Field(
        description="When it was opened again since it was last resolved; null otherwise."
    )
    count: int = Field(description="Runs of the group that were created in the range.")
    contacts: int = Field(description="Different contacts of these runs.")
    is_complete: bool = Field(description="False where there are more than were counted.")
    first_seen_at: str = Field(description="The earliest failure of all, whatever the range.")
    last_seen_at: str = Field(description="The latest one, whatever the range.")
    first_version: int = Field(description="The automation's version of the earliest failure.")


class ResolveDocument(WireModel):
    """What was done about a failure, or why it does not matter."""

    note: (
        Annotated[str, StringConstraints(strip_whitespace=True, max_length=NOTE_CHARACTERS)] | None
    ) = Field(default=None, description="Shown with the group while it is resolved.")
