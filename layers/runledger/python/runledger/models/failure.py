"""Failure groups: failed runs of an automation that failed alike. Times are epoch milliseconds."""

from typing import TYPE_CHECKING

from pydantic import Field

from runledger.ids import short_derived_id
from runledger.models.base import Model, WireModel

if TYPE_CHECKING:
    from runledger.models.run import ErrorDetail

GROUP_PREFIX = "err"


def failure_group_id(workspace_id: str, automation_id: str, error: "ErrorDetail") -> str:
    """The group that a run with this error belongs to: whoever asks derives the same one."""
    node_id = error.node_id or ""
    # Its patterns take a while to load, and those who only show groups need none of them.
    from runledger.models.fingerprint import fingerprint

    print_ = fingerprint(error.message)
    return short_derived_id(GROUP_PREFIX, workspace_id, automation_id, node_id, error.kind, print_)


class FailureGroup(Model):
    """One way in which an automation's runs failed.

    `message` is the normalised text of the first one that was told of. `first_at` and
    `first_version` are of the earliest failure there was, also where its run has expired since.
    `listed_at` is where the lists have it: when a run of it last failed, moved once an hour at
    most."""

    id: str
    workspace_id: str
    automation_id: str
    node_id: str | None
    kind: str
    message: str
    first_at: int
    first_version: int
    listed_at: int
    expires_at: int


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
    message: str = Field(description="With placeholders, such as <number>, for what differs.")
    count: int = Field(description="Runs of the group that were created in the range.")
    contacts: int = Field(description="Different contacts of these runs.")
    is_complete: bool = Field(description="False where there are more than were counted.")
    first_seen_at: str = Field(description="The earliest failure of all, whatever the range.")
    last_seen_at: str = Field(description="The latest one, whatever the range.")
    first_version: int = Field(description="The automation's version of the earliest failure.")
