"""Automations, their versions and schedules, as the API shows and takes them."""

from typing import Any

from pydantic import Field

from runledger.models.activation import ActivationStatus
from runledger.models.automation import (
    AutomationStatus,
    Edge,
    Graph,
    MachineType,
    Node,
    Position,
    Problem,
    Reentry,
)
from runledger.models.base import Whole, WireModel
from runledger.models.run import TriggerType
from runledger.models.schedule import FireSource, FireStatus, MissedReason


class WebhookView(WireModel):
    """The address that other systems post to."""

    path: str = Field(description="The path below the API's own address.")
    url: str = Field(description="The whole address.")
    signed: bool = Field(description="Whether the sender has to sign each call.")
    secret: str | None = Field(
        default=None,
        description=(
            "The signing secret; only in the answer to the activation or rotation that made it."
        ),
    )
    previous_valid_until: str | None = Field(
        default=None, description="Until when the secret before the latest rotation is taken too."
    )


class AutomationSummaryView(WireModel):
    """An automation as lists show it."""

    id: str = Field(description="The automation's id.")
    name: str = Field(description="The draft's name.")
    reentry: Reentry = Field(description="Whether a contact may have several runs.")
    status: AutomationStatus = Field(description="Whether the automation takes events.")
    version: int | None = Field(description="The active version; null where none is.")
    trigger_type: TriggerType | None = Field(
        description="What triggers the active version; null where none is active."
    )
    next_fire_at: str | None = Field(description="When an active date automation fires next.")
    has_unpublished_changes: bool = Field(
        description="True where the draft differs from the active version."
    )
    created_at: str = Field(description="When it was created.")
    updated_at: str = Field(description="When it was last changed.")
    updated_by: str = Field(description="The e-mail of the user who changed it last.")


class MachineView(WireModel):
    """The Step Functions state machine of a version."""

    type: MachineType = Field(description="EXPRESS or STANDARD; the compiler chooses.")
    reason: str = Field(description="Why this type.")
    run_seconds: int = Field(description="The longest time that one run may take, in seconds.")


class FireView(WireModel):
    """One day on which a date automation fired."""

    day: str = Field(description="The day, in the automation's time zone.")
    version: int = Field(description="The version that fired.")
    occurs_on: str | None = Field(
        description="The date that the contacts had; null where it lies beyond the calendar."
    )
    scheduled_for: str = Field(description="When it should have fired.")
    fired_at: str = Field(description="When it fired.")
    by: FireSource = Field(description="What fired it.")
    missed: MissedReason | None = Field(
        description="Why the schedule did not fire by itself; null where it did."
    )
    status: FireStatus = Field(description="How far the fire has come.")
    reason: str | None = Field(description="Why it stopped; null where it did not.")
    opened: int = Field(description="How many runs it opened.")
    refused: int = Field(description="How many contacts it opened no run for.")
    finished_at: str | None = Field(
        description="When the last run was opened; null while runs are being opened."
    )


class ScheduleView(WireModel):
    """When an active date automation fires."""

    expression: str = Field(description="A cron expression of EventBridge Scheduler.")
    time_zone: str = Field(description="The time zone of the expression.")
    next_fire_at: str = Field(description="When it fires next.")
    last_fire: FireView | None = Field(description="The latest fire; null before the first.")


class ActivationView(WireModel):
    """A request to activate a draft, and its status."""

    automation_id: str = Field(description="The automation's id.")
    version: int = Field(description="The number that the version has once it is active.")
    revision: int = Field(description="The draft's revision when it was frozen.")
    status: ActivationStatus = Field(
        description=(
            "PENDING until the version is active; ACTIVE since then; FAILED where it could not be "
            "done; CANCELED where a newer activation, a pause or archiving overtook it."
        )
    )
    problem: Problem | None = Field(
        description="Why it FAILED or was CANCELED; null for the others."
    )
    requested_at: str = Field(description="When it was asked for.")
    requested_by: str = Field(description="The e-mail of the user who asked for it.")
    finished_at: str | None = Field(description="When it ended; null while it is PENDING.")
    secret: str | None = Field(
        default=None,
        description=(
            "The signing secret of the webhook; only in the answer to the request that made it."
        ),
    )


class AutomationView(AutomationSummaryView):
    """An automation with its draft."""

    revision: int = Field(
        description=(
            "How often the draft was saved; send it back to notice other people's changes."
        )
    )
    nodes: list[Node] = Field(description="The draft's nodes.")
    edges: list[Edge] = Field(description="The draft's edges.")
    layout: dict[str, Position] = Field(
        description="Where the console shows each node, by node id."
    )
    webhook: WebhookView | None = Field(
        description="Where other systems post; null for other triggers, and for VIEWER."
    )
    schedule: ScheduleView | None = Field(
        description="When it fires; null for other triggers, and where it is not active."
    )
    machine: MachineView | None = Field(
        description="The state machine of the active version; null where none is active."
    )
    activation: ActivationView | None = Field(
        description="The newest request to activate a draft; null before the first."
    )
    problems: list[Problem] = Field(
        description="What is wrong with the draft now; it can be activated where this is empty."
    )
    warnings: list[Problem] = Field(
        description="What the draft may do and its author should know; it can be activated."
    )


class VersionSummaryView(WireModel):
    """A version as lists show it."""

    version: int = Field(description="The number of the version, counted from 1.")
    name: str = Field(description="The automation's name when the version was activated.")
    activated_at: str = Field(description="When it was activated.")
    activated_by: str = Field(description="The e-mail of the user who activated it.")
    machine: MachineView = Field(description="The version's state machine.")


class VersionView(VersionSummaryView):
    """A version with its graph."""

    graph: Graph = Field(description="The graph as it was activated.")


class ProblemsView(WireModel):
    """The problems of a graph, and its warnings."""

    problems: list[Problem] = Field(
        description="Every problem; empty where the graph can be activated."
    )
    warnings: list[Problem] = Field(
        description="What the graph may do and its author should know; it can be activated."
    )


class NodeTypeView(WireModel):
    """A node type as the palette shows it."""

    type: str = Field(description="The type, as a node names it.")
    title: str = Field(description="The name for people.")
    icon: str = Field(description="The name of its icon in the console.")
    description: str = Field(description="What a node of this type does.")
    example: dict[str, Any] = Field(description="A config that is valid.")
    config_schema: dict[str, Any] = Field(
        description=(
            "JSON Schema of the config. `picks` says what a text names: a CHANNEL, "
            "TEMPLATE, SEGMENT, AUTOMATION or TIME_ZONE."
        )
    )
    branches: list[str] = Field(
        description="The branch labels of the example; empty where there is one way on."
    )
    branches_required: bool = Field(
        description=("Whether each branch needs an edge. If not, one edge without a label will do.")
    )
    is_start: bool = Field(description="Whether a graph begins with it.")
    is_end: bool = Field(description="Whether no edge leaves it.")


class RotationDocument(WireModel):
    """How to replace a signing secret."""

    overlap_minutes: Whole = Field(
        default=1_440,
        ge=0,
        le=10_080,
        description="For how many minutes the secret before is taken too.",
    )
