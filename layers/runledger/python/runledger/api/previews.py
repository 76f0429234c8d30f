"""Previews of templates: a message is rendered and not sent."""

from typing import Any

from pydantic import Field

from runledger.api.contacts import ContactReference
from runledger.api.deliveries import GateView
from runledger.models.base import WireModel
from runledger.models.event import EventFacts
from runledger.models.template import TemplateDocument


class PreviewDocument(ContactReference):
    """The contact for whom a template is rendered, named by one of these fields. The contact may
    be left out."""

    payload: Any = Field(
        default_factory=dict,
        description="The value of `{{trigger.*}}` and `{{event.body.*}}` in the template.",
    )
    event: EventFacts = Field(
        default_factory=EventFacts,
        description="What the template reads as `{{event.*}}`, without the body.",
    )
    steps: dict[str, Any] = Field(
        default_factory=dict, description="The value of `{{steps.*}}` in the template."
    )
    vars: dict[str, Any] = Field(
        default_factory=dict, description="The value of `{{vars.*}}` in the template."
    )


class DraftPreviewDocument(PreviewDocument):
    """A preview of a template that is not saved."""

    template: TemplateDocument = Field(description="The template to render.")


class PreviewProblem(WireModel):
    """Something about a field of the template that its author should know."""

    field: str = Field(description="The field of the template: subject, body or html.")
    message: str = Field(description="What is wrong, in words.")
    variable: str | None = Field(
        default=None, description="The variable without a value, if that is the problem."
    )


class PreviewView(WireModel):
    """The message that would be sent."""

    channel: str = Field(description="The template's channel.")
    address: str | None = Field(
        description="The address that the message would be sent to; null without a contact."
    )
    subject: str | None = Field(
        description=(
            "The rendered subject; null if it cannot be rendered, or the channel has none."
        )
    )
    body: str | None = Field(
        description=(
            "The plain text, rendered or made from the HTML; null if it cannot be rendered."
        )
    )
    html: str | None = Field(
        description=(
            "The HTML as it would be sent: rendered, with its CSS inlined, or made from the plain "
            "text. Null if it cannot be rendered, or the channel has none."
        )
    )
    problems: list[PreviewProblem] = Field(
        description="Why the message cannot be rendered; empty if it can."
    )
    warnings: list[PreviewProblem] = Field(
        description="What mail clients may show badly; the message can be sent all the same."
    )
    gates: list[GateView] = Field(
        description=(
            "The checks (gates) of a transactional message to this contact, up to the first one "
            "that refuses it."
        )
    )
