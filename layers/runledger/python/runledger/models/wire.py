"""What the API answers. Times are ISO 8601 UTC strings, durations milliseconds."""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, StringConstraints

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
from runledger.models.base import WireModel
from runledger.models.contact import Consents
from runledger.models.delivery import DeliveryStatus, TryOutcome
from runledger.models.refusal import RefusalReason
from runledger.models.report import ReportKind
from runledger.models.run import RunStatus, StepStatus, TriggerType
from runledger.models.schedule import FireSource, FireStatus, MissedReason
from runledger.models.workspace import Role

ItemT = TypeVar("ItemT")


class ListView(WireModel, Generic[ItemT]):
    """One page; `next_cursor` is null at the end."""

    items: list[ItemT]
    next_cursor: str | None


class ErrorView(WireModel):
    node_id: str | None
    kind: str
    message: str
    cause: str | None


class CanceledView(WireModel):
    by: str
    reason: str
    at: str


class HealthView(WireModel):
    """More about an open run. `state` is QUEUED, SCHEDULED, RUNNING, WAITING, RETRYING or
    OVERDUE; `until`
    goes with WAITING, `attempt` and `last_error` with RETRYING; `text` says it in words."""

    state: str
    text: str
    until: str | None = None
    attempt: int | None = None
    last_error: str | None = None


class RunContactView(WireModel):
    """The contact as it was when the run was opened."""

    id: str
    email: str | None
    phone: str | None


class RunView(WireModel):
    """A run as lists show it. `health` is null once the run has ended; `startError` says why a
    start was put off or the run is at more than its first attempt. `at` are the nodes that it is
    at, several in a fork, or the one that it ended at; empty where it has begun none yet."""

    id: str
    status: RunStatus
    health: HealthView | None
    automation_id: str
    automation_name: str
    version: int
    attempt: int
    start_error: str | None
    trigger: dict[str, Any]
    contact: RunContactView | None
    created_at: str
    scheduled_for: str | None
    started_at: str | None
    finished_at: str | None
    duration_ms: int | None
    error: ErrorView | None
    canceled: CanceledView | None
    at: list[str]


class StepView(WireModel):
    """One visit of one node; `order` counts from 1 as the run visited them."""

    node_id: str
    type: str
    status: StepStatus
    order: int
    started_at: str
    finished_at: str | None
    duration_ms: int | None
    outcome: str | None
    reason: str | None
    wait_until: str | None
    output: dict[str, Any]
    evidence: dict[str, Any] | None
    request: dict[str, Any] | None
    response: dict[str, Any] | None
    error: ErrorView | None
    delivery_ids: list[str]


class DeliveryLinkView(WireModel):
    """A message that a step sent or tried to. The status, channel and address are those of now;
    null beyond the first hundred of a run."""

    id: str
    node_id: str
    path: str
    status: DeliveryStatus | None
    channel: str | None
    address: str | None


class DownstreamRunView(WireModel):
    """A run of another automation that the end of this one opened."""

    automation_id: str
    automation_name: str
    run_id: str
    status: RunStatus


class RunDetailView(RunView):
    """A run with everything that is known of it. `graph` is the version's, as it was; `downstream`
    are the runs that its end opened, of automations that still wait for it."""

    payload: Any
    graph: Graph
    steps: list[StepView]
    deliveries: list[DeliveryLinkView]
    downstream: list[DownstreamRunView]


class GateView(WireModel):
    name: str
    passed: bool
    reason: str
    forced_by: str | None = Field(default=None, description="Who overruled it.")


class ReportView(WireModel):
    """What the provider reported after it took the message; the code and message are its own."""

    kind: ReportKind
    at: str
    is_permanent: bool
    code: str | None
    message: str | None


class TryView(WireModel):
    """One time that the message was handed to the provider, and what came of it."""

    at: str
    outcome: TryOutcome
    code: str | None
    message: str | None
    provider_id: str | None


class DeliveryView(WireModel):
    """One message to one address on one channel. With RETRYING `next_try_at` says when the next of
    its tries comes; `unknown_since` is when the provider's answer was found to be lost, which its
    reports may settle. A resend names the delivery it repeats, and who asked for it."""

    id: str
    status: DeliveryStatus
    channel: str
    address: str
    run_id: str | None
    node_id: str | None
    automation_id: str | None
    contact_id: str | None
    template_id: str
    subject: str | None
    gates: list[GateView]
    reports: list[ReportView] = Field(description="Of the provider, the oldest first.")
    tries: int
    tries_log: list[TryView] = Field(description="Those that came to an end, in their order.")
    next_try_at: str | None
    unknown_since: str | None
    provider_id: str | None
    error: ErrorView | None
    resend_of: str | None
    requested_by: str | None
    forced: bool
    resends: list[str] = Field(description="The deliveries that repeat this one.")
    created_at: str
    settled_at: str | None


class RefusalView(WireModel):
    """A trigger that opened no run, or `count` of one reason in one minute, told by the first of
    them. `source` is whoever fired it: an address, a user's e-mail, the id of an upstream run;
    `run_id` is the run in the way, or the one that the same event had opened."""

    id: str
    reason: RefusalReason
    message: str
    automation_id: str
    automation_name: str
    version: int | None
    trigger: dict[str, Any]
    contact_id: str | None
    run_id: str | None
    source: str | None
    count: int
    created_at: str
    last_at: str


