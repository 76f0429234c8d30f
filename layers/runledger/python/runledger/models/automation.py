"""Automations, their graphs and their versions."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from runledger.models.base import Model, Real, WireModel
from runledger.models.hold import Hold
from runledger.models.kept_event import Capture
from runledger.models.run import TriggerType
from runledger.models.webhook_keys import WebhookKeys

MAX_NODES = 200
MAX_EDGES = 1_000

# No spaces: the names of states that the compiler adds contain a space, so none can clash.
NodeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,47}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class AutomationStatus(StrEnum):
    """The status of an automation. DRAFT: never activated. ACTIVE: accepts events. PAUSED: accepts
    none until it is activated again. ARCHIVED: never accepts events again."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ARCHIVED = "ARCHIVED"


class Reentry(StrEnum):
    """Whether a contact may have several runs: ALWAYS, only ONCE, or ONE_AT_A_TIME."""

    ALWAYS = "ALWAYS"
    ONCE = "ONCE"
    ONE_AT_A_TIME = "ONE_AT_A_TIME"


class Node(WireModel):
    """One node of a graph. `config` is not checked here but by the model of the node's type, so
    that a client sees all problems of a graph at once."""

    id: NodeId = Field(
        description=(
            "The node's id, unique in the graph: a letter, then letters, digits and underscores."
        )
    )
    type: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(
        description="One of the types in `GET /v1/node-types`."
    )
    config: dict[str, Any] = Field(
        default_factory=dict,
        description=(
            "The settings of the node. `GET /v1/node-types` has a JSON Schema for each type."
        ),
    )


class Edge(WireModel):
    """A connection from one node to another."""

    source: str = Field(description="The id of the node where the edge starts.")
    target: str = Field(description="The id of the node where the edge ends.")
    label: Label | None = Field(
        default=None,
        description=(
            "The outcome of the source node for which the edge is followed; null if it is always "
            "followed."
        ),
    )


class Position(WireModel):
    """Where the console shows a node, in pixels."""

    x: Real = Field(description="Pixels from the left.")
    y: Real = Field(description="Pixels from the top.")


class Graph(WireModel):
    """The nodes and edges of one automation."""

    # More than MAX_NODES is reported with the other problems. This limit only bounds the work.
    nodes: list[Node] = Field(
        default_factory=list,
        max_length=1_000,
        description="The nodes, in any order. Exactly one is a TRIGGER.",
    )
    edges: list[Edge] = Field(
        default_factory=list,
        max_length=MAX_EDGES,
        description="The edges. They must not form a cycle.",
    )
    layout: dict[str, Position] = Field(
        default_factory=dict,
        description=(
            "The position of each node in the console, by node id. It does not affect runs."
        ),
    )


class AutomationDocument(Graph):
    """An automation as a client writes it."""

    name: Name = Field(description="The name that people see.")
    reentry: Reentry = Field(
        default=Reentry.ALWAYS,
        description="Whether a contact may have several runs, at once or one after another.",
    )


class Problem(WireModel):
    """One mistake in a graph or a request."""

    code: str = Field(description="A stable code for programs.")
    message: str = Field(description="What is wrong, in words.")
    node_id: str | None = Field(default=None, description="The node with the problem.")
    edge: int | None = Field(
        default=None, description="The index in `edges` of the edge with the problem."
    )
    field: str | None = Field(
        default=None,
        description=(
            "The path of the wrong value in the node's config or in the request, such as "
            "`assignments.0.target`."
        ),
    )


class MachineType(StrEnum):
    """The kinds of Step Functions state machines. Express ones end within five minutes."""

    EXPRESS = "EXPRESS"
    STANDARD = "STANDARD"


class TemplateSnapshot(Model):
    """The content of a template when a version was made from a draft."""

    id: str
    name: str
    channel: str
    subject: str | None
    body: str | None
    html: str | None = None


class SegmentSnapshot(Model):
    """The content of a segment when a version was made from a draft. `query` has its rules, in
    camelCase."""

    id: str
    name: str
    query: dict[str, Any]


class Version(Model):
    """An activated version of an automation. It never changes.

    `run_seconds` limits the duration of one run, waits included. Times are epoch milliseconds.
    """

    workspace_id: str
    automation_id: str
    version: int
    name: str
    reentry: Reentry
    graph: Graph
    templates: dict[str, TemplateSnapshot]
    segments: dict[str, SegmentSnapshot] = Field(default_factory=dict)
    machine_type: MachineType
    machine_reason: str
    run_seconds: int
    activated_at: int
    activated_by: str


class ActiveVersion(Model):
    """The parts of the active version that are needed to open a run. They are copied to the
    automation's row."""

    version: int
    trigger: dict[str, Any]
    machine_type: MachineType
    run_seconds: int
    reentry: Reentry = Reentry.ALWAYS

    @property
    def upstream_id(self) -> str | None:
        """The automation whose ended runs trigger this automation, if any."""
        if self.trigger["triggerType"] != TriggerType.UPSTREAM.value:
            return None
        return str(self.trigger["automationId"])


class Drain(Model):
    """The cancellation of open runs after their automation was stopped. It concerns runs that were
    opened up to `before`.

    A drain is done when two searches, a minute apart, find no open run, because an index may be
    late. `empty_at` is the time of the first such search. Times are epoch milliseconds.
    """

    before: int
    by: str
    reason: str
    empty_at: int | None = None


class SecretRotation(Model):
    """The latest rotation of a webhook's signing secret, as old rows have it: those without
    `webhook_keys`. For such a row, the valid version is the one that Secrets Manager labels
    AWSCURRENT. `previous_version` is the id of the version that was replaced, which is accepted
    until `valid_until`. Times are epoch milliseconds."""

    previous_version: str
    valid_until: int
    begun_at: int


class Automation(Model):
    """An automation's own row. Its graph is in the draft and in the versions."""

    workspace_id: str
    id: str
    name: str
    reentry: Reentry
    status: AutomationStatus
    active: ActiveVersion | None
    last_version: int
    draft_revision: int
    active_revision: int | None
    webhook_token: str | None
    created_at: int
    updated_at: int
    updated_by: str
    drain: Drain | None = None
    hold: Hold | None = None
    rotation: SecretRotation | None = None
    webhook_keys: WebhookKeys | None = None
    capture: Capture | None = None


Order = Literal["asc", "desc"]
