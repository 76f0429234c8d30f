"""Failure groups as the API shows and takes them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from runledger.models.base import WireModel
from runledger.models.failure import NOTE_CHARACTERS, GroupStatus


class FailureGroupView(WireModel):
    """Runs of an automation that failed in the same way: at the same node, with the same kind of
    error, and with messages that differ only in ids, numbers, addresses and similar values."""

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
    """A note about a failure: what was done, or why it does not matter."""

    note: (
        Annotated[str, StringConstraints(strip_whitespace=True, max_length=NOTE_CHARACTERS)] | None
    ) = Field(default=None, description="Shown with the group while it is resolved.")
