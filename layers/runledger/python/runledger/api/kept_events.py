"""Kept events, replays and captures as the API shows them."""

from typing import Any

from pydantic import Field

from runledger.api.refusals import BodyFormat, RefusalView
from runledger.models.base import WireModel
from runledger.models.kept_event import CaptureOutcome
from runledger.models.run import RunStatus


class ReplayedRunView(WireModel):
    """One run of a replayed event. Either the replay opened the run, or the same event had opened
    it before."""

    run_id: str = Field(description="The run's id.")
    status: RunStatus = Field(description="The run's status.")
    duplicate: bool = Field(description="Whether the same event had opened the run before.")


class ReplayView(WireModel):
    """The result of a replay."""

    runs: list[ReplayedRunView] = Field(
        description="The runs of the event; empty if it was refused again, or if the trigger's "
        "filter ignored it."
    )
    refusal: RefusalView | None = Field(
        description="The new refusal, if the event or some of its elements were refused again. It "
        "can be replayed too."
    )


class CaptureView(WireModel):
    """A capture of an automation's next events: when it ends, and how many more events it keeps."""

    until: str = Field(description="When the capture ends.")
    left: int = Field(description="How many more events will be captured.")


class CapturedEventView(WireModel):
    """An event that a capture kept, and its result."""

    id: str = Field(description="The captured event's id.")
    received_at: str = Field(description="When the event was received.")
    outcome: CaptureOutcome = Field(
        description="ACCEPTED: the event opened runs, or had opened them before. IGNORED: the "
        "trigger's filter excluded it. REFUSED: it opened no run."
    )
    status: int = Field(description="The HTTP status that the sender received.")
    run_ids: list[str] = Field(
        description="The runs that the event has opened, by this replay or earlier."
    )
    refusal_id: str | None = Field(
        description="The id of the event's refusal; null if there is none."
    )
    message: str | None = Field(description="Why the event was refused; null if it was not.")
    type: str | None = Field(description="The event's type; null if the event has none.")
    event_id: str | None = Field(description="The event's id; null if the event has none.")
    method: str = Field(description="The HTTP method.")
    headers: dict[str, str] = Field(description="The headers, by lower-case name.")
    query: dict[str, str] = Field(description="The query parameters.")
    content_type: str | None = Field(description="The header Content-Type; null if there is none.")
    format: BodyFormat = Field(description="How `body` is shown.")
    body: Any = Field(description="The body: a JSON value, or a text.")
    truncated: bool = Field(description="Whether only the beginning of the body is shown.")


class CapturedEventsView(WireModel):
    """The captured events of an automation, and its current capture."""

    items: list[CapturedEventView] = Field(description="The captured events, newest first.")
    capture: CaptureView | None = Field(description="The current capture; null if there is none.")
