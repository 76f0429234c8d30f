"""Automations and their graphs: what `PUT /v1/automations` takes and a version freezes."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from runledger.models.base import Model, WireModel
from runledger.models.run import TriggerType

MAX_NODES = 200
MAX_EDGES = 1_000

# No spaces: the compiler adds states of its own under names with a space, so none can clash.
NodeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,47}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class AutomationStatus(StrEnum):
    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ARCHIVED = "ARCHIVED"


class Reentry(StrEnum):
    ALWAYS = "ALWAYS"
    ONCE = "ONCE"
    ONE_AT_A_TIME = "ONE_AT_A_TIME"


class Node(WireModel):
    """One node of a graph. `config` is checked by the node type's own model, not here, so that a
    graph with several wrong configs yields all of its problems at once."""

    id: NodeId
    type: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    config: dict[str, Any] = Field(default_factory=dict)


class Edge(WireModel):
    """`label` is the branch taken; an edge without one is unconditional."""

    source: str
    target: str
    label: Label | None = None


class Position(WireModel):
    x: float
    y: float


class Graph(WireModel):
    """The nodes and edges of one automation; `layout` is for the console's eyes only."""

    # Over MAX_NODES is a problem that is told with the others; this only bounds the work.
    nodes: list[Node] = Field(default_factory=list, max_length=1_000)
    edges: list[Edge] = Field(default_factory=list, max_length=MAX_EDGES)
    layout: dict[str, Position] = Field(default_factory=dict)


class AutomationDocument(Graph):
    """An automation as a client writes it."""

    name: Name
    reentry: Reentry = Reentry.ALWAYS


class Problem(WireModel):
    """One thing wrong with a graph.

    `code` is stable and machine-readable; `node_id` or `edge` (index into `edges`) says where;
    `field` is the path inside the node's config, in wire names, e.g. `assignments.0.target`.
    """

    code: str
    message: str
    node_id: str | None = None
    edge: int | None = None
    field: str | None = None


class MachineType(StrEnum):
    EXPRESS = "EXPRESS"
    STANDARD = "STANDARD"


class TemplateSnapshot(Model):
    """A template as it was when a version was frozen."""

    id: str
    name: str
    channel: str
    subject: str | None
    body: str


class SegmentSnapshot(Model):
    """A segment as it was when a version was frozen; `query` are its rules in wire names."""

    id: str
    name: str
    query: dict[str, Any]


class Version(Model):
    """An activated, immutable automation version.

    `run_seconds` bounds one run of the machine from its start (waits included); times are epoch
    milliseconds.
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
    """What opening a run needs to know of the active version, kept on the automation itself."""

    version: int
    trigger: dict[str, Any]
    machine_type: MachineType
    run_seconds: int
    reentry: Reentry = Reentry.ALWAYS

    @property
    def upstream_id(self) -> str | None:
        """The automation whose runs it waits for."""
        if self.trigger["triggerType"] != TriggerType.UPSTREAM.value:
            return None
        return str(self.trigger["automationId"])


class Drain(Model):
    """Open runs to cancel because their automation was stopped: those opened up to `before`.

    It is done when two passes a minute apart have found none, as an index may lag; `empty_at` is
    when the first of them did. Times are epoch milliseconds."""

    before: int
    by: str
    reason: str
    empty_at: int | None = None


class SecretRotation(Model):
    """The latest rotation of a signing secret: the version it replaced, by Secrets Manager's own
    id, is taken until `valid_until`. Times are epoch milliseconds."""

    previous_version: str
    valid_until: int
    begun_at: int


class Automation(Model):
    """An automation's own row; its graph lives in the draft and in the versions."""

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
    rotation: SecretRotation | None = None


Order = Literal["asc", "desc"]
