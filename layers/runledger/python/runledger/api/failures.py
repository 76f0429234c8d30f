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
    automation_name: str | None = Field(
        description="The automation's current name; null if it no longer exists."
    )
    node_id: str | None = Field(
        description="The node that failed; null if the runs failed outside any node."
    )
    kind: str = Field(description="A stable error code for programs.")
    title: str = Field(
        description=(
            "The name of the group. A failed call is named by method, host, path and status, "
            "such as POST api.example.com/score/{id} answered 503; any other error by its "
            "message."
        )
    )
    message: str = Field(
        description=(
            "The first failure's message, with placeholders such as <number> for the parts "
            "that vary."
        )
    )
    newest_message: str | None = Field(
        description=(
            "The newest run's message; a list shows only its beginning. Null if that run has "
            "expired."
        )
    )
    newest_run_id: str | None = Field(description="The newest run of the group.")
    status: GroupStatus = Field(
        description=(
            "RESOLVED if a person resolved the group and no run has failed in this way since; "
            "otherwise OPEN."
        )
    )
    resolved_by: str | None = Field(description="Who resolved the group; null if it is OPEN.")
    resolved_at: str | None = Field(description="When the group was resolved; null if it is OPEN.")
    note: str | None = Field(
        description="The note of the person who resolved the group; null if it is OPEN."
    )
    reopened_at: str | None = Field(
        description="When the group was reopened after it was last resolved; null if it was not."
    )
    count: int = Field(description="The number of the group's runs that were created in the range.")
    contacts: int = Field(description="The number of different contacts in these runs.")
    is_complete: bool = Field(description="False if there are more runs than were counted.")
    first_seen_at: str = Field(description="When the first run failed, even if outside the range.")
    last_seen_at: str = Field(description="When the latest run failed, even if outside the range.")
    first_version: int = Field(description="The automation's version in the first failed run.")


class ResolveDocument(WireModel):
    """A note about a failure: what was done, or why it does not matter."""

    note: (
        Annotated[str, StringConstraints(strip_whitespace=True, max_length=NOTE_CHARACTERS)] | None
    ) = Field(default=None, description="A note. The group shows it as long as it is resolved.")
