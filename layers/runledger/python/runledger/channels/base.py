"""The contract of a channel: how it addresses a person, what its templates need, how it sends."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from runledger.models.base import Model

if TYPE_CHECKING:
    from runledger.models.contact import Contact
    from runledger.models.report import FeedbackReport
    from runledger.models.template import TemplateDocument

# Returns the AWS client of a service. The client makes one try per call: a hidden retry of a send
# could reach a person twice.
ClientOf = Callable[[str], Any]


class RenderedMessage(Model):
    """A message ready to send. `delivery_id` is sent with the message if the provider can return
    it, so that a report can be matched to its delivery. `consent` is the consent that the message
    needs: TRANSACTIONAL or MARKETING. An e-mail may have `html` beside `body`. The recipient
    can withdraw the consent at `unsubscribe_url`. An e-mail carries this URL in its headers."""

    delivery_id: str
    workspace_id: str
    address: str
    subject: str | None
    body: str
    html: str | None = None
    consent: str = "TRANSACTIONAL"
    unsubscribe_url: str | None = None


class ProviderAnswer(Model):
    """The provider's answer to one message. If the message was accepted, `provider_id` is the
    provider's id of the message. If it was refused, `code` is the provider's error code, `message`
    is the reason in our words, and `is_transient` says whether the same message may be accepted
    later."""

    accepted: bool
    provider_id: str | None = None
    code: str | None = None
    message: str | None = None
    is_transient: bool = False


class UnknownOutcomeError(Exception):
    """Nobody knows whether the provider accepted the message: its answer was lost."""


class Channel(ABC):
    """One way to reach a person. Channels that reach the same addresses share an `address_kind`: an
    address suppressed on one of them is suppressed on all."""

    name: ClassVar[str]
    address_kind: ClassVar[str]
    # Whether reports name a message only by the provider's id.
    is_found_by_provider_id: ClassVar[bool] = False
    # Whether a message can name the address for unsubscribing beside its text.
    has_unsubscribe_header: ClassVar[bool] = False
    # Whether recipients withdraw the marketing consent with an answer that names no message.
    has_answers: ClassVar[bool] = False

    @abstractmethod
    def address_of(self, contact: "Contact") -> str | None:
        """Returns the contact's address on this channel."""

    @abstractmethod
    def normalize(self, address: str) -> str:
        """Returns the address in its stored form. Raises ValueError with the reason if the text is
        not an address of this channel."""

    @abstractmethod
    def template_problem(self, template: "TemplateDocument") -> tuple[str, str] | None:
        """Returns (field, reason) if the template is not valid for this channel, otherwise None."""

    @abstractmethod
    def send(self, message: RenderedMessage) -> ProviderAnswer:
        """Sends one message to the provider once. Raises UnknownOutcomeError if the answer is
        lost."""

    def html_of(self, text: str) -> str | None:
        """Returns the HTML that goes with a plain text; None if the channel has no HTML."""
        return None

    def reports(self, event: Mapping[str, Any]) -> "tuple[FeedbackReport, ...]":
        """Returns what an EventBridge event says about messages of this channel; empty for other
        events. Raises ValueError if an event of this channel differs from its provider's
        documentation."""
        return ()
