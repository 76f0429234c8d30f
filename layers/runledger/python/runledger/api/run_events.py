"""The events about runs on the bus. docs/events.md describes them; their JSON Schema is generated
from this file."""

from typing import Literal

from pydantic import ConfigDict, Field

from runledger.ids import derived_id
from runledger.models.base import WireModel
from runledger.models.run import RunStatus, TriggerType

SOURCE = "runledger"


def detail_type(status: RunStatus) -> str:
    return f"run.{status.value.lower()}"


def event_id(run_id: str, sequence: int) -> str:
    """Returns the event's id. If the same change of a run is published again, the id is the
    same."""
    return derived_id("evt", run_id, str(sequence))


class EventPart(WireModel):
    """A part of an event. Events may get more fields, so a reader ignores fields it does not
    know."""

    model_config = ConfigDict(extra="ignore")


class EventTrigger(EventPart):
    """What opened the run."""

    type: TriggerType = Field(description="The trigger type.")


class EventError(EventPart):
    """Why the run failed."""

    node_id: str | None = Field(
        description="The node that failed; null if the run failed outside any node."
    )
    kind: str = Field(description="A stable code for programs, such as STOP_ERROR.")
    message: str = Field(description="The first 120 bytes of the message.")


class EventCanceled(EventPart):
    """Who ended the run, and why."""

    by: str = Field(description="A user's e-mail address, or `system`.")
    reason: str = Field(description="Why the run was canceled.")


class RunEvent(EventPart):
    """The detail of `run.*`: a run has a new status. Times are ISO 8601 UTC.

    It holds ids only: no address of a contact, no payload, no output."""

    schema_version: Literal[1] = Field(
        default=1, alias="schema", description="The version of this format."
    )
    id: str = Field(
        description="Identifies this change. Ignore an event whose id you have already processed."
    )
    sequence: int = Field(ge=1, description="Grows by one with every change of the run's status.")
    workspace_id: str = Field(description="The workspace's id.")
    run_id: str = Field(description="The run's id.")
    automation_id: str = Field(description="The automation's id.")
    automation_name: str = Field(description="The automation's name when the run was opened.")
    version: int = Field(description="The automation's version.")
    status: RunStatus = Field(description="The new status.")
    attempt: int = Field(ge=1, description="The number of the run's execution, counted from 1.")
    trigger: EventTrigger = Field(description="What opened the run.")
    contact_id: str | None = Field(description="The contact; null for a run without one.")
    occurred_at: str = Field(description="When the run got this status.")
    created_at: str = Field(description="When the run was opened.")
    scheduled_for: str | None = Field(
        description="When the run was scheduled to start; null if it started at once."
    )
    started_at: str | None = Field(description="When the first node started; null until then.")
    finished_at: str | None = Field(description="When the run ended; null until then.")
    duration_ms: int | None = Field(description="Milliseconds from startedAt to finishedAt.")
    error: EventError | None = Field(
        description="Why the run failed; null unless the status is FAILED."
    )
    canceled: EventCanceled | None = Field(
        description="Who canceled the run, and why; null unless the status is CANCELED."
    )
    has_downstream: bool = Field(
        description=(
            "Whether other automations are triggered by the end of this run. True only if the "
            "run has ended."
        )
    )
