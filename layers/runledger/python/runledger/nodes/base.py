"""The contract of a node type.

A node type is one file. It has a config model, a description for the palette, the Lambda function
that runs it, the states it compiles to, and `run`. It never reads the store: the caller passes in
what it needs.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import Field

from runledger.clock import Clock, now_ms
from runledger.models.base import Config, Model
from runledger.models.contact import Contact
from runledger.models.delivery import DeliveryStatus
from runledger.models.records import Evidence, Request, Response
from runledger.models.rerun import RecordedEffect
from runledger.models.run import ErrorDetail, Step, StepStatus
from runledger.nodes.claiming import Claiming, may_read_contact
from runledger.nodes.egress import EgressRule
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
from runledger.nodes.message_rules import FrequencyCap, QuietHours
from runledger.redaction import Redactor

ConfigT = TypeVar("ConfigT", bound=Config)

# Statuses of an answer that redirects to another address.
REDIRECTS = frozenset({301, 302, 303, 307, 308})

# Where a task's answer is in the state: {"nodeId": …, "outcome": …, "waitUntil": …}.
RESULT_PATH = "$.last"


class Function(StrEnum):
    """The Lambda functions that run nodes. Each has only the permissions that its nodes need."""

    LOGIC = "LOGIC"
    MESSAGE = "MESSAGE"
    INTEGRATION = "INTEGRATION"


class Operation(StrEnum):
    """What a visit does. OWN, VISIT and COMPLETE are used by node types, FAIL by the failure state
    of a branch."""

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


class HttpRequest(Model):
    """One outbound call with the values of its secrets. It is never stored."""

    method: str
    url: str
    headers: dict[str, str]
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None
    timeout_seconds: float
    egress: EgressRule = Field(default=EgressRule(), repr=False)


class HttpResponse(Model):
    """The answer to a call. `body` has at most the bytes that the caller allows; `truncated` says
    that the answer was longer. `redirects_to` is the address of a redirect that was not followed.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    truncated: bool
    duration_ms: int
    redirects_to: str | None = None


class HttpCaller(Protocol):
    def call(self, request: HttpRequest) -> HttpResponse:
        """Makes the call and returns the answer. Raises NodeError `BLOCKED_ADDRESS`, `TIMEOUT` or
        `CONNECTION_FAILED`, and NotSentError if the call certainly did not reach the other side."""


class SecretReader(Protocol):
    def get(self, name: str) -> str:
        """Returns the secret's value. Raises NodeError `MISSING_SECRET` if there is none."""

    def hosts(self, name: str) -> tuple[str, ...]:
        """Returns the hosts that the secret may be sent to now. Raises NodeError
        `MISSING_SECRET`."""


class BodyKeeper(Protocol):
    def keep(self, name: str, text: str, content_type: str) -> str:
        """Stores a text that is too large for the step and returns its key. The caller must redact
        the text first. Raises a RunledgerError if the text could not be stored."""


class OutboundMessage(Model):
    """One message to one recipient on one channel, not yet rendered. `is_one_of_many` says that a
    query found the recipients. Then, if this recipient lacks a variable that the template needs,
    only this message fails."""

    recipient: str
    contact: Contact | None
    address: str | None
    channel: str
    template_id: str
    consent: str
    frequency_cap: FrequencyCap | None = None
    quiet_hours: QuietHours | None = None
    is_one_of_many: bool = False

    @property
    def rules(self) -> dict[str, Any]:
        """The optional checks of the gates, as JSON, with the same fields as OutboundMessage."""
        return self.model_dump(
            mode="json", include={"frequency_cap", "quiet_hours"}, exclude_none=True
        )


class MessageOutcome(Model):
    """The result of one message so far. `is_unknown` says that it is not known yet whether the
    provider has it."""

    delivery_id: str
    status: DeliveryStatus
    reason: str | None
    is_unknown: bool = False


class Messenger(Protocol):
    def deliver(self, message: OutboundMessage, scope: Mapping[str, Any]) -> MessageOutcome:
        """Claims the effect, passes the gates, sends the message and records the result. Never
        sends the message of one effect twice."""


class ContactQuery(Protocol):
    """Selects contacts. `tags` limit the listing: a matching contact has all of them (if
    `needs_all_tags`) or at least one of them. Without tags, all contacts are listed."""

    @property
    def tags(self) -> tuple[str, ...]: ...

    @property
    def needs_all_tags(self) -> bool: ...

    def matches(self, contact: Contact) -> bool: ...

    def unreadable(self, contact: Contact) -> str | None:
        """Returns a value of the contact that could not be compared, if that is the only reason why
        the contact does not match; otherwise None."""


class ContactPage(Model):
    """Ids of contacts that may match, or that cannot be compared, oldest first. `cursor` is the
    start of the next page; None on the last page. A page may be empty although there is a next one.
    """

    ids: tuple[str, ...]
    cursor: str | None


class ContactFinder(Protocol):
    """Finds contacts of the run's workspace."""

    def page(self, query: ContactQuery, after: str | None) -> ContactPage: ...

    def read(self, contact_ids: Iterable[str]) -> Mapping[str, Contact]:
        """Returns the contacts that exist, by id, in their current state."""

    def segment(self, segment_id: str) -> ContactQuery:
        """Returns the segment as it was when the run's version was activated."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools that a function gives its nodes. A tool is None if the function lacks the
    permissions for it."""

    http: HttpCaller | None = None
    secrets: SecretReader | None = None
    messenger: Messenger | None = None
    contacts: ContactFinder | None = None
    bodies: BodyKeeper | None = None
    # For a node that retries within its visit. `sleep` takes seconds; `is_run_open` says whether
    # the run still waits for the node.
    clock: Clock = now_ms
    sleep: Callable[[float], None] = time.sleep
    is_run_open: Callable[[], bool] = lambda: True
    # Ids of the deliveries that the visit began. If the visit is cut off, its record still shows
    # what was sent.
    begun: list[str] = field(default_factory=list)


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
        """The redactor for values that this node may have read."""
        return Redactor({})

    def input(self, config: ConfigT, visit: Visit, record: Record) -> dict[str, Any]:
        """Returns the values that the visit used, as the step keeps them: the values of the
        config's texts by JSON pointer, without those that the record of the step contains. Called
        after `run`."""
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
