"""What a channel is: how it addresses a person, what a template for it needs, how it sends."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from runledger.models.base import Model

if TYPE_CHECKING:
    from runledger.models.contact import Contact
    from runledger.models.report import FeedbackReport
    from runledger.models.template import TemplateDocument

# Gives the AWS client of a service. It makes one try a call: a send that is repeated underneath
# could reach a person twice.
ClientOf = Callable[[str], Any]


class RenderedMessage(Model):
    """`delivery_id` travels with the message where the channel can echo it, so that feedback
    finds its attempt. `consent` is the one that the message needs: TRANSACTIONAL or MARKETING."""

    delivery_id: str
    workspace_id: str
    address: str
    subject: str | None
    body: str
    consent: str = "TRANSACTIONAL"


class ProviderAnswer(Model):
    """What the provider said. `provider_id` with success; otherwise `is_transient` tells whether
    the same message may be accepted later, and `code` is the provider's own."""

    accepted: bool
    provider_id: str | None = None
    code: str | None = None
    message: str | None = None
    is_transient: bool = False


class UnknownOutcomeError(Exception):
    """The provider may or may not have taken the message: its answer was lost."""


class Channel(ABC):
    """One way to reach a person. `address_kind` is shared by channels that reach the same
    addresses: who is suppressed on one of them is so on all."""

    name: ClassVar[str]
    address_kind: ClassVar[str]

    @abstractmethod
    def address_of(self, contact: "Contact") -> str | None:
        """Where this contact is reached on this channel."""

    @abstractmethod
    def normalize(self, address: str) -> str:
        """The address in its one stored form; ValueError with the reason if it is none."""

    @abstractmethod
    def template_problem(self, template: "TemplateDocument") -> tuple[str, str] | None:
        """(field, reason) of what a template lacks for this channel."""

    @abstractmethod
    def send(self, message: RenderedMessage) -> ProviderAnswer:
        """Hands one message to the provider once; UnknownOutcomeError where its answer is lost."""

    def reports(self, event: Mapping[str, Any]) -> "tuple[FeedbackReport, ...]":
        """What an EventBridge event says about messages of this channel; nothing for an event of
        another. ValueError for one of ours that is not as its provider documents it."""
        return ()
