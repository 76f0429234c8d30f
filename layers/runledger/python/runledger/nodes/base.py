"""The contract of a node type.

A node type is one file. It has a config model, a description for the palette, the Lambda function
that runs it, the states it compiles to, and `run`. It never reads the store: the caller passes in
what it needs.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import Field

from runledger.models.base import Config, Model
from runledger.models.contact import Contact
from runledger.models.records import Evidence, Request, Response
from runledger.models.rerun import RecordedEffect
from runledger.models.run import ErrorDetail, Step, StepStatus
from runledger.nodes.claiming import Claiming, may_read_contact
from runledger.nodes.findings import ConfigWarning, SecretUse
from runledger.nodes.inputs import (
    Place,
    Record,
    is_within,
    liquid_places,
    places_of,
    recorded,
    rendered,
)
from runledger.nodes.literal_credentials import CredentialMasker
from runledger.nodes.tools import Tools
from runledger.redaction import Redactor

ConfigT = TypeVar("ConfigT", bound=Config)

# Where a task's answer is in the state: {"nodeId": …, "outcome": …, "waitUntil": …}.
RESULT_PATH = "$.last"


class Function(StrEnum):
    """The Lambda functions that run nodes. Each has only the permissions that its nodes need."""

    LOGIC = "LOGIC"
    MESSAGE = "MESSAGE"
    INTEGRATION = "INTEGRATION"


class Operation(StrEnum):
    """What a call of a node's function does. OWN makes the execution the owner of the run, VISIT
    runs a node, and COMPLETE ends the run; each node type uses one of these. FAIL records a
    failure; the failure state of a branch uses it."""

    OWN = "OWN"
    VISIT = "VISIT"
    COMPLETE = "COMPLETE"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Branching:
    """The outcomes that a node can have. If `required` is False, a graph may use one unlabeled edge
    instead of an edge for each outcome."""

    labels: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Placement:
    """The surroundings of a node in the machine being built.

    - `task` is the common part of the Task (Resource, Parameters, TimeoutSeconds).
    - `exits` maps the label of each edge (None for the unlabeled one) to the state that it leads
      to. An END node has one exit, under None, which leads to the last state of its branch or
      machine.
    - `released` is the state that ends this branch if the execution no longer owns the run.
    """

    node_id: str
    task: Mapping[str, Any]
    exits: Mapping[str | None, str]
    released: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of one node.

    - `scope` has the values that Liquid can read: contact, trigger, steps, vars, workspace.
    - `now` is epoch milliseconds.
    - `effect_key` identifies this node's effect permanently.
    - `labels` are the labels of the node's outgoing edges.
    - `texts` are the texts of its message templates.
    - `progress` is the data that the previous visit stored for this one, if the node needs several
      visits.
    """

    node_id: str
    run_id: str
    scope: Mapping[str, Any]
    contact: Contact | None
    now: int
    effect_key: str
    tools: Tools
    labels: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    progress: Mapping[str, Any] | None = None


class NodeResult(Model):
    """The result of a visit, which is recorded as the step.

    `wait_until` (epoch milliseconds) is set with WAITING, `reason` with SKIPPED, `error` with
    FAILED. `outcome` is the label of the branch to take, if the node branches. With RUNNING the
    node gets another visit, which receives `progress`; until that visit the step shows the other
    fields of this result.
    """

    status: StepStatus = StepStatus.COMPLETED
    outcome: str | None = None
    reason: str | None = None
    wait_until: int | None = None
    output: dict[str, Any] = Field(default_factory=dict)
    evidence: Evidence | None = None
    request: Request | None = None
    response: Response | None = None
    error: ErrorDetail | None = None
    delivery_ids: tuple[str, ...] = ()
    progress: dict[str, Any] | None = None


