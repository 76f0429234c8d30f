"""Previews of templates: what a message would say, without sending it."""

from typing import Any

from pydantic import Field

from runledger.models.base import WireModel
from runledger.models.delivery_views import GateView
from runledger.models.template import TemplateDocument


class PreviewDocument(WireModel):
    """For whom a template is rendered, by a contact's id, e-mail or phone, or for nobody; and what
    the event, the steps and the variables of the run would be."""

    contact_id: str | None = None
    email: str | None = None
    phone: str | None = None
    payload: Any = Field(default_factory=dict)
    steps: dict[str, Any] = Field(default_factory=dict)
    vars: dict[str, Any] = Field(default_factory=dict)


class DraftPreviewDocument(PreviewDocument):
    """The same of a template that is not saved."""

    template: TemplateDocument


class PreviewProblem(WireModel):
    """Why a field cannot be rendered; `variable` is the one that has no value, where it is that."""

    field: str
    message: str
    variable: str | None = None


class PreviewView(WireModel):
    """The message. `subject` and `body` are null where `problems` say why they cannot be rendered;
    `address` and `gates` are there for a contact: those that a transactional message would meet, up
    to the first that refuses."""

    channel: str
    address: str | None
    subject: str | None
    body: str | None
    problems: list[PreviewProblem]
    gates: list[GateView]
