"""Failure groups as the API shows and takes them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from runledger.api.lists import ListView
from runledger.models.base import WireModel
from runledger.models.failure import NOTE_CHARACTERS, GroupStatus, TrendUnit


class AssigneeView(WireModel):
    """A member to whom failure groups can be assigned."""

    user_id: str = Field(description="The id of the member's account.")
    email: str = Field(description="The member's e-mail address.")


class TrendView(WireModel):
    """The number of a failure group's runs per minute, hour or day, by creation time."""

    unit: TrendUnit = Field(
        description=(
            "How long each bar is: MINUTE for up to two hours, HOUR for up to three days, "
            "otherwise DAY. Days begin at midnight in `timeZone`."
        )
    )
    from_: str = Field(
        alias="from",
        description=(
            "When the first bar begins. A trend has at most 92 days, and begins no earlier than "
            "the runs that were counted."
        ),
    )
    counts: list[int] = Field(
        description=(
            "The number of runs in each bar, oldest first. If `isComplete` is false, the first "
            "number is a minimum."
        )
    )


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
            "RESOLVED if the group was resolved and has not been reopened since, by a person or by "
            "a new failure; otherwise OPEN. A rerun that fails does not reopen it."
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
    assignee: AssigneeView | None = Field(
        description=(
            "The member who looks after the group; null if there is none, or if they have left the "
            "workspace or became a viewer."
        )
    )
    assigned_by: str | None = Field(description="Who assigned the group; null without assignee.")
    assigned_at: str | None = Field(
        description="When the group was assigned; null without assignee."
    )
    count: int = Field(description="The number of the group's runs that were created in the range.")
    contacts: int = Field(
        description=(
            "The number of different contacts in these runs. Erased contacts are not counted."
        )
    )
    is_complete: bool = Field(
        description=(
            "False if there are more runs than were counted: then `count` and `contacts` are "
            "minimums."
        )
    )
    trend: TrendView = Field(
        description="The number of these runs over time, by when they were created."
    )
    first_seen_at: str = Field(description="When the first run failed, even if outside the range.")
    last_seen_at: str = Field(description="When the latest run failed, even if outside the range.")
    first_version: int = Field(description="The automation's version in the first failed run.")


class ResolveDocument(WireModel):
    """A note about a failure: what was done, or why it does not matter."""

    note: (
        Annotated[str, StringConstraints(strip_whitespace=True, max_length=NOTE_CHARACTERS)] | None
    ) = Field(default=None, description="A note. The group shows it as long as it is resolved.")


class AssignDocument(WireModel):
    """The member who looks after a failure group from now on."""

    user_id: str | None = Field(
        description="The id of a member with the role MEMBER or higher; null for nobody."
    )


class FailureGroupListView(ListView[FailureGroupView]):
    """One page of failure groups."""

    is_complete: bool = Field(
        description=(
            "Whether every matching group is on this page or on a page that `nextCursor` leads to. "
            "False only in the order `count`, if there are more groups than were compared, or than "
            "fit on one page."
        )
    )
