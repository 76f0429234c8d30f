"""What a node type is.

A node type is one file: a config model, how it reads in the palette, which Lambda function runs
it, the states it becomes, and `run`. It never reads the store; what it needs is passed in.
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
from runledger.models.run import ErrorDetail, StepStatus
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

# Statuses of an answer that points to another address.
REDIRECTS = frozenset({301, 302, 303, 307, 308})

# Where a task's answer lies in the state: {"nodeId": …, "outcome": …, "waitUntil": …}.
RESULT_PATH = "$.last"


class Function(StrEnum):
    """The Lambda functions that run nodes, split by what they may touch."""

    LOGIC = "LOGIC"
    MESSAGE = "MESSAGE"
    INTEGRATION = "INTEGRATION"


class Operation(StrEnum):
    """What the walk does with a visit. OWN, VISIT and COMPLETE come from node types, FAIL from
    the failure state of a branch."""

    OWN = "OWN"
    VISIT = "VISIT"
    COMPLETE = "COMPLETE"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Branching:
    """The outcomes a node can have. `required` is False where the graph may ignore them all and
    leave by one unlabelled edge."""

    labels: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a node stands in the machine being built.

    `task` is the Task skeleton (Resource, Parameters, TimeoutSeconds); `exits` maps the label of
    each edge (None for the unlabelled one) to the name of the state it leads to; an end has one
    exit, under None, to where its scope comes to rest. `released` is the state of this branch in
    which a walk ends that no longer has a say in the run.
    """

    node_id: str
    task: Mapping[str, Any]
    exits: Mapping[str | None, str]
    released: str


class HttpRequest(Model):
    """One outbound call, secrets already in place; never stored."""

    method: str
    url: str
    headers: dict[str, str]
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None
    timeout_seconds: float
    egress: EgressRule = Field(default=EgressRule(), repr=False)


class HttpResponse(Model):
    """`body` is at most the caller's size bound; `truncated` says it was longer. `redirects_to` is
    the address that an answer points to which was not followed."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    truncated: bool
    duration_ms: int
    redirects_to: str | None = None


class HttpCaller(Protocol):
    def call(self, request: HttpRequest) -> HttpResponse:
        """Raises NodeError: `BLOCKED_ADDRESS`, `TIMEOUT`, `CONNECTION_FAILED`; NotSentError where
        the call surely never reached the other side."""


class SecretReader(Protocol):
    def get(self, name: str) -> str:
        """Raises NodeError `MISSING_SECRET`."""

    def hosts(self, name: str) -> tuple[str, ...]:
        """The hosts that the secret may be sent to, as they are now; raises NodeError
        `MISSING_SECRET`."""


class BodyKeeper(Protocol):
    def keep(self, name: str, text: str, content_type: str) -> str:
        """Keeps a text that is too large for the step, and returns where; redacted by the caller.
        Raises a RunledgerError where it could not."""


class OutboundMessage(Model):
    """One message to one recipient on one channel, not yet rendered. `is_one_of_many` where the
    recipients were found by a query: what a template lacks for one of them is that one's matter."""

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
        """What is asked of the gates besides the usual, as JSON; fields of a later message."""
        return self.model_dump(
            mode="json", include={"frequency_cap", "quiet_hours"}, exclude_none=True
        )


class MessageOutcome(Model):
    """What became of one message so far; `is_unknown` says that the provider may or may not have
    it, which is not known yet."""

    delivery_id: str
    status: DeliveryStatus
    reason: str | None
    is_unknown: bool = False


class Messenger(Protocol):
    def deliver(self, message: OutboundMessage, scope: Mapping[str, Any]) -> MessageOutcome:
        """Claims the effect, passes the gates, sends, records. Never sends one effect twice."""


