"""Refusals as the API shows them."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from runledger.api.lists import UNREADABLE
from runledger.models.base import WireModel
from runledger.models.refusal import RefusalReason


class BodyFormat(StrEnum):
    """How the body of a kept event is shown. JSON: as its value. TEXT: as text. BINARY: as text in
    which invalid bytes are replaced."""

    JSON = "JSON"
    TEXT = "TEXT"
    BINARY = "BINARY"


class KeptEventView(WireModel):
    """An event as it was received. Credentials in its headers and query, and values under names
    like `password` in its body, are shown as `[redacted]`."""

    method: str = Field(description="The HTTP method.")
    headers: dict[str, str] = Field(description="The headers, by lower-case name.")
    query: dict[str, str] = Field(description="The query parameters.")
    content_type: str | None = Field(description="The header Content-Type; null if there is none.")
    format: BodyFormat = Field(description="How `body` is shown.")
    body: Any = Field(description="The body: a JSON value, or a text.")
    truncated: bool = Field(description="Whether only the beginning of the body is shown.")
    received_at: str = Field(description="When the event was received.")


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
    created_at: str = Field(description="When the first of these refusals happened.")
    last_at: str = Field(description="When the latest of these refusals happened.")
    kept_until: str | None = Field(
        default=None,
        description="Until when the event is kept and can be replayed; null if it is not kept.",
    )
    replayed_at: str | None = Field(
        default=None, description="When the event was replayed; null if it was not."
    )
    replayed_by: str | None = Field(
        default=None, description="The e-mail address of the user who replayed it."
    )
    replay_run_ids: list[str] | None = Field(
        default=None,
        description="The runs that the event opened, in the replay or before. Null if there was no "
        "replay, or if it was interrupted. In that case, send the same request again to "
        "complete it.",
    )
    replay_refusal_id: str | None = Field(
        default=None, description="The new refusal, if the replayed event was refused again."
    )
    erased_at: str | None = Field(
        default=None,
        description="When the contact was erased, together with all personal data.",
    )
    unreadable: str | None = Field(default=None, description=UNREADABLE)


class RefusalDetailView(RefusalView):
    """A trigger that opened no run, with its event."""

    event: KeptEventView | None = Field(
        description="The refused event; null if it was not kept, or was deleted since."
    )
