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
    message: str = Field(description="The reason in words.")
    automation_id: str = Field(description="The automation that was triggered.")
    automation_name: str = Field(description="The automation's name at that time.")
    version: int | None = Field(description="The version that was active; null where none was.")
    trigger: dict[str, Any] = Field(
        description="What was fired: its `type` and facts of that type."
    )
    contact_id: str | None = Field(
        description="The contact it was about; null where none was found."
    )
    run_id: str | None = Field(
        description="The run in the way, or the run that the same event had opened before."
    )
    source: str | None = Field(
        description="Who fired it: an address, a user's e-mail or the id of an upstream run."
    )
    count: int = Field(description="How many refusals this row stands for.")
    created_at: str = Field(description="When the first of them came.")
    last_at: str = Field(description="When the latest of them came.")
    erased_at: str | None = Field(
        default=None,
        description="When the contact was erased, and with it everything about the person.",
    )
    unreadable: str | None = Field(default=None, description=UNREADABLE)
