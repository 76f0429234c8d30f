"""Previews of templates: a message is rendered and not sent."""

from typing import Any

from pydantic import Field

from runledger.api.deliveries import GateView
from runledger.models.base import WireModel
from runledger.models.template import TemplateDocument


class PreviewDocument(WireModel):
    """The contact that a template is rendered for, by id, e-mail or phone. It may be missing."""

    contact_id: str | None = Field(default=None, description="The contact's id.")
    email: str | None = Field(default=None, description="The contact's e-mail address.")
    phone: str | None = Field(
        default=None, description="The contact's phone number, with its country code."
    )
    payload: Any = Field(
        default_factory=dict, description="What the template reads as `{{trigger.*}}`."
    )
    steps: dict[str, Any] = Field(
        default_factory=dict, description="What the template reads as `{{steps.*}}`."
    )
    vars: dict[str, Any] = Field(
        default_factory=dict, description="What the template reads as `{{vars.*}}`."
    )


class DraftPreviewDocument(PreviewDocument):
    """A preview of a template that is not saved."""

    template: TemplateDocument = Field(description="The template.")


class PreviewProblem(WireModel):
    """The reason why a field of the message cannot be rendered."""

    field: str = Field(description="The field: subject or body.")
    message: str = Field(description="What is wrong, in words.")
    variable: str | None = Field(
        default=None, description="The variable that has no value, where that is the problem."
    )


class PreviewView(WireModel):
    """The message that would be sent."""

    channel: str = Field(description="The channel of the template.")
    address: str | None = Field(description="Where it would go; null without a contact.")
    subject: str | None = Field(
        description=(
            "The subject as rendered; null where it cannot be, and for channels without one."
        )
    )
    body: str | None = Field(description="The body as rendered; null where it cannot be.")
    problems: list[PreviewProblem] = Field(
        description="Why it cannot be rendered; empty where it can."
    )
    gates: list[GateView] = Field(
        description=(
            "The checks that a transactional message to the contact would meet, up to "
            "the first that refuses it."
        )
    )