class WebhookView(WireModel):
    """Where other systems post; `path` is below the API's own address. `secret` is there only in
    the answer to the activation that minted it, or the rotation; until `previous_valid_until` the
    secret before it is taken too."""

    path: str
    url: str
    signed: bool
    secret: str | None = None
    previous_valid_until: str | None = None


class AutomationSummaryView(WireModel):
    """An automation as lists show it. `has_unpublished_changes` is true where the draft differs
    from the active version, whose trigger `trigger_type` is; `next_fire_at` goes with an active
    date trigger."""

    id: str
    name: str
    reentry: Reentry
    status: AutomationStatus
    version: int | None
    trigger_type: TriggerType | None
    next_fire_at: str | None
    has_unpublished_changes: bool
    created_at: str
    updated_at: str
    updated_by: str


class MachineView(WireModel):
    """The state machine of a version: its type, why, and the longest one run may take."""

    type: MachineType
    reason: str
    run_seconds: int


class FireView(WireModel):
    """One day's fire of a date automation: `opened` runs for the contacts whose date comes round on
    `occurs_on`. `missed` tells why the tick fired it (or nobody did) instead of its schedule,
    `reason` why it stopped."""

    day: str
    version: int
    occurs_on: str | None
    scheduled_for: str
    fired_at: str
    by: FireSource
    missed: MissedReason | None
    status: FireStatus
    reason: str | None
    opened: int
    refused: int
    finished_at: str | None


class ScheduleView(WireModel):
    """When an active date automation fires: a cron expression in its time zone."""

    expression: str
    time_zone: str
    next_fire_at: str
    last_fire: FireView | None


class AutomationView(AutomationSummaryView):
    """An automation with its draft. `revision` counts the saves of the draft. `machine` is the
    active version's, with the reason for its type; `problems` are those of the draft as things
    stand now."""

    revision: int
    nodes: list[Node]
    edges: list[Edge]
    layout: dict[str, Position]
    webhook: WebhookView | None
    schedule: ScheduleView | None
    machine: MachineView | None
    problems: list[Problem]


class VersionSummaryView(WireModel):
    version: int
    name: str
    activated_at: str
    activated_by: str
    machine: MachineView


class VersionView(VersionSummaryView):
    graph: Graph


class ProblemsView(WireModel):
    problems: list[Problem]


class ContactView(WireModel):
    id: str
    email: str | None
    phone: str | None
    first_name: str | None
    last_name: str | None
    tags: list[str]
    consents: Consents
    metadata: dict[str, Any]
    created_at: str
    updated_at: str


class SegmentView(WireModel):
    """A segment; `rules` are as they were written."""

    id: str
    name: str
    match: str
    rules: list[dict[str, Any]]
    created_at: str
    updated_at: str


class SegmentPreviewView(WireModel):
    """Who belongs to a segment now: the first contacts, and how many there are; at least that
    many, where `is_whole` is false and only a part of the workspace was looked through."""

    contacts: list[ContactView]
    count: int
    is_whole: bool


class TemplateView(WireModel):
    id: str
    name: str
    channel: str
    subject: str | None
    body: str
    created_at: str
    updated_at: str


class SecretDocument(WireModel):
    """A secret as a client writes it."""

    value: str


class SecretNameView(WireModel):
    """`last_used_at` is when a run last read the value, known to the hour; null where none did."""

    name: str
    updated_at: str
    last_used_at: str | None


class NodeTypeView(WireModel):
    """A node type as the palette shows it. `config_schema` is JSON Schema, in which `picks` tells
    what a text names: a CHANNEL, TEMPLATE, SEGMENT, AUTOMATION or TIME_ZONE. `branches` are those
    of the example; a node without them has one way on, an `is_end` none. Where they are not
    `branches_required`, one edge without a label does instead."""

    type: str
    title: str
    icon: str
    description: str
    example: dict[str, Any]
    config_schema: dict[str, Any]
    branches: list[str]
    branches_required: bool
    is_start: bool
    is_end: bool


class WorkspaceView(WireModel):
    id: str
    name: str
    role: Role


class MeView(WireModel):
    """Who is calling, and in which workspace and role this call acts."""

    email: str
    workspaces: list[WorkspaceView]
    workspace_id: str
    role: Role


class RunDocument(WireModel):
    """A run to open by hand, for exactly one of a contact's id, e-mail or phone."""

    contact_id: str | None = None
    email: str | None = None
    phone: str | None = None
    payload: dict[str, Any] = Field(default_factory=dict)
    idempotency_key: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
        | None
    ) = None


class RotationDocument(WireModel):
    """How a signing secret is replaced: the one before is taken for so many minutes more."""

    overlap_minutes: int = Field(default=1_440, ge=0, le=10_080)


class CancelDocument(WireModel):
    """Why a run is canceled."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class OpenedView(WireModel):
    """What a trigger answered: the run it opened, or the one the same event had opened before."""

    run_id: str
    status: RunStatus
    duplicate: bool = False


class ProblemDetail(WireModel):
    """RFC 9457. `field` names what is wrong in the request; `problems` lists all there are."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    problems: list[Problem] | None = None
