"""The tools that the functions lend to their nodes: calls, secrets, contacts, messages and files. A
node type knows only these, and never a store."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import Field

from runledger.clock import Clock, now_ms
from runledger.models.base import Model
from runledger.models.contact import Contact, ContactChange
from runledger.models.delivery import DeliveryStatus
from runledger.nodes.egress import EgressRule
from runledger.nodes.message_rules import FrequencyCap, QuietHours

# Statuses of an answer that redirects to another address.
REDIRECTS = frozenset({301, 302, 303, 307, 308})


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


class ContactEditor(Protocol):
    def change(self, change: ContactChange) -> str | None:
        """Changes the run's contact. Returns None, or why there is nothing to change: the run has
        no contact, or the contact no longer exists. Raises NodeError `INVALID_VALUE`, or
        `CONTACT_CONFLICT` if an address or external id belongs to another contact."""


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
        """The limits of this message (`frequency_cap` and `quiet_hours`) as JSON. A limit that is
        not set is left out."""
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
        """Returns a message about a value of the contact that cannot be compared, if this is
        the only reason why the contact does not match; otherwise None."""


class ContactPage(Model):
    """Ids of contacts that may match, or whose values cannot be compared; oldest first. `cursor`
    is the start of the next page; None on the last page. A page may be empty although there is a
    next one."""

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
    contact: ContactEditor | None = None
    bodies: BodyKeeper | None = None
    # For a node that retries within its visit. `sleep` takes seconds; `is_run_open` says whether
    # the run still waits for the node.
    clock: Clock = now_ms
    sleep: Callable[[float], None] = time.sleep
    is_run_open: Callable[[], bool] = lambda: True
    # Ids of the deliveries that the visit began. If the visit is cut off, its record still shows
    # what was sent.
    begun: list[str] = field(default_factory=list)
