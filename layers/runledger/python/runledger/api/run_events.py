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
    """Returns the event's id. It is the same each time the change is published."""
    return derived_id("evt", run_id, str(sequence))


class EventPart(WireModel):
    """A part of an event. Events may get more fields, so a reader ignores fields it does not
    know."""

    model_config = ConfigDict(extra="ignore")


class EventTrigger(EventPart):
    """What opened the run."""

    type: TriggerType = Field(description="The kind of trigger.")


class EventError(EventPart):
    """Why the run failed."""

    node_id: str | None = Field(description="The node it failed at, where it was one.")
    kind: str = Field(description="Stable and for programs, e.g. STOP_ERROR.")
    message: str = Field(description="For a person; the first 120 bytes.")


class EventCanceled(EventPart):
    """Who ended the run, and why."""

    by: str = Field(description="A user's e-mail, or `system`.")
    reason: str = Field(description="Their words.")


class RunEvent(EventPart):
    """The detail of `run.*`: a run has a new status. Times are ISO 8601 UTC.

    It holds ids only: no address of a contact, no payload, no output."""

    schema_version: Literal[1] = Field(
        default=1, alias="schema", description="The version of this document."
    )
    id: str = Field(description="The change's own id: drop what was seen before.")
    sequence: int = Field(ge=1, description="Grows by one with every status of the run.")
    workspace_id: str = Field(description="The workspace of the run.")
    run_id: str = Field(description="The run.")
    automation_id: str = Field(description="Its automation.")
    automation_name: str = Field(description="As it was called when the run was opened.")
    version: int = Field(description="The automation's version that the run is of.")
    status: RunStatus = Field(description="What it has come to.")
    attempt: int = Field(ge=1, description="Which of its executions, from 1.")
    trigger: EventTrigger = Field(description="What opened the run.")
    contact_id: str | None = Field(description="Whom it is for.")
    occurred_at: str = Field(description="When it came to the status.")
    created_at: str = Field(description="When it was opened.")
    scheduled_for: str | None = Field(description="When it was to start, if not at once.")
    started_at: str | None = Field(description="When its first node began.")
    finished_at: str | None = Field(description="When it ended.")
    duration_ms: int | None = Field(description="From startedAt to finishedAt.")
    error: EventError | None = Field(description="With FAILED.")
    canceled: EventCanceled | None = Field(description="With CANCELED.")
    has_downstream: bool = Field(
        description="Whether the run has ended and automations wait for runs of this one."
    )
