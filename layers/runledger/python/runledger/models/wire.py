"""What the API answers. Times are ISO 8601 UTC strings, durations milliseconds."""

from typing import Annotated, Any, Generic, Literal, TypeVar

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
from runledger.models.refusal import RefusalReason
from runledger.models.run import RunStatus, TriggerType
from runledger.models.schedule import FireSource, FireStatus, MissedReason

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
    start was put off or the run is at more than its first attempt; `errorGroup` is the failure
    group of a failed one. `at` are the nodes that it is at, several in a fork, or the one that it
    ended at; empty where it has begun none yet. With `erasedAt` its contact was erased, and with it
    all that was about the person."""

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
    error_group: str | None
    canceled: CanceledView | None
    at: list[str]
    erased_at: str | None = None


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
    erased_at: str | None = None


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
    match: Literal["ALL", "ANY"]
    rules: list[dict[str, Any]] = Field(
        # As they are stored: what reads them has no need to load what they mean.
        json_schema_extra={"items": {"$ref": "#/components/schemas/SegmentRule"}}
    )
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
    """RFC 9457. `field` names what is wrong in the request; `problems` lists all there are;
    `expired_at` goes with 410: when what the link leads to expired."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    problems: list[Problem] | None = None
    expired_at: str | None = None