class ContactQuery(Protocol):
    """Which contacts are meant. `tags` are a hint for the listing: whoever matches has all of
    them (`needs_all_tags`) or one of them; without any it is over all contacts."""

    @property
    def tags(self) -> tuple[str, ...]: ...

    @property
    def needs_all_tags(self) -> bool: ...

    def matches(self, contact: Contact) -> bool: ...

    def unreadable(self, contact: Contact) -> str | None:
        """What of the contact could not be compared, where nothing else decides that it is not
        meant; None otherwise."""


class ContactPage(Model):
    """Ids of contacts that may match, or that cannot be compared, oldest first; `cursor` is where
    the next page begins, None at the end. A page may be empty and yet have one after it."""

    ids: tuple[str, ...]
    cursor: str | None


class ContactFinder(Protocol):
    """Finds contacts of the run's workspace."""

    def page(self, query: ContactQuery, after: str | None) -> ContactPage: ...

    def read(self, contact_ids: Iterable[str]) -> Mapping[str, Contact]:
        """Those that there are, by id, as they are now."""

    def segment(self, segment_id: str) -> ContactQuery:
        """A segment as the run's version pinned it."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a function lends its nodes. A function without a privilege leaves its tool None."""

    http: HttpCaller | None = None
    secrets: SecretReader | None = None
    messenger: Messenger | None = None
    contacts: ContactFinder | None = None
    bodies: BodyKeeper | None = None
    # For a node that tries again within its visit; `sleep` takes seconds, and `is_run_open` tells
    # whether the run still waits for it.
    clock: Clock = now_ms
    sleep: Callable[[float], None] = time.sleep
    is_run_open: Callable[[], bool] = lambda: True
    # Ids of the deliveries that the visit began, for the record of one that does not come to its
    # end: what was sent is told, whatever happened after.
    begun: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of one node. `scope` is what Liquid sees: contact, trigger, steps, vars,
    workspace; `now` is epoch milliseconds; `effect_key` names this node's effect for good;
    `labels` are those of the edges out of the node; `texts` are those of the message templates it
    uses; `progress` is what the visit before left for this one, where the node goes on."""

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
    """What a visit came to; the walk records it as the step.

    `wait_until` (epoch milliseconds) goes with WAITING, `reason` with SKIPPED, `error` with
    FAILED. `outcome` is the branch label, where the node branches. With RUNNING the node goes on
    in another visit, which is given `progress`; until then the step tells the rest of this.
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
    """Base of the node types. The class docstring is the palette's and docs/nodes.md's text."""

    name: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str]
    example: ClassVar[dict[str, Any]]
    function: ClassVar[Function] = Function.LOGIC
    operation: ClassVar[Operation] = Operation.VISIT
    # An effect reaches outside; when a crash hides its answer it is unknown and not repeated.
    effect: ClassVar[bool] = False
    # A start has no edges in, an end none out, a join closes a fork.
    is_start: ClassVar[bool] = False
    is_end: ClassVar[bool] = False
    is_join: ClassVar[bool] = False
    # {{secret.NAME}} is allowed in this node's config.
    reads_secrets: ClassVar[bool] = False
    config_model: type[ConfigT]

    def branching(self, config: ConfigT) -> Branching | None:
        """The outcomes, or None where the node has just one way on."""
        return None

    def outputs(self, config: ConfigT) -> frozenset[str] | None:
        """The names in the output bag; None where they cannot be known beforehand."""
        return frozenset()

    def timeout_seconds(self, config: ConfigT) -> int:
        """The longest one try of the task may take, cold start included."""
        return 6

    def wait_seconds(self, config: ConfigT) -> int:
        """The longest this node may park the run."""
        return 0

    def max_visits(self, config: ConfigT) -> int:
        """The most visits that the node may take; more than one where it goes on."""
        return 1

    def is_express_safe(self, config: ConfigT) -> bool:
        """False where the node may not run on an Express machine, however short."""
        return True

    def repeatable(self, config: ConfigT) -> bool:
        """Whether a visit whose request died may be done again. False for an effect, unless it
        keeps its own account of what left or the other side tells repeats apart."""
        return not self.effect

    def with_credentials_masked(
        self, config: Mapping[str, Any], masker: CredentialMasker
    ) -> dict[str, Any]:
        """A config as it was written, valid or not, without the credentials in it."""
        masked: dict[str, Any] = masker.value(config, ())
        return masked

    def secret_uses(self, config: ConfigT) -> list[SecretUse]:
        """Where secrets go."""
        return []

    def faults(self, config: ConfigT) -> list[ConfigWarning]:
        """What is wrong with a valid config. Asked when it is saved and not when a version that
        was saved before is read, so a rule that comes later breaks no version."""
        return []

    def warnings(self, config: ConfigT) -> list[ConfigWarning]:
        """What may be saved, and is better thought over."""
        return []

    def template_ids(self, config: ConfigT) -> frozenset[str]:
        """The message templates this node uses; a version pins them."""
        return frozenset()

    def segment_ids(self, config: ConfigT) -> frozenset[str]:
        """The segments this node uses; a version pins them."""
        return frozenset()

    def places(self, config: ConfigT) -> list[tuple[Place, str]]:
        """Every Liquid text in the config, each with its place in wire names."""
        return liquid_places(config.model_dump(by_alias=True, exclude_none=True))

    def sources(self, config: ConfigT) -> list[tuple[str, str]]:
        """As `places`, each with its dotted path."""
        return [(".".join(place), source) for place, source in self.places(config)]

    def recorded_values(self, config: ConfigT, record: Record) -> dict[Place, Any]:
        """The values of the config's texts that the record of the visit tells anyway."""
        return {}

    def redactor(self, config: ConfigT, visit: Visit) -> Redactor:
        """What strikes the values that this node may have seen."""
        return Redactor({})

    def input(self, config: ConfigT, visit: Visit, record: Record) -> dict[str, Any]:
        """What the visit worked with, as the step keeps it: the values of the config's texts by
        JSON pointer, without those that the record tells. Goes after `run`."""
        told = self.recorded_values(config, record)
        left = [found for found in self.places(config) if not is_within(found[0], told)]
        if not left:
            return {}
        return recorded(rendered(left, visit.scope, self.redactor(config, visit)))

    def is_input_known(self, config: ConfigT, kept: Mapping[str, Any], record: Record) -> bool:
        """Whether a step tells all of its input, `kept` being what `input` gave: not so where the
        visit died, where the contact was erased, or where nothing was kept of it yet."""
        known = {**self.recorded_values(config, record), **places_of(kept)}
        return all(is_within(place, known) for place, _ in self.places(config))

    def states(self, config: ConfigT, placement: Placement) -> dict[str, dict[str, Any]]:
        """The node's states, the first named by its id. Retry and Catch are added by the
        compiler; an outcome without an edge releases the walk, never takes a wrong branch."""
        task: dict[str, Any] = {**placement.task, "ResultPath": RESULT_PATH}
        name = placement.node_id
        labelled = {label: exit for label, exit in placement.exits.items() if label is not None}
        choice, more = f"{name} outcome", f"{name} more"
        onward = choice if labelled else placement.exits[None]
        if self.max_visits(config) == 1:
            states = {name: {**task, "Next": onward}}
        else:
            again = {"Variable": f"{RESULT_PATH}.more", "BooleanEquals": True, "Next": name}
            states = {
                name: {**task, "Next": more},
                more: {"Type": "Choice", "Choices": [again], "Default": onward},
            }
        if not labelled:
            return states
        return {
            **states,
            choice: {
                "Type": "Choice",
                "Choices": [
                    {"Variable": f"{RESULT_PATH}.outcome", "StringEquals": label, "Next": exit}
                    for label, exit in labelled.items()
                ],
                "Default": placement.released,
            },
        }

    @abstractmethod
    def run(self, config: ConfigT, visit: Visit) -> NodeResult:
        """Does the node's work. Raises NodeError for a failure that a person can act on."""