class NodeType(ABC, Generic[ConfigT]):
    """Base of the node types. The docstring of each class is shown in the palette and in
    docs/nodes.md."""

    name: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str]
    example: ClassVar[dict[str, Any]]
    function: ClassVar[Function] = Function.LOGIC
    operation: ClassVar[Operation] = Operation.VISIT
    # An effect acts outside the table. If a crash hides its answer, it is unknown and not repeated.
    effect: ClassVar[bool] = False
    # A start has no incoming edges, an end has no outgoing ones, a join closes a fork.
    is_start: ClassVar[bool] = False
    is_end: ClassVar[bool] = False
    is_join: ClassVar[bool] = False
    # {{secret.NAME}} is allowed in this node's config.
    reads_secrets: ClassVar[bool] = False
    config_model: type[ConfigT]

    def branching(self, config: ConfigT) -> Branching | None:
        """The outcomes, or None if the node does not branch."""
        return None

    def outputs(self, config: ConfigT) -> frozenset[str] | None:
        """The names in the output; None if they cannot be known in advance."""
        return frozenset()

    def timeout_seconds(self, config: ConfigT) -> int:
        """How long one try of the task may take at most, cold start included."""
        return 6

    def wait_seconds(self, config: ConfigT) -> int:
        """How long this node may make the run wait at most."""
        return 0

    def max_visits(self, config: ConfigT) -> int:
        """How many visits the node may need at most."""
        return 1

    def is_express_safe(self, config: ConfigT) -> bool:
        """False if the node needs a Standard machine, even for a short run."""
        return True

    def claiming(self, config: ConfigT) -> Claiming:
        """When a visit claims the node."""
        return Claiming.FIRST if self.effect else Claiming.NEVER

    def reads_contact(self, config: ConfigT) -> bool:
        """Whether a visit may read the run's contact. If not, the visit gets no contact."""
        return may_read_contact(text for _, text in self.places(config))

    def repeatable(self, config: ConfigT) -> bool:
        """Whether a visit may be repeated if its process died. False for an effect, unless the node
        records what it sent or the receiver recognizes a repeated call."""
        return not self.effect

    def with_credentials_masked(
        self, config: Mapping[str, Any], masker: CredentialMasker
    ) -> dict[str, Any]:
        """Returns a config as a client wrote it, valid or not, without its credentials."""
        masked: dict[str, Any] = masker.value(config, ())
        return masked

    def secret_uses(self, config: ConfigT) -> list[SecretUse]:
        """The secrets that the config sends, and the hosts that receive them."""
        return []

    def faults(self, config: ConfigT) -> list[ConfigWarning]:
        """Mistakes in a config that its model accepts. They are checked when a config is saved, not
        when a saved version is read. So a new rule does not break old versions."""
        return []

    def warnings(self, config: ConfigT) -> list[ConfigWarning]:
        """Doubtful points of a config. It may be saved anyway."""
        return []

    def template_ids(self, config: ConfigT) -> frozenset[str]:
        """The message templates that this node uses. Activation copies them into the version."""
        return frozenset()

    def segment_ids(self, config: ConfigT) -> frozenset[str]:
        """The segments that this node uses. Activation copies them into the version."""
        return frozenset()

    def places(self, config: ConfigT) -> list[tuple[Place, str]]:
        """Every Liquid text in the config, each with its location, with names in camelCase."""
        return liquid_places(config.model_dump(by_alias=True, exclude_none=True))

    def sources(self, config: ConfigT) -> list[tuple[str, str]]:
        """The same texts as `places`, each with the dotted path of its location."""
        return [(".".join(place), source) for place, source in self.places(config)]

    def recorded_values(self, config: ConfigT, record: Record) -> dict[Place, Any]:
        """Values of the config's texts that other parts of the recorded step already contain."""
        return {}

    def redactor(self, config: ConfigT, visit: Visit) -> Redactor:
        """The redactor that removes this node's secrets and credentials from values."""
        return Redactor({})

    def input(self, config: ConfigT, visit: Visit, record: Record) -> dict[str, Any]:
        """Returns the input to keep in the step: the value of each Liquid text in the config, by
        JSON pointer. Values that another part of the step contains are left out. Called after
        `run`."""
        known = self.recorded_values(config, record)
        left = [found for found in self.places(config) if not is_within(found[0], known)]
        if not left:
            return {}
        return recorded(rendered(left, visit.scope, self.redactor(config, visit)))

    def is_input_known(self, config: ConfigT, kept: Mapping[str, Any], record: Record) -> bool:
        """Whether a step shows all of its input. False if the process died during the visit, if the
        contact was erased, or if nothing has been kept yet. `kept` is what `input` returned.
        """
        known = {**self.recorded_values(config, record), **places_of(kept)}
        return all(is_within(place, known) for place, _ in self.places(config))

    def states(self, config: ConfigT, placement: Placement) -> dict[str, dict[str, Any]]:
        """Returns the states of the node; the first has the node's id as its name. The compiler
        adds Retry and Catch. An outcome without an edge leads to the state `released`, so a run
        never takes a wrong branch."""
        task: dict[str, Any] = {**placement.task, "ResultPath": RESULT_PATH}
        name = placement.node_id
        labeled = {label: exit for label, exit in placement.exits.items() if label is not None}
        choice, more = f"{name} outcome", f"{name} more"
        onward = choice if labeled else placement.exits[None]
        if self.max_visits(config) == 1:
            states = {name: {**task, "Next": onward}}
        else:
            again = {"Variable": f"{RESULT_PATH}.more", "BooleanEquals": True, "Next": name}
            states = {
                name: {**task, "Next": more},
                more: {"Type": "Choice", "Choices": [again], "Default": onward},
            }
        if not labeled:
            return states
        return {
            **states,
            choice: {
                "Type": "Choice",
                "Choices": [
                    {"Variable": f"{RESULT_PATH}.outcome", "StringEquals": label, "Next": exit}
                    for label, exit in labeled.items()
                ],
                "Default": placement.released,
            },
        }

    def recorded_effects(self, config: ConfigT, step: Step) -> list[RecordedEffect]:
        """The effects that the step itself records. Messages are recorded in rows of their own."""
        return []

    def planned_contacts(self, step: Step) -> tuple[str, ...]:
        """The contacts to whom messages may have been sent by a visit that died before it recorded
        them."""
        return ()

    @abstractmethod
    def run(self, config: ConfigT, visit: Visit) -> NodeResult:
        """Does the node's work. Raises NodeError for a failure that a person can fix."""
