"""Refusals as the API shows them."""

from typing import Any

from pydantic import Field

from runledger.api.lists import UNREADABLE
from runledger.models.base import WireModel
from runledger.models.refusal import RefusalReason


class RefusalView(WireModel):
    """A trigger that opened no run. Refusals with the same reason in the same minute share one row,
    which shows the first of them."""

    id: str = Field(description="The refusal's id.")
    reason: RefusalReason = Field(description="Why no run was opened.")
    message: str = Field(description="The reason, in words.")
    automation_id: str = Field(description="The automation that was triggered.")
    automation_name: str = Field(description="The automation's name at that time.")
    version: int | None = Field(
        description="The active version at that time; null if there was none."
    )
    trigger: dict[str, Any] = Field(
        description="The trigger: its `type`, and details for that type."
    )
    contact_id: str | None = Field(
        description="The contact that the event was about; null if none was found."
    )
    run_id: str | None = Field(
        description=(
            "The run that prevented a new one, or the run that the same event opened before."
        )
    )
    source: str | None = Field(
        description=(
            "Where the event came from: an IP address, a user's e-mail address or the id of an "
            "upstream run."
        )
    )
    count: int = Field(description="How many refusals this row stands for.")
    created_at: str = Field(description="When the first of them happened.")
    last_at: str = Field(description="When the latest of them happened.")
    erased_at: str | None = Field(
        default=None,
        description="When the contact was erased, together with all personal data.",
    )
    unreadable: str | None = Field(default=None, description=UNREADABLE)
