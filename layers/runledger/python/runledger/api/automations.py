"""Automations, their versions and schedules, as the API shows and takes them."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from runledger.api.request_fields import Reason
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

    path: str = Field(description="The path of the webhook, relative to the API's address.")
    url: str = Field(description="The full URL of the webhook.")
    preset: str = Field(description="The sender: one of `GET /v1/source-presets`.")
    signed: bool = Field(description="Whether the sender must prove each request with a key.")
    secret: str | None = Field(
        default=None,
        description=(
            "The signing secret. Only the answer to the activation or rotation that "
            "created it shows it."
        ),
    )
    has_secret: bool = Field(default=False, description="Whether a secret is set.")
    secret_hint: str | None = Field(
        default=None,
        description="The last four characters of the secret; null if it is shorter than 24.",
    )
    has_public_key: bool = Field(default=False, description="Whether a public key is set.")
    has_verify_token: bool = Field(default=False, description="Whether a verify token is set.")
    keys_set_at: str | None = Field(
        default=None, description="When the keys were last changed; null if that is not known."
    )
    previous_valid_until: str | None = Field(
        default=None,
        description="Until when the previous keys are still accepted; null if they are not.",
    )


class HoldDocument(WireModel):
    """Why an automation is held."""

    reason: Reason | None = Field(
        default=None, description="The reason. It is shown with the automation."
    )


class ReleaseDocument(WireModel):
    """How fast the held runs are started."""

    rate_per_minute: Whole = Field(
        default=600,
        ge=1,
        le=6_000,
        description="How many held runs are started per minute, oldest first.",
    )


class HoldView(WireModel):
    """A hold on an automation: runs that are opened during the hold start after its release."""

    at: str = Field(description="When the hold began.")
    by: str = Field(description="The e-mail address of the user who began it.")
    reason: str | None = Field(description="The reason; null if none was given.")


class ReleaseView(WireModel):
    """The progress of a release: how many of the held runs have been started."""

    at: str = Field(description="When the release began.")
    by: str = Field(description="The e-mail address of the user who began it.")
    rate_per_minute: int = Field(description="How many held runs are started per minute.")
    started: int = Field(description="How many of the runs have been started.")
    total: int | None = Field(
        description="How many runs the release starts in all; null while more than 10,000 are held."
    )


class AutomationSummaryView(WireModel):
    """An automation as lists show it."""

    id: str = Field(description="The automation's id.")
    name: str = Field(description="The draft's name.")
    reentry: Reentry = Field(
        description="Whether a contact may have several runs, at once or one after another."
    )
    status: AutomationStatus = Field(
        description="ACTIVE accepts events; the other statuses do not."
    )
    version: int | None = Field(
        description="The number of the active version; null if there is none."
    )
    trigger_type: TriggerType | None = Field(
        description="The trigger type of the active version; null if there is none."
    )
    next_fire_at: str | None = Field(
        description="When the automation fires next; null unless it is an active date automation."
    )
    hold: HoldView | None = Field(
        default=None, description="The hold. Null if there is none: new runs start at once."
    )
    has_unpublished_changes: bool = Field(
        description="Whether the draft differs from the active version."
    )
    created_at: str = Field(description="When the automation was created.")
    updated_at: str = Field(description="When the automation was last changed.")
    updated_by: str = Field(description="The e-mail address of the user who changed it last.")


class MachineView(WireModel):
    """The Step Functions state machine of a version."""

    type: MachineType = Field(description="The type of state machine, as the compiler chose it.")
    reason: str = Field(description="Why the compiler chose this type.")
    run_seconds: int = Field(description="The longest time that one run may take, in seconds.")
    dollars_per_million_runs: float = Field(
        description="The price of a million runs if each takes the most expensive path, at the "
        "list prices of us-east-1. It does not include SES, storage and data transfer. A "
        "message to many recipients counts as one."
    )


class FireView(WireModel):
    """One day on which a date automation fired."""

    day: str = Field(description="The day of the fire, in the automation's time zone.")
    version: int = Field(description="The version that fired.")
    occurs_on: str | None = Field(
        description="The fire selects contacts whose date is on this day; null if the day is "
        "outside the supported years."
    )
    scheduled_for: str = Field(description="When the fire was scheduled.")
    fired_at: str = Field(description="When the automation actually fired.")
    by: FireSource = Field(
        description="What started the fire: the schedule, or the tick because the schedule had not "
        "fired."
    )
    missed: MissedReason | None = Field(
        description="Why the schedule did not fire by itself; null if it did."
    )
    status: FireStatus = Field(description="The progress of the fire.")
    reason: str | None = Field(description="Why the fire stopped or was skipped; null otherwise.")
    opened: int = Field(description="How many runs the fire has opened.")
    refused: int = Field(description="For how many contacts no run was opened.")
    finished_at: str | None = Field(
        description="When the fire ended; null while it is opening runs."
    )


class ScheduleView(WireModel):
    """When an active date automation fires."""

    expression: str = Field(description="The cron expression in EventBridge Scheduler.")
    time_zone: str = Field(description="The time zone of the expression.")
    next_fire_at: str = Field(description="When the automation fires next.")
    last_fire: FireView | None = Field(description="The latest fire; null if there was none yet.")


class ActivationView(WireModel):
    """A request to activate a draft, and its status."""

    automation_id: str = Field(description="The automation's id.")
    version: int = Field(description="The number that the version gets once it is active.")
    revision: int = Field(description="The revision of the draft that becomes this version.")
    status: ActivationStatus = Field(
        description=(
            "PENDING: in progress. ACTIVE: the version is active. FAILED: it could not be "
            "activated. CANCELED: a newer activation, a pause or archiving replaced it."
        )
    )
    problem: Problem | None = Field(
        description="Why the activation failed or was canceled; null otherwise."
    )
    requested_at: str = Field(description="When the activation was requested.")
    requested_by: str = Field(
        description="The e-mail address of the user who requested the activation."
    )
    finished_at: str | None = Field(
        description="When the activation ended; null while it is PENDING."
    )
    secret: str | None = Field(
        default=None,
        description=(
            "The webhook's signing secret. Only the answer to the request that created it shows it."
        ),
    )


class AutomationView(AutomationSummaryView):
    """An automation with its draft."""

    revision: int = Field(
        description=(
            "How often the draft was saved. Send it back so that you do not overwrite "
            "other people's changes."
        )
    )
    nodes: list[Node] = Field(description="The draft's nodes.")
    edges: list[Edge] = Field(description="The draft's edges.")
    layout: dict[str, Position] = Field(
        description="The position of each node in the console, by node id."
    )
    webhook: WebhookView | None = Field(
        description="The webhook's address; null for other triggers, and for the role VIEWER."
    )
    schedule: ScheduleView | None = Field(
        description="When the automation fires. Null for other triggers, and if the automation is "
        "not active."
    )
    machine: MachineView | None = Field(
        description="The state machine of the active version; null if there is none."
    )
    activation: ActivationView | None = Field(
        description="The newest activation request; null if there was none yet."
    )
    release: ReleaseView | None = Field(
        default=None,
        description="The release of held runs in progress. Null if there is none; a release ends "
        "two minutes after its last run was started.",
    )
    problems: list[Problem] = Field(
        description="The draft's problems. It can be activated only if there are none."
    )
    warnings: list[Problem] = Field(
        description="Risks that the author should know. They do not prevent activation."
    )


class VersionSummaryView(WireModel):
    """A version as lists show it."""

    version: int = Field(description="The version's number, counted from 1.")
    name: str = Field(description="The automation's name when this version was activated.")
    activated_at: str = Field(description="When the version was activated.")
    activated_by: str = Field(description="The e-mail address of the user who activated it.")
    machine: MachineView = Field(description="The version's state machine.")


class VersionView(VersionSummaryView):
    """A version with its graph."""

    graph: Graph = Field(description="The graph as it was activated.")


class ProblemsView(WireModel):
    """The problems of a graph, and its warnings."""

    problems: list[Problem] = Field(
        description="Every problem; empty if the graph can be activated."
    )
    warnings: list[Problem] = Field(
        description="Risks that the author should know. They do not prevent activation."
    )


class NodeTypeView(WireModel):
    """A node type as the palette shows it."""

    type: str = Field(description="The value of `type` in a node.")
    title: str = Field(description="The name that people see.")
    icon: str = Field(description="The name of the icon in the console.")
    description: str = Field(description="What a node of this type does.")
    example: dict[str, Any] = Field(description="An example of a valid config.")
    config_schema: dict[str, Any] = Field(
        description=(
            "JSON Schema of the config. A text field with `picks` names a CHANNEL, TEMPLATE, "
            "SEGMENT, AUTOMATION or TIME_ZONE."
        )
    )
    branches: list[str] = Field(
        description="The branch labels of the example; empty if the node type does not branch."
    )
    branches_required: bool = Field(
        description=(
            "Whether every branch needs its own edge. If false, one edge without a label is enough."
        )
    )
    is_start: bool = Field(description="Whether a graph starts with this node type.")
    is_end: bool = Field(description="Whether a path ends with this node type: no edge leaves it.")


NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]+$"
Key = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=8, max_length=1_000, pattern=NO_CONTROL_CHARACTERS
    ),
]


class RotationDocument(WireModel):
    """How to set or replace the keys of a webhook. If `secret`, `publicKey` and `verifyToken` are
    all left out, the server makes a new secret. If at least one of them is sent, the others do not
    change."""

    secret: Key | None = Field(
        default=None, description="The secret that the sender signs with. No answer shows it."
    )
    public_key: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=16, max_length=4_000)]
        | None
    ) = Field(
        default=None,
        description="The sender's public key, for a sender that signs with a private key.",
    )
    verify_token: Key | None = Field(
        default=None,
        description="The token that the sender sends when it verifies the address. No answer shows "
        "it.",
    )
    overlap_minutes: Whole = Field(
        default=1_440,
        ge=0,
        le=10_080,
        description="For how many minutes the previous keys are still accepted.",
    )


class SampleDocument(WireModel):
    """The sample event to send. If `body` is left out, it is the sample event of the webhook's
    preset."""

    body: Any = Field(
        default=None,
        description="The body. A text is sent as it is, anything else as JSON. `%ID%` in it is "
        "replaced by a new id.",
    )
    content_type: Annotated[str, StringConstraints(min_length=3, max_length=200)] | None = Field(
        default=None, description="The content type. If left out, application/json."
    )
    headers: Annotated[
        dict[
            Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")],
            Annotated[str, StringConstraints(max_length=1_000, pattern=NO_CONTROL_CHARACTERS)],
        ],
        Field(max_length=50),
    ] = Field(
        default_factory=dict, description="Further headers, such as the one with the event's type."
    )


class SampleAnswerView(WireModel):
    """The webhook's answer to a sample event, exactly as the sender would receive it."""

    status: int = Field(description="The HTTP status.")
    content_type: str = Field(description="The content type of the answer.")
    body: str = Field(description="The body as text; it may be empty.")
